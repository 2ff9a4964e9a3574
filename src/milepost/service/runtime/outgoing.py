"""What sending to the outside needs of the installation: a cipher for secrets, and how far requests may go."""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from milepost.model.problem import Fault
from milepost.model.time import Micros

KEY_BYTES = 32
NONCE_BYTES = 12
KEY_FILE = "secret.key"
_UNREADABLE = "a secret of a webhook was encrypted by another key; MILEPOST_SECRET_KEY must be the one of this database"


class SecretBox:
    """Encrypts secrets by the key of the installation, which is read or made when it is first needed."""

    def __init__(self, read_key: Callable[[], bytes]) -> None:
        """Encrypt by the key that *read_key* returns."""
        self._read_key = read_key

    @cached_property
    def _key(self) -> bytes:
        return self._read_key()

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._key)

    def derived_key(self, purpose: bytes) -> bytes:
        """Return a key for another purpose, which follows from the key of the installation."""
        return HKDF(SHA256(), KEY_BYTES, None, purpose).derive(self._key)

    def seal(self, secret: str) -> str:
        """Return *secret* encrypted, as text."""
        nonce = os.urandom(NONCE_BYTES)
        return b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), None)).decode()

    def open(self, sealed: str) -> str:
        """Return the secret in *sealed*; raises Fault if another key encrypted it."""
        raw = b64decode(sealed)
        try:
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None).decode()
        except InvalidTag:
            raise Fault(_UNREADABLE) from None


def box_of_key(key: str) -> SecretBox:
    """Return the box of a *key* in base64."""
    return SecretBox(lambda: b64decode(key))


def box_of_folder(data: Path) -> SecretBox:
    """Return the box whose key is kept in the folder *data*, in a file that only its owner may read."""
    return SecretBox(lambda: _key_in(data))


def box_for_now() -> SecretBox:
    """Return a box whose key nobody keeps."""
    return SecretBox(lambda: os.urandom(KEY_BYTES))


def _key_in(data: Path) -> bytes:
    file = data / KEY_FILE
    data.mkdir(parents=True, exist_ok=True)
    written = data / f"{KEY_FILE}.{os.getpid()}"
    if not file.exists():
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(b64encode(os.urandom(KEY_BYTES)))
        try:
            os.link(written, file)  # Of two processes that start together, one wins, and both read its key.
        except FileExistsError:
            pass
        finally:
            written.unlink()
    return b64decode(file.read_bytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """How this process sends to the outside.

    `now` returns epoch microseconds of the machine's clock: a signature is valid for minutes, whatever the time of
    Milepost's own clock. `allows_private` lets webhooks be in private networks. `inspects` turns the inspector on.
    """

    box: SecretBox
    now: Callable[[], Micros]
    allows_private: bool = False
    inspects: bool = False
