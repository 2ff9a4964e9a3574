"""A draft that is sound, to spoil in one place."""

from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

from milepost.model.organisation import Organisation, Settings
from milepost.model.problem import Problem
from milepost.model.target import Author, Entity, Kpi, TargetGroup, Tracking
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.build import build_group
from milepost.rules.definition.draft import GroupDraft, LevelDraft, PeriodDraft, TargetDraft
from milepost.rules.definition.validation import validate

NOW = calendar_of("UTC").read("2024-10-15T12:00:00Z").instant
ORGANISATION = Organisation(id=1, name="Brand", zone="UTC", version=1, settings=Settings())
AUTHOR = Author(id=7, code="till", name="Till")

OCTOBER = PeriodDraft(ref_code="Cycle_1", starts="2024-10-01", ends="2024-10-31")
NOVEMBER = PeriodDraft(ref_code="Cycle_2", starts="2024-11-01", ends="2024-11-30")
SPEND = TargetDraft(name="Spend", entity=Entity.TRANSACTION, kpi=Kpi.SALES, goals=(Decimal(100),))
GROUP = GroupDraft(
    name="Autumn",
    preferred_till_id=0,
    tracking=Tracking.DEFAULT,
    total_periods=2,
    periods=(OCTOBER, NOVEMBER),
    targets=(SPEND,),
)


def group(**changes: Any) -> GroupDraft:
    """Return the sound group with *changes*."""
    return replace(GROUP, **changes)


def with_target(**changes: Any) -> GroupDraft:
    """Return the sound group with *changes* to its target."""
    return replace(GROUP, targets=(replace(SPEND, **changes),))


def with_period(**changes: Any) -> GroupDraft:
    """Return the sound group with *changes* to its first period."""
    return replace(GROUP, periods=(replace(OCTOBER, **changes), NOVEMBER))


def streak(*counts: int | None) -> GroupDraft:
    """Return a sound streak group with levels of these *counts*."""
    levels = tuple(LevelDraft(f"Level {place}", value) for place, value in enumerate(counts, start=1))
    return replace(GROUP, tracking=Tracking.STREAKS, levels=levels)


def problems(draft: GroupDraft, organisation: Organisation = ORGANISATION) -> list[tuple[str, int]]:
    """Return path and code of everything that is wrong with *draft*."""
    return [(problem.path, problem.code) for problem in found(draft, organisation)]


def found(draft: GroupDraft, organisation: Organisation = ORGANISATION) -> tuple[Problem, ...]:
    """Return everything that is wrong with *draft*."""
    return validate(draft, organisation, NOW).problems


def made(draft: GroupDraft, organisation: Organisation = ORGANISATION) -> TargetGroup:
    """Return the group that a sound *draft* defines, with ids that count up."""
    numbers = count(1)
    return build_group(draft, organisation, lambda _kind: next(numbers), AUTHOR, NOW)
