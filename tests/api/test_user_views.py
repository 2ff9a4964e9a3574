"""What a customer sees: `GET /v3/users/{id}/targetGroups` and `…/enrolledTargets` (S4, S3; facts 2.9, 3.6)."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.client import OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, bill, group, target
from tests.api.test_seed_definitions import leaves

SAMPLE = Path(__file__).parent / "samples" / "s4_running_period.json"
"""The newest of the published answers: it has every key. The page hides the e-mail address; here one is made up."""

OF_ITS_OWN = {
    "userId",
    "id",
    "targetId",
    "periodId",
    "targetRuleId",
    "orgId",
    "preferredTillId",
    "code",
    "type",
    "name",
}
AUTHORS = {"createdBy", "lastUpdatedBy"}


def as_written(text: bytes) -> list[tuple[str, str]]:
    """Return every value with its path, in order; numbers with their digits as written, ids and authors blank."""
    value = msgspec.json.Decoder(float_hook=lambda digits: f"number {digits}").decode(text)
    found = []
    for path, leaf in leaves(value):
        parts = path.replace("[", ".").split(".")
        own = parts[-1] in OF_ITS_OWN and (parts[-1] != "name" or AUTHORS.intersection(parts))
        found.append((path, "" if own else str(leaf)))
    return found


def published(organisation: OrganisationClient) -> int:
    """Send the events behind the published answer; return the customer."""
    clock = organisation.client.clock
    clock.set("2025-02-28T06:15:10Z")
    names = [{"type": "email", "value": "tom@sawyer.org"}, {"type": "mobile", "value": "1234512345"}]
    profile = {"identifiers": names, "firstName": "Tom", "lastName": "Sawyer"}
    id_ = int(json_of(organisation.post("/v2/customers", {"profiles": [profile]}))["createdId"])
    clock.set("2025-11-11T10:36:23.4Z")
    period = {"refCode": "Cycle_1", "startDate": "2025-11-11", "endDate": "2025-12-10"}
    spend = target(name="JUSTIN", defaultValues=[{"defaultValue": 10_000}])
    organisation.define(group(spend, name="JUSTIN", periods=(period,)))
    for net, time, heard in (
        ("209350", "2025-10-01T00:00:00Z", "2025-11-12T09:00:00Z"),
        ("1000", "2025-11-12T09:51:10Z", "2025-11-12T09:51:11Z"),
        ("2000", "2025-11-12T15:33:05Z", "2025-11-12T15:33:08.9Z"),
    ):
        clock.set(heard)
        organisation.send_events(bill(net, time=time, customer={"id": id_}))
    clock.set("2025-11-20T04:56:36Z")
    organisation.post("/v2/customers", {"profiles": [profile]})
    return id_


def test_the_published_answer_is_given_key_for_key(organisation: OrganisationClient) -> None:
    """Keys, their order, values, and the digits of numbers: only ids and authors are our own."""
    id_ = published(organisation)
    answered = organisation.send(
        "GET", f"/v3/users/{id_}/targetGroups?includeInactive=false&includeInactiveTargets=true"
    )
    assert as_written(SAMPLE.read_bytes()) == as_written(answered.content)


def test_ids_of_an_answer_belong_together(organisation: OrganisationClient) -> None:
    """Customer, group, period and rule are those that were made; the row has an id that stays."""
    organisation.send_events(bill())
    defined = organisation.define(group())
    id_ = organisation.customer("anna")
    organisation.send_events(bill())
    data = organisation.get(f"/v3/users/{id_}/targetGroups")["data"]
    (shown,) = data["targetGroups"]
    (row,) = shown["targets"]
    assert (id_, id_, id_) == (data["userId"], data["customer"]["id"], data["customer"]["profiles"][0]["userId"])
    assert (defined["id"], organisation.organisation.id, 0) == (shown["id"], shown["orgId"], shown["preferredTillId"])
    assert (defined["periods"][0]["id"], defined["targets"][0]["id"]) == (row["periodId"], row["targetRuleId"])
    assert [row["targetId"]] == [again["targetId"] for again in organisation.rows(id_)]
    assert ("TILL", organisation.till_code) == (
        shown["attribution"]["createdBy"]["type"],
        shown["attribution"]["createdBy"]["code"],
    )


def test_a_customer_without_progress_has_no_groups(organisation: OrganisationClient) -> None:
    """Only what the customer takes part in is shown, unless every period is asked for."""
    organisation.send_events(bill(time="2025-06-01T00:00:00Z"))
    organisation.define(group())
    assert [] == organisation.groups(organisation.customer("anna"))


def test_achievement_is_stamped_by_the_event_that_crossed(organisation: OrganisationClient) -> None:
    """When it happened, in both notations, and the event's log id."""
    organisation.define(group())
    told = json_of(
        organisation.post(
            "/v2/transactions",
            {"type": "REGULAR", "billNumber": "N1", "billAmount": 100, "billingDate": "2026-01-19T08:00:00Z"},
            identifierName="externalId",
            identifierValue="anna",
        )
    )
    organisation.send_events(bill("50"))
    (row,) = organisation.rows(organisation.customer("anna"))
    assert ("2026-01-19T08:00:00.000+0000", "2026-01-19T08:00:00Z", told["createdId"], "150.000") == (
        row["targetAchievedDateTime"],
        row["targetAchievedDateTimeISO"],
        row["targetAchievedEventLogId"],
        str(row["targetAchievedValue"]),
    )


