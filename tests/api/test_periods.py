"""Periods of a group: listed, added, and changed as far as their status allows (facts 3.2)."""

from typing import Any

import pytest

from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, group, target

DECEMBER = {"refCode": "December", "startDate": "2025-12-01", "endDate": "2025-12-31"}


def address(defined: Json) -> str:
    """Return where the periods of *defined* are."""
    return f"/v3/targetGroups/{defined['id']}/targetPeriods"


def spans(periods: list[Json]) -> list[tuple[str, str, str]]:
    """Return name and days of *periods*."""
    return [(one["refCode"], one["startDate"], one["endDate"]) for one in periods]


def test_periods_are_listed_as_the_group_shows_them(organisation: OrganisationClient) -> None:
    """All of them, in their order, with their status of now."""
    defined = organisation.define(group(periods=(DECEMBER, JANUARY, FEBRUARY)))
    listed = organisation.data("GET", address(defined))
    assert defined["periods"] == listed
    assert ["ENDED", "RUNNING", "NOT_STARTED"] == [period["periodStatus"] for period in listed]


def test_new_periods_come_last_and_have_the_last_goals(organisation: OrganisationClient) -> None:
    """The answer holds all of the group's periods; targets have goals for them, cycle and validity reach to them."""
    goals = [{"defaultValue": 5}, {"defaultValue": 7}]
    defined = organisation.define(group(target(defaultValues=goals), toDate="2026-02-28"))
    april = {
        "refCode": 4,
        "startDate": "2026-04-01T00:00:00.000Z",
        "endDate": "2026-04-30T23:59:59.999Z",
        "description": "",
    }
    shown = organisation.data("POST", address(defined), [april, MARCH | {"periodStatus": "ENDED", "targetGroupId": 0}])
    assert ["January", "February", "4", "March"] == [period["refCode"] for period in shown]
    assert ("NOT_STARTED", "", True) == tuple(shown[2][key] for key in ("periodStatus", "description", "active"))
    (rule,) = organisation.data("GET", f"/v3/targetGroups/{defined['id']}/targets")
    assert [(period["id"], value) for period, value in zip(shown, (5, 7, 7, 7), strict=True)] == [
        (goal["periodId"], goal["defaultValue"]) for goal in rule["defaultValues"]
    ]
    read = organisation.data("GET", f"/v3/targetGroups/{defined['id']}")
    assert (4, "2026-04-30", "2026-04-30T23:59:59.000Z") == (
        read["totalPeriods"],
        read["toDate"],
        read["targetCycleEndDate"],
    )


def test_one_period_need_not_stand_in_a_list(organisation: OrganisationClient) -> None:
    """An object is taken for a list of one; a target that has no goals gets none."""
    defined = organisation.define(group(target(enrolmentMethod="IMPORT", defaultValues=[])))
    assert 3 == len(organisation.data("POST", address(defined), MARCH))
    assert [] == organisation.data("GET", f"/v3/targetGroups/{defined['id']}/targets")[0]["defaultValues"]


def test_a_cycle_window_of_its_own_grows_only(organisation: OrganisationClient) -> None:
    """A window wider than the periods stays as wide; one that is passed reaches to them."""
    window: Json = {"targetCycleStartDateISO": "2025-11-01T00:00:00Z", "targetCycleEndDateISO": "2026-03-10T00:00:00Z"}
    defined = organisation.define(group(**window))
    organisation.data("POST", address(defined), [MARCH])
    read = organisation.data("GET", f"/v3/targetGroups/{defined['id']}")
    assert ("2025-11-01T00:00:00Z", "2026-03-31T23:59:59Z") == (
        read["targetCycleStartDateISO"],
        read["targetCycleEndDateISO"],
    )


