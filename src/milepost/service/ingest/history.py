"""Fetching what the steps of a batch will ask of the customers' own past: at least that, whatever else comes along."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from milepost.engine.progress.history import NO_HISTORY, Logged, history_needed
from milepost.model.event import Bill, Event
from milepost.model.standing import Progress, ProgressKey, Standing
from milepost.rules.compiled.index import RuleIndex
from milepost.service.ingest.deduplication import ResolvedEvent
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, EventName, LoggedRow, key_of_customer


class History(NamedTuple):
    """What was fetched of one customer: events of the log and settled progress."""

    log: list[Logged]
    progress: dict[ProgressKey, Progress]


EMPTY_HISTORY = History([], {})


class HistoryQuery(NamedTuple):
    """What the steps of a batch will ask for: events by name, events since an instant, settled progress.

    `kin` are the customers merged into those who ask, each with who asks and where that one has the other's log.
    """

    named: set[EventName]
    since: dict[CustomerKey, int]
    history: list[CustomerKey]
    kin: dict[CustomerKey, tuple[CustomerKey, tuple[int, ...]]]

    def everywhere(self, named: Iterable[EventName]) -> list[EventName]:
        """Return what to look for, in the logs of merged customers too."""
        asked = sorted(named)
        if not self.kin:
            return asked
        logs: dict[CustomerKey, list[CustomerKey]] = {}
        for merged, (customer_key, _) in self.kin.items():
            logs.setdefault(customer_key, []).append(merged)
        return sorted(
            {*asked, *(one._replace(customer_key=merged) for one in asked for merged in logs.get(one.customer_key, ()))}
        )


def empty_query() -> HistoryQuery:
    """Return where to begin."""
    return HistoryQuery(set(), {}, [], {})


def collect_needs(
    asked: HistoryQuery,
    rule_index: RuleIndex,
    customer_key: CustomerKey,
    standing: Standing,
    mine: Sequence[ResolvedEvent],
) -> bool:
    """Add to *asked* what the steps of one customer will ask for; return whether they ask for anything."""
    is_asking = past = False
    for one in mine:
        wants = history_needed(rule_index, standing, one.event)
        if wants is NO_HISTORY:
            continue
        is_asking, past = True, past or wants.history
        if wants.bill is not None:
            asked.named.add(EventName(customer_key, one.event.key.source, wants.bill))
        if wants.returns:
            asked.named.update(EventName(customer_key, one.event.key.source, name) for name in _names(one.event))
        if wants.since is not None:
            asked.since[customer_key] = min(wants.since, asked.since.get(customer_key, wants.since))
    if past:
        asked.history.append(customer_key)
    if is_asking:
        for merged in standing.lineage.merged:
            asked.kin[key_of_customer(customer_key.org_id, merged.customer_id)] = customer_key, merged.under
    return is_asking


async def load_history(
    transaction: Transaction, asked: HistoryQuery, by_customer: Mapping[CustomerKey, Sequence[ResolvedEvent]]
) -> dict[CustomerKey, History]:
    """Fetch what was *asked* for."""
    found: dict[CustomerKey, dict[object, Logged]] = {}
    if asked.named:
        await _find_named(transaction, asked, by_customer, found)
    if asked.since:
        others = {
            merged: asked.since[customer_key]
            for merged, (customer_key, _) in asked.kin.items()
            if customer_key in asked.since
        }
        _add(asked, found, await log.events_since(transaction, list((asked.since | others).items())))
    history = await log.histories(transaction, asked.history) if asked.history else {}
    return {
        customer_key: History(
            list(found.get(customer_key, {}).values()),
            {
                ProgressKey(progress.target_id, progress.period_id): progress
                for progress in history.get(customer_key, ())
            },
        )
        for customer_key in {*found, *history}
    }


async def _find_named(
    transaction: Transaction,
    asked: HistoryQuery,
    by_customer: Mapping[CustomerKey, Sequence[ResolvedEvent]],
    found: dict[CustomerKey, dict[object, Logged]],
) -> None:
    """Find bills by the names that returns give them, and the other returns of those bills."""
    _add(asked, found, await log.events_named(transaction, asked.everywhere(asked.named)))
    known = _named(found)
    missed = [
        one
        for one in sorted(asked.named)
        if (one.customer_key, one.name) not in known
        and not any(one.name in _names(other.event) for other in by_customer[one.customer_key])
    ]
    if missed:
        _add(asked, found, await log.events_with_id(transaction, asked.everywhere(missed)))
    if missed or asked.kin:
        # A bill found so may have been named otherwise since, in whichever log.
        asked_for = {(one.customer_key, one.name) for one in asked.named}
        further = {
            EventName(customer_key, source, name)
            for (customer_key, name), source in _named(found).items()
            if (customer_key, name) not in asked_for
        }
        if further:
            _add(asked, found, await log.events_named(transaction, asked.everywhere(further)))


def _named(found: Mapping[CustomerKey, Mapping[object, Logged]]) -> dict[tuple[CustomerKey, str], str]:
    """Return the names of the bills among what was found, each with a source that says so."""
    return {
        (customer_key, name): one.event.key.source
        for customer_key, logged in found.items()
        for one in logged.values()
        for name in _names(one.event)
    }


def _names(event: Event) -> tuple[str, ...]:
    """Return the names that a return may call a bill by; nothing else has any."""
    return (event.key.id, event.payload.number) if isinstance(event.payload, Bill) else ()


def _add(asked: HistoryQuery, found: dict[CustomerKey, dict[object, Logged]], rows: Iterable[LoggedRow]) -> None:
    for row in rows:
        customer_key, under = asked.kin.get(row.customer_key, (row.customer_key, ()))
        found.setdefault(customer_key, {}).setdefault(
            (under, row.key), Logged(row.event(), row.seq, row.entries, under)
        )
