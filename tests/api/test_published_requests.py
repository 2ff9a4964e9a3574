"""Requests that the vendor publishes are accepted, though its prose or its rules would refuse some (facts 8)."""

import pytest

from milepost.api.http.body import write_json
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, bill, group, line, target

BOOKED = {
    "name": "booker",
    "type": "CUSTOMER",
    "attributes": {"identifierType": {"value": "mobile", "valueType": "ENUM"}},
}
SEATS = {"name": "seats", "type": "ENUM", "attributes": {"possibleValues": {"valueType": "LIST", "values": ["1", "2"]}}}
MOBILE = "4915100000017"


def define_booking(organisation: OrganisationClient, *, adds: object, kind: str = "mobile") -> None:
    """Define an event whose customer is named by a field, and registered by it if *adds* says so."""
    attributes = {
        "identifierType": {"value": kind, "valueType": "ENUM"},
        "isRequired": {"value": "true", "valueType": "BOOLEAN"},
        "addCustomerIfNotExists": {"value": adds, "valueType": "BOOLEAN"},
    }
    body = {"eventName": "booked", "actions": ["EMFConsumer"], "fields": [BOOKED | {"attributes": attributes}, SEATS]}
    assert 200 == organisation.post("/v2/events", body).status_code


def send_booking(organisation: OrganisationClient, **fields: object) -> list[tuple[int, str]]:
    """Send a booking by the webhook; return code and text of each problem."""
    body = {"event_name": "booked", "eventDateTime": "2026-01-10T18:00:00"} | fields
    answered = organisation.client.send("POST", f"/webhooks/{organisation.webhook_id}", content=write_json(body))
    return [(error["code"], error["message"]) for error in json_of(answered).get("errors", ())]


def warnings_of(organisation: OrganisationClient, method: str, path: str, body: object, **query: object) -> list[str]:
    """Return the texts of the warnings of a request; asserts that it succeeded."""
    answered = organisation.send(method, path, content=write_json(body), params=query)
    assert 200 == answered.status_code, answered.text
    return [warning["message"] for warning in json_of(answered)["warnings"] or ()]


@pytest.mark.parametrize("written", ["2026-01-10 09:30:00", "2026-01-10 09:30:00.000", "2026-01-10 09:30:00Z"])
def test_a_blank_may_stand_between_day_and_time(organisation: OrganisationClient, written: str) -> None:
    """The page about webhooks sends such dates, and every other date is read in the same way."""
    organisation.define(
        group(
            targetCycleStartDate=written,
            periods=(JANUARY | {"startDate": "2026-01-01 00:00:00"},),
        )
    )
    body = {"event_name": "gym", "externalId": "anna", "eventDateTime": written}
    sent = organisation.client.send("POST", f"/webhooks/{organisation.webhook_id}", content=write_json(body))
    found = organisation.get(
        "/v2/events/search", userIdentifierType="externalId", userIdentifierValue="anna", fromDate=written
    )

    assert 200 == sent.status_code, sent.text
    assert [1768037400000] == [event["additonalAttributes"]["eventDateTime"] for event in found["data"]]


@pytest.mark.parametrize("kind", ["mobile", "email", "externalId", "cardnumber", "MOBILE"])
@pytest.mark.parametrize("adds", ["true", True, "TRUE"])
def test_a_field_registers_its_customer(organisation: OrganisationClient, kind: str, adds: object) -> None:
    """By any kind of identifier, once, if the definition says `addCustomerIfNotExists`."""
    define_booking(organisation, adds=adds, kind=kind)

    assert [] == send_booking(organisation, booker=MOBILE, seats="2")
    assert [] == send_booking(organisation, booker=MOBILE, seats="1")
    assert 1 == organisation.stored()["customer"]


@pytest.mark.parametrize("adds", ["false", False, None])
def test_a_field_without_the_flag_registers_no_customer(organisation: OrganisationClient, adds: object) -> None:
    """An unknown mobile number is refused, and no customer is created."""
    define_booking(organisation, adds=adds)

    assert [310011] == [code for code, _ in send_booking(organisation, booker=MOBILE, seats="2")]
    assert "customer" not in organisation.stored()


