"""Authentication: recognises callers by password or token, and remembers for a short time whom it recognised."""

import asyncio
import hmac
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256

import structlog

from milepost.model.access.role import Role
from milepost.model.access.scope import AccessScope
from milepost.model.access.user import SCOPES_OF_ROLE
from milepost.model.problem import Fault, Problem, Refused, Unavailable
from milepost.model.target import Author
from milepost.model.time import SECOND_US, Micros
from milepost.service.snapshot.login_limits import LoginLimits, TooManyLogins
from milepost.service.snapshot.passwords import PASSWORD_CHARACTERS_MAX, PasswordVerifier, till_forms
from milepost.store.access import logins, users
from milepost.store.access.logins import Rates
from milepost.store.database import Database
from milepost.store.sql.visibility import ALL

REMEMBER_US = 60_000_000
"""How long a verified password is remembered, in microseconds; until then it is not hashed again."""

RENEW_US = 20_000_000
"""How long before that end a password is verified again in the background, so that no request waits for it."""

TOKEN_SECONDS = 300
"""How long an access token lives."""

REMEMBERED_MAX = 10_000
"""Callers remembered at a time; with more, all are forgotten and verified again."""

LOOK_SECONDS = 0.8
"""How long callers are recognised without a look whether a login or a key changed."""

SAVE_USES_SECONDS = 60
"""How often it is stored which logins and keys were used."""

