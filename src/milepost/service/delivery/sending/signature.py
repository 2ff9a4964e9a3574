"""Signatures of Standard Webhooks 1.0: HMAC-SHA256 over id, timestamp and body."""

import hmac
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256

from milepost.model.problem import Problem
from milepost.model.time import Seconds

PREFIX = "whsec_"
SECRET_BYTES_MIN, SECRET_BYTES_MAX, SECRET_BYTES_USUAL = 24, 64, 32
TOLERANCE_SECONDS = 300
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


def new_secret() -> str:
    """Return a new secret."""
    return PREFIX + b64encode(os.urandom(SECRET_BYTES_USUAL)).decode()


def secret_problems(secret: str) -> list[Problem]:
    """Return what is wrong with a secret that a client chose."""
    reason = f"must be {PREFIX} and then {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes in base64"
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        return [Problem("secret", reason)]
    fits = secret.startswith(PREFIX) and SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX
    return [] if fits else [Problem("secret", reason)]


def signed_headers(secrets: Sequence[str], message_id: str, now: Seconds, body: bytes) -> dict[str, str]:
    """Return the headers of a message; while a secret is being replaced, there is a signature of each."""
    signatures = " ".join(_signature(secret, message_id, now, body) for secret in secrets)
    return {ID: message_id, TIMESTAMP: str(now), SIGNATURE: signatures}


def is_signed(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: Seconds) -> bool:
    """Return whether one of *secrets* signed a message, within the tolerance of time."""
    message_id, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16 and abs(int(stamp) - now) <= TOLERANCE_SECONDS):
        return False
    given = headers.get(SIGNATURE, "").split()
    expected = [_signature(secret, message_id, Seconds(int(stamp)), body) for secret in secrets]
    return any(hmac.compare_digest(one.encode(), other.encode()) for one in given for other in expected)


def _signature(secret: str, message_id: str, now: Seconds, body: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return "v1," + b64encode(hmac.new(key, f"{message_id}.{now}.".encode() + body, sha256).digest()).decode()
