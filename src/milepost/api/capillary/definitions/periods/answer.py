"""A period of a target group, as reads and edits answer it (facts 3.2)."""

from msgspec import UNSET, UnsetType

from milepost.api.capillary.answer import AnswerStruct, AttributionAnswer, attribution, given
from milepost.model.target import Period, TargetGroup
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar
from milepost.rules.edits.authorship import attribution_of
from milepost.rules.edits.period_edits import status_of


class ChangedPeriodAnswer(AnswerStruct, kw_only=True):
    """A period as the answer to its change shows it: without a status."""

    id: int
    attribution: AttributionAnswer
    start_date: str
    end_date: str
    ref_code: str
    target_group_id: int
    description: str | UnsetType = UNSET
    active: bool


class PeriodAnswer(AnswerStruct, kw_only=True):
    """A period of a group; its status follows from its dates."""

    id: int
    attribution: AttributionAnswer
    start_date: str
    end_date: str
    ref_code: str
    period_status: str
    target_group_id: int
    description: str | UnsetType = UNSET
    active: bool


def period_answer(period: Period, group: TargetGroup, calendar: Calendar, now: Micros) -> PeriodAnswer:
    """Return a period of *group* with its status as of *now* (epoch microseconds)."""
    return PeriodAnswer(
        id=period.id,
        attribution=attribution(attribution_of(group, period), calendar),
        start_date=period.starts_on,
        end_date=period.ends_on,
        ref_code=period.ref_code,
        period_status=status_of(period, now).value,
        target_group_id=group.id,
        description=given(period.description),
        active=period.active,
    )


def changed_period(period: Period, group: TargetGroup, calendar: Calendar) -> ChangedPeriodAnswer:
    """Return a period of *group* as the answer to its change shows it (facts 3.2)."""
    return ChangedPeriodAnswer(
        id=period.id,
        attribution=attribution(attribution_of(group, period), calendar),
        start_date=period.starts_on,
        end_date=period.ends_on,
        ref_code=period.ref_code,
        target_group_id=group.id,
        description=given(period.description),
        active=period.active,
    )
