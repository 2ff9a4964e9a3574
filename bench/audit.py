"""The oracle audit: after a run, progress is computed again from the events alone and compared with what is stored."""

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

from bench.events import Happened, event_id, external_id
from bench.hosts import Postgres
from bench.rules import BILL, RETURN, RUNNING, Rule, Sum
from milepost.model.event import EventKey
from milepost.store import codec

CUSTOMERS_AUDITED = 3_000
UNITS_PER_CENT, UNITS_PER_EVENT = 100, 10_000


class Row(NamedTuple):
    """One progress: value in ten-thousandths, and the log id of the event that reached the goal; 0 for none."""

    value: int
    achieved_by: int


class Audit(NamedTuple):
    """How many customers and progress rows were compared, and in how many customers a difference was found."""

    customers: int
    rows: int
    differences: int
    events_missing: int

    @property
    def is_clean(self) -> bool:
        """Return whether everything is as it should be."""
        return self.differences == 0 and self.events_missing == 0


def reckon(rules: Sequence[Rule], events: Iterable[Happened], customers: frozenset[int]) -> dict[int, dict[int, Row]]:
    """Return the progress of *customers* by the number of the rule, from all *events* in order, obviously and slowly.

    A return takes back what its bill gave; who has reached a goal keeps it.
    """
    found: dict[int, dict[int, Row]] = {customer: {} for customer in customers}
    for event in events:
        if event.is_repeated or event.customer not in customers:
            continue
        mine = found[event.customer]
        sign, name = (-1, BILL) if event.name == RETURN else (1, event.name)
        for rule in rules:
            if not rule.matches(name, event.store, event.cents):
                continue
            units = UNITS_PER_EVENT if rule.sum is Sum.EVENTS else event.cents * UNITS_PER_CENT
            before = mine.get(rule.number, Row(0, 0))
            value = before.value + sign * units
            reached = before.achieved_by == 0 and value >= rule.goal * UNITS_PER_EVENT and event.name != RETURN
            by = EventKey(event.source, event_id(event.number)).log_id if reached else before.achieved_by
            mine[rule.number] = Row(value, by)
    return found


def sampled(events: Sequence[Happened], seed: int) -> frozenset[int]:
    """Return the customers to be audited: the busiest hundred, and others drawn evenly from those with events."""
    counts: dict[int, int] = {}
    for event in events:
        counts[event.customer] = counts.get(event.customer, 0) + 1
    busiest = sorted(counts, key=lambda customer: -counts[customer])[:100]
    others = sorted(set(counts) - set(busiest))
    return frozenset(busiest + Random(seed).sample(others, min(len(others), CUSTOMERS_AUDITED - len(busiest))))


def audit_ours(server: Postgres, url: str, rules: Sequence[Rule], events: Sequence[Happened], seed: int) -> Audit:
    """Compare the standings in the database at *url* with what *events* lead to."""
    customers = sampled(events, seed)
    targets = _target_numbers(server, url)
    names = dict(server.rows("select customer_id, value from identity where kind = 'externalId'", url))
    wanted = {external_id(customer): customer for customer in customers}
    stored: dict[int, dict[int, Row]] = {}
    for customer_id, body in server.rows("select customer_id, body from standing", url):
        if names[customer_id] in wanted:
            standing = codec.decode_standing(body)
            stored[wanted[names[customer_id]]] = {
                targets[progress.target_id]: Row(progress.value, progress.achieved_by)
                for progress in standing.progress.values()
            }
    kept = server.rows("select count(*) from event", url)[0][0]
    return _compared(reckon(rules, events, customers), stored, _distinct(events) - kept)


def audit_peer(server: Postgres, url: str, rules: Sequence[Rule], events: Sequence[Happened], seed: int) -> Audit:
    """Compare the baseline's rows with what *events* lead to; it knows no event that reached a goal."""
    customers = sampled(events, seed)
    counting = {rule.number for rule in rules if rule.sum is Sum.EVENTS}
    wanted = {external_id(customer): customer for customer in customers}
    stored: dict[int, dict[int, Row]] = {customer: {} for customer in customers}
    rows = "select external_id, target_id, period_id, value from progress join customer using (customer_id)"
    for name, target, period, value in server.rows(rows, url):
        if name in wanted and period == RUNNING:
            units = UNITS_PER_EVENT if target in counting else UNITS_PER_CENT
            stored[wanted[name]][target] = Row(value * units, 0)
    expected = reckon(rules, events, customers)
    values = {
        customer_key: {target: Row(row.value, 0) for target, row in mine.items()}
        for customer_key, mine in expected.items()
    }
    kept = server.rows("select count(*) from event", url)[0][0]
    return _compared(values, stored, _distinct(events) - kept)


def _target_numbers(server: Postgres, url: str) -> dict[int, int]:
    """Return the numbers of the rules by the ids of their targets, which bear the number in their name."""
    found = {}
    for (body,) in server.rows("select body from target_group_version", url):
        for target in codec.decode_group(body).targets:
            found[target.id] = int(target.name.rpartition(" ")[2])
    return found


def _distinct(events: Sequence[Happened]) -> int:
    return sum(not event.is_repeated for event in events)


def _compared(expected: dict[int, dict[int, Row]], stored: dict[int, dict[int, Row]], missing: int) -> Audit:
    different = sum(expected[customer] != stored.get(customer, {}) for customer in expected)
    return Audit(len(expected), sum(map(len, expected.values())), different, missing)
