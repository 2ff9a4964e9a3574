"""Validates a draft: finds all problems at once, with their paths and the vendor's codes (facts 6)."""

from collections.abc import Iterator
from dataclasses import dataclass

from milepost.model.event import COMMANDS
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem
from milepost.model.target import Evaluation
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar
from milepost.rules.definition.audiences import audience_problems
from milepost.rules.definition.condition import build_condition
from milepost.rules.definition.draft import FilterDraft, GroupDraft, TargetDraft
from milepost.rules.definition.goals import goal_problems, trigger_problems
from milepost.rules.definition.metadata import metadata_problems
from milepost.rules.definition.naming import (
    DESCRIPTION_MAX,
    MISSING,
    NAME_MAX,
    duplicate_problems,
    name_problems,
    text_problems,
)
from milepost.rules.definition.pairs import is_accepted
from milepost.rules.definition.schedule import (
    evaluation_of,
    period_problems,
    ruling_calendar,
    window_problems,
    zone_problems,
)
from milepost.rules.definition.tracking import TARGETS_MAX, tracking_problems, user_created_warnings

ID_MAX = 2**63 - 1
FREQUENCY_MAX = 2**31 - 1

RECURRING_UNSET = -1
"""The `recurringCycles` that the vendor shows for a group without it; clients send it back in edited copies."""

FILTERS_MAX = 20
FILTER_IDS_MAX = 5_000

_NAME_TOO_LONG = "Length of Target rule name cannot exceed 200"


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """The problems of a draft, and warnings that do not make it invalid."""

    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]


def validate(draft: GroupDraft, organisation: Organisation, now: Micros) -> ValidationResult:
    """Return all problems of *draft* in *organisation*, and warnings for its author; *now* is in epoch microseconds."""
    calendar = ruling_calendar(organisation, draft.time_zone_name)
    problems = [
        *_group_problems(draft, organisation.settings.periods_max),
        *zone_problems(draft, organisation),
        *_window_problems(draft, calendar, organisation.settings.periods_max, now),
        *tracking_problems(draft, periods_of(draft), organisation.settings),
    ]
    warnings: list[str] = []
    for place, target in enumerate(draft.targets[:TARGETS_MAX]):
        path = f"targets[{place}]"
        condition = build_condition(path, target)
        problems += [*target_problems(path, target, periods_of(draft), evaluation_of(draft)), *condition.problems]
        warnings += (*condition.warnings, *filter_warnings(f"{path}.filters", target.filters or ()))
    warnings += user_created_warnings(draft)
    problems += duplicate_problems(
        (f"targets[{place}].name", target.name) for place, target in enumerate(draft.targets)
    )
    return ValidationResult(tuple(problems), tuple(warnings))


