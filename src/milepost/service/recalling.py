"""Fetching what the steps of a batch will ask of the customers' own past: at least that, whatever else comes along."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from milepost.engine.log import NOTHING, Logged, need
from milepost.model.event import Bill, Event
from milepost.model.standing import Progress, ProgressKey, Standing
from milepost.rules.matching import Catalogue
from milepost.service.repeats import Heard
from milepost.store import log
from milepost.store.database import Transaction
from milepost.store.log import LoggedRow, Named, Who, who_is


class Past(NamedTuple):
    """What was fetched of one customer: events of the log and settled progress."""

    log: list[Logged]
    history: dict[ProgressKey, Progress]


NO_PAST = Past([], {})


class Asked(NamedTuple):
    """What the steps of a batch will ask for: events by name, events since an instant, settled progress.

    `kin` are the customers merged into those who ask, each with who asks and where that one has the other's log.
    """

    named: set[Named]
    since: dict[Who, int]
    history: list[Who]
    kin: dict[Who, tuple[Who, tuple[int, ...]]]

    def everywhere(self, named: Iterable[Named]) -> list[Named]:
        """Give what to look for, in the logs of merged customers too."""
        asked = sorted(named)
        if not self.kin:
            return asked
        logs: dict[Who, list[Who]] = {}
        for merged, (who, _) in self.kin.items():
            logs.setdefault(who, []).append(merged)
        return sorted({*asked, *(one._replace(who=merged) for one in asked for merged in logs.get(one.who, ()))})


def nothing_asked() -> Asked:
    """Give where to begin."""
    return Asked(set(), {}, [], {})


def ask(asked: Asked, catalogue: Catalogue, who: Who, standing: Standing, mine: Sequence[Heard]) -> bool:
    """Add to *asked* what the steps of one customer will ask for; tell whether they ask for anything."""
    is_asking = past = False
    for one in mine:
        wants = need(catalogue, standing, one.event)
        if wants is NOTHING:
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
    if is_asking:
        for merged in standing.lineage.merged:
            asked.kin[who_is(who.org_id, merged.customer_id)] = who, merged.under
    return is_asking


async def past_of(
    transaction: Transaction, asked: Asked, by_customer: Mapping[Who, Sequence[Heard]]
) -> dict[Who, Past]:
    """Fetch what was *asked* for."""
    found: dict[Who, dict[object, Logged]] = {}
    if asked.named:
        await _find_named(transaction, asked, by_customer, found)
    if asked.since:
        others = {merged: asked.since[who] for merged, (who, _) in asked.kin.items() if who in asked.since}
        _add(asked, found, await log.events_since(transaction, list((asked.since | others).items())))
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
    asked: Asked,
    by_customer: Mapping[Who, Sequence[Heard]],
    found: dict[Who, dict[object, Logged]],
) -> None:
    """Find bills by the names that returns give them, and the other returns of those bills."""
    _add(asked, found, await log.events_named(transaction, asked.everywhere(asked.named)))
    known = _named(found)
    missed = [
        one
        for one in sorted(asked.named)
        if (one.who, one.name) not in known
        and not any(one.name in _names(other.event) for other in by_customer[one.who])
    ]
    if missed:
        _add(asked, found, await log.events_with_id(transaction, asked.everywhere(missed)))
    if missed or asked.kin:
        # A bill found so may have been named otherwise since, in whichever log.
        asked_for = {(one.who, one.name) for one in asked.named}
        further = {
            Named(who, source, name) for (who, name), source in _named(found).items() if (who, name) not in asked_for
        }
        if further:
            _add(asked, found, await log.events_named(transaction, asked.everywhere(further)))


def _named(found: Mapping[Who, Mapping[object, Logged]]) -> dict[tuple[Who, str], str]:
    """Give the names of the bills among what was found, each with a source that says so."""
    return {
        (who, name): one.event.key.source
        for who, logged in found.items()
        for one in logged.values()
        for name in _names(one.event)
    }


def _names(event: Event) -> tuple[str, ...]:
    """Give the names that a return may call a bill by; nothing else has any."""
    return (event.key.id, event.payload.number) if isinstance(event.payload, Bill) else ()


def _add(asked: Asked, found: dict[Who, dict[object, Logged]], rows: Iterable[LoggedRow]) -> None:
    for row in rows:
        who, under = asked.kin.get(row.who, (row.who, ()))
        found.setdefault(who, {}).setdefault((under, row.key), Logged(row.event(), row.seq, row.entries, under))
