"""What is asked about one customer: a single statement, then pure arithmetic."""

from dataclasses import dataclass

from milepost.model.customer import Customer, Identifier
from milepost.model.lazy import unpack_rows
from milepost.model.standing import NOT_LEFT, Progress, ProgressKey, Standing
from milepost.model.target import Target, TargetGroup
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Snapshots
from milepost.store import customers
from milepost.store.database import Database
from milepost.store.log import key_of_customer


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """All of a customer, and what rules it; `progress` has that of ended periods too."""

    snapshot: OrganisationSnapshot
    customer: Customer
    standing: Standing
    progress: dict[ProgressKey, Progress]

    @property
    def groups(self) -> list[TargetGroup]:
        """Return the groups that may concern the customer: all but the goals that others set for themselves."""
        enrolled = {enrolment.target_id for enrolment in self.standing.enrolments}
        return self.snapshot.groups_around({target_id for target_id, _ in self.progress} | enrolled)


async def view_customer(database: Database, snapshots: Snapshots, org_id: int, customer_id: int) -> CustomerView | None:
    """Return all of a customer; None if the organisation has no such customer.

    The id of one who was merged into another leads to that one: ask the view who it is about.
    """
    async with database.reading() as reading:
        found = await customers.find(reading, key_of_customer(org_id, customer_id))
        while found is not None and found.standing.lineage.merged_into:
            found = await customers.find(reading, key_of_customer(org_id, found.standing.lineage.merged_into))
        if found is None:
            return None
        snapshot = await snapshots.at(reading, org_id, found.version)
    archived = {ProgressKey(progress.target_id, progress.period_id): progress for progress in found.history}
    return CustomerView(
        snapshot=snapshot,
        customer=found.customer,
        standing=found.standing,
        progress=archived | unpack_rows(found.standing.progress),
    )


async def find_customer(database: Database, org_id: int, identifier: Identifier) -> int | None:
    """Return the id of the customer known by *identifier*."""
    async with database.reading() as reading:
        found = await customers.ids_by_identifier(reading, [(org_id, identifier)])
    return found.get((org_id, identifier))


def enrolled_targets(view: CustomerView, at: int) -> list[tuple[TargetGroup, Target]]:
    """Return the active targets that a customer takes part in and that have a period at *at* (epoch microseconds).

    Those that everybody takes part in are among them once the customer has progress there.
    """
    in_force = {enrolment.target_id: enrolment for enrolment in view.standing.enrolments}
    left = {target_id for target_id, enrolment in in_force.items() if enrolment.left_period_id != NOT_LEFT}
    taken_part = ({target_id for target_id, _ in view.progress} | set(in_force)) - left
    return [
        (group, target)
        for group in view.groups
        if group.active and any(period.opens_at <= at < period.closes_at for period in group.periods)
        for target in group.targets
        if target.active and target.id in taken_part
    ]
