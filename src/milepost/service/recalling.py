"""Fetching what the steps of a batch will ask of the customers' own past: at least that, whatever else comes along."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from milepost.engine.log import Logged, need
from milepost.model.event import Bill, Event
from milepost.model.standing import Progress, ProgressKey, Standing
from milepost.rules.matching import Catalogue
from milepost.service.repeats import Heard
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import LoggedRow, Named, Who


class Past(NamedTuple):
    """What was fetched of one customer: events of the log and settled progress."""

    log: list[Logged]
    history: dict[ProgressKey, Progress]


NO_PAST = Past([], {})


class Asked(NamedTuple):
    """What the steps of a batch will ask for: events by name, events since an instant, settled progress."""

    named: set[Named]
    since: dict[Who, int]
    history: list[Who]


def nothing_asked() -> Asked:
    """Give where to begin."""
    return Asked(set(), {}, [])


def ask(asked: Asked, catalogue: Catalogue, who: Who, standing: Standing, mine: Sequence[Heard]) -> bool:
    """Add to *asked* what the steps of one customer will ask for; tell whether they ask for anything."""
    is_asking = past = False
    for one in mine:
        wants = need(catalogue, standing, one.event)
        if wants.is_empty:
            continue
        is_asking, past = True, past or wants.history
        if wants.bill is not None:
            asked.named.add(Named(who, one.event.key.source, wants.bill))
        if wants.returns:
            asked.named.update(Named(who, one.event.key.source, name) for name in _names(one.event))
        if wants.since is not None:
            asked.since[who] = min(wants.since, asked.since.get(who, wants.since))
    if past:
        asked.history.append(who)
    return is_asking


async def past_of(
    transaction: Transaction, asked: Asked, by_customer: Mapping[Who, Sequence[Heard]]
) -> dict[Who, Past]:
    """Fetch what was *asked* for."""
    found: dict[Who, dict[object, Logged]] = {}
    if asked.named:
        await _find_named(transaction, asked.named, by_customer, found)
    if asked.since:
        _add(found, await log.events_since(transaction, list(asked.since.items())))
    history = await log.histories(transaction, asked.history) if asked.history else {}
    return {
        who: Past(
            list(found.get(who, {}).values()),
            {ProgressKey(progress.target_id, progress.period_id): progress for progress in history.get(who, ())},
        )
        for who in {*found, *history}
    }


async def _find_named(
    transaction: Transaction,
    named: set[Named],
    by_customer: Mapping[Who, Sequence[Heard]],
    found: dict[Who, dict[object, Logged]],
) -> None:
    """Find bills by the names that returns give them, and the other returns of those bills."""
    _add(found, await log.events_named(transaction, sorted(named)))
    known = {(who, name) for who, logged in found.items() for one in logged.values() for name in _names(one.event)}
    known |= {(who, name) for who, mine in by_customer.items() for one in mine for name in _names(one.event)}
    missed = [one for one in sorted(named) if (one.who, one.name) not in known]
    if missed:
        _add(found, await log.events_with_id(transaction, missed))
    others = {
        Named(who, one.event.key.source, name)
        for who, logged in found.items()
        for one in logged.values()
        for name in _names(one.event)
    }
    unasked = {(one.who, one.name) for one in others} - {(one.who, one.name) for one in named}
    further = sorted(one for one in others if (one.who, one.name) in unasked)
    if further:
        _add(found, await log.events_named(transaction, further))


def _names(event: Event) -> tuple[str, ...]:
    """Give the names that a return may call a bill by; nothing else has any."""
    return (event.key.id, event.payload.number) if isinstance(event.payload, Bill) else ()


def _add(found: dict[Who, dict[object, Logged]], rows: Iterable[LoggedRow]) -> None:
    for row in rows:
        found.setdefault(row.who, {}).setdefault(row.key, Logged(row.event(), row.seq, row.entries))
