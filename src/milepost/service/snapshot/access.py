"""Authentication: recognises callers by password or token, and remembers for a short time whom it recognised."""

import asyncio
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b, md5, sha256

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from milepost.model.problem import Problem, Refused, Unavailable
from milepost.model.role import Role
from milepost.model.target import Author
from milepost.model.time import SECOND_US, Micros
from milepost.store import logins
from milepost.store.database import Database

REMEMBER_US = 60_000_000
"""How long a verified password is remembered, in microseconds; until then it is not hashed again."""

RENEW_US = 20_000_000
"""How long before that end a password is verified again in the background, so that no request waits for it."""

TOKEN_SECONDS = 300
"""How long an access token lives."""

PASSWORD_CHARACTERS_MIN = 8
PASSWORD_CHARACTERS_MAX = 200
REMEMBERED_MAX = 10_000
"""Callers remembered at a time; with more, all are forgotten and verified again."""

_log = structlog.get_logger()
_MD5_HEX = re.compile(r"[0-9a-f]{32}", re.ASCII)
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_UNUSED_HASH = _hasher.hash(secrets.token_hex(16))
"""Verified for an unknown code, so that the answer takes as long as for a known one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The organisation that a request comes from, through a till or a key.

    `author` is what the vendor's attribution shows. Whether `role` is enough for a request is checked in the API;
    the server's own work and the command line act as ADMIN.
    """

    org_id: int
    author: Author
    till_id: int | None
    role: Role


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and how many seconds it lives."""

    text: str
    seconds: int


def hash_password(password: str) -> str:
    """Return the hash that is stored for a till's password: Argon2id of its MD5, since vendor clients send that."""
    return _hasher.hash(_md5(password))


class Access:
    """Recognises callers. Each verified password is remembered for a short time, by a keyed hash of it."""

    def __init__(self, database: Database, clock: Callable[[], Micros]) -> None:
        """Recognise callers of *database*'s organisations; *clock* returns epoch microseconds."""
        self._database = database
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._remembered: dict[bytes, tuple[Caller, int]] = {}
        self._verifying: dict[bytes, asyncio.Lock] = {}
        self._renewing: dict[bytes, asyncio.Task[None]] = {}

    async def by_password(self, code: str, password: str) -> Caller | None:
        """Return the till that logs in with *code* and *password*; None if it may not.

        An unknown code takes as long as a wrong password, so that nobody learns which codes exist.
        """
        digest = self._digest(code, password)
        remembered = self._recall(digest)
        if remembered is not None:
            self._renew_soon(code, password, digest)
            return remembered
        if len(password) > PASSWORD_CHARACTERS_MAX or len(code) > PASSWORD_CHARACTERS_MAX or "\0" in code:
            return None
        # Equal logins that arrive together wait for the first one, because verifying a password is slow on purpose.
        lock = self._verifying.setdefault(digest, asyncio.Lock())
        try:
            async with lock:
                return self._recall(digest) or await self._verified(code, password, digest)
        finally:
            if not lock.locked():
                self._verifying.pop(digest, None)

    def _renew_soon(self, code: str, password: str, digest: bytes) -> None:
        """Verify a remembered password again in the background, when it will soon be forgotten."""
        if digest not in self._renewing and self._remembered[digest][1] - self._clock() < RENEW_US:
            self._renewing[digest] = asyncio.create_task(self._renew(code, password, digest))

    async def _renew(self, code: str, password: str, digest: bytes) -> None:
        try:
            if await self._verified(code, password, digest) is None:
                self._remembered.pop(digest, None)
        except Unavailable as error:
            _log.warning("login_not_renewed", reason=str(error))
        finally:
            del self._renewing[digest]

    async def _verified(self, code: str, password: str, digest: bytes) -> Caller | None:
        async with self._database.transaction() as transaction:
            login = await logins.find_login(transaction, code)
        stored_hash = _UNUSED_HASH if login is None else login.password_hash
        if not await asyncio.to_thread(_matches, stored_hash, password) or login is None:
            return None
        author = Author(id=login.till_id, code=code, name=login.name)
        caller = Caller(org_id=login.org_id, author=author, till_id=login.till_id, role=login.role)
        self._remember(digest, caller, Micros(self._clock() + REMEMBER_US))
        return caller

    async def by_token(self, text: str) -> Caller | None:
        """Return the client to which this token was issued; None if it is unknown or has expired."""
        digest = self._digest("", text)
        remembered = self._recall(digest)
        if remembered is not None:
            return remembered
        async with self._database.transaction() as transaction:
            stored_token = await logins.find_token(transaction, sha256(text.encode()).digest(), self._clock())
        if stored_token is None:
            return None
        client, expires = stored_token
        author = Author(id=client.key_id, code=client.name, name=client.name, kind="API_KEY")
        caller = Caller(org_id=client.org_id, author=author, till_id=None, role=client.role)
        self._remember(digest, caller, min(expires, Micros(self._clock() + REMEMBER_US)))
        return caller

    async def issue_token(self, key: str, secret: str) -> Token:
        """Issue a token to the client with this key and secret; raises Refused if they do not match."""
        now = self._clock()
        async with self._database.transaction() as transaction:
            client = await logins.find_client(transaction, key) if "\0" not in key else None
            secret_digest = client[1] if client else bytes(32)
            if not hmac.compare_digest(secret_digest, sha256(secret.encode()).digest()) or client is None:
                raise Refused(Problem("key", "Failed to generate OAuth token", 401))
            text = secrets.token_urlsafe(32)
            expires = Micros(now + TOKEN_SECONDS * SECOND_US)
            await logins.add_token(
                transaction, digest=sha256(text.encode()).digest(), key=key, expires=expires, now=now
            )
        return Token(text, TOKEN_SECONDS)

    def _digest(self, code: str, secret: str) -> bytes:
        return blake2b(f"{len(code)}:{code}:{secret}".encode(), key=self._secret, digest_size=32).digest()

    def _recall(self, digest: bytes) -> Caller | None:
        remembered = self._remembered.get(digest)
        if remembered is None or remembered[1] <= self._clock():
            return None
        return remembered[0]

    def _remember(self, digest: bytes, caller: Caller, until: Micros) -> None:
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[digest] = (caller, until)


def _matches(stored_hash: str, password: str) -> bool:
    """Return whether *stored_hash* is that of *password*, which may come plain or as the MD5 hex of vendor clients."""
    candidates = [_md5(password)]
    if _MD5_HEX.fullmatch(password.lower()):
        candidates.insert(0, password.lower())
    for candidate in candidates:
        try:
            if _hasher.verify(stored_hash, candidate):
                return True
        except (VerifyMismatchError, InvalidHashError):
            continue
    return False


def _md5(password: str) -> str:
    return md5(password.encode(), usedforsecurity=False).hexdigest()