def test_every_period_is_shown_on_request(organisation: OrganisationClient) -> None:
    """Synthesised rows first, as of this moment, with an id of null; then the real ones (facts 2.9, 3.6)."""
    organisation.define(group(periods=(JANUARY, FEBRUARY, MARCH)))
    organisation.client.clock.set("2026-02-10T08:00:00.25Z")
    organisation.send_events(bill("40", time="2026-02-09T00:00:00Z"))
    id_ = organisation.customer("anna")
    assert ["February"] == [row["periodRefCode"] for row in organisation.rows(id_)]
    january, march, february = organisation.rows(id_, includeInactive="true")
    assert ("January", "March", "February") == tuple(row["periodRefCode"] for row in (january, march, february))
    assert (None, None, False) == (january["targetId"], march["targetId"], february["targetId"] is None)
    assert ("2026-02-10T08:00:00.250+0000", "2026-02-10T08:00:00Z") == (january["enrolledOn"], january["enrolledOnISO"])
    assert ("0.000", None, False) == (
        str(january["targetAchievedValue"]),
        january["targetAchievedDateTime"],
        january["currentPeriod"],
    )
    assert list(january) == list(february)
    assert [False, False, True] == [row["currentPeriod"] for row in (january, march, february)]


def test_strangers_to_a_list_have_no_rows(organisation: OrganisationClient) -> None:
    """An IMPORT target shows rows to the enrolled alone: from their first period on, with its real stamp."""
    defined = organisation.define(group(target(enrolmentMethod="IMPORT"), periods=(JANUARY, FEBRUARY, MARCH)))
    organisation.send_events(bill("40"), bill("40", customer="bert"))
    anna = organisation.customer("anna")
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
    organisation.post(path, [{"customerId": anna, "periodName": "February"}])
    assert [] == organisation.rows(organisation.customer("bert"), includeInactive="true")
    rows = organisation.rows(anna, includeInactive="true")
    assert [("February", True), ("March", True)] == [
        (row["periodRefCode"], row["targetId"] is not None) for row in rows
    ]
    assert {"2026-01-20T12:00:00.000+0000"} == {row["enrolledOn"] for row in rows}


def test_inactive_targets_are_shown_on_request(organisation: OrganisationClient) -> None:
    """Targets and whole groups that are not in force count nothing and are left out."""
    organisation.define(group(target(name="on")))
    organisation.define(group(target(name="off", active=False)))
    organisation.define(group(target(name="idle"), active=False))
    organisation.send_events(bill("40"))
    id_ = organisation.customer("anna")
    every = {"includeInactive": "true"}
    assert ["on"] * 2 == [row["targetName"] for row in organisation.rows(id_, **every)]
    rows = organisation.rows(id_, includeInactiveTargets="true", **every)
    assert {"on": 40, "off": 0, "idle": 0} == {
        row["targetName"]: row["targetAchievedValue"] for row in rows if row["periodRefCode"] == "January"
    }


