"""Enrols the members of an audience in the targets that name it (facts 4.13, docs/rules.md)."""

from collections.abc import Sequence

from milepost.model.event import Enrol
from milepost.model.problem import Refused
from milepost.model.standing import Standing
from milepost.model.target import EnrolmentMethod, Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.definitions.participation import enrol_event, first_period, latest, takes_part
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey

AudienceTarget = tuple[TargetGroup, Target]
"""A target that enrols the members of an audience, with its group."""


def audience_targets(snapshot: OrganisationSnapshot, version_id: int) -> list[AudienceTarget]:
    """Return the targets in force that enrol the members of a version of an audience."""
    return [
        (group, target)
        for group in snapshot.shared
        if group.active
        for target in group.targets
        if target.active and names_version(target, version_id)
    ]


def names_version(target: Target, version_id: int) -> bool:
    """Return whether *target* enrols the members of a version of an audience."""
    by_audience = target.enrolment is EnrolmentMethod.AUDIENCE_FILTER
    return by_audience and any(audience.version_id == version_id for audience in target.audiences)


async def enrol_members(
    runtime: Runtime,
    transaction: Transaction,
    caller: Caller,
    targets: Sequence[AudienceTarget],
    standings: dict[CustomerKey, Standing],
    now: Micros,
    *,
    again: bool,
) -> int:
    """Enrol customers, whose *standings* are locked, in *targets*; return how many were enrolled in at least one.

    They are enrolled from the running period on, else from the next one; after the last period nobody is enrolled.
    Customers who took part before and left are enrolled again only with *again*.
    """
    incoming_events = [
        incoming_event
        for audience_target in targets
        for customer_key, standing in standings.items()
        if (incoming_event := _enrol_event(caller, audience_target, customer_key, standing, now, again=again))
        is not None
    ]
    if incoming_events:
        await runtime.ingest.inside(transaction, incoming_events)
    return len({incoming_event.customer for incoming_event in incoming_events})


def _enrol_event(
    caller: Caller,
    audience_target: AudienceTarget,
    customer_key: CustomerKey,
    standing: Standing,
    now: Micros,
    *,
    again: bool,
) -> IncomingEvent | None:
    group, target = audience_target
    if takes_part(standing, target) or not (again or latest(standing, target.id) is None):
        return None
    try:
        period = first_period(group, None, now)
    except Refused:
        return None
    payload = Enrol(target_id=target.id, period_id=period.id)
    return enrol_event(caller, customer_key.customer_id, standing, payload, now)
