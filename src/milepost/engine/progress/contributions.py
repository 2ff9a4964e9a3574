"""What an event adds to simple sums (`Rule.is_simple_sum`), asked once for all rules that ask alike."""

from collections.abc import Iterable

from milepost.language import EvaluationContext
from milepost.rules.compiled.index import Contribution, RuleBatch


def contributions(batches: Iterable[RuleBatch], context: EvaluationContext) -> list[Contribution]:
    """Return where the event of *context* counts among *batches*, and how much it adds there."""
    event = context.event
    instant, payload = event.occurred_at, event.payload
    at_schedule, position = None, None
    last_read, value = None, None
    amounts: dict[object, int | None] = {}
    found: list[Contribution] = []
    for first, predicate, read, schedule, targets in batches:
        if schedule is not at_schedule:
            at_schedule, position = schedule, first.position(instant)
        if position is None:
            continue
        if read is None:
            amount = first.amount(context)
        elif predicate is not None and not predicate(context):
            continue
        elif read is last_read:
            amount = value
        else:
            if read not in amounts:
                amounts[read] = read(payload)
            last_read, amount = read, amounts[read]
            value = amount
        if amount is not None:
            found.append((targets[position], amount))
    return found
