"""Changes an organisation's time zone; progress is then computed again from the log (facts 8 #98)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from milepost.engine.apply import START, Replayed, replay
from milepost.engine.commands.customer_merge import absorbed_progress
from milepost.engine.progress.history import Logged
from milepost.model.commands.customer_merge import AbsorbCustomer, MergeIntoSurvivor
from milepost.model.event import Event
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Progress, ProgressKey
from milepost.rules.calendar import calendar_of, is_zone
from milepost.rules.compiled.index import RuleIndex
from milepost.rules.definition.schedule import ruling_calendar
from milepost.rules.edits.zone_change import in_other_zone
from milepost.service.ingest.scores import Scores, collect_scores
from milepost.service.organisations.provisioning import organisation_by_name
from milepost.service.snapshot.organisation_snapshot import snapshot_at
from milepost.store import codec, customers, definitions, leaderboards, log, organisations
from milepost.store.chain.roots import recomputed_head
from milepost.store.customers import RewrittenEvent
from milepost.store.database import Database, Transaction
from milepost.store.log import CustomerKey, LoggedRow, StoredStanding, key_of_customer

PAGE = 500
"""Customers whose ids are read at once."""

HAS_EVENTS = (
    "has events already; with --replay the zone is changed and the progress of every customer is computed again "
    "from the stored events"
)


class ChangedRow(NamedTuple):
    """Progress of one customer that a replay changed: the row before and after, None where there is none."""

    customer_id: int
    key: ProgressKey
    before: Progress | None
    after: Progress | None


class ReplayedCustomer(NamedTuple):
    """A customer whose progress was computed again, with the number of events and the rows that changed."""

    customer_id: int
    events: int
    changed: Sequence[ChangedRow]


async def set_zone(database: Database, name: str, zone: str, *, replaying: bool) -> Organisation:
    """Change the zone of the organisation called *name*, and move its definitions. Raises Refused.

    With events it is refused unless *replaying*: then `replay_customers` is to follow. If the zone is in force already,
    nothing changes.
    """
    if not is_zone(zone):
        raise Refused(Problem("zone", f'"{zone}" is not a time zone of the IANA database, such as Europe/Berlin'))
    org_id = (await organisation_by_name(database, name)).id
    async with database.transaction() as transaction:
        owner = await organisations.lock(transaction, org_id)
        if owner.zone == zone:
            return owner
        if not replaying and await organisations.has_events(transaction, org_id):
            raise Refused(Problem("zone", f'the organisation "{owner.name}" {HAS_EVENTS}'))
        await _move_definitions(transaction, owner, zone)
        await organisations.set_zone(transaction, org_id, zone)
        version = await organisations.raise_version(transaction, org_id)
        # Each group begins a version, so that servers that run read it again.
        for group in await organisations.groups_at(transaction, org_id, version):
            await definitions.save_version(transaction, org_id, group, version)
    return replace(owner, zone=zone, version=version)


async def _move_definitions(transaction: Transaction, owner: Organisation, zone: str) -> None:
    """Write each version of each definition anew, because each event is judged by the version of its time."""
    for version, group in await definitions.all_versions(transaction, owner.id):
        then = await organisations.at_version(transaction, owner.id, version)
        old, new = (ruling_calendar(replace(then, zone=name), group.time_zone_name) for name in (owner.zone, zone))
        moved = in_other_zone(group, calendar_of(old.zone), calendar_of(new.zone))
        if moved != group:
            await definitions.rewrite(transaction, owner.id, moved, version)


async def replay_customers(database: Database, org_id: int) -> AsyncIterator[ReplayedCustomer]:
    """Compute the progress of each customer again from the log, each in a transaction of its own.

    No outcome is sent again. What was done is right if it is repeated, so an interrupted run is simply begun anew.
    """
    rule_indexes: dict[int, RuleIndex] = {}
    after = 0
    while True:
        async with database.reading() as reading:
            page = await customers.ids_after(reading, org_id, after, PAGE)
        for customer_id in page:
            async with database.transaction() as transaction:
                yield await _Replay(transaction, rule_indexes).store(key_of_customer(org_id, customer_id))
        if len(page) < PAGE:
            return
        after = page[-1]


class _Log(NamedTuple):
    """A replayed log: its rows as they are stored, and what they come to, with the events as they are now."""

    rows: Sequence[tuple[int, LoggedRow]]
    replayed: Replayed
    logged: Sequence[Logged]


class _Replay:
    """Replays logs within one transaction."""

    def __init__(self, transaction: Transaction, rule_indexes: dict[int, RuleIndex]) -> None:
        self._transaction = transaction
        self._rule_indexes = rule_indexes

    async def store(self, customer_key: CustomerKey) -> ReplayedCustomer:
        """Replay a customer's log and store the result."""
        transaction = self._transaction
        await log.lock_standings(transaction, [customer_key])
        stored, archived = await customers.stored_bytes(transaction, customer_key)
        found = await self._log(customer_key, keeps_last=True)
        standing = found.replayed.standing
        events = [
            RewrittenEvent(row.key, _text_of(logged.event), logged.entries)
            for (_, row), logged in zip(found.rows, found.logged, strict=True)
            if row.entries != logged.entries or isinstance(logged.event.payload, AbsorbCustomer)
        ]
        await customers.rewrite_events(transaction, customer_key, events)
        await customers.clear_history(transaction, customer_key)
        rows = [(customer_key, progress) for progress in found.replayed.history.values()]
        head = await recomputed_head(transaction, customer_key)
        await log.save(transaction, [(customer_key, StoredStanding(codec.encode_standing(standing), head))], rows, [])
        await self._store_scores(customer_key, found)
        before = {row.key: row for row in map(codec.decode_progress, archived)}
        before |= dict(codec.decode_standing(stored).progress)
        after = {**found.replayed.history, **standing.progress}
        changed = [
            ChangedRow(customer_key.customer_id, key, before.get(key), after.get(key))
            for key in sorted({*before, *after})
            if _shown(before.get(key)) != _shown(after.get(key))
        ]
        return ReplayedCustomer(customer_key.customer_id, len(found.rows), changed)

    async def _log(self, customer_key: CustomerKey, *, keeps_last: bool) -> _Log:
        """Replay a log; of a merged customer without the merge, which is the last event."""
        rows = await customers.full_log(self._transaction, customer_key)
        if not keeps_last:
            rows = [row for row in rows if not isinstance(row[1].event().payload, MergeIntoSurvivor)]
        past: list[Logged] = []
        events: list[tuple[int, Event]] = []
        for version, row in rows:
            event = row.event()
            if isinstance(event.payload, AbsorbCustomer):
                event, theirs = await self._absorbed(customer_key, event, event.payload, row.seq)
                past += theirs
            events.append((version, event))
            if version not in self._rule_indexes:
                snapshot = await snapshot_at(self._transaction, customer_key.org_id, version)
                self._rule_indexes[version] = snapshot.rule_index
        replayed = replay(self._index, events, START._replace(log=tuple(past)))
        return _Log(rows, replayed, replayed.log[len(past) :])

    async def _absorbed(
        self, survivor: CustomerKey, event: Event, payload: AbsorbCustomer, seq: int
    ) -> tuple[Event, list[Logged]]:
        """Return the merge with what the victim has now, and the victim's log as a part of the survivor's."""
        victim = key_of_customer(survivor.org_id, payload.customer_id)
        found = await self._log(victim, keeps_last=False)
        theirs = absorbed_progress(victim.customer_id, found.replayed.standing, found.replayed.history.values())
        logs = [one._replace(under=(seq, *one.under)) for one in found.replayed.log]
        return _with_payload(event, theirs), logs

    def _index(self, version: int) -> RuleIndex:
        return self._rule_indexes[version]

    async def _store_scores(self, customer_key: CustomerKey, found: _Log) -> None:
        await leaderboards.reset_customer(self._transaction, customer_key)
        scores: Scores = {}
        for (version, _), applied in zip(found.rows, found.replayed.applied, strict=True):
            collect_scores(self._rule_indexes[version], customer_key, [applied], scores)
        if scores and found.replayed.standing.lineage.survivor is None:
            await leaderboards.save_scores(self._transaction, list(scores.values()))


def _text_of(event: Event) -> bytes:
    return codec.encode_event(event, codec.encode_payload(event.payload))


def _with_payload(event: Event, payload: AbsorbCustomer) -> Event:
    return Event(
        key=event.key,
        name=event.name,
        occurred_at=event.occurred_at,
        received_at=event.received_at,
        place=event.place,
        member=event.member,
        payload=payload,
    )


def _shown(row: Progress | None) -> tuple[int, bool]:
    """Return what a report tells of a row: its value and whether it is achieved."""
    return (0, False) if row is None else (row.value, row.is_achieved)
