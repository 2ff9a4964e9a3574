"""How names are compared."""

import unicodedata
from functools import lru_cache

NAMES_REMEMBERED_MAX = 10_000


@lru_cache(maxsize=NAMES_REMEMBERED_MAX)
def name_key(name: str) -> str:
    """Return the key by which names are compared: names that differ only in case have the same key (S0)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