def test_a_refused_event_registers_no_customer(organisation: OrganisationClient) -> None:
    """A refused event leaves no customer behind."""
    define_booking(organisation, adds="true")

    assert send_booking(organisation, booker=MOBILE, seats="2", eventDateTime="2026-03-10 18:00:00")
    assert send_booking(organisation, booker=MOBILE, seats="9")
    assert "customer" not in organisation.stored()


def test_a_field_may_have_listed_values(organisation: OrganisationClient) -> None:
    """An attribute of type ENUM is shown with its values; another value is refused with 7311."""
    define_booking(organisation, adds="true")
    shown = organisation.get("/v2/events/meta", event_name="booked")["clickEventsMeta"]["fields"][1]

    assert SEATS == shown
    assert [] == send_booking(organisation, booker=MOBILE, seats=2)
    assert [(7311, "seats must be one of 1, 2")] == send_booking(organisation, booker=MOBILE, seats="3")


@pytest.mark.parametrize("listed", [{"values": []}, {"values": 7}, {"values": [{}]}, {"values": ["a"] * 501}])
def test_listed_values_are_values(organisation: OrganisationClient, listed: Json) -> None:
    """The definition is refused with the path of the values."""
    seats = SEATS | {"attributes": {"possibleValues": {"valueType": "LIST"} | listed}}
    ((code, words),) = organisation.errors(
        "POST", "/v2/events", {"eventName": "booked", "actions": ["EMFConsumer"], "fields": [seats]}
    )

    assert (7300, "fields[0].attributes.possibleValues") == (code, words.partition(":")[0])


@pytest.mark.parametrize("ids,values", [([0], [5]), ([0, 0], [5]), ([0, 999], [])])
def test_the_id_0_restricts_nothing(organisation: OrganisationClient, ids: list[int], values: list[int]) -> None:
    """A generated client fills it in. It is shown as sent, with a warning; other ids restrict as always."""
    filters = [{"entityType": "STORE", "entityIds": ids}]
    answered = organisation.post("/v3/targetGroups", group(targets=[target(filters=filters)]))
    organisation.send_events(bill(5))
    shown = json_of(answered)["data"]["targets"][0]["filters"]
    rows = organisation.rows(organisation.customer("anna")) if values else []

    assert filters == shown
    assert ["targets[0].filters[0].entityIds: no place has the id 0; it restricts nothing."] == [
        warning["message"] for warning in json_of(answered)["warnings"]
    ]
    assert values == [row["targetAchievedValue"] for row in rows]


def test_an_object_with_the_id_0_is_a_new_one(organisation: OrganisationClient) -> None:
    """So are its periods; a goal with the period id 0 belongs to the period at the same place in the list."""
    goals = [{"id": 0, "periodId": 0, "defaultValue": 7}]
    body = group(id=0, periods=(JANUARY | {"id": 0},), targets=[target(id=0, defaultValues=goals)])
    made = organisation.define(body)
    added = organisation.data("POST", f"/v3/targetGroups/{made['id']}/targets", [target(id=0, defaultValues=goals)])

    assert [7] == [goal["defaultValue"] for goal in made["targets"][0]["defaultValues"]]
    assert [7] == [goal["defaultValue"] for goal in added[0]["defaultValues"]]
    assert [(300004, "[0].id: is needed")] == organisation.errors(
        "PUT", f"/v3/targetGroups/{made['id']}/targetPeriods", [{"id": 0, "description": "new"}]
    )


def test_a_group_without_a_till_has_the_callers(organisation: OrganisationClient) -> None:
    """The vendor's pages mark only the name and `trackingType` as needed."""
    body = group()
    del body["preferredTillId"]
    till_id = organisation.client.number("select till_id from login where org_id = %s", organisation.organisation.id)

    assert till_id == organisation.define(body)["preferredTillId"]


def test_a_group_without_targets_is_accepted(organisation: OrganisationClient) -> None:
    """Its targets come by another call."""
    body = {"name": "E", "trackingType": "DEFAULT", "totalPeriods": 1, "periods": [JANUARY]}

    assert [] == organisation.define(body)["targets"]


