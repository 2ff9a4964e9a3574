"""Loads the stored history that a batch needs before its events are applied. It may load more, never less."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from milepost.engine.progress.corrections import is_correction, name_in, source_in
from milepost.engine.progress.history import NO_HISTORY, Logged, history_needed, names_of
from milepost.model.event import AWARDS_SOURCE, Bill, Event
from milepost.model.organisation import CapsFollowReturns
from milepost.model.standing import Progress, ProgressKey, Standing
from milepost.model.time import Micros
from milepost.rules.compiled.index import RuleIndex
from milepost.service.ingest.deduplication import ResolvedEvent
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, EventName, LoggedRow, key_of_customer

FROM_THE_BEGINNING = Micros(-62_135_596_800_000_000)
"""The first instant of the year 1, before every event (epoch microseconds)."""


class History(NamedTuple):
    """What was loaded of one customer: events of the log, and archived progress."""

    log: list[Logged]
    progress: dict[ProgressKey, Progress]


EMPTY_HISTORY = History([], {})


class HistoryQuery(NamedTuple):
    """The history that a batch needs: events by name, events since an instant, archived progress.

    `since` is in epoch microseconds. `connected` holds names of which all connected events are wanted, as the second
    edition of the rules asks; for the customers in `decisions` also the decisions about these bills. `merged` maps each
    customer who was merged into one of the batch to that survivor and to the place of the merged customer's log among
    the survivor's.
    """

    named: set[EventName]
    since: dict[CustomerKey, int]
    history: list[CustomerKey]
    merged: dict[CustomerKey, tuple[CustomerKey, tuple[int, ...]]]
    connected: set[EventName]
    decisions: set[CustomerKey]

    def names_in_all_logs(self, named: Iterable[EventName]) -> list[EventName]:
        """Return *named*, and the same names in the logs of the customers who were merged into theirs."""
        names = sorted(named)
        if not self.merged:
            return names
        logs: dict[CustomerKey, list[CustomerKey]] = {}
        for merged, (customer_key, _) in self.merged.items():
            logs.setdefault(customer_key, []).append(merged)
        return sorted(
            {
                *names,
                *(name._replace(customer_key=merged) for name in names for merged in logs.get(name.customer_key, ())),
            }
        )


def empty_query() -> HistoryQuery:
    """Return a query that asks for nothing yet."""
    return HistoryQuery(named=set(), since={}, history=[], merged={}, connected=set(), decisions=set())


def collect_needs(
    query: HistoryQuery,
    rule_index: RuleIndex,
    customer_key: CustomerKey,
    standing: Standing,
    events: Sequence[ResolvedEvent],
) -> bool:
    """Add to *query* the history that one customer's *events* will need. Return whether they need any."""
    needs_any = needs_archive = False
    for resolved in events:
        need = history_needed(rule_index, standing, resolved.event)
        if need is NO_HISTORY:
            continue
        needs_any, needs_archive = True, needs_archive or need.history
        if need.bill is not None:
            query.named.add(EventName(customer_key, resolved.event.key.source, need.bill))
        if need.names:
            query.connected.update(_names_in(customer_key, resolved.event))
        if need.returns:
            query.named.update(
                EventName(customer_key, resolved.event.key.source, name) for name in _names_of_bill(resolved.event)
            )
        since = FROM_THE_BEGINNING if need.days else need.since
        if since is not None:
            query.since[customer_key] = min(since, query.since.get(customer_key, since))
    if needs_any and rule_index.settings.caps_follow_returns is CapsFollowReturns.ON:
        query.decisions.add(customer_key)
    if needs_archive:
        query.history.append(customer_key)
    if needs_any:
        for merged in standing.lineage.merged:
            query.merged[key_of_customer(customer_key.org_id, merged.customer_id)] = customer_key, merged.under
    return needs_any


async def load_history(
    transaction: Transaction, query: HistoryQuery, by_customer: Mapping[CustomerKey, Sequence[ResolvedEvent]]
) -> dict[CustomerKey, History]:
    """Load what *query* asks for, by customer; *by_customer* are the new events of the batch."""
    loaded: dict[CustomerKey, dict[object, Logged]] = {}
    if query.named:
        await _find_named(transaction, query, by_customer, loaded)
    if query.connected:
        await _find_connected(transaction, query, by_customer, loaded)
    if query.since:
        merged_since = {
            merged: query.since[customer_key]
            for merged, (customer_key, _) in query.merged.items()
            if customer_key in query.since
        }
        _add(query, loaded, await log.events_since(transaction, list((query.since | merged_since).items())))
    history = await log.histories(transaction, query.history) if query.history else {}
    return {
        customer_key: History(
            list(loaded.get(customer_key, {}).values()),
            {progress.key: progress for progress in history.get(customer_key, ())},
        )
        for customer_key in {*loaded, *history}
    }


