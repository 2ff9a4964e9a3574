"""Sentences and what they mean, in tables: to teach scenarios a new word, add a function with its pattern here.

Patterns match a whole sentence. `clauses` follow an event's sentence after commas, `options` stand indented below a
target's. Names are single words; amounts are plain numbers.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

from milepost.model.event import EventKey
from tests.scenarios.story import Json, Player, Scenario, Stage

SOURCE = "scenario"

Meaning = TypeVar("Meaning", bound=Callable[..., Any])


class NoSense(Exception):
    """A line that no table knows."""


class Understood(NamedTuple):
    """A meaning, and the words found for its parameters."""

    meaning: Callable[..., Any]
    words: Mapping[str, str]


class Table(Generic[Meaning]):
    """Sentences of one kind."""

    def __init__(self, kind: str) -> None:
        """Begin an empty table."""
        self._kind = kind
        self._meanings: list[tuple[re.Pattern[str], Meaning]] = []

    def __call__(self, pattern: str) -> Callable[[Meaning], Meaning]:
        """Give a decorator that enters a meaning under *pattern*."""

        def enter(meaning: Meaning) -> Meaning:
            self._meanings.append((re.compile(pattern), meaning))
            return meaning

        return enter

    def understand(self, sentence: str) -> Understood:
        """Give what *sentence* means; of several patterns that match the first one is meant."""
        for pattern, meaning in self._meanings:
            found = pattern.fullmatch(sentence)
            if found is not None:
                return Understood(meaning, {name: word for name, word in found.groupdict().items() if word is not None})
        raise NoSense(f"{self._kind}: {sentence!r}")


definitions: Table[Callable[..., None]] = Table("definition")
options: Table[Callable[..., None]] = Table("option of a target")
events: Table[Callable[..., Json]] = Table("event")
clauses: Table[Callable[..., None]] = Table("clause of an event")
expectations: Table[Callable[..., tuple[object, object]]] = Table("expectation")


# What a brand is like.


@definitions(r"zone (?P<zone>\S+)")
def _zone(scenario: Scenario, zone: str) -> None:
    scenario.zone = zone


@definitions(r"setting (?P<name>\w+) (?P<value>\S+)")
def _setting(scenario: Scenario, name: str, value: str) -> None:
    scenario.settings[name] = value


@definitions(r"period (?P<name>\w+) from (?P<first>\S+) to (?P<last>\S+)")
def _period(scenario: Scenario, name: str, first: str, last: str) -> None:
    scenario.periods.append({"refCode": name, "startDate": first, "endDate": last})


@definitions(r"store (?P<store>\w+)(?: in zone (?P<zone>\w+))?(?: of concept (?P<concept>\w+))?")
def _store(scenario: Scenario, store: str, zone: str | None = None, concept: str | None = None) -> None:
    scenario.stages.append(Stage(store, zone, concept))


@definitions(r"target (?P<name>\w+) is (?P<kind>\w+) of (?P<entity>\w+), goal (?P<goal>\S+)")
def _target(scenario: Scenario, name: str, kind: str, entity: str, goal: str) -> None:
    target = {
        "name": name,
        "targetEntity": entity,
        "targetType": kind,
        "enrolmentMethod": "TRANSACTION",
        "defaultValues": [{"defaultValue": goal} for _ in scenario.periods],
    }
    scenario.groups.append(
        {
            "name": name,
            "preferredTillId": 0,
            "trackingType": "DEFAULT",
            "totalPeriods": len(scenario.periods),
            "periods": scenario.periods,
            "targets": [target],
        }
    )


# What a target is like; each option changes the last group of the scenario, and the last target of that.


def _last(scenario: Scenario) -> Json:
    target: Json = scenario.groups[-1]["targets"][-1]
    return target


@options(r"goal of (?P<period>\w+) (?P<goal>\S+)")
def _goal_of(scenario: Scenario, period: str, goal: str) -> None:
    place = [given["refCode"] for given in scenario.periods].index(period)
    _last(scenario)["defaultValues"][place]["defaultValue"] = goal


@options(r"for those on the list")
def _on_the_list(scenario: Scenario) -> None:
    _last(scenario)["enrolmentMethod"] = "IMPORT"


@options(r"where (?P<expression>.+)")
def _where(scenario: Scenario, expression: str) -> None:
    _last(scenario)["expression"] = expression


@options(r"only at (?P<kind>store|zone|concept) (?P<names>\w+(?: or \w+)*)")
def _only_at(scenario: Scenario, kind: str, names: str) -> None:
    ids = [scenario.place_ids()[name] for name in names.split(" or ")]
    _last(scenario).setdefault("filters", []).append({"entityType": kind.upper(), "entityIds": ids})


@options(r"on event (?P<event>\w+)")
def _on_event(scenario: Scenario, event: str) -> None:
    _last(scenario)["eventName"] = event


@options(r"of field (?P<field>\w+), (?P<how>SUM|COUNT)(?:, (?P<window>highest|lowest) of a day)?")
def _of_field(scenario: Scenario, field: str, how: str, window: str | None = None) -> None:
    given: Json = {"name": field, "aggregateFunction": how}
    if window is not None:
        kind = {"highest": "MAX", "lowest": "MIN"}[window]
        given["aggregateWindow"] = {"windowType": kind, "windowTimeUnit": "DAY", "windowValue": "1"}
    _last(scenario)["extendedFieldInfo"] = given


@options(r"of currency (?P<currency>\w+) of programme (?P<programme>\d+)")
def _of_currency(scenario: Scenario, currency: str, programme: str) -> None:
    _last(scenario)["extendedFieldInfo"] = {
        "programId": int(programme),
        "alternateCurrencyIdentifier": currency,
    }


@options(r"mark (?P<name>\w+) at (?P<value>[\d.]+)(?P<percent> %)?")
def _mark(scenario: Scenario, name: str, value: str, percent: str | None = None) -> None:
    kind = "ABSOLUTE" if percent is None else "PERCENTAGE"
    mark = {"triggerName": name, "triggerValueType": kind, "triggerValue": value}
    _last(scenario).setdefault("targetMilestoneTriggers", []).append(mark)


# What customers do: each gives the type and the data of an event.


@events(r"buys for (?P<net>\S+)")
def _buys(net: str) -> Json:
    return {"type": "TransactionAdd", "data": {"number": "", "netAmount": net}}


@events(r"returns bill (?P<bill>\w+)")
def _returns(bill: str) -> Json:
    return {"type": "ReturnBill", "data": {"returnType": "FULL", "original": bill}}


@events(r"cancels bill (?P<bill>\w+)")
def _cancels(bill: str) -> Json:
    return {"type": "ReturnBill", "data": {"returnType": "CANCELLED", "original": bill}}


@events(r"gets (?P<amount>\S+) back on bill (?P<bill>\w+)")
def _gets_back(amount: str, bill: str) -> Json:
    return {"type": "ReturnBill", "data": {"returnType": "AMOUNT", "original": bill, "amount": amount}}


@events(r"brings back (?P<quantity>\S+) (?P<code>\w+)(?: for (?P<net>\S+))? of bill (?P<bill>\w+)")
def _brings_back(quantity: str, code: str, bill: str, net: str | None = None) -> Json:
    line = {"code": code, "quantity": quantity} | ({} if net is None else {"netAmount": net, "grossAmount": net})
    return {"type": "ReturnBill", "data": {"returnType": "LINE_ITEM", "original": bill, "lines": [line]}}


@events(r"is awarded (?P<amount>\S+) (?P<kind>regular|promotional) points")
def _is_awarded_points(amount: str, kind: str) -> Json:
    return {"type": "PointsAwarded", "data": {"amount": amount, "kind": kind.upper()}}


@events(r"is awarded (?P<amount>\S+) (?P<kind>regular|promotional) (?P<currency>\w+) of programme (?P<programme>\d+)")
def _is_awarded(amount: str, kind: str, currency: str, programme: str) -> Json:
    data = {"amount": amount, "kind": kind.upper(), "currency": currency, "programId": int(programme)}
    return {"type": "CurrencyAwarded", "data": data}


@events(r"does (?P<name>\w+)")
def _does(name: str) -> Json:
    return {"type": name, "data": {}}


# What more is said of an event.


@clauses(r"bill (?P<name>\w+)")
def _called(event: Json, name: str) -> None:
    event["id"] = event["data"]["number"] = name


@clauses(r"gross (?P<gross>\S+)")
def _gross(event: Json, gross: str) -> None:
    event["data"]["grossAmount"] = gross


@clauses(r"at (?P<store>\w+)")
def _at(event: Json, store: str) -> None:
    event["store"] = {"code": store}


@clauses(r"with (?P<quantity>\S+) (?P<code>\w+) for (?P<net>\S+)(?: \((?P<fields>[^)]*)\))?")
def _with(event: Json, quantity: str, code: str, net: str, fields: str = "") -> None:
    line: Json = {"code": code, "quantity": quantity, "netAmount": net, "extendedFields": {}}
    for word, value in (given.split(" ") for given in fields.split("; ") if given):
        if word == "gross":
            line["grossAmount"] = value
        else:
            line["extendedFields"][word] = value
    event["data"].setdefault("lines", []).append(line)


@clauses(r"(?P<field>\w+) (?:is|of) (?P<value>\S+)")
def _field(event: Json, field: str, value: str) -> None:
    fields = event["data"].setdefault("extendedFields", {}) if event["type"] == "TransactionAdd" else event["data"]
    fields[field] = value


# How things stand then: each gives what is expected and what is.

_WHERE = r"in (?P<period>\w+)(?: for (?P<target>\w+))?"


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


def _state(achieved_by: int | None, stated: str) -> str:
    """Give the state in the words of the sentence; another event than the stated one is told by its number."""
    if achieved_by is None:
        return "not achieved"
    name = stated.rpartition(" ")[2]
    return stated if achieved_by == log_id(name) else f"achieved by another event, {achieved_by}"


def log_id(name: str) -> int:
    """Give the number by which answers call the event of this name."""
    return EventKey(SOURCE, name).log_id
