"""Periods and targets in the body of a request, with the leniencies that the samples of S0, S1 and S2 show."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BeforeValidator, Field

from milepost.api.capillary.document import Document, exact_number
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
    PeriodDraft,
    TargetDraft,
    TriggerDraft,
    WindowDraft,
)

ENTRIES_MAX = 1_000
"""Entries of a list that are looked at one by one; what a group may really have is told by its soundness."""

IDS_MAX = 10_000


class WindowUnit(Enum):
    """The length of an aggregate window; the vendor offers days only (S1)."""

    DAY = "DAY"


Choice = TypeVar("Choice", bound=Enum)


def choice(kind: type[Choice], synonyms: Mapping[str, Choice] | None = None) -> BeforeValidator:
    """Read one of the words of *kind*."""
    words: dict[object, Choice] = {member.value: member for member in kind} | dict(synonyms or {})
    reason = f"must be one of {', '.join(member.value for member in kind)}"

    def read_word(value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, str) or value not in words:
            raise ValueError(reason)
        return words[value]

    return BeforeValidator(read_word)


def _number_as_text(value: object) -> object:
    """Read a code that was written as a whole number, as S0 does with `refCode`."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _amount(value: object) -> object:
    return None if value is None else exact_number(value)


def _expression(value: object) -> object:
    """Read rule text, or the bare truth value that S1 sends in its place."""
    if value is None or isinstance(value, str | bool):
        return value
    raise ValueError("must be text or a truth value")


Code = Annotated[str | None, BeforeValidator(_number_as_text)]
Amount = Annotated[Decimal | None, BeforeValidator(_amount)]
Expression = Annotated[Any, BeforeValidator(_expression)]
AggregateWord = Annotated[AggregateFunction | None, choice(AggregateFunction)]


class PeriodBody(Document):
    """A period; its status is not read: it follows from the dates (facts 2.2). Only changes look at the id."""

    shown_only: ClassVar[frozenset[str]] = frozenset({"attribution", "periodStatus", "targetGroupId"})

    id: int | None = None
    ref_code: Code = None
    start_date: str | None = None
    end_date: str | None = None
    description: str | None = None
    active: bool | None = None

    def draft(self) -> PeriodDraft:
        """Return what was asked for."""
        return PeriodDraft(
            ref_code=self.ref_code,
            starts=self.start_date,
            ends=self.end_date,
            description=self.description,
            active=self.active,
        )


class FilterBody(Document):
    """A restriction to places; no ids means none."""

    entity_type: Annotated[FilterKind | None, choice(FilterKind)] = None
    entity_ids: Annotated[list[int], Field(max_length=IDS_MAX)] | None = None

    def draft(self) -> FilterDraft:
        """Return what was asked for."""
        return FilterDraft(self.entity_type, None if self.entity_ids is None else tuple(self.entity_ids))


class GoalBody(Document):
    """The goal of a period: of the one at the same place in the list or, once the group exists, of the one it names."""

    shown_only: ClassVar[frozenset[str]] = frozenset({"id", "targetName"})

    period_id: int | None = None
    default_value: Amount = None


class WindowBody(Document):
    """Which value of a day counts."""

    window_type: Annotated[WindowKind | None, choice(WindowKind)] = None
    window_time_unit: Annotated[WindowUnit | None, choice(WindowUnit)] = None
    window_value: Code = None

    def draft(self) -> WindowDraft:
        """Return what was asked for."""
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
        """Return what was asked for; an aggregate window of null is told from none, since answers show it."""
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
    version_id: int | None = None

    def draft(self) -> AudienceDraft:
        """Return what was asked for."""
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
        """Return what was asked for."""
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

    id: int | None = None
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
        """Return what was asked for."""
        return TargetDraft(
            name=self.name,
            description=self.description,
            active=self.active,
            entity=self.target_entity,
            kpi=self.target_type,
            event_name=self.event_name,
            expression=self.expression,
            expression_tree=self.expression_json,
            filters=None if self.filters is None else tuple(given.draft() for given in self.filters),
            enrolment=self.enrolment_method,
            goals=tuple(given.default_value for given in self.default_values or ()),
            metadata=None if self.extended_field_info is None else self.extended_field_info.draft(),
            triggers=tuple(given.draft() for given in self.target_milestone_triggers or ()),
            audiences=tuple(given.draft() for given in self.target_audience_filter or ()),
        )
