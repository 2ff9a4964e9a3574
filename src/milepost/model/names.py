"""When two names are one."""

import unicodedata


def name_key(name: str) -> str:
    """Give what two names must not share: they are the same whatever their case (S0)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