NEEDED = [f"{name}: is needed" for name in ("refCode", "startDate", "endDate")]
NEW: tuple[tuple[Any, list[str]], ...] = (
    ([], ["The body must be a list of at least one object."]),
    ("x", ["The body must be a list of at least one object."]),
    ([MARCH] * 201, ["The body must not hold more than 200 objects."]),
    ([5], ["[0]: must be an object"]),
    ([{}], [f"[0].{reason}" for reason in NEEDED]),
    ({}, NEEDED),
    ([MARCH | {"refCode": "january"}], ["[0].refCode: is the name of another period of the group"]),
    (
        [MARCH, MARCH | {"startDate": "2026-04-01", "endDate": "2026-04-02"}],
        ["[1].refCode: is the same as [0].refCode"],
    ),
    ([MARCH | {"endDate": "2026-02-28"}], ["[0].endDate: lies before startDate"]),
    ([MARCH | {"startDate": "2026-02-28"}], ["[0]: shares a day with the period February"]),
    (
        [MARCH, {"refCode": "x", "startDate": "2026-03-31", "endDate": "2026-04-02"}],
        ["[1]: shares a day with the period March"],
    ),
    ([MARCH | {"description": "d" * 256}], ["[0].description: must not be longer than 255 characters"]),
    ([MARCH | {"colour": 1}], ["[0].colour: is not a field that is known here"]),
)


@pytest.mark.parametrize("body, reasons", NEW)
def test_each_problem_of_a_new_period_is_reported(
    organisation: OrganisationClient, body: Any, reasons: list[str]
) -> None:
    """All of it, and none of the others is added either (facts 8 #43, #44)."""
    defined = organisation.define(group())
    assert [(300004, reason) for reason in reasons] == organisation.errors("POST", address(defined), body)
    assert defined["periods"] == organisation.data("GET", address(defined))


def test_a_period_that_ends_before_it_starts_is_left_out_if_the_organisation_says_so(front: ApiClient) -> None:
    """The others are added, and a warning names it; what else is wrong is refused as ever (facts 8 #43)."""
    organisation = front.organisation(backwardPeriods="SKIP")
    defined = organisation.define(group())
    backwards = {"refCode": "back", "startDate": "2026-05-02", "endDate": "2026-05-01"}
    answered = json_of(organisation.post(address(defined), [backwards, MARCH]))
    assert ["January", "February", "March"] == [period["refCode"] for period in answered["data"]]
    assert ["[0] ends before it starts and was left out."] == [one["message"] for one in answered["warnings"]]
    again = json_of(organisation.post(address(defined), backwards))
    assert (3, ["The period ends before it starts and was left out."]) == (
        len(again["data"]),
        [one["message"] for one in again["warnings"]],
    )
    unreadable = backwards | {"endDate": "soon"}
    assert 400 == organisation.post(address(defined), [unreadable]).status_code


def test_a_group_has_a_hundred_periods_at_most(organisation: OrganisationClient) -> None:
    """One past the limit is refused."""
    days = [f"2026-{month:02}-{day:02}" for month in (3, 4, 5, 6) for day in range(1, 29)]
    more = [{"refCode": day, "startDate": day, "endDate": day} for day in days]
    defined = organisation.define(group())
    assert [
        (300004, "a group must not have more than 100 periods; the setting periodsMax allows up to 1000")
    ] == organisation.errors("POST", address(defined), more[:99])
    assert 100 == len(organisation.data("POST", address(defined), more[:98]))


@pytest.mark.parametrize("kind", ["CYCLIC_WINDOW", "PERIOD_AGNOSTIC_WINDOW"])
def test_periods_by_each_customers_clock_are_neither_added_nor_moved(
    organisation: OrganisationClient, kind: str
) -> None:
    """Their number and length are the group's; their text may change."""
    defined = organisation.define(group(targetEvaluationType=kind, totalPeriods=2, periods=()))
    assert [(300004, "periods are added to a group of FIXED_CALENDAR_WINDOW only")] == organisation.errors(
        "POST", address(defined), [MARCH]
    )
    period = organisation.data("GET", address(defined))[0]
    moved = {"id": period["id"], "endDate": "2029-01-01"}
    assert [(300004, "[0].endDate: depends on each customer's own events in this group")] == organisation.errors(
        "PUT", address(defined), [moved]
    )
    assert "text" == organisation.data("PUT", address(defined), [period | {"description": "text"}])[0]["description"]


