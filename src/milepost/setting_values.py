"""Reading the values of settings: each function returns the value that a text is; raises ValueError with a reason."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

from milepost.model.time import Micros

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?", re.ASCII)
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return a function that reads a whole number from *least* to *most*."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return read


def truth(text: str) -> bool:
    """Return the truth value that *text* names; raises ValueError."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"must be true or false, not {text!r}")


def networks(text: str) -> tuple[str, ...]:
    """Return the addresses and networks that *text* lists; raises ValueError."""
    networks = _listed(text)
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise ValueError(
                f"must be addresses such as 10.0.0.5 or networks such as 10.0.0.0/8, not {network!r}"
            ) from None
    return networks


def web_address(text: str) -> str:
    """Return the address of a web server that *text* is; raises ValueError."""
    if not text.startswith(("http://", "https://")):
        raise ValueError("must be an address that begins with https:// or http://")
    return text


def origins(text: str) -> tuple[str, ...]:
    """Return the origins that *text* lists; raises ValueError."""
    origins = _listed(text)
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"must be origins such as https://console.example.com, not {origin!r}")
    return origins


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def instant(text: str) -> Micros:
    """Return the instant that *text* names, in epoch microseconds; raises ValueError."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"must be an instant such as 2017-12-15T12:00:00Z, not {text!r}") from None
    if instant.tzinfo is None:
        raise ValueError(f"must have an offset from UTC, such as {text}Z")
    return Micros((instant - EPOCH) // timedelta(microseconds=1))


def secret_key(text: str) -> str:
    """Return the key that *text* is. Raises ValueError."""
    if re.fullmatch(r"[A-Za-z0-9+/]{43}=", text) is None:
        raise ValueError("must be 32 bytes in base64, such as `openssl rand -base64 32` prints")
    return text
