"""Who may: organisations, tills and keys are added here, and callers are recognised here."""

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
from milepost.model.time import SECOND_US
from milepost.store import logins
from milepost.store.database import Database

REMEMBER_US = 60_000_000
"""How long a verified password needs no second look."""

RENEW_US = 20_000_000
"""How long before that end a look is taken beside the requests, so that none of them waits for it."""

TOKEN_SECONDS = 300
PASSWORD_CHARACTERS_MIN = 8
PASSWORD_CHARACTERS_MAX = 200
REMEMBERED_MAX = 10_000

_log = structlog.get_logger()
_MD5_HEX = re.compile(r"[0-9a-f]{32}", re.ASCII)
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: an organisation, through a till or a key. `author` is what the vendor's attribution shows.

    Whether the role is enough is asked by the faces; what the server and the command line do by themselves is ADMIN.
    """

    org_id: int
    author: Author
    till_id: int | None
    role: Role


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and how long it lives."""

    text: str
    seconds: int


def hash_password(password: str) -> str:
    """Return the Argon2id hash under which a till's password is kept: of its MD5, since vendor clients send that."""
    return _hasher.hash(_md5(password))


class Access:
    """Recognises callers; remembers each verified password for a short time by a keyed hash."""

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        """Recognise callers of *database*'s organisations; *clock* gives epoch microseconds."""
        self._database = database
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._remembered: dict[bytes, tuple[Caller, int]] = {}
        self._verifying: dict[bytes, asyncio.Lock] = {}
        self._renewing: dict[bytes, asyncio.Task[None]] = {}

    async def by_password(self, code: str, password: str) -> Caller | None:
        """Return the till that logs in so, if it may; an unknown code costs as much as a wrong password."""
        digest = self._digest(code, password)
        remembered = self._recall(digest)
        if remembered is not None:
            self._renew_soon(code, password, digest)
            return remembered
        if len(password) > PASSWORD_CHARACTERS_MAX or len(code) > PASSWORD_CHARACTERS_MAX or "\0" in code:
            return None
        # Who logs in the same way meanwhile waits for the first one: a look at a password takes a processor's time.
        lock = self._verifying.setdefault(digest, asyncio.Lock())
        try:
            async with lock:
                return self._recall(digest) or await self._verified(code, password, digest)
        finally:
            if not lock.locked():
                self._verifying.pop(digest, None)

    def _renew_soon(self, code: str, password: str, digest: bytes) -> None:
        """Look at a remembered password again, beside the requests, when little of its time is left."""
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
        kept = _NOBODY if login is None else login.password_hash
        if not await asyncio.to_thread(_fits, kept, password) or login is None:
            return None
        author = Author(id=login.till_id, code=code, name=login.name)
        caller = Caller(org_id=login.org_id, author=author, till_id=login.till_id, role=login.role)
        self._remember(digest, caller, self._clock() + REMEMBER_US)
        return caller

    async def by_token(self, text: str) -> Caller | None:
        """Return the client that was given this token, while it lives."""
        digest = self._digest("", text)
        remembered = self._recall(digest)
        if remembered is not None:
            return remembered
        async with self._database.transaction() as transaction:
            found = await logins.find_token(transaction, sha256(text.encode()).digest(), self._clock())
        if found is None:
            return None
        client, expires = found
        author = Author(id=client.key_id, code=client.name, name=client.name, kind="API_KEY")
        caller = Caller(org_id=client.org_id, author=author, till_id=None, role=client.role)
        self._remember(digest, caller, min(expires, self._clock() + REMEMBER_US))
        return caller

    async def give_token(self, key: str, secret: str) -> Token:
        """Return a token to the client with this key and secret, or refuse."""
        now = self._clock()
        async with self._database.transaction() as transaction:
            found = await logins.find_client(transaction, key) if "\0" not in key else None
            kept = found[1] if found else bytes(32)
            if not hmac.compare_digest(kept, sha256(secret.encode()).digest()) or found is None:
                raise Refused(Problem("key", "Failed to generate OAuth token", 401))
            text = secrets.token_urlsafe(32)
            expires = now + TOKEN_SECONDS * SECOND_US
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

    def _remember(self, digest: bytes, caller: Caller, until: int) -> None:
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[digest] = (caller, until)


def _fits(kept: str, password: str) -> bool:
    """Return whether *password*, plain or as the MD5 hex that vendor clients send, is the one kept."""
    candidates = [_md5(password)]
    if _MD5_HEX.fullmatch(password.lower()):
        candidates.insert(0, password.lower())
    for candidate in candidates:
        try:
            if _hasher.verify(kept, candidate):
                return True
        except (VerifyMismatchError, InvalidHashError):
            continue
    return False


def _md5(password: str) -> str:
    return md5(password.encode(), usedforsecurity=False).hexdigest()