def test_what_changed_is_answered_without_a_status(organisation: OrganisationClient) -> None:
    """The changed periods in the order sent, with the key order of a period but for its status."""
    defined = organisation.define(group())
    first, second = defined["periods"]
    shown = organisation.data("PUT", address(defined), [{"id": second["id"], "description": "b"}, {"id": first["id"]}])
    assert [("February", "b"), ("January", None)] == [(one["refCode"], one.get("description")) for one in shown]
    assert [
        *("id", "attribution", "startDate", "endDate", "refCode", "targetGroupId", "description", "active"),
    ] == list(shown[0])


def test_a_period_that_has_not_started_may_move(organisation: OrganisationClient) -> None:
    """Both dates, into the free days around; the cycle follows."""
    defined = organisation.define(group())
    moved = {"id": defined["periods"][1]["id"], "startDate": "2026-02-10", "endDate": "2026-03-20T23:59:59.999Z"}
    (shown,) = organisation.data("PUT", address(defined), [moved])
    assert ("2026-02-10", "2026-03-20") == (shown["startDate"], shown["endDate"])
    assert (
        "2026-03-20T23:59:59Z" == organisation.data("GET", f"/v3/targetGroups/{defined['id']}")["targetCycleEndDateISO"]
    )


def test_periods_may_change_places_in_one_request(organisation: OrganisationClient) -> None:
    """What counts is how they lie afterwards."""
    defined = organisation.define(group(periods=(FEBRUARY, MARCH)))
    one, other = (period["id"] for period in defined["periods"])
    body = [
        {"id": one, "startDate": "2026-03-01", "endDate": "2026-03-31"},
        {"id": other, "startDate": "2026-02-01", "endDate": "2026-02-28"},
    ]
    assert [("February", "2026-03-01", "2026-03-31"), ("March", "2026-02-01", "2026-02-28")] == spans(
        organisation.data("PUT", address(defined), body)
    )


def test_a_running_period_may_end_earlier_or_later(organisation: OrganisationClient) -> None:
    """From today on, up to the next period; its beginning stays."""
    defined = organisation.define(group(periods=(JANUARY, MARCH)))
    running = defined["periods"][0]["id"]
    for end in ("2026-02-28", "2026-01-20"):
        (shown,) = organisation.data("PUT", address(defined), [{"id": running, "endDate": end}])
        assert end == shown["endDate"]
    assert "RUNNING" == organisation.data("GET", address(defined))[0]["periodStatus"]


def test_an_ended_period_keeps_its_dates_and_may_get_another_text(organisation: OrganisationClient) -> None:
    """Sending the same dates is no change; other dates are left as they are, with a warning for each."""
    defined = organisation.define(group(periods=(DECEMBER, JANUARY)))
    ended = defined["periods"][0]
    (shown,) = organisation.data("PUT", address(defined), [ended | {"description": "over"}])
    assert ("over", "2025-12-31") == (shown["description"], shown["endDate"])
    later = {"description": "long over", "refCode": "x", "startDate": "2026-12-10", "endDate": "2026-12-20T00:00:00Z"}
    answered = json_of(organisation.put(address(defined), [{"id": ended["id"], **later}]))
    assert [shown | {"description": "long over", "attribution": answered["data"][0]["attribution"]}] == answered["data"]
    assert [
        f"[0].{field} cannot be changed and was left as it is." for field in ("refCode", "startDate", "endDate")
    ] == [warning["message"] for warning in answered["warnings"]]