async def _find_named(
    transaction: Transaction,
    query: HistoryQuery,
    by_customer: Mapping[CustomerKey, Sequence[ResolvedEvent]],
    loaded: dict[CustomerKey, dict[object, Logged]],
) -> None:
    """Load the bills that returns name, and the other returns of those bills.

    A return may name a bill by its event id or by its number, so a bill that was found by one of its names is looked up
    by the other too.
    """
    _add(query, loaded, await log.events_named(transaction, query.names_in_all_logs(query.named)))
    bill_names = _bill_names(loaded)
    missing = [
        wanted
        for wanted in sorted(query.named)
        if (wanted.customer_key, wanted.name) not in bill_names
        and not any(wanted.name in _names_of_bill(new.event) for new in by_customer[wanted.customer_key])
    ]
    if missing:
        _add(query, loaded, await log.events_with_id(transaction, query.names_in_all_logs(missing)))
    if missing or query.merged:
        # Another return may name a bill found here by its other name, in any of the logs.
        queried = {(wanted.customer_key, wanted.name) for wanted in query.named}
        other_names = {
            EventName(customer_key, source, name)
            for (customer_key, name), source in _bill_names(loaded).items()
            if (customer_key, name) not in queried
        }
        if other_names:
            _add(query, loaded, await log.events_named(transaction, query.names_in_all_logs(other_names)))


async def _find_connected(
    transaction: Transaction,
    query: HistoryQuery,
    by_customer: Mapping[CustomerKey, Sequence[ResolvedEvent]],
    loaded: dict[CustomerKey, dict[object, Logged]],
) -> None:
    """Load all events that names connect with those of the batch: a matching depends on them (decision 0031).

    Mostly one round is enough: `events_named` finds the other names of a bill by itself.
    """
    pending, queried = set(query.connected), set[EventName]()
    for customer_key in {name.customer_key for name in pending}:
        # What a batch brings may be corrected by its later events.
        for resolved in by_customer[customer_key]:
            if is_correction(resolved.event) or isinstance(resolved.event.payload, Bill):
                pending.update(_names_in(customer_key, resolved.event))
    while pending:
        _add(query, loaded, await log.events_named(transaction, query.names_in_all_logs(pending)))
        queried |= pending
        queried |= _covered(queried, loaded)
        known = _known_names({name.customer_key for name in pending}, loaded, by_customer)
        missing = [name for name in sorted(pending) if not known.have(name)]
        if missing:
            _add(query, loaded, await log.events_with_id(transaction, query.names_in_all_logs(missing)))
        found = {
            name
            for customer_key, events in loaded.items()
            for logged in events.values()
            for name in _names_in(customer_key, logged.event, is_with_decision=customer_key in query.decisions)
        }
        pending = found - queried


def _covered(queried: set[EventName], loaded: Mapping[CustomerKey, Mapping[object, Logged]]) -> set[EventName]:
    """Return the names of the bills that were found by a name: the statement has looked their other names up."""
    numbers = {(name.customer_key, name.name) for name in queried}
    return {
        name
        for customer_key, events in loaded.items()
        for logged in events.values()
        if isinstance(logged.event.payload, Bill)
        and (
            (customer_key, logged.event.payload.number) in numbers
            or EventName(customer_key, logged.event.key.source, logged.event.key.id) in queried
        )
        for name in _names_in(customer_key, logged.event)
    }


def _names_in(customer_key: CustomerKey, event: Event, *, is_with_decision: bool = False) -> Iterator[EventName]:
    """Return the names of *event*, or the name that it uses if it is a correction."""
    if is_correction(event):
        yield EventName(customer_key, source_in(event), name_in(event))
        return
    for name in names_of(event):
        yield EventName(customer_key, event.key.source, name)
    payload = event.payload
    if is_with_decision and isinstance(payload, Bill) and payload.decision is not None:
        yield EventName(customer_key, AWARDS_SOURCE, payload.decision)


def _known_names(
    customer_keys: AbstractSet[CustomerKey],
    loaded: Mapping[CustomerKey, Mapping[object, Logged]],
    by_customer: Mapping[CustomerKey, Sequence[ResolvedEvent]],
) -> "_KnownNames":
    """Return the names of the events of these customers that were loaded, or that the batch brings."""
    named, numbers = set[EventName](), set[tuple[CustomerKey, str]]()
    for customer_key in customer_keys:
        for event in (
            *(logged.event for logged in loaded.get(customer_key, {}).values()),
            *(resolved.event for resolved in by_customer[customer_key]),
        ):
            named.update(EventName(customer_key, event.key.source, name) for name in names_of(event))
            if isinstance(event.payload, Bill):
                numbers.add((customer_key, event.payload.number))
    return _KnownNames(named, numbers)


class _KnownNames(NamedTuple):
    """Names of events within their sources, and numbers of bills, for which the source does not matter."""

    named: AbstractSet[EventName]
    numbers: AbstractSet[tuple[CustomerKey, str]]

    def have(self, name: EventName) -> bool:
        """Whether an event of the source has this id, or a bill of any source this number."""
        return name in self.named or (name.customer_key, name.name) in self.numbers


def _bill_names(loaded: Mapping[CustomerKey, Mapping[object, Logged]]) -> dict[tuple[CustomerKey, str], str]:
    """Return the names of the loaded bills, each with the source of a bill that bears it."""
    return {
        (customer_key, name): logged.event.key.source
        for customer_key, events in loaded.items()
        for logged in events.values()
        for name in _names_of_bill(logged.event)
    }


def _names_of_bill(event: Event) -> tuple[str, ...]:
    """Return the names by which a return may refer to *event*: its id and number if it is a bill, else none."""
    return (event.key.id, event.payload.number) if isinstance(event.payload, Bill) else ()


def _add(query: HistoryQuery, loaded: dict[CustomerKey, dict[object, Logged]], rows: Iterable[LoggedRow]) -> None:
    for row in rows:
        customer_key, under = query.merged.get(row.customer_key, (row.customer_key, ()))
        loaded.setdefault(customer_key, {}).setdefault(
            (under, row.key), Logged(row.event(), row.seq, row.entries, under)
        )