def test_customers_goals_may_be_a_streak(organisation: OrganisationClient) -> None:
    """It is accepted with a warning for the tracking and one for the enrolment, and counts."""
    body = group(
        trackingType="STREAKS",
        userCreated=True,
        targets=[target(defaultValues=[{"defaultValue": 5}])],
        streaks=[{"name": "Once", "targetCountOfSequence": 1}],
    )
    warnings = warnings_of(organisation, "POST", "/v3/targetGroups", body)
    organisation.send_events(bill(5))
    (shown,) = organisation.groups(organisation.customer("anna"))

    assert ["userCreated", "targets[0].enrolmentMethod"] == [words.partition(":")[0] for words in warnings]
    assert (5, "ACHIEVED") == (shown["targets"][0]["targetAchievedValue"], shown["streaks"][0]["status"])


def lined(name: str, kind: str, code: str, goal: int) -> Json:
    """Return a target on the lines with *code*."""
    expression = f'currentLineItem.code=="{code}"'
    return target("LINEITEM", kind, name=name, expression=expression, defaultValues=[{"defaultValue": goal}])


@pytest.mark.parametrize("at_first", [1, 2])
def test_targets_stand_side_by_side(organisation: OrganisationClient, at_first: int) -> None:
    """Each target of a DEFAULT group counts separately, created with the group or added later."""
    bread, milk = lined("Bread", "SALES", "bread", 20), lined("Milk", "QUANTITY", "milk", 6)
    made = organisation.define(group(trackingType="DEFAULT", targets=[bread, milk][:at_first]))
    if at_first == 1:
        organisation.data("POST", f"/v3/targetGroups/{made['id']}/targets", [milk])
    lines = (line("bread", 25, quantity=5), line("milk", 8, quantity=4))
    organisation.send_events(bill(33, lines=lines))
    rows = organisation.rows(organisation.customer("anna"), includeInactive="true")

    assert {"Bread": (25, True), "Milk": (4, False)} == {
        row["targetName"]: (row["targetAchievedValue"], row["targetAchievedDateTime"] is not None) for row in rows
    }


@pytest.mark.parametrize(
    "changes,words",
    [
        ({"trackingType": "CAPPING"}, "must not have more than 1 active entry for CAPPING"),
        ({"leaderboardEnabled": True}, "must not have more than 1 active entry for DEFAULT with a leaderboard"),
        ({"userCreated": True}, "must not have more than 1 active entry for DEFAULT with userCreated"),
        ({"targets": [target() for _ in range(51)]}, "must not have more than 50 active entries for DEFAULT"),
    ],
)
def test_some_groups_keep_one_target(organisation: OrganisationClient, changes: Json, words: str) -> None:
    """Leaderboards, caps and goals of customers have one target, other groups up to 50."""
    body = group(targets=[target(), target()]) | changes

    assert (300004, f"targets: {words}") in organisation.errors("POST", "/v3/targetGroups", body)


def test_an_organisation_may_allow_more_periods(organisation: OrganisationClient) -> None:
    """Up to 1,000; without the setting a group has up to 100, and the refusal names the setting."""
    body = group(periods=(), frequencyType="DAILY", frequency=1, fromDate="2026-01-01", totalPeriods=101)
    hint = "; the setting periodsMax allows up to 1000"
    errors = organisation.errors("POST", "/v3/targetGroups", body)
    patched = organisation.send("PATCH", "/api/v1/organisation", content=b'{"settings": {"periodsMax": 400}}')

    assert (300004, f"periods: must not have more than 100 entries{hint}") in errors
    assert 200 == patched.status_code, patched.text
    assert 101 == len(organisation.define(body)["periods"])
    assert 400 == organisation.get("/api/v1/organisation")["settings"]["settings"]["periodsMax"]


def test_the_newest_list_has_targets(organisation: OrganisationClient) -> None:
    """The list is newest first; it shows targets if the request includes the goals of customers."""
    first, second = organisation.define(group()), organisation.define(group(periods=(FEBRUARY,)))
    plain = organisation.data("GET", "/v3/targetGroups")
    whole = organisation.data("GET", "/v3/targetGroups", includeUserCreatedTargetGroups="true")

    assert [second["id"], first["id"]] == [shown["id"] for shown in plain] == [shown["id"] for shown in whole]
    assert [False, False] == ["targets" in shown for shown in plain]
    assert [[part["id"] for part in made["targets"]] for made in (second, first)] == [
        [part["id"] for part in shown["targets"]] for shown in whole
    ]
