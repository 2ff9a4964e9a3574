"""What it takes to enrol in a target and to leave it: which target and period are meant, who takes part, which event.

Every way of enrolling (a call, a file, an audience, a goal of one's own) makes the same event under the same key, so
that of two at the same time one wins.
"""

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import ENROL, UNENROL, CommandPayload, Enrol, EventKey, Unenrol
from milepost.model.problem import Problem, Refused
from milepost.model.standing import NOT_LEFT, Enrolment, Standing
from milepost.model.target import EnrolmentMethod, Evaluation, Period, Target, TargetGroup, Tracking
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot

ENROL_SOURCE = "milepost/enrol"
LEAVE_SOURCE = "milepost/leave"
UNKNOWN_USER = Problem("customerId", "Invalid userId", 310011)
UNKNOWN_GROUP = Problem("targetGroupId", "Target group is not found or is deactivated", 310017)
UNKNOWN_TARGET = Problem("targetId", "Target rule is not found", 310018)
UNKNOWN_PERIOD = Problem("periodName", "Target period is not found", 310019)
ALREADY = Problem("customerId", "User is already enrolled", 310119)
NOT_ENROLLED = Problem("customerId", "User is not enrolled", 310119)
"""The vendor lists one code for both (facts 8 #29)."""

STREAKING = frozenset({Tracking.STREAKS, Tracking.NON_CONTINUOUS_STREAKS})


def find_group(snapshot: OrganisationSnapshot, group_id: int) -> TargetGroup:
    """Return the active group with this id; raises Refused."""
    group = snapshot.rule_index.groups.get(group_id)
    if group is None or not group.active:
        raise Refused(UNKNOWN_GROUP)
    return group


def find_target(snapshot: OrganisationSnapshot, group_id: int, target_id: int) -> tuple[TargetGroup, Target]:
    """Return the active target with this id in its active group; raises Refused."""
    group = find_group(snapshot, group_id)
    target = next((target for target in group.targets if target.id == target_id and target.active), None)
    if target is None:
        raise Refused(UNKNOWN_TARGET)
    return group, target


def is_streak(group: TargetGroup) -> bool:
    """Return whether a customer takes part in all of the group's periods or in none (facts 4.7)."""
    return group.tracking in STREAKING


def first_period(group: TargetGroup, name: str | None, now: int) -> Period:
    """Return the period from which one takes part who enrols at *now*; raises Refused with 310019.

    It is the one called *name*; without a name the running one, else the next to come (facts 8 #30). Streaks,
    windows of one's own and until-achieved periods are always entered from the first one on (docs/rules.md), and for
    streaks a name says nothing.
    """
    ordered = _ordered(group)
    if name is None or is_streak(group):
        meant = running_period(group, now)
    else:
        named = [period for period in ordered if period.ref_code.lower() == name.lower()]
        if not named:
            raise Refused(UNKNOWN_PERIOD)
        meant = named[0]
    from_the_first = is_streak(group) or group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW
    return ordered[0] if from_the_first else meant


def running_period(group: TargetGroup, now: int) -> Period:
    """Return the period that runs at *now*, else the next to come; raises Refused with 310019."""
    open_still = [period for period in _ordered(group) if period.closes_at > now]
    if not open_still:
        raise Refused(UNKNOWN_PERIOD)
    return open_still[0]


def _ordered(group: TargetGroup) -> list[Period]:
    return sorted((period for period in group.periods if period.active), key=lambda period: period.opens_at)


def latest(standing: Standing, target_id: int) -> Enrolment | None:
    """Return the enrolment in a target that is in force or was last."""
    found = [enrolment for enrolment in standing.enrolments if enrolment.target_id == target_id]
    return found[-1] if found else None


def takes_part(standing: Standing, target: Target) -> bool:
    """Return whether a customer takes part in *target* and has not left it."""
    enrolment = latest(standing, target.id)
    if enrolment is None:
        return target.enrolment is EnrolmentMethod.TRANSACTION
    return enrolment.left_period_id == NOT_LEFT


def enrol_event(caller: Caller, customer_id: int, standing: Standing, payload: Enrol, now: int) -> IncomingEvent:
    """Offer to enrol a customer who does not take part, so that *standing* allows it once."""
    return command_for(caller, customer_id, _key(ENROL_SOURCE, standing, payload.target_id), payload, now)


def unenrol_event(caller: Caller, customer_id: int, standing: Standing, payload: Unenrol, now: int) -> IncomingEvent:
    """Offer to let a customer leave who takes part, so that *standing* allows it once."""
    return command_for(caller, customer_id, _key(LEAVE_SOURCE, standing, payload.target_id), payload, now)


def command_for(caller: Caller, customer_id: int, key: EventKey, payload: CommandPayload, now: int) -> IncomingEvent:
    """Offer an event of our own of a customer who is known by id."""
    return IncomingEvent(
        org_id=caller.org_id,
        customer=Identifier(IdentifierKind.ID, str(customer_id)),
        key=key,
        name=UNENROL if isinstance(payload, Unenrol) else ENROL,
        occurred_at=now,
        received_at=now,
        place=None,
        till_id=caller.till_id,
        payload=payload,
    )


def _key(source: str, standing: Standing, target_id: int) -> EventKey:
    """Name the next enrolment or leave by the enrolment it follows: whoever sees the same standing gives the same name.

    So of several at once one is heard, and coming back is another event than coming.
    """
    before = latest(standing, target_id)
    return EventKey(source, f"{target_id}/{0 if before is None else before.seq}")
