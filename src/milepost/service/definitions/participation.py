"""Participation in targets: finds the target and period that a request names, and builds the event that enrols.

Every way of enrolling (a call, a file, an audience, a customer's own goal) builds the same event under the same key. So
of two that happen at the same time only one is applied (law 14).
"""

from milepost.model.event import ENROL, UNENROL, CommandPayload, Enrol, EventKey, Unenrol
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Enrolment, Standing
from milepost.model.target import EnrolmentMethod, Evaluation, Period, Target, TargetGroup, Tracking
from milepost.model.time import Micros
from milepost.service.ingest.incoming_event import IncomingEvent, own_event
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
    """Return the active group with this id. Raises Refused with 310017."""
    group = snapshot.rule_index.groups.get(group_id)
    if group is None or not group.active:
        raise Refused(UNKNOWN_GROUP)
    return group


def find_target(snapshot: OrganisationSnapshot, group_id: int, target_id: int) -> tuple[TargetGroup, Target]:
    """Return the active target with this id and its active group. Raises Refused with 310017 or 310018."""
    group = find_group(snapshot, group_id)
    target = next((target for target in group.targets if target.id == target_id and target.active), None)
    if target is None:
        raise Refused(UNKNOWN_TARGET)
    return group, target


def is_streak(group: TargetGroup) -> bool:
    """Return whether *group* is a streak, in which a customer takes part in all periods or in none (facts 4.7)."""
    return group.tracking in STREAKING


def first_period(group: TargetGroup, name: str | None, now: Micros) -> Period:
    """Return the first period of an enrolment at *now* (epoch microseconds). Raises Refused with 310019.

    It is the period called *name*, or without a name the running period, else the next one (facts 8 #30). Streaks,
    customers' own windows and until-achieved groups always start with their first period (docs/rules.md); there a
    *name* is only checked, and for streaks it is ignored.
    """
    ordered = _ordered(group)
    if name is None or is_streak(group):
        period = running_period(group, now)
    else:
        named = [period for period in ordered if period.ref_code.lower() == name.lower()]
        if not named:
            raise Refused(UNKNOWN_PERIOD)
        period = named[0]
    from_the_first = is_streak(group) or group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW
    return ordered[0] if from_the_first else period


def running_period(group: TargetGroup, now: Micros) -> Period:
    """Return the period that runs at *now* (epoch microseconds), else the next one. Raises Refused with 310019."""
    not_closed = [period for period in _ordered(group) if period.closes_at > now]
    if not not_closed:
        raise Refused(UNKNOWN_PERIOD)
    return not_closed[0]


def _ordered(group: TargetGroup) -> list[Period]:
    return sorted((period for period in group.periods if period.active), key=lambda period: period.opens_at)


def latest(standing: Standing, target_id: int) -> Enrolment | None:
    """Return the last enrolment in a target, which may have been left; None if there never was one."""
    enrolments = [enrolment for enrolment in standing.enrolments if enrolment.target_id == target_id]
    return enrolments[-1] if enrolments else None


def takes_part(standing: Standing, target: Target) -> bool:
    """Return whether a customer takes part in *target* and has not left it."""
    enrolment = latest(standing, target.id)
    if enrolment is None:
        return target.enrolment is EnrolmentMethod.TRANSACTION
    return not enrolment.has_left


def enrol_event(caller: Caller, customer_id: int, standing: Standing, payload: Enrol, now: Micros) -> IncomingEvent:
    """Return the event that enrols a customer. Its key is made from *standing*, so it is applied at most once."""
    return command_for(caller, customer_id, _key(ENROL_SOURCE, standing, payload.target_id), payload, now)


def unenrol_event(caller: Caller, customer_id: int, standing: Standing, payload: Unenrol, now: Micros) -> IncomingEvent:
    """Return the event by which a customer leaves. Its key is made from *standing*, so it is applied at most once."""
    return command_for(caller, customer_id, _key(LEAVE_SOURCE, standing, payload.target_id), payload, now)


def command_for(caller: Caller, customer_id: int, key: EventKey, payload: CommandPayload, now: Micros) -> IncomingEvent:
    """Return an enrolment or unenrolment event of a customer; *now* is in epoch microseconds."""
    name = UNENROL if isinstance(payload, Unenrol) else ENROL
    return own_event(caller.org_id, customer_id, key, name, payload, now=now, till_id=caller.till_id)


def _key(source: str, standing: Standing, target_id: int) -> EventKey:
    """Name an enrolment, or the leaving of one, after the enrolment before it.

    Requests that see the same standing make the same key, so only one of them is applied. Coming back after leaving
    has another key than the first enrolment.
    """
    previous = latest(standing, target_id)
    return EventKey(source, f"{target_id}/{0 if previous is None else previous.seq}")
