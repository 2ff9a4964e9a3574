"""Counting for plain sums that everybody takes part in: most of what happens, so it is done in line.

A plain sum has calendar periods, no triggers and no group to follow (`Rule.is_plain`), so an event adds to its progress
and may achieve it, and that is all. What is said here must be what `counting.apply` says of such a rule; the laws
compare the two.
"""

from collections.abc import Iterable

from milepost.language import Occasion
from milepost.model.standing import NEVER, Entry, Outcome, OutcomeKind, Progress, ProgressKey, Reason
from milepost.rules.calendar import SECOND_US
from milepost.rules.matching import Sums
from milepost.rules.measure import Reading

# Said once: to look a member of an enumeration up costs as much as to make an entry.
_ENROLLED, _ACHIEVED, _COUNTED = OutcomeKind.ENROLLED, OutcomeKind.ACHIEVED, Reason.COUNTED


def add_up(
    sums: Iterable[Sums],
    occasion: Occasion,
    progress: dict[ProgressKey, Progress],
    entries: list[Entry],
    outcomes: list[Outcome],
) -> int:
    """Count the event of *occasion* for *sums*: changes *progress*, adds to *entries* and *outcomes*.

    Gives when the first of the periods closes in which progress began (epoch microseconds), NEVER if none did.
    """
    event, closing = occasion.event, NEVER
    instant = event.occurred_at
    at, heard_at = instant // SECOND_US, event.received_at // SECOND_US
    schedule, position = None, -1
    read_before: dict[Reading, int | None] = {}
    for one in sums:
        if one.schedule is not schedule:
            schedule = one.schedule
            position = one.first.position(instant)
        if position < 0 or (amount := _amount(one, occasion, read_before)) is None:
            continue
        for key, goal, closes in one.spots[position]:
            target_id, period_id = key
            before = progress.get(key)
            if before is None:
                outcomes.append(Outcome(_ENROLLED, target_id, period_id, at, 0))
                closing = min(closing, closes)
                old, enrolled_at, achieved_at, achieved_by = 0, at, 0, 0
            else:
                old, enrolled_at = before.value, before.enrolled_at
                achieved_at, achieved_by = before.achieved_at, before.achieved_by
            value = old + amount
            if goal is not None and value >= goal and not achieved_by:
                achieved_at, achieved_by = at, event.key.log_id
                outcomes.append(Outcome(_ACHIEVED, target_id, period_id, at, value))
            progress[key] = Progress(target_id, period_id, value, enrolled_at, heard_at, achieved_at, achieved_by)
            entries.append(Entry(target_id, period_id, _COUNTED, amount, old, value))
    return closing


def _amount(one: Sums, occasion: Occasion, read_before: dict[Reading, int | None]) -> int | None:
    """Give what the event adds to each of *one*, in units; what is read alike is read once."""
    if one.read is None:
        return one.first.amount(occasion)
    if one.predicate is not None and not one.predicate(occasion):
        return None
    if one.read not in read_before:
        read_before[one.read] = one.read(occasion.event.payload)
    return read_before[one.read]
