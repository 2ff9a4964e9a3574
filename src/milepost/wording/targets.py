"""The rule of a target in one sentence, made from its definition: the same words everywhere."""

from collections.abc import Mapping

from milepost import language as rule_language
from milepost.model.target import (
    AggregateFunction,
    EnrolmentMethod,
    Entity,
    Evaluation,
    FilterKind,
    Target,
    TargetGroup,
    Tracking,
)
from milepost.rules.calendar import Calendar
from milepost.wording.catalogue import Language, any_of, day_of, has, last_instant, money, say, upper_first
from milepost.wording.conditions import clause

NO_NAMES: Mapping[tuple[FilterKind, int], str] = {}


def rule_in_words(
    language: Language,
    group: TargetGroup,
    target: Target,
    calendar: Calendar,
    place_names: Mapping[tuple[FilterKind, int], str] = NO_NAMES,
) -> str:
    """Return what *target* counts, where, on which condition, when, and towards which goal.

    *calendar* is that of the zone which rules the group; *place_names* are the names of the places that filters name.
    """
    is_cap = group.tracking is Tracking.CAPPING
    sentence = say(
        language,
        "rule.sentence_of_cap" if is_cap else "rule.sentence",
        measure=upper_first(_measure(language, target)),
        places=_places(language, target, place_names),
        condition=_condition(language, target),
        frame=_frame(language, group, calendar),
        goal=_goal(language, target, is_cap=is_cap),
    )
    return " ".join((sentence, *_group_sentences(language, group, target)))


def _measure(language: Language, target: Target) -> str:
    entity = Entity.POINTS if target.entity is Entity.REWARDS else target.entity
    kpi = "PROMOTION" if target.kpi.value == "PROMOTIONAL" else target.kpi.value
    key = f"measure.{entity.value}-{kpi}"
    metadata = target.metadata
    if metadata is not None and metadata.aggregate is AggregateFunction.COUNT and has(language, f"{key}-COUNT"):
        key += "-COUNT"
    elif metadata is not None and metadata.window is not None and has(language, f"{key}-{metadata.window.value}"):
        key += f"-{metadata.window.value}"
    return say(
        language,
        key if has(language, key) else "measure.other",
        field="" if metadata is None else metadata.name or "",
        currency="" if metadata is None else metadata.currency or "",
        event=target.event_name,
    )


def _places(language: Language, target: Target, names: Mapping[tuple[FilterKind, int], str]) -> str:
    keys = [(one.kind, id_) for one in target.filters or () for id_ in one.ids]
    if not keys:
        return ""
    known = tuple(names[key] for key in keys if key in names)
    if len(known) == len(keys):
        return say(language, "rule.places_named", names=any_of(language, known))
    return say(language, f"rule.places-{keys[0][0].value}", count=len(keys))


def _condition(language: Language, target: Target) -> str:
    if target.expression == "true":
        return ""
    return say(language, "rule.condition", condition=clause(language, rule_language.read(target.expression)))


def _frame(language: Language, group: TargetGroup, calendar: Calendar) -> str:
    periods = [period for period in group.periods if period.active] or list(group.periods)
    opens_at, closes_at = group.cycle_opens_at, group.cycle_closes_at
    key = "frame-own" if group.evaluation is Evaluation.CYCLIC_WINDOW else "frame-sequential"
    if group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW:
        opens_at = min(period.opens_at for period in periods)
        closes_at = max(period.closes_at for period in periods)
        key = "frame-period" if len(periods) == 1 else "frame-periods"
    length = ""
    if group.frequency_kind is not None:
        length = say(language, f"rule.length-{group.frequency_kind.value}", count=group.frequency or 1)
    return say(
        language,
        f"rule.{key}",
        count=len(periods),
        length=length,
        first=day_of(calendar.day(opens_at)),
        last=day_of(calendar.day(last_instant(closes_at))),
    )


def _goal(language: Language, target: Target, *, is_cap: bool) -> str:
    goals = sorted({goal.value for goal in target.goals})
    if not goals:
        return say(language, "rule.no_goal")
    if len(goals) > 1:
        return say(language, "rule.goals", least=money(language, goals[0]), most=money(language, goals[-1]))
    return say(language, "rule.cap" if is_cap else "rule.goal", goal=money(language, goals[0]))


def _group_sentences(language: Language, group: TargetGroup, target: Target) -> list[str]:
    sentences = []
    if target.enrolment is not EnrolmentMethod.TRANSACTION:
        sentences.append(say(language, "rule.enrolled"))
    if group.tracking in {Tracking.STREAKS, Tracking.NON_CONTINUOUS_STREAKS} and group.streak_levels:
        levels = tuple(
            say(language, "rule.streak_level", name=level.name, count=level.count) for level in group.streak_levels
        )
        breaks = group.tracking is Tracking.STREAKS
        sentences.append(
            say(language, "rule.streak_sentence" if breaks else "rule.streak_sentence_open", levels=levels)
        )
    if group.combination is not None and group.tracking is Tracking.UNIFIED:
        if group.combination.any_of:
            sentences.append(say(language, "rule.unified_any", count=group.combination.least or 1))
        else:
            sentences.append(say(language, "rule.unified_all"))
        if group.combination.threshold is not None:
            sentences.append(say(language, "rule.unified_sum", threshold=group.combination.threshold))
    return sentences