UNREADABLE = "is not a date-time such as 2024-10-24T00:00:00.000 or 2024-10-24T00:00:00+05:30"
CHANGED: tuple[tuple[int, Json, str], ...] = (
    (0, {"startDate": "x"}, f"[0].startDate: {UNREADABLE}"),
    (1, {"startDate": "2026-01-02"}, "[0].startDate: cannot be changed: the period is RUNNING"),
    (1, {"endDate": "2026-01-19"}, "[0].endDate: must not lie before today: the period is RUNNING"),
    (1, {"endDate": "2026-02-01"}, "[0]: shares a day with the period February"),
    (2, {"startDate": "2026-03-02"}, "[0].endDate: lies before startDate"),
    (2, {"endDate": "x"}, f"[0].endDate: {UNREADABLE}"),
    (2, {"description": "d" * 256}, "[0].description: must not be longer than 255 characters"),
)


@pytest.mark.parametrize("place, change, reason", CHANGED)
def test_what_a_status_does_not_allow_is_refused(
    organisation: OrganisationClient, place: int, change: Json, reason: str
) -> None:
    """RUNNING: the end only, and not before today; and nothing of the call is done."""
    defined = organisation.define(group(periods=(DECEMBER, JANUARY, FEBRUARY)))
    body = [{"id": defined["periods"][place]["id"], **change}]
    assert [(300004, reason)] == organisation.errors("PUT", address(defined), body)
    assert defined["periods"] == organisation.data("GET", address(defined))


def test_a_stopped_groups_periods_keep_their_dates(organisation: OrganisationClient) -> None:
    """Where the group is not active, nothing runs that could end later."""
    defined = organisation.define(group(active=False))
    running, coming = (period["id"] for period in defined["periods"])
    body = [{"id": running, "endDate": "2026-01-30"}, {"id": coming, "startDate": "2026-02-02"}]
    assert [
        (300004, "[0].endDate: cannot be changed: the period is STOPPED"),
        (300004, "[1].startDate: cannot be changed: the period is STOPPED"),
    ] == organisation.errors("PUT", address(defined), body)


def test_a_period_that_is_not_there_is_refused(organisation: OrganisationClient) -> None:
    """The vendor's code for an unknown one; an id is needed, once."""
    defined, other = organisation.define(group()), organisation.define(group())
    mine = defined["periods"][0]["id"]
    body = [{"id": other["periods"][0]["id"]}, {"refCode": "January"}, {"id": mine}, {"id": mine}]
    assert [
        (310019, "Target period is not found"),
        (300004, "[1].id: is needed"),
        (300004, "[3].id: stands twice in the request"),
    ] == organisation.errors("PUT", address(defined), body)


def test_name_and_use_of_a_period_are_left(organisation: OrganisationClient) -> None:
    """With a warning for each."""
    defined = organisation.define(group())
    told = json_of(
        organisation.put(address(defined), [{"id": defined["periods"][0]["id"], "refCode": "x", "active": False}])
    )
    assert ("January", True) == (told["data"][0]["refCode"], told["data"][0]["active"])
    assert [
        "[0].refCode cannot be changed and was left as it is.",
        "[0].active cannot be changed and was left as it is.",
    ] == [warning["message"] for warning in told["warnings"]]


def test_a_streaks_periods_keep_their_order(organisation: OrganisationClient) -> None:
    """New ones come after those there are; none is moved past another."""
    streak = {"trackingType": "STREAKS", "streaks": [{"name": "Gold", "targetCountOfSequence": 1}]}
    defined = organisation.define(group(periods=(JANUARY, FEBRUARY, MARCH), **streak))
    reason = [(300004, "a streak's periods keep their order, and new ones come after them")]
    assert reason == organisation.errors("POST", address(defined), [DECEMBER])
    february = defined["periods"][1]["id"]
    moved = {"id": february, "startDate": "2026-04-01", "endDate": "2026-04-30"}
    assert reason == organisation.errors("PUT", address(defined), [moved])
    april = {"refCode": "April", "startDate": "2026-04-01", "endDate": "2026-04-30"}
    assert 4 == len(organisation.data("POST", address(defined), [april]))
