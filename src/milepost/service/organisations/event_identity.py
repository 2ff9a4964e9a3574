"""Claims the stored events of an organisation, and lets their names hold in the whole organisation (facts 8 #61)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from milepost.model.event import BILL, EventKey
from milepost.model.organisation import EventIdentity, Organisation
from milepost.model.time import Micros
from milepost.service.ingest.bill_numbers import first_id
from milepost.service.ingest.claims import Candidate, claim_candidates, strangers
from milepost.service.organisations.provisioning import COMMAND_LINE, organisation_by_name
from milepost.service.organisations.settings_changes import change_in
from milepost.store import claims
from milepost.store.claims import LoggedKey, key_of_claim
from milepost.store.database import Database, Transaction
from milepost.store.scheduled import jobs

PAGE = 200
"""Customers whose events are claimed in one transaction."""

WAIT_SECONDS = 1
DUPLICATES_SHOWN_MAX = 1_000

_OWN_REGISTRATION = "milepost/customers"
_WEBHOOK, _VENDOR = "webhook", "v2/"
_NAMED_RETURN = "Idempotency-Key/"
_RANDOM_CHARACTERS = 32
"""The length of an id that we gave a webhook's event; none of those names an event of two customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateEvent:
    """An event that two customers hold: its source and id, and the ids of the customers, the first one's before."""

    source: str
    id: str
    customer_ids: tuple[int, int]


@dataclass(slots=True, kw_only=True)
class ClaimedEvents:
    """How many stored events were looked at, and those that two customers hold, at most a thousand of them.

    `organisation` is as it is then.
    """

    organisation: Organisation
    events: int = 0
    duplicates: list[DuplicateEvent] = field(default_factory=list)


async def claim_stored_events(database: Database, organisation: str, now: Micros) -> ClaimedEvents:
    """Claim the stored events of an organisation. Without duplicates, names of events hold in all of it from then on.

    It may be repeated at any time. *now* is in epoch microseconds. Raises Refused.
    """
    owner = await organisation_by_name(database, organisation)
    found = await _claim_all(database, owner)
    if found.duplicates or owner.settings.event_identity is EventIdentity.ORGANISATION:
        return found

    async def work(transaction: Transaction) -> Organisation:
        changes = {"eventIdentity": EventIdentity.ORGANISATION.value}
        return await change_in(transaction, owner.id, changes, COMMAND_LINE, now, are_events_claimed=True)

    switched = await database.attempt(work)
    async with database.reading() as reading:
        switched_at = await claims.moment(reading)
    # What had begun before may still have been receiving without claims.
    while not await _are_older_finished(database, switched_at):  # noqa: ASYNC110 - the database tells nobody
        await asyncio.sleep(WAIT_SECONDS)
    return await _claim_all(database, switched)


async def _are_older_finished(database: Database, at: object) -> bool:
    async with database.transaction() as transaction:
        return await claims.are_older_finished(transaction, at)


async def _claim_all(database: Database, owner: Organisation) -> ClaimedEvents:
    found = ClaimedEvents(organisation=owner)
    after = (-1, 0)
    while True:

        async def work(
            transaction: Transaction, after: tuple[int, int] = after
        ) -> tuple[Sequence[LoggedKey], list[DuplicateEvent], tuple[int, int] | None]:
            customers = await jobs.customers_after(transaction, owner.id, after, PAGE)
            logged = await claims.logged_keys(transaction, customers) if customers else []
            duplicates = await _claim_page(transaction, [one for one in logged if _is_shared(one)], owner)
            last = customers[-1] if len(customers) == PAGE else None
            return logged, duplicates, None if last is None else (last.bucket, last.customer_id)

        logged, duplicates, following = await database.attempt(work)
        found.events += len(logged)
        found.duplicates += duplicates[: DUPLICATES_SHOWN_MAX - len(found.duplicates)]
        if following is None:
            return found
        after = following


async def _claim_page(
    transaction: Transaction, logged: Sequence[LoggedKey], owner: Organisation
) -> list[DuplicateEvent]:
    """Claim events of the log for the customers who hold them; return those that another customer holds as well."""
    if not logged:
        return []
    candidates = [_candidate(one, owner.settings.bill_number_days) for one in logged]
    claimed = await claim_candidates(transaction, candidates)
    pairs = [(claim, one.customer_key.customer_id) for claim, one in zip(claimed.claims, logged, strict=True)]
    return [
        DuplicateEvent(
            source=logged[place].key.source,
            id=logged[place].key.id,
            customer_ids=(pairs[place][0].customer_id, pairs[place][1]),
        )
        for place in await strangers(transaction, pairs)
    ]


def _is_shared(logged: LoggedKey) -> bool:
    """Return whether an event's name may be another customer's as well: neither ours nor made for one customer."""
    if logged.key.source == _WEBHOOK and len(logged.key.id) == _RANDOM_CHARACTERS:
        return logged.key.id in logged.given
    return logged.key.source != _OWN_REGISTRATION


def _candidate(logged: LoggedKey, days: int) -> Candidate:
    org_id, source, id_ = logged.customer_key.org_id, logged.key.source, logged.key.id
    if not source.startswith(_VENDOR) or id_.startswith(_NAMED_RETURN):
        return Candidate(key_of_claim(org_id, logged.key), logged.customer_key.customer_id)
    number = logged.reference if logged.name == BILL and logged.reference is not None else first_id(id_)
    return Candidate(
        key=key_of_claim(org_id, EventKey(source, number)),
        customer_id=logged.customer_key.customer_id,
        dated_at=logged.occurred_at,
        days=days,
        first_id=None if id_ == number else id_,
        later_id=id_,
    )
