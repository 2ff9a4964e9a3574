"""Announcements: what became of something of the organisation, told to those who wait for it."""

from milepost.model.delivery.outcome_type import OutcomeType
from milepost.model.time import Micros
from milepost.service.delivery.payloads.native import Content
from milepost.service.snapshot.current_request import current_request_id
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store.database import Transaction
from milepost.store.delivery import outbox


async def announce(
    transaction: Transaction, snapshot: OrganisationSnapshot, type_: OutcomeType, name: str, at: Micros, data: Content
) -> None:
    """Write an announcement as a part of *transaction*, if somebody waits for its type.

    *name* distinguishes it from others of its type; *at* is in epoch microseconds.
    """
    if type_ in snapshot.wanted.types:
        org_id = snapshot.organisation.id
        await outbox.announce(transaction, org_id, type_.value, name, at, current_request_id.get(), data)
