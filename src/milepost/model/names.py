"""When two names are one."""

import unicodedata
from functools import lru_cache

NAMES_REMEMBERED_MAX = 10_000


@lru_cache(maxsize=NAMES_REMEMBERED_MAX)
def name_key(name: str) -> str:
    """Return what two names must not share: they are the same whatever their case (S0)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
