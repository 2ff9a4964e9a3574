"""Enrolling who is in an audience in the targets that name it (semantics 4.13, docs/rules.md)."""

from collections.abc import Sequence

from milepost.model.event import Enrolling
from milepost.model.problem import Refused
from milepost.model.standing import Standing
from milepost.model.target import EnrolmentMethod, Target, TargetGroup
from milepost.service.access import Caller
from milepost.service.brand import Brand
from milepost.service.installation import Installation
from milepost.service.offer import Offer
from milepost.service.taking_part import enrolling, first_period, latest, takes_part
from milepost.store.database import Transaction
from milepost.store.log import Who

Aim = tuple[TargetGroup, Target]


def aims_of(brand: Brand, version_id: int) -> list[Aim]:
    """Give the targets in force whose customers are those of a version of an audience."""
    return [
        (group, target)
        for group in brand.shared
        if group.active
        for target in group.targets
        if target.active and names_version(target, version_id)
    ]


def names_version(target: Target, version_id: int) -> bool:
    """Tell whether *target* enrols who is in a version of an audience."""
    by_audience = target.enrolment is EnrolmentMethod.AUDIENCE_FILTER
    return by_audience and any(audience.version_id == version_id for audience in target.audiences)


async def enrol_entered(
    here: Installation,
    transaction: Transaction,
    caller: Caller,
    aims: Sequence[Aim],
    standings: dict[Who, Standing],
    now: int,
    *,
    anew: bool,
) -> int:
    """Enrol customers, whose standings are locked, in targets; give how many were enrolled in any.

    From the period that runs, else the next; after the last one nobody is. *anew* also those who took part and left.
    """
    offers = [
        offer
        for aim in aims
        for who, standing in standings.items()
        if (offer := _offer(caller, aim, who, standing, now, anew=anew)) is not None
    ]
    if offers:
        await here.ingest.inside(transaction, offers)
    return len({offer.customer for offer in offers})


def _offer(caller: Caller, aim: Aim, who: Who, standing: Standing, now: int, *, anew: bool) -> Offer | None:
    group, target = aim
    if takes_part(standing, target) or not (anew or latest(standing, target.id) is None):
        return None
    try:
        period = first_period(group, None, now)
    except Refused:
        return None
    payload = Enrolling(target_id=target.id, period_id=period.id)
    return enrolling(caller, who.customer_id, standing, payload, now)
