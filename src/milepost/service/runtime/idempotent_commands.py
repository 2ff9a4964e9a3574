"""Commands that happen once: events of our own, named by an idempotency key that the client chooses."""

from collections.abc import Mapping

from msgspec.structs import replace

from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.commands.correction import VoidAward
from milepost.model.event import (
    ADJUST_PROGRESS,
    AUTHORISE_AWARD,
    GRANT_FREEZES,
    PAUSE_STREAK,
    VOID_AWARD,
    AuthoriseAward,
    EventKey,
    GrantFreezes,
    PauseStreak,
)
from milepost.model.time import Micros
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status, own_event, raise_faults
from milepost.service.ingest.lookup.survivor_lookup import merge_family
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import PlaceName
from milepost.store import log
from milepost.store.log import LoggedRow, key_of_customer

CommandKind = AuthoriseAward | VoidAward | GrantFreezes | PauseStreak | AdjustProgress

_NAMES: Mapping[type, str] = {
    AuthoriseAward: AUTHORISE_AWARD,
    VoidAward: VOID_AWARD,
    GrantFreezes: GRANT_FREEZES,
    PauseStreak: PAUSE_STREAK,
    AdjustProgress: ADJUST_PROGRESS,
}


def command_event(
    caller: Caller,
    customer_id: int,
    key: EventKey,
    payload: CommandKind,
    at: Micros,
    now: Micros,
    place: PlaceName | None = None,
) -> IncomingEvent:
    """Return the event by which a command happens to a customer *at* an instant; instants in epoch microseconds."""
    name = _NAMES[type(payload)]
    return own_event(
        caller.org_id, customer_id, key, name, payload, now=now, occurred_at=at, place=place, till_id=caller.till_id
    )


async def submit_once(runtime: Runtime, incoming_event: IncomingEvent, *, dated: bool) -> Answer:
    """Receive *incoming_event*; a repetition is a duplicate with the first answer.

    *dated* says whether the client named the time. If it did not, a repetition differs from the first command only in
    the time at which it arrived; so it is received again with the time of the first.
    """
    (answer,) = await runtime.lanes.receive([incoming_event])
    raise_faults([answer])
    if answer.status is not Status.CONFLICT or dated:
        return answer
    first = await _stored_command(runtime, incoming_event)
    assert first is not None, "a conflict is with a stored event"
    (answer,) = await runtime.lanes.receive([replace(incoming_event, occurred_at=first.occurred_at)])
    raise_faults([answer])
    return answer


async def is_known_command(runtime: Runtime, incoming_event: IncomingEvent) -> bool:
    """Return whether a command with the key of *incoming_event* was received before."""
    return await _stored_command(runtime, incoming_event) is not None


async def _stored_command(runtime: Runtime, incoming_event: IncomingEvent) -> LoggedRow | None:
    return await find_command(runtime, incoming_event.org_id, int(incoming_event.customer.value), incoming_event.key)


async def find_command(runtime: Runtime, org_id: int, customer_id: int, key: EventKey) -> LoggedRow | None:
    """Return the command of a customer, or of one who was merged into that one, with this *key*; None if none was."""
    async with runtime.database.transaction() as transaction:
        family = await merge_family(transaction, org_id, [customer_id])
        keys = [(key_of_customer(org_id, id_), key) for id_ in family]
        rows = await log.known_events(transaction, keys)
    return next(iter(rows.values()), None)
