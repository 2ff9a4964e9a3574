"""Checks explanations: that each adds up to what is stored, and shows every event of its period once."""

from collections import Counter
from collections.abc import AsyncIterator
from typing import NamedTuple

from milepost.engine.explanation import Explained, explain_each
from milepost.engine.progress.windows import spans
from milepost.model.event import COMMANDS, EventKey
from milepost.model.standing import ProgressKey
from milepost.rules.compiled.rule import Rule
from milepost.service.explanations.customer_log import CustomerLog, read_log
from milepost.service.runtime.runtime import Runtime
from milepost.store import customers, organisations

PAGE = 500
"""Customers whose ids are read at once."""


class CheckedCustomer(NamedTuple):
    """How many progresses of a customer were explained, with how many rows, and the keys of those that are wrong."""

    org_id: int
    customer_id: int
    explained: int
    rows: int
    wrong: tuple[ProgressKey, ...]


async def check_explanations(runtime: Runtime, customers_max: int) -> AsyncIterator[CheckedCustomer]:
    """Explain every stored progress of the first *customers_max* customers of each organisation."""
    async with runtime.database.reading() as reading:
        org_ids = await organisations.all_ids(reading)
    for org_id in org_ids:
        after, left = 0, customers_max
        while left:
            async with runtime.database.reading() as reading:
                page = await customers.ids_after(reading, org_id, after, min(PAGE, left))
            for customer_id in page:
                yield await _check(runtime, org_id, customer_id)
            if not page:
                break
            after, left = page[-1], left - len(page)


async def _check(runtime: Runtime, org_id: int, customer_id: int) -> CheckedCustomer:
    log = await read_log(runtime, org_id, customer_id, None, follows=False)
    assert log is not None, "the customer exists"
    keys = [ProgressKey(*key) for key in log.stored if key[0] > 0]
    rules = {key: log.snapshot.rule_index.rules.get(key.target_id) for key in keys}
    explained = explain_each(log.rule_indexes.__getitem__, log.events, rules, log.start)
    wrong = (key for key, one in explained.items() if not is_complete(log, key, one))
    rows = sum(len(one.events) for one in explained.values())
    return CheckedCustomer(org_id=org_id, customer_id=customer_id, explained=len(keys), rows=rows, wrong=tuple(wrong))


def is_complete(log: CustomerLog, key: ProgressKey, explained: Explained) -> bool:
    """Whether an explanation adds up to the stored value and shows each event of the period once, with one verdict."""
    value = log.stored[key].value
    shown = Counter(row.event.key for row in explained.events)
    rule = log.snapshot.rule_index.rules.get(key.target_id)
    return (
        value == explained.value == sum(row.amount for row in explained.events)
        and all((row.reason is None) != (row.not_counted is None) for row in explained.events)
        and set(shown.values()) <= {1}
        and (rule is None or all(event_key in shown for event_key in _dated_in(log, rule, key, explained)))
    )


def _dated_in(log: CustomerLog, rule: Rule, key: ProgressKey, explained: Explained) -> list[EventKey]:
    """Return the keys of the events that are dated in the period, as it lies for the customer."""
    position, own = rule.position_of(key.period_id), spans(rule, explained.standing.anchors)
    if position is None or not own:
        return []
    span = own[position]
    return [
        event.key
        for _, event in log.events
        if event.name not in COMMANDS and span.opens_at <= event.occurred_at < span.closes_at
    ]
