"""Reads everything about one customer in a single statement; all the rest is arithmetic on it."""

from dataclasses import dataclass

from milepost.model.customer import Customer, Identifier
from milepost.model.lazy import unpack_rows
from milepost.model.standing import Progress, ProgressKey, Standing
from milepost.model.target import Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Snapshots
from milepost.store import customers
from milepost.store.database import Database
from milepost.store.log import key_of_customer


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """A customer with the snapshot of their organisation; `progress` includes that of ended periods."""

    snapshot: OrganisationSnapshot
    customer: Customer
    standing: Standing
    progress: dict[ProgressKey, Progress]

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
    archived = {progress.key: progress for progress in row.history}
    return CustomerView(
        snapshot=snapshot,
        customer=row.customer,
        standing=row.standing,
        progress=archived | unpack_rows(row.standing.progress),
    )


async def find_customer(database: Database, org_id: int, identifier: Identifier) -> int | None:
    """Return the id of the customer known by *identifier*; None if there is none."""
    async with database.reading() as reading:
        ids = await customers.ids_by_identifier(reading, [(org_id, identifier)])
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
