"""Calls that happen once, named by an id of the caller's: events of our own, on the same path as all others."""

from collections.abc import Mapping

from msgspec.structs import replace

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import DECIDE, FREEZE, PAUSE, Deciding, EventKey, Freezing, Pausing
from milepost.service.access import Caller
from milepost.service.brand import PlaceName
from milepost.service.following import family
from milepost.service.installation import Installation
from milepost.service.offer import Answer, Offer, Status
from milepost.store import log
from milepost.store.log import LoggedRow, who_is

Called = Deciding | Freezing | Pausing

_NAMES: Mapping[type, str] = {Deciding: DECIDE, Freezing: FREEZE, Pausing: PAUSE}


def called(
    caller: Caller, customer_id: int, key: EventKey, payload: Called, at: int, now: int, place: PlaceName | None = None
) -> Offer:
    """Offer what a call asks for, to happen to a customer *at* an instant (epoch microseconds)."""
    return Offer(
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


async def receive_once(here: Installation, offer: Offer, *, dated: bool) -> Answer:
    """Receive *offer*; the same again is a duplicate with the first answer.

    A call that named no time of its own (not *dated*) is the same as an earlier one that says the same at another time.
    """
    (answer,) = await here.lanes.receive([offer])
    if answer.status is not Status.CONFLICT or dated:
        return answer
    first = await _heard(here, offer)
    assert first is not None, "a conflict is with an event that was heard"
    (answer,) = await here.lanes.receive([replace(offer, occurred_at=first.occurred_at)])
    return answer


async def is_known(here: Installation, offer: Offer) -> bool:
    """Tell whether a call under the name of *offer* was made before."""
    return await _heard(here, offer) is not None


async def _heard(here: Installation, offer: Offer) -> LoggedRow | None:
    async with here.database.transaction() as transaction:
        everybody = await family(transaction, offer.org_id, [int(offer.customer.value)])
        keys = [(who_is(offer.org_id, id_), offer.key) for id_ in everybody]
        known = await log.known_events(transaction, keys)
    return next(iter(known.values()), None)
