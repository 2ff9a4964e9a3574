"""Reads everything about one customer in a single statement; all the rest is arithmetic on it."""

from collections.abc import Mapping
from dataclasses import dataclass

from milepost.model.customer import Customer, Identifier
from milepost.model.lazy import unpack_rows
from milepost.model.standing import Progress, ProgressKey, Standing
from milepost.model.target import Entity, Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.ingest.lookup.identifier_lookup import ids_of_names
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Snapshots
from milepost.store import customers, declarations
from milepost.store.database import Database, Transaction
from milepost.store.log import key_of_customer


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """A customer with the snapshot of their organisation; `progress` includes that of ended periods.

    `currency_names` are the declared names of alternate currencies by programme and identifier.
    """

    snapshot: OrganisationSnapshot
    customer: Customer
    standing: Standing
    progress: dict[ProgressKey, Progress]
    currency_names: Mapping[tuple[int, str], str]

    @property
    def groups(self) -> list[TargetGroup]:
        """Return the groups that may be relevant to the customer: all but the goals that other customers set."""
        enrolled = {enrolment.target_id for enrolment in self.standing.enrolments}
        return self.snapshot.groups_around({target_id for target_id, _ in self.progress} | enrolled)


async def view_customer(database: Database, snapshots: Snapshots, org_id: int, customer_id: int) -> CustomerView | None:
    """Return everything about a customer; None if the organisation has no such customer.

    For the id of a merged customer this is the view of the survivor, whose id is `view.customer.id`.
    """
    async with database.reading() as reading:
        row = await customers.find(reading, key_of_customer(org_id, customer_id))
        while row is not None and (survivor := row.standing.lineage.survivor) is not None:
            row = await customers.find(reading, key_of_customer(org_id, survivor))
        if row is None:
            return None
        snapshot = await snapshots.at(reading, org_id, row.version)
        currency_names = await _currency_names(reading, snapshot)
    archived = {progress.key: progress for progress in row.history}
    return CustomerView(
        snapshot=snapshot,
        customer=row.customer,
        standing=row.standing,
        progress=archived | unpack_rows(row.standing.progress),
        currency_names=currency_names,
    )


async def _currency_names(reading: Transaction, snapshot: OrganisationSnapshot) -> Mapping[tuple[int, str], str]:
    """Return the names of the organisation's currencies; none is read where no target counts one."""
    targets = (target for group in snapshot.groups.values() for target in group.targets)
    if not any(target.entity is Entity.ALTERNATE_CURRENCIES for target in targets):
        return {}
    currencies = await declarations.currencies(reading, snapshot.organisation.id)
    return {(currency.program_id, currency.identifier): currency.name for currency in currencies}


async def find_customer(database: Database, org_id: int, identifier: Identifier) -> int | None:
    """Return the id of the customer known by *identifier*; None if there is none."""
    async with database.reading() as reading:
        ids = await ids_of_names(reading, [(org_id, identifier)])
    return ids.get((org_id, identifier))


def enrolled_targets(view: CustomerView, at: Micros) -> list[tuple[TargetGroup, Target]]:
    """Return the active targets that a customer takes part in and that have a period *at* an instant.

    *at* is in epoch microseconds. Targets that everybody takes part in are included once the customer has progress.
    """
    enrolments = {enrolment.target_id: enrolment for enrolment in view.standing.enrolments}
    left = {target_id for target_id, enrolment in enrolments.items() if enrolment.has_left}
    taking_part = ({target_id for target_id, _ in view.progress} | set(enrolments)) - left
    return [
        (group, target)
        for group in view.groups
        if group.active and any(period.opens_at <= at < period.closes_at for period in group.periods)
        for target in group.targets
        if target.active and target.id in taking_part
    ]
