"""Hashing and verifying passwords, in a thread of its own, so that long work elsewhere delays no login."""

import asyncio
import os
import re
import secrets
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5
from unicodedata import normalize

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from milepost.service.snapshot.login_limits import TooManyLogins

PASSWORD_CHARACTERS_MIN = 15
PASSWORD_CHARACTERS_MAX = 200
WAITING_MAX = 64
"""Passwords that wait to be verified at a time; more are turned away."""

_NICENESS = 10
_MD5_HEX = re.compile(r"[0-9a-f]{32}", re.ASCII)
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_UNUSED_HASH = _hasher.hash(secrets.token_hex(16))
"""Verified for an unknown code, so that the answer takes as long as for a known one."""


def hash_password(password: str) -> str:
    """Return the hash that is stored for a till's password: Argon2id of its MD5, since vendor clients send that."""
    return _hasher.hash(_md5(password))


def hash_user_password(password: str) -> str:
    """Return the hash that is stored for a user's password."""
    return _hasher.hash(*user_forms(password))


class PasswordVerifier:
    """Verifies passwords one after the other. Events come first: its thread is nice to others."""

    def __init__(self) -> None:
        """Start no thread yet."""
        self._thread = ThreadPoolExecutor(1, "passwords", initializer=_be_nice)
        self._waiting = 0

    async def matches(self, stored_hashes: Sequence[str], forms: Sequence[str]) -> bool:
        """Return whether one of *stored_hashes* is that of a password in one of its *forms*.

        Without a stored hash it takes as long as for a wrong password. Raises TooManyLogins if too many wait.
        """
        if self._waiting >= WAITING_MAX:
            raise TooManyLogins(1)
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, _match_any, tuple(stored_hashes), tuple(forms))
        finally:
            self._waiting -= 1


def _be_nice() -> None:
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _match_any(stored_hashes: Sequence[str], forms: Sequence[str]) -> bool:
    if not stored_hashes:
        return _matches(_UNUSED_HASH, forms) and False
    return any(_matches(stored_hash, forms) for stored_hash in stored_hashes)


def _matches(stored_hash: str, forms: Sequence[str]) -> bool:
    """Return whether *stored_hash* is that of one of *forms*."""
    for form in forms:
        try:
            if _hasher.verify(stored_hash, form):
                return True
        except (VerifyMismatchError, InvalidHashError):
            continue
    return False


def till_forms(password: str) -> tuple[str, ...]:
    """Return what a till's *password* may be the hash of: it comes plain, or as the MD5 hex of vendor clients."""
    given = (password.lower(),) if _MD5_HEX.fullmatch(password.lower()) else ()
    return (*given, _md5(password))


def user_forms(password: str) -> tuple[str, ...]:
    """Return what a user's *password* may be the hash of: itself, with accents composed."""
    return (normalize("NFC", password),)


def _md5(password: str) -> str:
    return md5(password.encode(), usedforsecurity=False).hexdigest()