def test_rows_of_one_rule_are_shown_on_request(organisation: OrganisationClient) -> None:
    """`targetRuleId` is a rule's id, or several; a group's id finds nothing (facts 3.6)."""
    one, two, three = (organisation.define(group()) for _ in range(3))
    organisation.send_events(bill("40"))
    id_ = organisation.customer("anna")
    rules = [defined["targets"][0]["id"] for defined in (one, two, three)]
    assert rules == [row["targetRuleId"] for row in organisation.rows(id_)]
    assert rules[1:2] == [row["targetRuleId"] for row in organisation.rows(id_, targetRuleId=str(rules[1]))]
    assert rules[1:] == [row["targetRuleId"] for row in organisation.rows(id_, targetRuleId=f"{rules[2]}, {rules[1]}")]
    assert [] == organisation.groups(id_, targetRuleId="7000000000")


def test_another_date_shows_the_periods_of_then(organisation: OrganisationClient) -> None:
    """`trackingDate` in epoch milliseconds; what is current is still told by today."""
    organisation.define(group())
    organisation.send_events(bill("40"))
    organisation.client.clock.set("2026-02-10T00:00:00Z")
    id_ = organisation.customer("anna")
    assert [] == organisation.rows(id_)
    (row,) = organisation.rows(id_, trackingDate="1769900399999")
    assert ("January", False) == (row["periodRefCode"], row["currentPeriod"])
    assert ["January"] == [row["periodRefCode"] for row in organisation.rows(id_, trackingDate="1769903999999")]
    assert [] == organisation.rows(id_, trackingDate="1769904000000")


def test_the_list_of_excluded_entities_is_taken(organisation: OrganisationClient) -> None:
    """The vendor lists the parameter without saying what it does; it changes nothing."""
    organisation.define(group())
    organisation.send_events(bill())
    id_ = organisation.customer("anna")
    assert organisation.groups(id_) == organisation.groups(id_, excludedEntities="streaks")


def test_milestones_show_the_marks_on_the_way(organisation: OrganisationClient) -> None:
    """Absolute values with six decimals, in the order they were defined; inactive ones are left out (facts 2.4)."""
    marks = [
        {"triggerName": "3", "triggerValueType": "ABSOLUTE", "triggerValue": 3},
        {"triggerName": "80 %", "triggerValueType": "PERCENTAGE", "triggerValue": 80},
        {"triggerName": "off", "triggerValueType": "ABSOLUTE", "triggerValue": 1, "isActive": False},
        {"triggerName": "15.5", "triggerValueType": "ABSOLUTE", "triggerValue": "15.5"},
        {"triggerName": "all", "triggerValueType": "PERCENTAGE", "triggerValue": 100},
    ]
    goal = [{"defaultValue": 20}]
    defined = organisation.define(
        group(target("TRANSACTION", "SALES", targetMilestoneTriggers=marks, defaultValues=goal))
    )
    organisation.send_events(bill("16"))
    (row,) = organisation.rows(organisation.customer("anna"))
    ids = [trigger["id"] for trigger in defined["targets"][0]["targetMilestoneTriggers"]]
    assert [
        {"id": ids[0], "triggerName": "3", "triggerValue": "3.000000", "isAchieved": True},
        {"id": ids[1], "triggerName": "80 %", "triggerValue": "16.000000", "isAchieved": True},
        {"id": ids[3], "triggerName": "15.5", "triggerValue": "15.500000", "isAchieved": True},
        {"id": ids[4], "triggerName": "all", "triggerValue": "20.000000", "isAchieved": False},
    ] == [mark | {"triggerValue": str(mark["triggerValue"])} for mark in row["milestones"]]
    assert ["id", "triggerName", "triggerValue", "isAchieved"] == list(row["milestones"][0])


