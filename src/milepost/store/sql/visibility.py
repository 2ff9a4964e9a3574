"""Which organisations' rows the work at hand may see: the second wall, which stands in the database (decision 0046).

Every statement names its organisation. Should one of them forget it, the policies of the tables still show no row of an
organisation that the work is not about.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

SETTING = "milepost.organisations"
"""The setting of a session that the policies compare with: ids with commas, or all."""

NONE = ""
ALL = "*"

_visible: ContextVar[str] = ContextVar("visible_organisations", default=NONE)


def visible_organisations() -> str:
    """Return what the work at hand may see, as the value of the setting."""
    return _visible.get()


def list_of(org_ids: Iterable[int]) -> str:
    """Return the value of the setting that shows these organisations and no other."""
    return ",".join(map(str, sorted(set(org_ids))))


@contextmanager
def seeing(visible: str) -> Iterator[None]:
    """See within the block what *visible* says: a value of the setting."""
    before = _visible.get()
    _visible.set(visible)
    try:
        yield
    finally:
        _visible.set(before)


def see_organisations(org_ids: Iterable[int]) -> None:
    """See these organisations, and no others, until the block of `seeing` ends that is around."""
    _visible.set(list_of(org_ids))