UNLIMITED = Rates(None, None)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The organisation that a request comes from, through a till, a key or a user who is signed in.

    `author` is what the vendor's attribution shows. Whether `role` is enough for a request is checked in the API;
    the server's own work and the command line act as ADMIN.
    """

    org_id: int
    author: Author
    till_id: int | None
    role: Role
    scopes: frozenset[AccessScope] | None = None
    """What the caller may do within its role; None for all of that."""
    user_id: int | None = None
    rates: Rates = UNLIMITED
    ends_at: Micros | None = None
    """When the session of a user ends, in epoch microseconds."""

    def may(self, scope: AccessScope | None) -> bool:
        """Return whether the caller's scopes hold *scope*; no scope is needed where it is None."""
        return scope is None or self.scopes is None or scope in self.scopes


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and how many seconds it lives."""

    text: str
    seconds: int


class Access:
    """Recognises callers. Each verified password is remembered for a short time, by a keyed hash of it."""

    def __init__(self, database: Database, clock: Callable[[], Micros], limits: LoginLimits | None = None) -> None:
        """Recognise callers of *database*'s organisations; *clock* returns epoch microseconds."""
        self._database = database
        self._clock = clock
        self._secret = secrets.token_bytes(32)
        self._remembered: dict[bytes, tuple[Caller, int]] = {}
        self._verifying: dict[bytes, asyncio.Lock] = {}
        self._renewing: dict[bytes, asyncio.Task[None]] = {}
        self._passwords = PasswordVerifier()
        self.limits = limits or LoginLimits()
        self._number = -1
        self._looked_at = self._saved_at = time.monotonic() - SAVE_USES_SECONDS
        self._uses: dict[tuple[str, str], Micros] = {}
        self._looking: asyncio.Task[None] | None = None
        self._saving: asyncio.Task[None] | None = None

    async def by_password(self, code: str, password: str, address: str = "") -> Caller | None:
        """Return the till that logs in with *code* and *password* from *address*; None if it may not.

        An unknown code takes as long as a wrong password, so that nobody learns which codes exist. Raises
        TooManyLogins.
        """
        await self._notice_changes()
        digest = self._digest(code, password)
        remembered = self._recall(digest)
        if remembered is not None:
            self._renew_soon(code, password, digest)
            self._uses["till", code] = self._clock()
            return remembered
        if len(password) > PASSWORD_CHARACTERS_MAX or len(code) > PASSWORD_CHARACTERS_MAX or "\0" in code:
            return None
        # Equal logins that arrive together wait for the first one, because verifying a password is slow on purpose.
        lock = self._verifying.setdefault(digest, asyncio.Lock())
        try:
            async with lock:
                return self._recall(digest) or await self._verified_within_limits(code, password, address, digest)
        finally:
            if not lock.locked():
                self._verifying.pop(digest, None)

    async def _verified_within_limits(self, code: str, password: str, address: str, digest: bytes) -> Caller | None:
        async with self.limits.turn(address):
            self.limits.check(code, address)
            caller = await self._verified(code, password, digest)
            self.limits.record(code, address, succeeded=caller is not None)
        if caller is None:
            _log.warning("login_failed", code=code, address=address)
        else:
            self._uses["till", code] = self._clock()
        return caller

    def _renew_soon(self, code: str, password: str, digest: bytes) -> None:
        """Verify a remembered password again in the background, when it will soon be forgotten."""
        if digest not in self._renewing and self._remembered[digest][1] - self._clock() < RENEW_US:
            self._renewing[digest] = asyncio.create_task(self._renew(code, password, digest))

    async def _renew(self, code: str, password: str, digest: bytes) -> None:
        try:
            if await self._verified(code, password, digest) is None:
                self._remembered.pop(digest, None)
        except (Unavailable, TooManyLogins) as error:
            _log.warning("login_not_renewed", reason=str(error))
        finally:
            del self._renewing[digest]

    async def _verified(self, code: str, password: str, digest: bytes) -> Caller | None:
        number = self._number
        async with self._database.transaction(ALL) as transaction:
            login = await logins.find_login(transaction, code)
        hashes = [] if login is None else [login.password_hash, *filter(None, [login.earlier_hash])]
        if not await self._passwords.matches(hashes, till_forms(password)) or login is None:
            return None
        author = Author(id=login.till_id, code=code, name=login.name)
        caller = Caller(
            org_id=login.org_id,
            author=author,
            till_id=login.till_id,
            role=login.role,
            scopes=login.scopes,
            rates=login.rates,
        )
        self._remember(digest, caller, Micros(self._clock() + REMEMBER_US), number)
        return caller

    async def by_token(self, text: str) -> Caller | None:
        """Return the client to which this token was issued; None if it is unknown or has expired."""
        await self._notice_changes()
        digest = self._digest("", text)
        remembered = self._recall(digest)
        if remembered is not None:
            return remembered
        number = self._number
        async with self._database.transaction(ALL) as transaction:
            stored_token = await logins.find_token(transaction, sha256(text.encode()).digest(), self._clock())
        if stored_token is None:
            return None
        client, expires = stored_token
        author = Author(id=client.key_id, code=client.name, name=client.name, kind="API_KEY")
        caller = Caller(
            org_id=client.org_id,
            author=author,
            till_id=None,
            role=client.role,
            scopes=client.scopes,
            rates=client.rates,
        )
        self._remember(digest, caller, min(expires, Micros(self._clock() + REMEMBER_US)), number)
        self._uses["key", client.key] = self._clock()
        return caller

    async def by_session(self, text: str) -> Caller | None:
        """Return the user who is signed in with this session; None if it is unknown or has ended."""
        await self._notice_changes()
        digest = self._digest("session", text)
        remembered = self._recall(digest)
        if remembered is not None:
            return remembered
        number = self._number
        async with self._database.transaction(ALL) as transaction:
            session = await users.find_session(transaction, sha256(text.encode()).digest(), self._clock())
        if session is None:
            return None
        user = session.user
        caller = Caller(
            org_id=user.org_id,
            author=Author(id=user.id, code=user.email, name=user.name, kind="USER"),
            till_id=None,
            role=Role.ADMIN,
            scopes=SCOPES_OF_ROLE[user.role],
            user_id=user.id,
            rates=session.rates,
            ends_at=session.expires_at,
        )
        self._remember(digest, caller, min(session.expires_at, Micros(self._clock() + REMEMBER_US)), number)
        self._uses["user", str(user.id)] = self._clock()
        return caller

    async def user_matches(self, name: str, address: str, hashes: Sequence[str], forms: Sequence[str]) -> bool:
        """Return whether a password in one of its *forms* is that of the user called *name*, within the limits.

        Raises TooManyLogins.
        """
        async with self.limits.turn(address):
            self.limits.check(f"user {name}", address)
            matches = await self._passwords.matches(hashes, forms)
            self.limits.record(f"user {name}", address, succeeded=matches)
        if not matches:
            _log.warning("sign_in_failed", address=address)
        return matches

    async def issue_token(self, key: str, secret: str) -> Token:
        """Issue a token to the client with this key and secret; raises Refused if they do not match."""
        now = self._clock()
        async with self._database.transaction(ALL) as transaction:
            digests = await logins.secrets_of_key(transaction, key) if "\0" not in key else ()
            digest = sha256(secret.encode()).digest()
            if not any(hmac.compare_digest(valid, digest) for valid in digests or (bytes(32),)):
                _log.warning("token_refused", key=key)
                raise Refused(Problem("key", "Failed to generate OAuth token", 401))
            text = secrets.token_urlsafe(32)
            expires = Micros(now + TOKEN_SECONDS * SECOND_US)
            await logins.add_token(
                transaction, digest=sha256(text.encode()).digest(), key=key, expires=expires, now=now
            )
        return Token(text, TOKEN_SECONDS)

    def forget(self) -> None:
        """Look at the next request whether a login, a key or a limit changed."""
        self._looked_at, self._looking = -LOOK_SECONDS, None

    async def _notice_changes(self) -> None:
        """Forget every caller if a login or a key changed since about a second ago; requests share one look."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        """Look whether a login or a key changed; store from time to time which were used."""
        now = time.monotonic()
        async with self._database.reading(ALL) as reading:
            number = await logins.access_number(reading)
        if number != self._number:
            self._remembered.clear()
            self._number = number
        if self._looking is asyncio.current_task():
            self._looked_at = now
        if self._uses and now - self._saved_at >= SAVE_USES_SECONDS:
            self._saved_at = now
            self._saving = asyncio.create_task(self._save_uses())

    async def _save_uses(self) -> None:
        uses, self._uses = self._uses, {}
        try:
            async with self._database.transaction(ALL) as transaction:
                await logins.save_last_uses(transaction, uses)
        except (Unavailable, Fault) as error:
            _log.warning("last_uses_not_stored", reason=str(error))

    def _digest(self, code: str, secret: str) -> bytes:
        return blake2b(f"{len(code)}:{code}:{secret}".encode(), key=self._secret, digest_size=32).digest()

    def _recall(self, digest: bytes) -> Caller | None:
        remembered = self._remembered.get(digest)
        if remembered is None or remembered[1] <= self._clock():
            return None
        return remembered[0]

    def _remember(self, digest: bytes, caller: Caller, until: Micros, number: int) -> None:
        """Remember a caller who was read at the access *number*; a change that was noticed since may concern it."""
        if number != self._number:
            return
        if len(self._remembered) >= REMEMBERED_MAX:
            self._remembered.clear()
        self._remembered[digest] = (caller, until)