def test_a_currency_is_named_in_its_rows(organisation: OrganisationClient) -> None:
    """Programme and currency are null elsewhere."""
    stars = {"programId": 46, "alternateCurrencyIdentifier": "stars"}
    organisation.define(group(target("ALTERNATE_CURRENCIES", "ALL", extendedFieldInfo=stars)))
    organisation.send_events(bill())
    row = organisation.rows(organisation.customer("anna"), includeInactive="true")[0]
    assert (46, "stars", "stars") == (
        row["programId"],
        row["alternateCurrencyIdentifier"],
        row["alternateCurrencyName"],
    )


def test_stamps_are_of_the_organisations_zone(front: Any) -> None:
    """Periods open at its midnight; the letter Z is glued to local time where the vendor does so (facts 2.8)."""
    organisation = front.organisation("Asia/Kolkata")
    organisation.define(group())
    organisation.send_events(bill(time="2025-12-31T18:30:00Z"))
    row = organisation.rows(organisation.customer("anna"))[0]
    assert ("2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00+05:30", "2026-01-31T23:59:59+05:30") == (
        row["periodStartDateWithTimeStamp"],
        row["periodStartDateWithTimeStampISO"],
        row["periodEndDateWithTimeStampISO"],
    )
    assert ("2026-01-01T00:00:00.000+0530", "2026-01-20T17:30:00.000+0530") == (row["enrolledOn"], row["lastUpdatedOn"])


@pytest.mark.parametrize("view", ["targetGroups", "enrolledTargets"])
@pytest.mark.parametrize("user_id", ["5", "x", "-1", "0", "9" * 30, "1e3", "%00", "%F0%9F%98%80"])
def test_an_unknown_user_is_reported(organisation: OrganisationClient, user_id: str, view: str) -> None:
    """310011 in the published words, whatever stands in the path."""
    answered = organisation.send("GET", f"/v3/users/{user_id}/{view}")
    errors = [{"code": 310011, "message": "Invalid userId"}]
    assert (400, {"data": None, "errors": errors, "warnings": None}) == (answered.status_code, json_of(answered))


@pytest.mark.parametrize(
    "view, query, expected",
    [
        ("targetGroups", {"includeInactive": "yes"}, "includeInactive: must be true or false"),
        ("targetGroups", {"includeInactiveTargets": "1"}, "includeInactiveTargets: must be true or false"),
        ("targetGroups", {"targetRuleId": "x"}, "targetRuleId: must be at most 200 ids, separated by commas"),
        ("targetGroups", {"targetRuleId": "1,,2"}, "targetRuleId: must be at most 200 ids, separated by commas"),
        ("targetGroups", {"trackingDate": "2026-01-01"}, "trackingDate: must be epoch milliseconds"),
        ("targetGroups", {"trackingDate": "-5"}, "trackingDate: must be epoch milliseconds"),
        ("targetGroups", {"trackingDate": "9" * 14}, "trackingDate: must be epoch milliseconds"),
        ("enrolledTargets", {"includeOnlyUserCreated": ""}, "includeOnlyUserCreated: must be true or false"),
        ("enrolledTargets", {"targetRuleIds": "9" * 30}, "targetRuleIds: must be at most 200 ids, separated by commas"),
        ("enrolledTargets", {"trackingDate": "x"}, "trackingDate: must be epoch milliseconds"),
    ],
)
def test_a_bad_parameter_is_refused(
    organisation: OrganisationClient, view: str, query: dict[str, str], expected: str
) -> None:
    """Invalid input, by the parameter's name."""
    organisation.send_events(bill())
    answered = organisation.send("GET", f"/v3/users/{organisation.customer('anna')}/{view}", params=query)
    words = f"Invalid input, check all values and ensure they are correct. {expected}"
    assert (400, [{"code": 300004, "message": words}]) == (answered.status_code, json_of(answered)["errors"])


def test_a_list_of_rules_has_a_limit(organisation: OrganisationClient) -> None:
    """200 ids are looked for, 201 are refused."""
    organisation.send_events(bill())
    path = f"/v3/users/{organisation.customer('anna')}/enrolledTargets"
    for count, status in ((200, 200), (201, 400)):
        ids = ",".join(str(number) for number in range(1, count + 1))
        assert status == organisation.send("GET", path, params={"targetRuleIds": ids}).status_code
