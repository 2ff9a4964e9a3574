"""Each published request is answered with the published answer, key for key and in its order.

The files in `seeds/` hold the requests and answers of S0, S1 and S2. Ids and stamps are handed in as the answer has
them, so they are compared too. What differs is named here, and is one of two things: what an older answer did not have
yet, and where the page shows the answer to another request than the one beside it.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import pytest

from milepost.api.capillary.definitions.target_groups.answer import created_group
from milepost.api.capillary.definitions.target_groups.body import read_definition
from milepost.api.capillary.definitions.targets.answer import enrolled_target
from milepost.api.capillary.envelope import answer
from milepost.api.http.body import write_json
from milepost.model.organisation import Organisation, Settings
from milepost.model.target import Author, TargetGroup
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar, calendar_of
from milepost.rules.definition.build import IdKind, Ids, build_group
from milepost.rules.definition.unsupported import unsupported_features
from milepost.rules.definition.validation import validate

SEEDS = Path(__file__).parent / "seeds"

ANSWERED = (
    "s0_alternate_currency",
    "s1_event_count",
    "s1_user_created",
    "s1_own_cycle_dates",
    "s2_periods_out_of_order",
)

OLDER = {"s0_alternate_currency", "s1_user_created", "s1_own_cycle_dates"}
"""Answers of 2024, before the ISO twins; two of them show an aggregate window of null that was never sent."""

SLIPS = {
    "s0_alternate_currency": {"description": "alterante currency target"},
    "s1_own_cycle_dates": {
        "name": "Fixed Window Milestone Group 1725974277",
        "targets[0].name": "target-2024-09-10T13:17:57.210Z",
    },
    "s2_periods_out_of_order": {"description": "Target group number hundered and one"},
}
"""Where a page shows the answer to another request: what the request beside it makes of these fields."""

Json = dict[str, Any]


def seed(name: str) -> Any:
    """Return what a file of the seeds says, with exact numbers."""
    return msgspec.json.Decoder(float_hook=Decimal).decode((SEEDS / f"{name}.json").read_bytes())


def organisation(zone: str = "UTC") -> Organisation:
    """Return an organisation on a server of *zone*."""
    return Organisation(id=1, name="Brand", zone=zone, version=1, settings=Settings())


def ids_of(published: Json) -> Ids:
    """Return the ids that a published answer has, kind by kind."""
    targets = published["targets"]
    rule_sets = (target["emfRuleSetId"] for target in targets if "emfRuleSetId" in target)
    supply: dict[IdKind, Iterator[int]] = {
        IdKind.GROUP: iter([published["id"]]),
        IdKind.PERIOD: (period["id"] for period in published["periods"]),
        IdKind.TARGET: (target["id"] for target in targets),
        IdKind.GOAL: (goal["id"] for goal in chain(*(target["defaultValues"] for target in targets))),
        IdKind.RULE_SET: rule_sets,
    }
    return lambda kind: next(supply[kind])


def counting() -> Ids:
    """Return ids that count up, whatever they are for."""
    numbers = iter(range(1, 1_000))
    return lambda _kind: next(numbers)


def defined(name: str, zone: str = "UTC") -> tuple[TargetGroup, Calendar, Micros]:
    """Define what a published request asks for, as the published answer's till at its time."""
    draft, problems = read_definition((SEEDS / f"{name}.request.json").read_bytes())
    calendar = calendar_of(zone)
    if name not in ANSWERED:
        now, ids, author = calendar.read("2025-12-23T10:00:00Z").instant, counting(), Author(id=1, code="t", name="t")
    else:
        published = seed(f"{name}.answer")["data"]
        attribution = published["targets"][0]["attribution"]
        made_by = attribution["createdBy"]
        now = calendar.read(attribution["createdOn"]).instant
        author = Author(id=made_by["id"], code=made_by["code"], name=made_by["name"])
        ids = ids_of(published)
    assert problems == ()
    assert validate(draft, organisation(zone), now).problems == ()
    return build_group(draft, organisation(zone), ids, author, now), calendar, now


def shown(name: str, zone: str = "UTC") -> Json:
    """Return the whole answer to a published request, as JSON has it."""
    group, calendar, now = defined(name, zone)
    return as_json(answer(created_group(group, calendar, now), unsupported_features(group)))


