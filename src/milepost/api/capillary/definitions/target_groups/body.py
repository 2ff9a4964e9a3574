"""A target group in the body of a request: the definition of a new one (S0, S1, S2), or a change.

A change holds the same objects as a definition, with the ids that they have by then.
"""

from dataclasses import replace
from enum import Enum
from typing import Annotated, ClassVar

from pydantic import Field

from milepost.api.capillary.definitions.periods.body import PeriodBody, period_amendment
from milepost.api.capillary.definitions.targets.body import ENTRIES_MAX, AggregateWord, TargetBody, target_amendment
from milepost.api.capillary.document import Amount, Document, Id, choice, read
from milepost.api.http.body import read_json
from milepost.model.problem import Problem
from milepost.model.target import CapScope, Evaluation, Frequency, Tracking
from milepost.rules.definition.draft import CombinationDraft, FreezeDraft, GroupDraft, LevelDraft
from milepost.rules.edits.amendment import GroupAmendment, TargetAmendment, UnifiedAmendment

Problems = tuple[Problem, ...]

_TRACKING_SYNONYMS = {
    "STREAK": Tracking.STREAKS,
    "NON_CONTINUOUS_STREAK": Tracking.NON_CONTINUOUS_STREAKS,
}
"""Words that the vendor's prose uses beside those of its samples (facts 8 #4)."""


class CombinationType(Enum):
    """Whether all targets of a unified group count or any of them."""

    ALL = "ALL"
    ANY = "ANY"


class LevelBody(Document):
    """A streak level."""

    shown_only: ClassVar[frozenset[str]] = frozenset({"id", "attribution", "targetGroupId"})

    name: str | None = None
    target_count_of_sequence: int | None = None


class CombinationBody(Document):
    """How targets are taken together; only answers have the rule expression."""

    shown_only: ClassVar[frozenset[str]] = frozenset({"ruleExpression"})

    aggregation: AggregateWord = None
    threshold_value: Amount = None
    min_targets_to_achieve: int | None = None

    def draft(self) -> CombinationDraft:
        """Return the combination that the request describes."""
        return CombinationDraft(
            aggregation=self.aggregation, threshold=self.threshold_value, least=self.min_targets_to_achieve
        )


class FreezesBody(Document):
    """How many freezes a streak may hold, and for how many achieved periods one is earned; a word of our own."""

    max: int | None = None
    earn_every: int | None = None


class GroupBody(Document):
    """A target group; only changes look at the id."""

    shown_only: ClassVar[frozenset[str]] = frozenset({"attribution", "createdOn", "orgId", "activePeriod"})

    id: Id = None
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    preferred_till_id: int | None = None
    tracking_type: Annotated[Tracking | None, choice(Tracking, _TRACKING_SYNONYMS)] = None
    target_evaluation_type: Annotated[Evaluation | None, choice(Evaluation)] = None
    total_periods: int | None = None
    frequency_type: Annotated[Frequency | None, choice(Frequency)] = None
    frequency: int | None = None
    recurring_cycles: int | None = None
    from_date: str | None = None
    to_date: str | None = None
    target_cycle_start_date: str | None = None
    target_cycle_end_date: str | None = None
    target_cycle_start_date_iso: Annotated[str | None, Field(alias="targetCycleStartDateISO")] = None
    target_cycle_end_date_iso: Annotated[str | None, Field(alias="targetCycleEndDateISO")] = None
    time_zone_name: str | None = None
    user_created: bool | None = None
    leaderboard_enabled: bool | None = None
    periods: Annotated[list[PeriodBody], Field(max_length=ENTRIES_MAX)] | None = None
    targets: Annotated[list[TargetBody], Field(max_length=ENTRIES_MAX)] | None = None
    streaks: Annotated[list[LevelBody], Field(max_length=ENTRIES_MAX)] | None = None
    combination_type: Annotated[CombinationType | None, choice(CombinationType)] = None
    unified_target_expression: CombinationBody | None = None
    cap_scope: Annotated[CapScope | None, choice(CapScope)] = None
    streak_freezes: FreezesBody | None = None

    def draft(self) -> GroupDraft:
        """Return the target group that the request describes."""
        any_of = None if self.combination_type is None else self.combination_type is CombinationType.ANY
        unified, freezes = self.unified_target_expression, self.streak_freezes
        return GroupDraft(
            name=self.name,
            description=self.description,
            active=self.active,
            preferred_till_id=self.preferred_till_id,
            tracking=self.tracking_type,
            evaluation=self.target_evaluation_type,
            frequency_kind=self.frequency_type,
            frequency=self.frequency,
            recurring_cycles=self.recurring_cycles,
            total_periods=self.total_periods,
            valid_from=self.from_date,
            valid_to=self.to_date,
            cycle_opens=self.target_cycle_start_date,
            cycle_closes=self.target_cycle_end_date,
            cycle_opens_iso=self.target_cycle_start_date_iso,
            cycle_closes_iso=self.target_cycle_end_date_iso,
            time_zone_name=self.time_zone_name,
            user_created=self.user_created,
            leaderboard=self.leaderboard_enabled,
            periods=tuple(period.draft() for period in self.periods or ()),
            targets=tuple(target.draft() for target in self.targets or ()),
            levels=tuple(LevelDraft(level.name, level.target_count_of_sequence) for level in self.streaks or ()),
            any_of=any_of,
            combination=None if unified is None else unified.draft(),
            cap_scope=self.cap_scope,
            freezes=None if freezes is None else FreezeDraft(most=freezes.max, earn_every=freezes.earn_every),
        )


class UnifiedBody(Document):
    """A change of a unified group; a target without an id is a new one."""

    shown_only: ClassVar[frozenset[str]] = frozenset()

    unified_target_expression: CombinationBody | None = None
    targets: Annotated[list[TargetBody], Field(max_length=ENTRIES_MAX)] | None = None
    deactivate_target_ids: Annotated[list[int], Field(max_length=ENTRIES_MAX)] | None = None


class NameBody(Document):
    """A name, and the kind of thing that it is to be the name of."""

    type: str | None = None
    value: str | None = None


def read_definition(body: bytes) -> tuple[GroupDraft, Problems]:
    """Read a new target group, and a problem for each value that cannot be read; raises Refused if it is no JSON."""
    group, problems = read(GroupBody, read_json(body))
    return group.draft(), problems


def read_group_change(body: bytes) -> tuple[int | None, GroupAmendment, Problems]:
    """Read the id in the body, the target group as it is to be, and a problem for each value that cannot be read."""
    group, problems = read(GroupBody, read_json(body))
    periods = tuple(period_amendment(f"periods[{place}]", period) for place, period in enumerate(group.periods or ()))
    draft = replace(group.draft(), periods=(), targets=())
    return group.id, GroupAmendment(draft=draft, periods=periods, targets=_targets(group.targets)), problems


def read_unified_change(body: bytes) -> tuple[UnifiedAmendment, Problems]:
    """Read a change of a unified group, and a problem for each value that cannot be read."""
    unified, problems = read(UnifiedBody, read_json(body))
    expression = unified.unified_target_expression
    amendment = UnifiedAmendment(
        combination=None if expression is None else expression.draft(),
        targets=_targets(unified.targets),
        deactivated=tuple(id_ for id_ in unified.deactivate_target_ids or () if id_ != 0),
    )
    return amendment, problems


def _targets(targets: list[TargetBody] | None) -> tuple[TargetAmendment, ...]:
    return tuple(target_amendment(f"targets[{place}]", target) for place, target in enumerate(targets or ()))
