"""Targets in the body of a request, with the leniencies that the samples of S0, S1 and S2 show."""

from dataclasses import replace
from enum import Enum
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from milepost.api.capillary.document import Amount, Code, Document, Id, choice, read, read_each
from milepost.api.http.body import read_json
from milepost.model.problem import Problem
from milepost.model.target import (
    AggregateFunction,
    EnrolmentMethod,
    Entity,
    FilterKind,
    Kpi,
    TriggerValueKind,
    WindowKind,
)
from milepost.rules.definition.draft import (
    AudienceDraft,
    FilterDraft,
    MetadataDraft,
    TargetDraft,
    TriggerDraft,
    WindowDraft,
)
from milepost.rules.edits.amendment import TargetAmendment

ENTRIES_MAX = 1_000
"""Entries of a list that are looked at one by one; how many a group may really have, its validation says."""

IDS_MAX = 10_000


class WindowUnit(Enum):
    """The length of an aggregate window; the vendor offers days only (S1)."""

    DAY = "DAY"


def _expression(value: object) -> object:
    """Read rule text, or the bare truth value that S1 sends in place of text."""
    if value is None or isinstance(value, str | bool):
        return value
    raise ValueError("must be text or a truth value")


Expression = Annotated[Any, BeforeValidator(_expression)]
AggregateWord = Annotated[AggregateFunction | None, choice(AggregateFunction)]


class FilterBody(Document):
    """A restriction to places; no ids means none."""

    entity_type: Annotated[FilterKind | None, choice(FilterKind)] = None
    entity_ids: Annotated[list[int], Field(max_length=IDS_MAX)] | None = None

    def draft(self) -> FilterDraft:
        """Return the filter that the request describes."""
        return FilterDraft(self.entity_type, None if self.entity_ids is None else tuple(self.entity_ids))


class GoalBody(Document):
    """The goal of a period: of the period at the same place in the list or, once the group exists, of `periodId`."""

    shown_only: ClassVar[frozenset[str]] = frozenset({"id", "targetName"})

    period_id: Id = None
    default_value: Amount = None


class WindowBody(Document):
    """Which value of a day counts."""

    window_type: Annotated[WindowKind | None, choice(WindowKind)] = None
    window_time_unit: Annotated[WindowUnit | None, choice(WindowUnit)] = None
    window_value: Code = None

    def draft(self) -> WindowDraft:
        """Return the window that the request describes."""
        unit = None if self.window_time_unit is None else self.window_time_unit.value
        return WindowDraft(kind=self.window_type, unit=unit, value=self.window_value)


class MetadataBody(Document):
    """What a measure needs besides its type."""

    name: str | None = None
    aggregate_function: AggregateWord = None
    aggregate_window: WindowBody | None = None
    program_id: int | None = None
    alternate_currency_identifier: str | None = None

    def draft(self) -> MetadataDraft:
        """Return the metadata that the request describes.

        An aggregate window of null is kept apart from a missing one, since answers show the null.
        """
        return MetadataDraft(
            name=self.name,
            aggregate=self.aggregate_function,
            window=None if self.aggregate_window is None else self.aggregate_window.draft(),
            window_given="aggregate_window" in self.model_fields_set,
            program_id=self.program_id,
            currency=self.alternate_currency_identifier,
        )


class AudienceBody(Document):
    """An audience group whose members take part, in today's version if none is named."""

    shown_only: ClassVar[frozenset[str]] = frozenset({"audienceFilterMetaId", "lastUpdatedOn"})

    audience_group_id: int | None = None
    version_id: Id = None

    def draft(self) -> AudienceDraft:
        """Return the audience that the request describes."""
        return AudienceDraft(audience_id=self.audience_group_id, version_id=self.version_id)


class TriggerBody(Document):
    """A mark on the way to the goal."""

    shown_only: ClassVar[frozenset[str]] = frozenset({"id", "attribution", "targetRuleId"})

    trigger_name: str | None = None
    trigger_type: str | None = None
    trigger_value_type: Annotated[TriggerValueKind | None, choice(TriggerValueKind)] = None
    trigger_value: Amount = None
    is_active: bool | None = None

    def draft(self) -> TriggerDraft:
        """Return the trigger that the request describes."""
        return TriggerDraft(
            name=self.trigger_name,
            active=self.is_active,
            kind=self.trigger_type,
            value_kind=self.trigger_value_type,
            value=self.trigger_value,
        )


class TargetBody(Document):
    """One measured goal; only changes look at the id."""

    shown_only: ClassVar[frozenset[str]] = frozenset(
        {
            "attribution",
            "targetGroupId",
            "emfRuleSetId",
            "emfUnrolledRulesetId",
            "targetPeriodDefaultValuesMap",
        }
    )

    id: Id = None
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    target_entity: Annotated[Entity | None, choice(Entity)] = None
    target_type: Annotated[Kpi | None, choice(Kpi)] = None
    event_name: str | None = None
    expression: Expression = None
    expression_json: str | None = None
    filters: Annotated[list[FilterBody], Field(max_length=ENTRIES_MAX)] | None = None
    enrolment_method: Annotated[EnrolmentMethod | None, choice(EnrolmentMethod)] = None
    default_values: Annotated[list[GoalBody], Field(max_length=ENTRIES_MAX)] | None = None
    extended_field_info: MetadataBody | None = None
    target_milestone_triggers: Annotated[list[TriggerBody], Field(max_length=ENTRIES_MAX)] | None = None
    target_audience_filter: Annotated[list[AudienceBody], Field(max_length=ENTRIES_MAX)] | None = None

    def draft(self) -> TargetDraft:
        """Return the target that the request describes."""
        return TargetDraft(
            name=self.name,
            description=self.description,
            active=self.active,
            entity=self.target_entity,
            kpi=self.target_type,
            event_name=self.event_name,
            expression=self.expression,
            expression_tree=self.expression_json,
            filters=None if self.filters is None else tuple(body.draft() for body in self.filters),
            enrolment=self.enrolment_method,
            goals=tuple(goal.default_value for goal in self.default_values or ()),
            metadata=None if self.extended_field_info is None else self.extended_field_info.draft(),
            triggers=tuple(trigger.draft() for trigger in self.target_milestone_triggers or ()),
            audiences=tuple(audience.draft() for audience in self.target_audience_filter or ()),
        )


def read_targets(body: bytes) -> tuple[tuple[TargetAmendment, ...], tuple[Problem, ...]]:
    """Read a list of targets, new ones or changed ones; a single target need not stand in a list."""
    targets, problems = read_each(TargetBody, read_json(body), alone=True)
    return tuple(target_amendment(path, target) for path, target in targets), problems


def read_target(body: bytes, target_id: int) -> tuple[TargetAmendment, tuple[Problem, ...]]:
    """Read the change of one target; the id in the body, if any, is ignored."""
    target, problems = read(TargetBody, read_json(body))
    return replace(target_amendment("", target), id=target_id), problems


def target_amendment(path: str, target: TargetBody) -> TargetAmendment:
    """Return the change of a target that stands at *path* in the body."""
    periods = tuple(goal.period_id for goal in target.default_values or ())
    return TargetAmendment(path=path, id=target.id, draft=target.draft(), goal_periods=periods)