def as_json(shown: object) -> Json:
    """Return what a client reads of an answer, with exact numbers."""
    decoded: Json = msgspec.json.Decoder(float_hook=Decimal).decode(write_json(shown))
    return decoded


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Return everything in *value* with its path, in order; numbers are compared as exact values."""
    match value:
        case dict():
            for key, part in value.items():
                yield from leaves(part, f"{path}.{key}" if path else str(key))
            if not value:
                yield path, {}
        case list():
            for place, part in enumerate(value):
                yield from leaves(part, f"{path}[{place}]")
            if not value:
                yield path, []
        case bool():
            yield path, value
        case int() | Decimal():
            yield path, Decimal(value)
        case _:
            yield path, value


def is_newer(path: str, name: str) -> bool:
    """Return whether an answer of *name*'s time did not have what stands at *path*."""
    return name in OLDER and path.endswith("ISO")


def is_never_sent(path: str, name: str) -> bool:
    """Return whether an older answer shows at *path* a null for something its request did not say."""
    return name in OLDER and path.endswith(".aggregateWindow")


@pytest.mark.parametrize("name", ANSWERED)
def test_a_published_request_gets_the_published_answer(name: str) -> None:
    """The answer has the keys of the published one in its order, with its values, ids and stamps."""
    slips = {f"data.{path}": value for path, value in SLIPS.get(name, {}).items()}
    expected = [
        (path, slips.get(path, value))
        for path, value in leaves(seed(f"{name}.answer"))
        if not is_never_sent(path, name)
    ]
    actual = [(path, value) for path, value in leaves(shown(name)) if not is_newer(path, name)]
    assert actual == expected


@pytest.mark.parametrize("name", ANSWERED)
def test_iso_twins_are_always_there(name: str) -> None:
    """Each stamp of an answer that has a twin today has it in every answer."""
    paths = {path for path, _ in leaves(shown(name))}
    stamps = {path for path in paths if path.endswith(("createdOn", "lastUpdatedOn", "CycleStartDate", "CycleEndDate"))}
    assert {f"{path}ISO" for path in stamps} - paths == set()


def test_the_request_without_a_published_answer_is_answered_in_kind() -> None:
    """Validity before the periods, goals as text, no frequency type: taken as sent, and shown so."""
    data = shown("s1_goals_by_period")["data"]
    goals = [goal["defaultValue"] for goal in data["targets"][0]["defaultValues"]]
    expected = ("2025-10-07", "2025-11-25", 2, 2, [2, 3], "2026-01-01T00:00:00.000Z", "2026-01-30T23:59:59.000Z")
    seen = (data["fromDate"], data["toDate"], data["frequency"], data["recurringCycles"], goals)
    assert (*seen, data["targetCycleStartDate"], data["targetCycleEndDate"]) == expected
    assert "frequencyType" not in data


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "America/New_York"])
@pytest.mark.parametrize("name", [*ANSWERED, "s1_goals_by_period"])
def test_published_periods_keep_their_dates_on_servers_of_other_zones(name: str, zone: str) -> None:
    """The Z of a period's date stands for local time, so a request means the same days on every server."""
    group, _, _ = defined(name, zone)
    expected, _, _ = defined(name)
    days = [(period.starts_on, period.ends_on) for period in group.periods]
    assert days == [(period.starts_on, period.ends_on) for period in expected.periods]


def test_dates_with_an_offset_are_shown_on_the_servers_clock() -> None:
    """The ISO cycle dates of S1 on a server in India: the same instants, written locally, the older pair with its Z."""
    data = shown("s1_event_count", "Asia/Kolkata")["data"]
    assert data["targetCycleStartDateISO"] == "2026-01-01T10:30:00+05:30"
    assert data["targetCycleStartDate"] == "2026-01-01T10:30:00.000Z"


def test_a_target_is_listed_with_the_keys_of_the_published_list() -> None:
    """A row of a customer's enrolled targets has S3's keys in their order, besides the ISO twins."""
    group, calendar, _ = defined("s2_periods_out_of_order")
    row = as_json(enrolled_target(group.targets[0], group, calendar))
    expected = [
        "id",
        "attribution",
        "name",
        "emfRuleSetId",
        "targetType",
        "targetEntity",
        "targetGroupId",
        "description",
        "active",
        "expression",
        "expressionJson",
        "filters",
        "enrolmentMethod",
        "targetPeriodDefaultValuesMap",
    ]
    assert list(row) == expected
    assert row["attribution"]["createdOn"] == "2025-11-20T13:07:49.000+0000"
