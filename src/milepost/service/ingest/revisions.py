"""A customer who is heard before the recomputation of a changed definition comes is recomputed first."""

from collections.abc import Mapping

from milepost.model.definitions.change import DefinitionChange
from milepost.model.scheduled.job import JobKind, JobScope
from milepost.service.ingest.deduplication import ResolvedEvent
from milepost.service.ingest.incoming_event import Answer, Naming
from milepost.service.snapshot.current_request import current_request_id
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.service.trials.revision import SOURCE, RevisedCustomer, revision_of
from milepost.store import codec, log
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey, StoredStanding
from milepost.store.scheduled import jobs

_Fresh = Mapping[CustomerKey, list[ResolvedEvent]]


async def revised_first(
    transaction: Transaction,
    snapshots: Mapping[int, OrganisationSnapshot],
    standings: Mapping[CustomerKey, StoredStanding],
    fresh: _Fresh,
    answers: list[Answer | None],
) -> _Fresh:
    """Return *fresh* with the revision of each customer who was not recomputed so far before the customer's events.

    Each takes a further place in *answers*, which nobody is told.
    """
    found = dict(fresh)
    for org_id, snapshot in snapshots.items():
        for change in snapshot.recomputing:
            customer_keys = [
                key
                for key, events in fresh.items()
                if key.org_id == org_id and not any(event.event.key.source == SOURCE for event in events)
            ]
            for revised in await _revised(transaction, snapshot, change, standings, customer_keys):
                found[revised.customer_key] = [*_place(revised, answers), *found[revised.customer_key]]
    return found


async def _revised(
    transaction: Transaction,
    snapshot: OrganisationSnapshot,
    change: DefinitionChange,
    standings: Mapping[CustomerKey, StoredStanding],
    customer_keys: list[CustomerKey],
) -> list[RevisedCustomer]:
    """Return those of the customers whom the change concerns and whom neither the job nor this has recomputed."""
    after = await jobs.position(
        transaction, change.org_id, JobKind.REVISE_PROGRESS, JobScope(change.group_id, 0, change.id)
    )
    if after is None:
        return []
    ahead = [key for key in customer_keys if (key.bucket, key.customer_id) > after]
    if not ahead:
        return []
    revision = await revision_of(transaction, change, snapshot.rule_index)
    done = await log.known_events(transaction, [(key, revision.key) for key in ahead])
    waiting = [key for place, key in enumerate(ahead) if place not in done]
    histories = await log.histories(transaction, waiting)
    read = {key: codec.decode_standing(standings[key].body) for key in waiting}
    at = change.published_at
    assert at is not None, "a change is recomputed once it is published"
    return await revision.of_customers(transaction, read, histories, at)


def _place(revised: RevisedCustomer, answers: list[Answer | None]) -> list[ResolvedEvent]:
    event = revised.event
    payload = codec.encode_payload(event.payload)
    answers.append(None)
    return [
        ResolvedEvent(
            position=len(answers) - 1,
            customer_key=revised.customer_key,
            event=event,
            payload=payload,
            content_hash=codec.content_hash(event.name, event.occurred_at, payload),
            naming=Naming.CUSTOMER,
            request_id=current_request_id.get(),
        )
    ]
