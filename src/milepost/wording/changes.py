"""What changes between two versions of a target group, in sentences."""

from collections.abc import Iterator
from dataclasses import replace

from milepost.model.target import Period, Target, TargetGroup
from milepost.rules.calendar import Calendar
from milepost.wording.catalogue import Language, money, say
from milepost.wording.targets import rule_in_words


def changes_in_words(
    language: Language, before: TargetGroup | None, after: TargetGroup, calendar: Calendar
) -> list[str]:
    """Return a sentence for each change from *before* to *after*; without *before* the group is new."""
    if before is None:
        rules = [rule_in_words(language, after, target, calendar) for target in after.targets]
        return [say(language, "change.new_group", name=after.name), *rules]
    found = [*_group(language, before, after), *_periods(language, before, after)]
    known = {target.id: target for target in before.targets}
    for target in after.targets:
        found += _target(language, (before, after), known.get(target.id), target, calendar)
    return found or [say(language, "change.nothing")]


def _group(language: Language, before: TargetGroup, after: TargetGroup) -> Iterator[str]:
    if before.name != after.name:
        yield say(language, "change.name", before=before.name, after=after.name)
    if before.description != after.description:
        yield say(language, "change.description", name=after.name)
    if before.active is not after.active:
        yield say(language, "change.group_on" if after.active else "change.group_off", name=after.name)


def _periods(language: Language, before: TargetGroup, after: TargetGroup) -> Iterator[str]:
    known = {period.id: period for period in before.periods}
    for period in after.periods:
        earlier = known.get(period.id)
        if earlier is None:
            yield say(language, "change.period_added", period=period.ref_code, days=_days(language, period))
        elif earlier.active is not period.active:
            yield say(language, "change.period_on" if period.active else "change.period_off", period=period.ref_code)
        elif (earlier.opens_at, earlier.closes_at) != (period.opens_at, period.closes_at):
            days = _days(language, period)
            yield say(
                language, "change.period_days", period=period.ref_code, before=_days(language, earlier), after=days
            )


def _days(language: Language, period: Period) -> str:
    return say(language, "change.days", first=period.starts_on, last=period.ends_on)


def _target(
    language: Language,
    groups: tuple[TargetGroup, TargetGroup],
    before: Target | None,
    after: Target,
    calendar: Calendar,
) -> Iterator[str]:
    if before is None:
        yield say(language, "change.target_added", name=after.name)
        yield rule_in_words(language, groups[1], after, calendar)
        return
    if before.name != after.name:
        yield say(language, "change.name", before=before.name, after=after.name)
    if before.active is not after.active:
        yield say(language, "change.target_on" if after.active else "change.target_off", name=after.name)
    periods = {period.id: period.ref_code for period in groups[1].periods}
    goals = {goal.period_id: goal.value for goal in before.goals}
    for goal in after.goals:
        earlier = goals.get(goal.period_id)
        if earlier is not None and earlier != goal.value:
            yield say(
                language,
                "change.goal",
                name=after.name,
                period=periods.get(goal.period_id, ""),
                before=money(language, earlier),
                after=money(language, goal.value),
            )
    # The goals were told already, one by one.
    was, now = (
        rule_in_words(language, group, replace(one, goals=after.goals), calendar)
        for group, one in zip(groups, (before, after), strict=True)
    )
    if was != now:
        yield say(language, "change.rule", name=after.name, before=was, after=now)
