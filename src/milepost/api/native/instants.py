"""Instants that requests name: past ones, for answers as of then."""

from milepost.model.problem import Problem
from milepost.model.time import Micros
from milepost.rules.calendar import Unreadable, calendar_of


def past_instant(path: str, text: str | None, now: Micros) -> tuple[Micros | None, Problem | None]:
    """Return the instant that *text* names, in UTC without an offset, or what is wrong with it; None without a text."""
    if text is None:
        return None, None
    # A plus in a query is a blank unless it was escaped; a blank can mean nothing else there.
    written = text[:10] + text[10:].replace(" ", "+")
    try:
        instant = calendar_of("UTC").read(written).instant
    except Unreadable as unreadable:
        return None, Problem(path, str(unreadable))
    if instant > now:
        return None, Problem(path, "must not lie in the future")
    return instant, None
