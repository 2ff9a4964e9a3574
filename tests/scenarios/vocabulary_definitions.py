"""Sentences that define: what a brand is like, its groups, and what their targets are like."""

from datetime import date, timedelta

from tests.scenarios.scenario_story import Json, Scenario, Stage
from tests.scenarios.vocabulary import definitions, options

# What a brand is like.


@definitions(r"figure (?P<figure>.+)")
def _figure(scenario: Scenario, figure: str) -> None:
    scenario.figures.append(figure)


@definitions(r"zone (?P<zone>\S+)")
def _zone(scenario: Scenario, zone: str) -> None:
    scenario.zone = zone


@definitions(r"setting (?P<name>\w+) (?P<value>\S+)")
def _setting(scenario: Scenario, name: str, value: str) -> None:
    scenario.settings[name] = value


@definitions(r"an outage from (?P<starts>\S+) to (?P<ends>\S+)")
def _outage(scenario: Scenario, starts: str, ends: str) -> None:
    scenario.settings["outages"] = f"{starts}/{ends}"


@definitions(r"period (?P<name>[\w-]+) from (?P<first>\S+) to (?P<last>\S+)")
def _period(scenario: Scenario, name: str, first: str, last: str) -> None:
    scenario.periods.append({"refCode": name, "startDate": first, "endDate": last})


@definitions(r"(?P<number>\d+) (?P<unit>days|weeks) (?P<name>\w+) from (?P<first>\S+)")
def _periods(scenario: Scenario, number: str, unit: str, name: str, first: str) -> None:
    length = {"days": 1, "weeks": 7}[unit]
    begins = date.fromisoformat(first)
    for place in range(int(number)):
        starts = begins + timedelta(days=place * length)
        ends = starts + timedelta(days=length - 1)
        _period(scenario, f"{name}{place + 1}", starts.isoformat(), ends.isoformat())


@definitions(r"store (?P<store>\w+)(?: in zone (?P<zone>\w+))?(?: of concept (?P<concept>\w+))?")
def _store(scenario: Scenario, store: str, zone: str | None = None, concept: str | None = None) -> None:
    scenario.stages.append(Stage(store, zone, concept))


# Groups: what their targets have in common. A group of one target has its name.

_KIND = r"(?P<kind>\w+) of (?P<entity>\w+)"


@definitions(rf"target (?P<name>\w+) is {_KIND}, goal (?P<goal>\S+)")
def _target(scenario: Scenario, name: str, kind: str, entity: str, goal: str) -> None:
    _group(scenario, name, "DEFAULT")
    _member(scenario, name, kind, entity, goal)


@definitions(rf"target (?P<name>\w+) is {_KIND}, whose goal each customer brings")
def _target_without_goal(scenario: Scenario, name: str, kind: str, entity: str) -> None:
    _target(scenario, name, kind, entity, "0")
    _last(scenario)["defaultValues"] = []
    _on_the_list(scenario)


@definitions(rf"streak (?P<name>\w+) is {_KIND}, goal (?P<goal>\S+), levels (?P<levels>\w+ \d+(?:, \w+ \d+)*)")
def _streak(scenario: Scenario, name: str, kind: str, entity: str, goal: str, levels: str) -> None:
    _group(scenario, name, "STREAKS")
    _member(scenario, name, kind, entity, goal)
    given = (level.split(" ") for level in levels.split(", "))
    scenario.groups[-1]["streaks"] = [{"name": level, "targetCountOfSequence": int(total)} for level, total in given]


@definitions(
    r"together (?P<name>\w+), (?P<how>all|any|any (?P<least>\d+)) of them"
    r"(?:, (?P<what>their sum|the number reached) at least (?P<threshold>\S+))?"
)
def _together(
    scenario: Scenario, name: str, how: str, least: str | None = None, what: str = "", threshold: str | None = None
) -> None:
    _group(scenario, name, "UNIFIED")
    unified: Json = {} if least is None else {"minTargetsToAchieve": int(least)}
    if threshold is not None:
        unified |= {"aggregation": "SUM" if what == "their sum" else "COUNT", "thresholdValue": threshold}
    scenario.groups[-1] |= {"combinationType": how.partition(" ")[0].upper(), "unifiedTargetExpression": unified}


@definitions(rf"cap (?P<name>\w+) is {_KIND}, at most (?P<most>\S+?)(?P<each>, for each award by itself)?")
def _cap(scenario: Scenario, name: str, kind: str, entity: str, most: str, each: str | None = None) -> None:
    _group(scenario, name, "CAPPING")
    _member(scenario, name, kind, entity, most)
    if each is not None:
        scenario.groups[-1]["capScope"] = "TRANSACTION"


def _group(scenario: Scenario, name: str, tracking: str) -> None:
    scenario.groups.append(
        {
            "name": name,
            "preferredTillId": 0,
            "trackingType": tracking,
            "totalPeriods": len(scenario.periods),
            "periods": scenario.periods,
            "targets": [],
        }
    )