def merge_problems(reading: tuple[Problem, ...], validation: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Return the problems of reading a request, and those of its validation at other paths.

    A field that could not be read is absent from the draft, so a validation problem at or below its path is left out.
    """
    faulty = {problem.path for problem in reading}
    return reading + tuple(problem for problem in validation if not faulty.intersection(_upwards(problem.path)))


def _upwards(path: str) -> Iterator[str]:
    """Yield *path* and every path that contains it, up to the whole request."""
    yield from ("", path)
    for place in range(len(path) - 1, 0, -1):
        if path[place] in ".[":
            yield path[:place]


def periods_of(draft: GroupDraft) -> int:
    """Return the number of periods: of those listed, or the requested number where no periods need be listed."""
    if draft.periods or evaluation_of(draft) is Evaluation.FIXED_CALENDAR_WINDOW:
        return len(draft.periods)
    return draft.total_periods or 0


def _group_problems(draft: GroupDraft, periods_max: int) -> Iterator[Problem]:
    yield from name_problems("name", draft.name)
    yield from text_problems("description", draft.description, DESCRIPTION_MAX)
    yield from text_problems("timeZoneName", draft.time_zone_name, NAME_MAX)
    if draft.tracking is None:
        yield Problem("trackingType", MISSING)
    fixed = evaluation_of(draft) is Evaluation.FIXED_CALENDAR_WINDOW
    yield from _number_problems("preferredTillId", draft.preferred_till_id, 0, ID_MAX, needed=False)
    yield from _number_problems("totalPeriods", draft.total_periods, 0 if fixed else 1, periods_max, needed=True)
    yield from _number_problems("frequency", draft.frequency, 0, FREQUENCY_MAX, needed=False)
    yield from _number_problems("recurringCycles", draft.recurring_cycles, RECURRING_UNSET, periods_max, needed=False)


def _window_problems(draft: GroupDraft, calendar: Calendar, periods_max: int, now: Micros) -> Iterator[Problem]:
    yield from period_problems(draft, calendar, periods_max)
    yield from window_problems(draft, calendar, now)


def target_problems(path: str, target: TargetDraft, periods: int, evaluation: Evaluation) -> Iterator[Problem]:
    """Yield the problems of the target at *path* in a group of *periods* periods, except those of its condition."""
    yield from target_name_problems(f"{path}.name", target.name)
    yield from text_problems(f"{path}.description", target.description, DESCRIPTION_MAX)
    if target.entity is None:
        yield Problem(f"{path}.targetEntity", MISSING)
    if target.kpi is None:
        yield Problem(f"{path}.targetType", MISSING)
    if target.entity is not None and target.kpi is not None and not is_accepted(target.entity, target.kpi):
        yield Problem(f"{path}.targetType", "Invalid target entity and target type combination", 310033)
    if target.event_name is not None:
        yield from name_problems(f"{path}.eventName", target.event_name)
        if target.event_name in COMMANDS:
            yield Problem(f"{path}.eventName", "is the name of an event of our own")
    yield from metadata_problems(path, target)
    yield from goal_problems(path, target, periods, evaluation)
    yield from trigger_problems(f"{path}.targetMilestoneTriggers", target.triggers)
    yield from filter_problems(f"{path}.filters", target.filters or ())
    yield from audience_problems(path, target)


def target_name_problems(path: str, name: str | None) -> Iterator[Problem]:
    """Yield the problems of a target's name; the vendor has its own text for a name that is too long."""
    yield from name_problems(path, name, Problem(path, _NAME_TOO_LONG, 310008))


def filter_problems(path: str, filters: tuple[FilterDraft, ...]) -> Iterator[Problem]:
    """Yield the problems of the filters at *path*."""
    if len(filters) > FILTERS_MAX:
        yield Problem(path, f"must not have more than {FILTERS_MAX} entries")
    for place, restriction in enumerate(filters[:FILTERS_MAX]):
        if restriction.kind is None:
            yield Problem(f"{path}[{place}].entityType", MISSING)
        ids = restriction.ids or ()
        if len(ids) > FILTER_IDS_MAX:
            yield Problem(f"{path}[{place}].entityIds", f"must not have more than {FILTER_IDS_MAX} entries")
        if any(not 0 <= id_ <= ID_MAX for id_ in ids):
            yield Problem(
                f"{path}[{place}].entityIds", f"must be numbers between 0 and {ID_MAX}, and 0 restricts nothing"
            )


def filter_warnings(path: str, filters: tuple[FilterDraft, ...]) -> Iterator[str]:
    """Yield what a filter by the id 0 means, which no place has (facts 8 #90)."""
    for place, restriction in enumerate(filters[:FILTERS_MAX]):
        if 0 in (restriction.ids or ()):
            yield f"{path}[{place}].entityIds: no place has the id 0; it restricts nothing."


def _number_problems(path: str, number: int | None, least: int, most: int, *, needed: bool) -> Iterator[Problem]:
    if number is None:
        if needed:
            yield Problem(path, MISSING)
    elif not least <= number <= most:
        yield Problem(path, f"must be between {least} and {most}")
