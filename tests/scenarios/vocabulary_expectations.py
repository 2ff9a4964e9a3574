"""Sentences of expectation: each returns the expected and the actual value."""

from decimal import Decimal

from milepost.model.event import EventKey
from milepost.rules.calendar import calendar_of
from tests.scenarios.scenario_story import Level, Player
from tests.scenarios.vocabulary import expectations

SOURCE = "scenario"
"""Who says so: the source of every event of a scenario."""

_WHERE = r"in (?P<period>[\w-]+)(?: for (?P<target>\w+))?"


@expectations(
    rf"(?P<who>\w+) has (?P<value>-?[\d.]+) of (?P<goal>[\d.]+) {_WHERE}, (?P<state>not achieved|achieved by \w+)"
)
def _has(
    player: Player, who: str, target: str, period: str, value: str, goal: str, state: str
) -> tuple[object, object]:
    seen = player.seen(who, target, period)
    expected = (Decimal(value), Decimal(goal), state)
    return expected, None if seen is None else (seen.value, seen.goal, _state(seen.achieved_by, state))


@expectations(rf"(?P<who>\w+) has nothing {_WHERE}")
def _has_nothing(player: Player, who: str, target: str, period: str) -> tuple[object, object]:
    return None, player.seen(who, target, period)


@expectations(rf"(?P<who>\w+) has (?P<value>[\d.]+) to go {_WHERE}")
def _to_go(player: Player, who: str, target: str, period: str, value: str) -> tuple[object, object]:
    seen = player.seen(who, target, period)
    return Decimal(value), None if seen is None else seen.goal - seen.value


@expectations(rf"(?P<who>\w+) has reached (?P<marks>no mark|\w+(?: and \w+)*) {_WHERE}")
def _marks(player: Player, who: str, target: str, period: str, marks: str) -> tuple[object, object]:
    seen = player.seen(who, target, period)
    expected = frozenset() if marks == "no mark" else frozenset(marks.split(" and "))
    return expected, None if seen is None else seen.marks


@expectations(rf"(?P<customers>\w+(?:, \w+)* and \w+) come in this order {_WHERE}")
def _order(player: Player, target: str, period: str, customers: str) -> tuple[object, object]:
    """Expect the order of a leaderboard: by value, who was there first before who came later (facts 4.14)."""
    named = customers.replace(" and ", ", ").split(", ")
    seen = {name: player.seen(name, target, period) for name in sorted(named)}
    return named, sorted(seen, key=lambda name: (-row.value, row.updated_at) if (row := seen[name]) else (1, 0))


def _state(achieved_by: int | None, stated: str) -> str:
    """Return the state in the words of the sentence; another event than the stated one is told by its number."""
    if achieved_by is None:
        return "not achieved"
    name = stated.rpartition(" ")[2]
    return stated if achieved_by == log_id(name) else f"achieved by another event, {achieved_by}"


def log_id(name: str) -> int:
    """Return the number by which answers call the event of this name."""
    return EventKey(SOURCE, name).log_id


@expectations(
    r"(?P<who>\w+)'s (?P<period>\w+) runs from (?P<starts>\S+ \S+) to (?P<ends>\S+ \S+?)(?: for (?P<target>\w+))?"
)
def _runs(player: Player, who: str, target: str, period: str, starts: str, ends: str) -> tuple[object, object]:
    calendar = calendar_of(player.scenario.zone)
    expected = [calendar.iso(calendar.read(text.replace(" ", "T", 1)).instant) for text in (starts, ends)]
    return expected, [calendar.iso(instant) for instant in player.window(who, target, period)]


@expectations(
    r"(?P<who>\w+) has (?P<run>\d+) of (?P<total>\d+) for level (?P<level>\w+), "
    r"(?:not earned|earned in (?P<period>\w+))"
)
def _level(
    player: Player, who: str, level: str, run: str, total: str, period: str | None = None
) -> tuple[object, object]:
    return Level(int(run), int(total), period), player.level(who, level)


@expectations(r"(?P<who>\w+) has the whole of (?P<group>\w+) in (?P<period>\w+), by (?P<event>\w+)")
def _composite(player: Player, who: str, group: str, period: str, event: str) -> tuple[object, object]:
    return log_id(event), player.composite_cause(who, group, period)


@expectations(r"(?P<who>\w+) has not the whole of (?P<group>\w+) in (?P<period>\w+)")
def _no_composite(player: Player, who: str, group: str, period: str) -> tuple[object, object]:
    return None, player.composite_cause(who, group, period)


@expectations(rf"(?P<who>\w+) may be given (?P<left>\S+) more {_WHERE}")
def _may_be_given(player: Player, who: str, target: str, period: str, left: str) -> tuple[object, object]:
    return Decimal(left), player.left(who, target, period)


@expectations(r"(?P<who>\w+) was told (?P<times>once|twice|\d+ times|never): (?P<what>.+)")
def _had_outcome(player: Player, who: str, times: str, what: str) -> tuple[object, object]:
    expected = {"never": 0, "once": 1, "twice": 2}.get(times)
    said = player.told(who)
    found = said.count(what)
    number = int(times.partition(" ")[0]) if expected is None else expected
    return (number, what), (found, what if found == number else said)
