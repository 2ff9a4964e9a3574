"""A customer's target groups as the vendor shows them: rows of progress, and the levels of streaks (S4, facts 3.6)."""

from msgspec import UNSET, UnsetType, field

from milepost.api.capillary.answer import AnswerStruct, AttributionAnswer, attribution
from milepost.api.capillary.users.target_groups.customer_answer import UserCustomerAnswer, customer_answer
from milepost.api.capillary.users.target_groups.row_answer import RowBuilder, UserRowAnswer, row_id
from milepost.api.capillary.users.target_groups.selection import RowQuery, selected_groups
from milepost.model.target import Evaluation, TargetGroup, Tracking
from milepost.model.time import Micros, to_micros
from milepost.service.customers.streaks import LevelStanding, StreakStanding, streak_standing
from milepost.service.customers.view import CustomerView


class UserStreakAnswer(AnswerStruct, kw_only=True):
    """A level of a streak; `userStreakId` is null until the customer began, the dates until the level is achieved.

    `streakAchievedUserTargetId` comes once it is achieved (facts 8 #94).
    """

    user_streak_id: int | None
    streak_id: int
    streak_name: str
    status: str
    current_count: int
    total_target_count_of_sequence: int
    streak_achieved_user_target_id: int | UnsetType = UNSET
    streak_achieved_date_time: str | None
    streak_achieved_date_time_iso: str | None = field(name="streakAchievedDateTimeISO")


class UserGroupAnswer(AnswerStruct, kw_only=True):
    """A target group with the customer's rows."""

    id: int
    attribution: AttributionAnswer
    name: str
    org_id: int
    preferred_till_id: int
    targets: list[UserRowAnswer]
    streaks: list[UserStreakAnswer] | UnsetType = UNSET
    target_evaluation_type: Evaluation
    tracking_type: Tracking


class UserAnswer(AnswerStruct):
    """A customer with all target groups."""

    user_id: int
    customer: UserCustomerAnswer
    target_groups: list[UserGroupAnswer]


def user_answer(view: CustomerView, query: RowQuery, now: Micros) -> UserAnswer:
    """Return the customer with the target groups that have rows to show; *now* is in epoch microseconds.

    `templates.py` writes the same answer faster.
    """
    builder = RowBuilder(view, now)
    groups = [
        group_answer(view, group, [builder.row(group, target, period) for target, period in rows], now)
        for group, rows in selected_groups(view, query, now)
    ]
    return UserAnswer(user_id=view.customer.id, customer=customer_answer(view), target_groups=groups)


def group_answer(view: CustomerView, group: TargetGroup, rows: list[UserRowAnswer], now: Micros) -> UserGroupAnswer:
    """Return a group with the customer's *rows* and, if it is a streak group, the levels of the streak *now*."""
    streak = streak_standing(view, group, now)
    return UserGroupAnswer(
        id=group.id,
        attribution=attribution(group.attribution, view.snapshot.rule_index.calendar),
        name=group.name,
        org_id=view.snapshot.organisation.id,
        preferred_till_id=group.preferred_till_id,
        targets=rows,
        streaks=UNSET if streak is None else streak_answers(view, group, streak),
        target_evaluation_type=group.evaluation,
        tracking_type=group.tracking,
    )


def streak_answers(view: CustomerView, group: TargetGroup, streak: StreakStanding) -> list[UserStreakAnswer]:
    """Return the levels of a streak group as the vendor shows them, key for key (S4, facts 2.5)."""
    return [_streak(view, group, level, has_begun=bool(streak.stored.achieved)) for level in streak.levels]


def _streak(view: CustomerView, group: TargetGroup, standing: LevelStanding, *, has_begun: bool) -> UserStreakAnswer:
    org_id, customer_id, calendar = view.snapshot.organisation.id, view.customer.id, view.snapshot.rule_index.calendar
    level, earned = standing.level, standing.earned
    target_id = view.snapshot.rule_index.streaks[group.id].target_id
    earned_at = None if earned is None else to_micros(earned.earned_at)
    return UserStreakAnswer(
        user_streak_id=row_id(org_id, customer_id, -group.id, level.id) if has_begun or earned is not None else None,
        streak_id=level.id,
        streak_name=level.name,
        status="ACHIEVED" if earned is not None else "IN_PROGRESS" if standing.counted else "NOT_STARTED",
        current_count=standing.counted,
        total_target_count_of_sequence=level.count,
        streak_achieved_user_target_id=(
            UNSET if earned is None else row_id(org_id, customer_id, target_id, earned.period_id)
        ),
        streak_achieved_date_time=None if earned_at is None else calendar.stamp(earned_at),
        streak_achieved_date_time_iso=None if earned_at is None else calendar.iso(earned_at),
    )
