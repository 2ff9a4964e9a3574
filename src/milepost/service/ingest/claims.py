"""Claims: an event that was received for one customer is not counted for another one (facts 8 #61).

The claim to an event is made under a key of the event's own, so it can be made before the transaction of the customer.
It changes nothing when it is made again. A claim without its event belongs to a sender that was interrupted: the event
is received as new when it is sent again.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from milepost.model.organisation import EventIdentity
from milepost.model.time import Micros
from milepost.service.ingest.bill_numbers import bearer_of, later_id, under_id
from milepost.service.ingest.deduplication import ResolvedEvent, conflict
from milepost.service.ingest.incoming_event import Answer, Naming
from milepost.service.ingest.lookup.survivor_lookup import resolve_survivors
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import claims
from milepost.store.claims import Claim, ClaimKey, claim_order, key_of_claim
from milepost.store.database import Stale, Transaction

OTHER_CUSTOMER = "for another customer"


class Claimed(NamedTuple):
    """The events that are for their customers, and those that are another customer's.

    `new` are the positions in the batch of the events that nobody received before.
    """

    events: Sequence[ResolvedEvent]
    strangers: Sequence[ResolvedEvent]
    new: AbstractSet[int]


class Candidate(NamedTuple):
    """An event that is to be claimed for a customer.

    An event named by a bill number has a date (epoch microseconds), and the number names it for so many `days` around
    it. `first_id` and `later_id` are its ids in the log, None for that of its key, if it is the first event of that
    number or a later one.
    """

    key: ClaimKey
    customer_id: int
    dated_at: Micros | None = None
    days: int = 0
    first_id: str | None = None
    later_id: str | None = None


class ClaimedCandidates(NamedTuple):
    """The claim to each candidate, whosever it is, and the places of the candidates for which it was made now."""

    claims: list[Claim]
    new: set[int]


async def claim(
    transaction: Transaction,
    snapshots: Mapping[int, OrganisationSnapshot],
    resolved: Sequence[ResolvedEvent],
    answers: list[Answer | None],
) -> Claimed:
    """Claim events for their customers, and write the answers of events that are another customer's to *answers*.

    Raises Stale if a further claim to a bill number was made meanwhile.
    """
    shared = [
        event
        for event in resolved
        if event.naming is not Naming.CUSTOMER
        and snapshots[event.customer_key.org_id].organisation.settings.event_identity is EventIdentity.ORGANISATION
    ]
    if not shared:
        return Claimed(resolved, (), frozenset())
    claimed = await claim_candidates(transaction, [_candidate(event, snapshots) for event in shared])
    later = {
        event.position: under_id(event, claim.event_id)
        for event, claim in zip(shared, claimed.claims, strict=True)
        if claim.event_id is not None
    }
    if later:
        resolved = [later.get(event.position, event) for event in resolved]
    pairs = [(claim, event.customer_key.customer_id) for event, claim in zip(shared, claimed.claims, strict=True)]
    of_others = [shared[place] for place in await strangers(transaction, pairs)]
    for event in of_others:
        answers[event.position] = conflict(event, OTHER_CUSTOMER)
    own = [event for event in resolved if answers[event.position] is None] if of_others else resolved
    return Claimed(own, of_others, {shared[place].position for place in claimed.new})


def _candidate(resolved: ResolvedEvent, snapshots: Mapping[int, OrganisationSnapshot]) -> Candidate:
    event, customer_key = resolved.event, resolved.customer_key
    key = key_of_claim(customer_key.org_id, event.key)
    if resolved.naming is not Naming.BILL_NUMBER:
        return Candidate(key, customer_key.customer_id)
    return Candidate(
        key=key,
        customer_id=customer_key.customer_id,
        dated_at=event.occurred_at,
        days=snapshots[customer_key.org_id].organisation.settings.bill_number_days,
        later_id=later_id(event.key.id, event.occurred_at),
    )


async def claim_candidates(transaction: Transaction, candidates: Sequence[Candidate]) -> ClaimedCandidates:
    """Make the claims to *candidates* that nobody has made; of candidates that compete, the first one gets it.

    Raises Stale if a further claim to a bill number was made meanwhile.
    """
    firsts: dict[ClaimKey, int] = {}
    for place, candidate in enumerate(candidates):
        firsts.setdefault(candidate.key, place)
    made = sorted((_first_claim(candidates[place]) for place in firsts.values()), key=claim_order)
    earlier = [made[place].key for place in await claims.add(transaction, made)]
    standing = {claim.key: [claim] for claim in made}
    if earlier:
        standing |= await claims.find(transaction, earlier)
    new = {firsts[key] for key in firsts.keys() - set(earlier)}
    owned: list[Claim] = []
    further: list[Claim] = []
    for place, candidate in enumerate(candidates):
        claim = _claim_to(candidate, standing[candidate.key])
        if claim is None:
            claim = _further_claim(candidate, len(standing[candidate.key]))
            standing[candidate.key].append(claim)
            further.append(claim)
            new.add(place)
        owned.append(claim)
    if further and await claims.add(transaction, sorted(further, key=claim_order)):
        raise Stale
    return ClaimedCandidates(owned, new)


def _first_claim(candidate: Candidate) -> Claim:
    return Claim(
        key=candidate.key,
        customer_id=candidate.customer_id,
        dated_at=candidate.dated_at,
        event_id=candidate.first_id,
    )


def _further_claim(candidate: Candidate, occurrence: int) -> Claim:
    return Claim(
        key=candidate.key,
        customer_id=candidate.customer_id,
        occurrence=occurrence,
        dated_at=candidate.dated_at,
        event_id=candidate.later_id,
    )


def _claim_to(candidate: Candidate, standing: Sequence[Claim]) -> Claim | None:
    """Return the claim to *candidate* among those that stand under its key; None if all are to other bills."""
    if candidate.dated_at is None:
        return standing[0]
    return bearer_of(standing, candidate.dated_at, candidate.days)


async def strangers(transaction: Transaction, claimed: Sequence[tuple[Claim, int]]) -> list[int]:
    """Return the places of the claims, each with the customer who asked for it, that are another customer's.

    Customers who were merged are one customer.
    """
    others = [place for place, (claim, customer_id) in enumerate(claimed) if claim.customer_id != customer_id]
    ids_by_org: dict[int, set[int]] = {}
    for place in others:
        claim, customer_id = claimed[place]
        ids_by_org.setdefault(claim.key.org_id, set()).update((claim.customer_id, customer_id))
    survivors = {org_id: await resolve_survivors(transaction, org_id, ids) for org_id, ids in ids_by_org.items()}
    return [
        place
        for place in others
        if survivors[claimed[place][0].key.org_id][claimed[place][0].customer_id]
        != survivors[claimed[place][0].key.org_id][claimed[place][1]]
    ]
