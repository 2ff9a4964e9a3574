"""Counting for plain sums that everybody takes part in: most of what happens, so it is done in line.

A plain sum has calendar periods, no triggers and no group to follow (`Rule.is_plain`), so an event adds to its progress
and may achieve it, and that is all. What is said here must be what `counting.apply` says of such a rule; the laws
compare the two.
"""

from collections.abc import Iterable

from milepost.language import EvaluationContext
from milepost.model.event import Event
from milepost.model.standing import NEVER, Entry, Outcome, OutcomeKind, Progress, ProgressKey, Reason
from milepost.rules.calendar import SECOND_US
from milepost.rules.compiled.index import RowTarget, RuleBatch

Contribution = tuple[tuple[RowTarget, ...], int]
"""Where an event counts, and what it adds to each of these, in units."""

# Said once: to look a member of an enumeration up costs as much as to make an entry.
_ENROLLED, _ACHIEVED, _COUNTED = OutcomeKind.ENROLLED, OutcomeKind.ACHIEVED, Reason.COUNTED


def contributions(sums: Iterable[RuleBatch], context: EvaluationContext) -> list[Contribution]:
    """Return where the event of *context* counts among *sums*, and how much it adds there."""
    event = context.event
    instant, payload = event.occurred_at, event.payload
    at_schedule, position = None, -1
    last_read, value = None, None
    read_before: dict[object, int | None] = {}
    found: list[Contribution] = []
    for first, predicate, read, schedule, spots in sums:
        if schedule is not at_schedule:
            at_schedule, position = schedule, first.position(instant)
        if position < 0:
            continue
        if read is None:
            amount = first.amount(context)
        elif predicate is not None and not predicate(context):
            continue
        elif read is last_read:
            amount = value
        else:
            if read not in read_before:
                read_before[read] = read(payload)
            last_read, amount = read, read_before[read]
            value = amount
        if amount is not None:
            found.append((spots[position], amount))
    return found


def accumulate(
    added: Iterable[Contribution],
    event: Event,
    progress: dict[ProgressKey, Progress],
    entries: list[Entry],
    outcomes: list[Outcome],
) -> int:
    """Count *event* where and as much as *added* says: changes *progress*, adds to *entries* and *outcomes*.

    Returns when the first of the periods closes in which progress began (epoch microseconds), NEVER if none did.
    `_tally.Tally.add_up` is the same in machine code.
    """
    closing = NEVER
    at, received_at = event.occurred_at // SECOND_US, event.received_at // SECOND_US
    for spots, amount in added:
        for target_id, period_id, goal, closes in spots:
            key = ProgressKey(target_id, period_id)
            before = progress.get(key)
            if before is None:
                outcomes.append(Outcome(_ENROLLED, target_id, period_id, at, 0))
                closing = min(closing, closes)
                before = Progress(target_id, period_id, 0, at, received_at)
            old, achieved_at, achieved_by = before.value, before.achieved_at, before.achieved_by
            value = old + amount
            if goal is not None and value >= goal and not achieved_by:
                achieved_at, achieved_by = at, event.key.log_id
                outcomes.append(Outcome(_ACHIEVED, target_id, period_id, at, value))
            enrolled_at, triggers, days = before.enrolled_at, before.triggers, before.days
            progress[key] = Progress(
                target_id, period_id, value, enrolled_at, received_at, achieved_at, achieved_by, triggers, days
            )
            entries.append(Entry(target_id, period_id, _COUNTED, amount, old, value))
    return closing
