"""A customer's target groups as the vendor shows them: rows of progress, and the levels of streaks (S4, facts 3.6)."""

from msgspec import UNSET, UnsetType, field

from milepost.api.capillary.answer import AnswerStruct, AttributionAnswer, attribution
from milepost.api.capillary.users.target_groups.customer_answer import UserCustomerAnswer, customer_answer
from milepost.api.capillary.users.target_groups.row_answer import RowBuilder, UserRowAnswer, row_id
from milepost.model.target import Evaluation, TargetGroup, Tracking
from milepost.model.time import Micros, to_micros
from milepost.service.customers.periods import relevance_test
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


def user_answer(
    view: CustomerView, at: Micros, now: Micros, *, every_period: bool, every_target: bool, rule_ids: set[int] | None
) -> UserAnswer:
    """Return the customer with the target groups that have rows to show.

    The rows are those of all periods or, without *every_period*, of the periods that run at *at*; *at* and *now* are
    epoch microseconds. Without *every_target* inactive groups and targets are left out; *rule_ids* picks targets.
    """
    groups: list[UserGroupAnswer] = []
    builder, concerns = RowBuilder(view, at, now, every_period=every_period), relevance_test(view)
    for group in view.groups:
        if not (group.active or every_target):
            continue
        targets = [
            target
            for target in group.targets
            if concerns(target) and (target.active or every_target) and (rule_ids is None or target.id in rule_ids)
        ]
        rows = [row for target in targets for row in builder.of_target(group, target)]
        if rows:
            # Synthesised rows come first; sorting is stable, so the others keep their order.
            groups.append(_group(view, group, sorted(rows, key=lambda row: row.target_id is not None), now))
    return UserAnswer(user_id=view.customer.id, customer=customer_answer(view), target_groups=groups)


def _group(view: CustomerView, group: TargetGroup, rows: list[UserRowAnswer], now: Micros) -> UserGroupAnswer:
    streak = streak_standing(view, group, now)
    return UserGroupAnswer(
        id=group.id,
        attribution=attribution(group.attribution, view.snapshot.rule_index.calendar),
        name=group.name,
        org_id=view.snapshot.organisation.id,
        preferred_till_id=group.preferred_till_id,
        targets=rows,
        streaks=UNSET if streak is None else _streaks(view, group, streak),
        target_evaluation_type=group.evaluation,
        tracking_type=group.tracking,
    )


def _streaks(view: CustomerView, group: TargetGroup, streak: StreakStanding) -> list[UserStreakAnswer]:
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
