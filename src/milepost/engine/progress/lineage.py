"""Logs of merged customers, in the windows of the survivor (docs/rules.md, merging)."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from milepost.engine.fold import Fold
from milepost.engine.progress.history import Logged
from milepost.engine.progress.windows import position_of, spans
from milepost.model.standing import Enrolment, Entry
from milepost.model.target import Evaluation
from milepost.model.time import Micros
from milepost.rules.compiled.rule import Rule


def enrolments_since(fold: Fold, logged: Logged) -> Iterator[Enrolment]:
    """Return the enrolments after *logged*: those of this customer, and of the customer whose log holds it."""
    yield from (one for one in fold.enrolments if (one.seq,) > logged.place)
    for merged in fold.lineage.merged:
        if merged.under == logged.under[: len(merged.under)]:
            yield from (one for one in merged.enrolments if (*merged.under, one.seq) > logged.place)


def entries_in_own_windows(fold: Fold, logged: Logged) -> Sequence[Entry]:
    """Return the entries of *logged*, in windows of this customer's own."""
    if not logged.under:
        return logged.entries
    return tuple(_in_own_windows(fold, logged.under, entry) for entry in logged.entries)


def _in_own_windows(fold: Fold, under: tuple[int, ...], entry: Entry) -> Entry:
    period_id = period_in_own_windows(fold, under, entry.target_id, entry.period_id)
    return entry if period_id == entry.period_id else replace(entry, period_id=period_id)


def period_in_own_windows(fold: Fold, under: tuple[int, ...], target_id: int, period_id: int) -> int:
    """Return the period of this customer's own windows that a period in the log *under* a merge belongs to."""
    rule = fold.rule_index.rules.get(target_id) if under else None
    position = None if rule is None else rule.position_of(period_id)
    if rule is None or position is None or rule.frame.evaluation is not Evaluation.CYCLIC_WINDOW:
        return period_id
    anchors = {merged.under: dict(merged.anchors) for merged in fold.lineage.merged}
    for depth in range(len(under), 0, -1):
        ours = fold.anchors if depth == 1 else anchors[under[: depth - 1]]
        position = own_window_of(rule, ours, anchors[under[:depth]], position)
    return rule.period_ids[position]


def own_window_of(rule: Rule, ours: Mapping[int, Micros], theirs: Mapping[int, Micros], position: int) -> int:
    """Return the position of the survivor's window that takes over a victim's window: the one in which it opened.

    A window that opened before the survivor's first one goes there; after the last one, to the last.
    """
    our_first, their_spans = ours.get(rule.target_id), spans(rule, theirs)
    if our_first is None or position >= len(their_spans):
        return position
    opens_at = their_spans[position].opens_at
    if opens_at < our_first:
        return 0
    found = position_of(rule, ours, opens_at)
    return len(rule.keys) - 1 if found is None else found
