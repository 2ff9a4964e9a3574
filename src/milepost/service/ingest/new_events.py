"""Finds the events of a batch that nobody has received before: names by number, claims, and the log, in this order."""

from collections.abc import Mapping, Sequence

from milepost.model.customer import IdentifierKind
from milepost.service.ingest.bill_numbers import name_by_number
from milepost.service.ingest.claims import claim
from milepost.service.ingest.deduplication import Deduplicated, ResolvedEvent, deduplicate
from milepost.service.ingest.identity import IdentifierKey
from milepost.service.ingest.incoming_event import Answer, IncomingEvent
from milepost.service.ingest.merge_redirects import Redirects, check_names
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey


class Batch:
    """A batch of events whose customers are locked, and the names and redirects by which they were found."""

    def __init__(
        self,
        snapshots: Mapping[int, OrganisationSnapshot],
        incoming_events: Sequence[IncomingEvent],
        names: dict[IdentifierKey, CustomerKey],
        redirects: Redirects,
    ) -> None:
        """Hold *incoming_events* and what they are judged by."""
        self._snapshots = snapshots
        self._incoming_events = incoming_events
        self._names = names
        self._redirects = redirects

    async def new_events(
        self,
        transaction: Transaction,
        resolved: Sequence[ResolvedEvent],
        answers: list[Answer | None],
        *,
        trusts_claims: bool,
    ) -> Deduplicated:
        """Return the events that are new, and write the answers of the others to *answers*.

        An event that is claimed now was not received before, so the log is not asked for it if this *trusts_claims*.
        Raises Stale where an event turns out to name another customer.
        """
        named = await name_by_number(transaction, self._snapshots, resolved)
        claimed = await claim(transaction, self._snapshots, named, answers)
        if claimed.strangers:
            # A name that this process remembers may be another customer's by now, whose event it then is.
            await check_names(transaction, self._redirects, self._names, self._identifiers(claimed.strangers))
        return await deduplicate(transaction, claimed.events, answers, claimed.new if trusts_claims else ())

    def _identifiers(self, resolved: Sequence[ResolvedEvent]) -> dict[IdentifierKey, CustomerKey]:
        """Return the identifiers by which events named their customers."""
        named = [(self._incoming_events[event.position], event.customer_key) for event in resolved]
        return {
            (incoming.org_id, incoming.customer): customer_key
            for incoming, customer_key in named
            if incoming.customer.kind is not IdentifierKind.ID
        }
