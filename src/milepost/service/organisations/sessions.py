"""Signing in and out: a user with an e-mail address and a password gets a session (decision 0036)."""

import asyncio
import hmac
import secrets
from hashlib import sha256
from typing import NamedTuple

from milepost.model.problem import Problem, Refused
from milepost.model.time import SECOND_US, Micros
from milepost.service.organisations.users import canonical_email
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.passwords import (
    PASSWORD_CHARACTERS_MAX,
    PASSWORD_CHARACTERS_MIN,
    hash_user_password,
    user_forms,
)
from milepost.store.access import logins, users
from milepost.store.sql.visibility import ALL

SESSION_SECONDS = 12 * 60 * 60
FAILURES_MAX = 100
"""Wrong passwords one after the other, of however many days, after which only a one-time link lets a user in again."""


class NotSignedIn(Exception):
    """The address, the organisation or the password is wrong, or the account is locked; nobody learns which."""


class SignedIn(NamedTuple):
    """A session, which cannot be shown again, whom it is of, and the token that its writing requests carry."""

    session: str
    caller: Caller
    csrf_token: str


async def sign_in(runtime: Runtime, *, email: str, password: str, organisation: str | None, address: str) -> SignedIn:
    """Return a new session. Raises NotSignedIn, and TooManyLogins before anything is hashed."""
    user_id = await _verified_user(runtime, email, password, organisation, address)
    now = runtime.clocks.real()
    session = f"mu_{secrets.token_urlsafe(32)}"
    async with runtime.database.transaction(ALL) as transaction:
        expires = Micros(now + SESSION_SECONDS * SECOND_US)
        digest = sha256(session.encode()).digest()
        await users.add_session(transaction, user_id=user_id, digest=digest, expires=expires, now=now)
    caller = await runtime.access.by_session(session)
    if caller is None:
        raise NotSignedIn
    return SignedIn(session, caller, csrf_token_of(session))


async def sign_out(runtime: Runtime, session: str) -> bool:
    """End a session on every server within a second, and return whether there was one."""
    async with runtime.database.transaction(ALL) as transaction:
        return await users.end_session(transaction, sha256(session.encode()).digest())


async def choose_password(runtime: Runtime, *, link: str, password: str) -> None:
    """Set the password of the user with this one-time link, who is then signed out everywhere. Raises Refused."""
    _check_password(password)
    async with runtime.database.transaction(ALL) as transaction:
        digest = sha256(link.encode()).digest()
        user = await users.use_link(transaction, digest, runtime.clocks.real())
        if user is None:
            raise Refused(Problem("link", "is unknown, was used already, or has expired; ask for a new one"))
        # Hashing is slow on purpose. Only who has a link gets so far.
        hashed = await asyncio.to_thread(hash_user_password, password)
        await users.set_password(transaction, user.user_id, hashed)
        await logins.record_act(
            transaction, org_id=user.org_id, actor=user.email, act="user password", subject=user.email
        )


def csrf_token_of(session: str) -> str:
    """Return the token that a request with this session has to carry if it changes something.

    A page of another origin can make a browser send the session, but cannot read this token.
    """
    return hmac.digest(session.encode(), b"csrf", "sha256").hex()


async def _verified_user(runtime: Runtime, email: str, password: str, organisation: str | None, address: str) -> int:
    """Return the id of the user whose password this is.

    Raises NotSignedIn, also where an address without an organisation is that of several users. An unknown user takes as
    long as a wrong password.
    """
    email = canonical_email(email)
    if "\0" in f"{email}{organisation}" or len(password) > PASSWORD_CHARACTERS_MAX:
        raise NotSignedIn
    async with runtime.database.reading(ALL) as reading:
        found = await users.accounts_by_email(reading, email, organisation)
    account = found[0] if len(found) == 1 and found[0].failures < FAILURES_MAX else None
    hashes = [] if account is None else [account.password_hash]
    matches = await runtime.access.user_matches(email, address, hashes, user_forms(password))
    if account is None:
        raise NotSignedIn
    async with runtime.database.transaction(ALL) as transaction:
        await users.record_sign_in(transaction, account.user_id, succeeded=matches)
    if not matches:
        raise NotSignedIn
    return account.user_id


def _check_password(password: str) -> None:
    if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
        reason = f"must have {PASSWORD_CHARACTERS_MIN} to {PASSWORD_CHARACTERS_MAX} characters"
        raise Refused(Problem("password", reason))
