"""Claims: an event that was received for one customer is not counted for another one (facts 8 #61).

The claim to an event is made under a key of the event's own, so it can be made before the transaction of the customer.
It changes nothing when it is made again. A claim without its event belongs to a sender that was interrupted: the event
is received as new when it is sent again.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from milepost.model.organisation import EventIdentity
from milepost.service.ingest.bill_numbers import bearer_of, later_id, under_id
from milepost.service.ingest.deduplication import ResolvedEvent, conflict
from milepost.service.ingest.incoming_event import Answer, Naming
from milepost.service.ingest.survivor_lookup import resolve_survivors
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import claims
from milepost.store.claims import Claim, ClaimKey, claim_order, key_of_claim
from milepost.store.database import Stale, Transaction

OTHER_CUSTOMER = "for another customer"


class Claimed(NamedTuple):
    """The events that are for their customers, and the positions in the batch of those that nobody received before."""

    events: Sequence[ResolvedEvent]
    new: AbstractSet[int]


async def claim(
    transaction: Transaction,
    snapshots: Mapping[int, OrganisationSnapshot],
    resolved: Sequence[ResolvedEvent],
    answers: list[Answer | None],
) -> Claimed:
    """Claim events for their customers, and write the answers of events that are another customer's to *answers*.

    Raises Stale if a further claim to a bill number was made meanwhile.
    """
    keys = {
        event.position: key_of_claim(event.customer_key.org_id, event.event.key)
        for event in resolved
        if event.naming is not Naming.CUSTOMER
        and snapshots[event.customer_key.org_id].organisation.settings.event_identity is EventIdentity.ORGANISATION
    }
    if not keys:
        return Claimed(resolved, frozenset())
    ledger = await _ledger(transaction, keys, resolved)
    owned: list[tuple[ResolvedEvent, Claim | None]] = []
    for event in resolved:
        key = keys.get(event.position)
        days = snapshots[event.customer_key.org_id].organisation.settings.bill_number_days
        owned.append((event, None if key is None else ledger.claim_to(event, key, days)))
    if ledger.further and await claims.add(transaction, sorted(ledger.further, key=claim_order)):
        raise Stale
    strangers = await _strangers(transaction, owned)
    for event in strangers:
        answers[event.position] = conflict(event, OTHER_CUSTOMER)
    own = [
        event if claim is None or claim.event_id is None else under_id(event, claim.event_id)
        for event, claim in owned
        if answers[event.position] is None
    ]
    return Claimed(own, ledger.new)


class _Ledger:
    """The claims that stand to the events of a batch, those that this batch has made among them."""

    def __init__(self, standing: dict[ClaimKey, list[Claim]], new: set[int]) -> None:
        """Begin with the claims that stand; the events at the positions *new* have made one."""
        self._standing = standing
        self.new = new
        self.further: list[Claim] = []

    def claim_to(self, resolved: ResolvedEvent, key: ClaimKey, days: int) -> Claim:
        """Return the claim to an event; further claims to a bill number are still to be made."""
        standing = self._standing[key]
        if resolved.naming is not Naming.BILL_NUMBER:
            return standing[0]
        at = resolved.event.occurred_at
        bearer = bearer_of(standing, at, days)
        if bearer is None:
            bearer = Claim(
                key=key,
                customer_id=resolved.customer_key.customer_id,
                occurrence=len(standing),
                dated_at=at,
                event_id=later_id(resolved.event.key.id, at),
            )
            standing.append(bearer)
            self.further.append(bearer)
            self.new.add(resolved.position)
        return bearer


async def _ledger(transaction: Transaction, keys: Mapping[int, ClaimKey], resolved: Sequence[ResolvedEvent]) -> _Ledger:
    """Make the first claim to each event to which none stands, and return all that stand."""
    firsts: dict[ClaimKey, tuple[int, Claim]] = {}
    for event in resolved:
        key = keys.get(event.position)
        if key is None or key in firsts:
            continue
        dated_at = event.event.occurred_at if event.naming is Naming.BILL_NUMBER else None
        claim = Claim(key=key, customer_id=event.customer_key.customer_id, dated_at=dated_at)
        firsts[key] = event.position, claim
    made = sorted((claim for _, claim in firsts.values()), key=claim_order)
    earlier = [made[place].key for place in await claims.add(transaction, made)]
    standing = {key: [claim] for key, (_, claim) in firsts.items()}
    if earlier:
        standing |= await claims.find(transaction, earlier)
    return _Ledger(standing, {firsts[key][0] for key in firsts.keys() - set(earlier)})


async def _strangers(
    transaction: Transaction, owned: Sequence[tuple[ResolvedEvent, Claim | None]]
) -> list[ResolvedEvent]:
    """Return the events to which another customer has the claim; customers who were merged are one."""
    others = [
        (event, claim)
        for event, claim in owned
        if claim is not None and claim.customer_id != event.customer_key.customer_id
    ]
    ids_by_org: dict[int, set[int]] = {}
    for event, claim in others:
        ids_by_org.setdefault(event.customer_key.org_id, set()).update(
            (claim.customer_id, event.customer_key.customer_id)
        )
    survivors = {org_id: await resolve_survivors(transaction, org_id, ids) for org_id, ids in ids_by_org.items()}
    return [
        event
        for event, claim in others
        if survivors[event.customer_key.org_id][claim.customer_id]
        != survivors[event.customer_key.org_id][event.customer_key.customer_id]
    ]