# What a group is like; each option changes the last group of the scenario.


@options(rf"member (?P<name>\w+) is {_KIND}, goal (?P<goal>\S+)")
def _member(scenario: Scenario, name: str, kind: str, entity: str, goal: str) -> None:
    group = scenario.groups[-1]
    group["targets"].append(
        {
            "name": name,
            "targetEntity": entity,
            "targetType": kind,
            "enrolmentMethod": "TRANSACTION",
            "defaultValues": [{"defaultValue": goal} for _ in group["periods"] or "1"],
        }
    )


FREQUENCIES = {
    "days": "DAILY",
    "weeks": "WEEKLY",
    "months": "MONTHLY",
    "quarters": "QUARTERLY",
    "half-years": "HALF_YEARLY",
    "years": "YEARLY",
    "custom days": "CUSTOM",
}


@options(
    rf"in (?P<number>\d+) windows? of (?P<length>\d+) (?P<unit>{'|'.join(FREQUENCIES)}) of each customer's own, "
    r"from (?P<first>\S+) to (?P<last>\S+)"
)
def _windows(scenario: Scenario, number: str, length: str, unit: str, first: str, last: str) -> None:
    _own_clock(scenario, "CYCLIC_WINDOW", "Window", int(number), first, last)
    scenario.groups[-1] |= {
        "frequencyType": FREQUENCIES[unit],
        "frequency": int(length),
        "recurringCycles": int(number),
    }


@options(rf"in (?P<number>\d+) periods of (?P<length>\d+) (?P<unit>{'|'.join(FREQUENCIES)}) from (?P<first>\S+)")
def _by_frequency(scenario: Scenario, number: str, length: str, unit: str, first: str) -> None:
    group = scenario.groups[-1]
    del group["periods"]
    group |= {
        "frequencyType": FREQUENCIES[unit],
        "frequency": int(length),
        "totalPeriods": int(number),
        "targetCycleStartDate": first,
    }


@options(r"until achieved, (?P<number>\d+) times, from (?P<first>\S+) to (?P<last>\S+)")
def _until_achieved(scenario: Scenario, number: str, first: str, last: str) -> None:
    _own_clock(scenario, "PERIOD_AGNOSTIC_WINDOW", "Round", int(number), first, last)


def _own_clock(scenario: Scenario, evaluation: str, name: str, number: int, first: str, last: str) -> None:
    group = scenario.groups[-1]
    group |= {
        "targetEvaluationType": evaluation,
        "totalPeriods": number,
        "periods": [{"refCode": f"{name}{place + 1}"} for place in range(number)],
        "targetCycleStartDateISO": first,
        "targetCycleEndDateISO": last,
    }
    for target in group["targets"]:
        target["defaultValues"] = target["defaultValues"][:1]


@options(r"of the zone (?P<zone>\S+)")
def _of_the_zone(scenario: Scenario, zone: str) -> None:
    scenario.groups[-1]["timeZoneName"] = zone


@options(r"misses do not break it")
def _non_continuous(scenario: Scenario) -> None:
    scenario.groups[-1]["trackingType"] = "NON_CONTINUOUS_STREAKS"


@options(r"at most (?P<most>\d+) freezes?(?:, one for every (?P<every>\d+) achieved)?")
def _freezes(scenario: Scenario, most: str, every: str | None = None) -> None:
    given = {"max": int(most)} | ({} if every is None else {"earnEvery": int(every)})
    scenario.groups[-1]["streakFreezes"] = given


@options(r"set by a customer")
def _user_created(scenario: Scenario) -> None:
    scenario.groups[-1]["userCreated"] = True
    _on_the_list(scenario)


# What a target is like; each option changes the last target of the last group.


def _last(scenario: Scenario) -> Json:
    target: Json = scenario.groups[-1]["targets"][-1]
    return target


@options(r"goal of (?P<period>[\w-]+) (?P<goal>\S+)")
def _goal_of(scenario: Scenario, period: str, goal: str) -> None:
    place = [given["refCode"] for given in scenario.periods].index(period)
    _last(scenario)["defaultValues"][place]["defaultValue"] = goal


@options(r"for those on the list")
def _on_the_list(scenario: Scenario) -> None:
    _last(scenario)["enrolmentMethod"] = "IMPORT"


@options(r"for the audience (?P<audience>\w+)")
def _for_the_audience(scenario: Scenario, audience: str) -> None:
    if audience not in scenario.audiences:
        scenario.audiences.append(audience)
    _last(scenario)["enrolmentMethod"] = "AUDIENCE_FILTER"
    _last(scenario)["targetAudienceFilter"] = [{"audienceGroupId": scenario.audiences.index(audience) + 1}]


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
