"""Calls that happen once, named by an id of the caller's: events of our own, on the same path as all others."""

from collections.abc import Mapping

from msgspec.structs import replace

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import (
    AUTHORISE_AWARD,
    GRANT_FREEZES,
    PAUSE_STREAK,
    AuthoriseAward,
    EventKey,
    GrantFreezes,
    PauseStreak,
)
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status
from milepost.service.ingest.survivor_lookup import merge_family
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import PlaceName
from milepost.store import log
from milepost.store.log import LoggedRow, key_of_customer

CommandKind = AuthoriseAward | GrantFreezes | PauseStreak

_NAMES: Mapping[type, str] = {AuthoriseAward: AUTHORISE_AWARD, GrantFreezes: GRANT_FREEZES, PauseStreak: PAUSE_STREAK}


def command_event(
    caller: Caller,
    customer_id: int,
    key: EventKey,
    payload: CommandKind,
    at: int,
    now: int,
    place: PlaceName | None = None,
) -> IncomingEvent:
    """Offer what a call asks for, to happen to a customer *at* an instant (epoch microseconds)."""
    return IncomingEvent(
        org_id=caller.org_id,
        customer=Identifier(IdentifierKind.ID, str(customer_id)),
        key=key,
        name=_NAMES[type(payload)],
        occurred_at=at,
        received_at=now,
        place=place,
        till_id=caller.till_id,
        payload=payload,
    )


async def submit_once(runtime: Runtime, incoming_event: IncomingEvent, *, dated: bool) -> Answer:
    """Receive *incoming_event*; the same again is a duplicate with the first answer.

    A call that named no time of its own (not *dated*) is the same as an earlier one that says the same at another time.
    """
    (answer,) = await runtime.lanes.receive([incoming_event])
    if answer.status is not Status.CONFLICT or dated:
        return answer
    first = await _heard(runtime, incoming_event)
    assert first is not None, "a conflict is with an event that was heard"
    (answer,) = await runtime.lanes.receive([replace(incoming_event, occurred_at=first.occurred_at)])
    return answer


async def is_known_command(runtime: Runtime, incoming_event: IncomingEvent) -> bool:
    """Return whether a call under the name of *incoming_event* was made before."""
    return await _heard(runtime, incoming_event) is not None


async def _heard(runtime: Runtime, incoming_event: IncomingEvent) -> LoggedRow | None:
    async with runtime.database.transaction() as transaction:
        everybody = await merge_family(transaction, incoming_event.org_id, [int(incoming_event.customer.value)])
        keys = [(key_of_customer(incoming_event.org_id, id_), incoming_event.key) for id_ in everybody]
        known = await log.known_events(transaction, keys)
    return next(iter(known.values()), None)
