"""`POST /v2/requests` and `/v2/customers/{id}/changeIdentifier`: two customers become one, and names change."""

from typing import Any

import pytest

from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import back, bill, event, group, target

ID, NAME = "id", "externalId"


def request(victim: tuple[str, Any], survivor: tuple[str, Any], **changes: Any) -> Json:
    """Return a request to merge."""
    add, remove = ([{"type": kind, "value": str(value)}] for kind, value in (survivor, victim))
    about = {"changeIdentifiers": {"add": add, "remove": remove}}
    return {"type": "CHANGE_IDENTIFIER", "baseType": "MERGE", "changeIdentifierRequest": about} | changes


def asked(organisation: OrganisationClient, *requests: Json, **query: str) -> Json:
    """Send requests; return the answer."""
    answered = organisation.post("/v2/requests", list(requests), **query)
    assert 200 == answered.status_code, answered.text
    told: Json = json_of(answered)
    return told


def merged(organisation: OrganisationClient, victim: str = "anna", survivor: str = "bert") -> int:
    """Merge two customers by their external ids; return the number of the request."""
    told = asked(organisation, request((NAME, victim), (NAME, survivor)))
    (one,) = told["response"]
    assert (True, 1, 0) == (one.get("result"), told["totalCount"], told["failureCount"]), told
    return int(one["entityId"])


def refused(organisation: OrganisationClient, *requests: Json) -> list[tuple[int, str]]:
    """Send requests that are refused; return code and words of each problem."""
    told = asked(organisation, *requests)
    assert len(requests) == told["failureCount"]
    assert all(one["entityId"] is None for one in told["response"])
    return [(error["code"], error["message"]) for one in told["response"] for error in one["errors"]]


def renamed(organisation: OrganisationClient, customer_id: int, **body: Any) -> list[tuple[str, str]]:
    """Change names; return those that the customer has afterwards."""
    answered = organisation.post(f"/v2/customers/{customer_id}/changeIdentifier", body)
    assert (200, customer_id) == (answered.status_code, json_of(answered).get("createdId")), answered.text
    return names(organisation, customer_id)


def names(organisation: OrganisationClient, customer_id: int) -> list[tuple[str, str]]:
    """Return the names that a customer has."""
    shown = organisation.get(f"/v2/customers/{customer_id}")["profiles"][0]["identifiers"]
    return [(one["type"], one["value"]) for one in shown]


def named(kind: str, value: str) -> Json:
    """Return a name."""
    return {"type": kind, "value": value}


def values(organisation: OrganisationClient, customer_id: int) -> list[int]:
    """Return a customer's value in each row."""
    return [row["targetAchievedValue"] for row in organisation.rows(customer_id)]


@pytest.fixture
def two(organisation: OrganisationClient) -> tuple[int, int]:
    """Return two customers: Anna has spent 60 of 100, Bert 50."""
    organisation.define(group(leaderboardEnabled=True))
    organisation.send_events(bill("60", number="A1"), bill("50", number="B1", customer="bert"))
    return organisation.customer("anna"), organisation.customer("bert")


def test_a_merge_is_answered_as_the_vendor_does(organisation: OrganisationClient, two: tuple[int, int]) -> None:
    """Key for key, also asked again; whatever the query says about approving, it is done at once."""
    told = asked(organisation, request((ID, two[0]), (ID, two[1])), client_auto_approve="true")
    assert ["response", "totalCount", "failureCount"] == list(told)
    assert {"entityId", "result", "warnings"} == set(told["response"][0])
    assert told == asked(organisation, request((ID, two[0]), (ID, two[1])))
    assert told == asked(organisation, request((NAME, "anna"), (NAME, "bert")))
    assert (True, 1) == (
        json_of(organisation.post("/v2/requests", request((ID, two[0]), (ID, two[1]))))["totalCount"] == 1,
        1,
    )


def test_progress_of_both_is_the_survivors(organisation: OrganisationClient, two: tuple[int, int]) -> None:
    """Reads of the victim, by id or by name, show the survivor; both together reach the goal."""
    merged(organisation)
    for customer_id in two:
        shown = organisation.get(f"/v3/users/{customer_id}/targetGroups")["data"]
        assert (two[1], [110]) == (shown["userId"], values(organisation, customer_id))
        assert two[1] == organisation.get(f"/v2/customers/{customer_id}")["id"]
        assert two[1] == organisation.get(f"/api/v1/customers/{customer_id}/progress")["customerId"]
    assert two[1] == organisation.customer("anna") == organisation.customer("bert")
    (row,) = organisation.rows(two[1])
    assert row["targetAchievedDateTime"] is not None


def test_events_of_the_victim_count_for_the_survivor(organisation: OrganisationClient, two: tuple[int, int]) -> None:
    """By name, by id, as a transaction, through the webhook; an event from before the merge is a duplicate."""
    told = bill("1")
    organisation.send_events(told)
    merged(organisation)
    items = organisation.send_events(told, bill("2"), bill("4", customer={"id": two[0]}))
    assert ["duplicate", "applied", "applied"] == [item["status"] for item in items]
    assert {two[1]} == {item["customerId"] for item in items}
    body = {"type": "REGULAR", "billNumber": "T1", "billAmount": 8, "billingDate": "2026-01-20T10:00:00Z"}
    organisation.post("/v2/transactions", body, identifierName="id", identifierValue=str(two[0]))
    assert [125] == values(organisation, two[1])


def test_a_bill_of_the_victim_comes_back(organisation: OrganisationClient, two: tuple[int, int]) -> None:
    """A return names it and the survivor, or the victim; it takes back once."""
    merged(organisation)
    organisation.send_events(back("A1") | {"customer": {"id": two[1]}}, back("A1") | {"customer": {"id": two[0]}})
    assert [50] == values(organisation, two[1])


def test_the_merge_is_among_the_events_that_are_tracked(organisation: OrganisationClient, two: tuple[int, int]) -> None:
    """As an event of its own, worth what it added."""
    merged(organisation)
    (shown,) = organisation.groups(two[1])
    rule = shown["targets"][0]["targetRuleId"]
    told = organisation.get(f"/v3/users/{two[0]}/trackedTargetEvents/{rule}")["data"]
    assert [("ADD_TRANSACTION", 50), ("GENERIC_EVENT", 60)] == [(one["eventName"], one["targetValue"]) for one in told]
    assert "milepost.Merge" == told[1]["eventDisplayName"]
    assert {two[1]} == {one["customerId"] for one in told}


def test_profiles_join(organisation: OrganisationClient) -> None:
    """The survivor's words stay, what it does not say is the victim's; names of both lead to it."""
    one = {"identifiers": [named("mobile", "1")], "firstName": "Ana", "lastName": "Berg", "fields": {"a": 1, "b": 1}}
    other = {"identifiers": [named("mobile", "2"), named("email", "b@c.d")], "firstName": "Anna", "fields": {"b": 2}}
    ids = [json_of(organisation.post("/v2/customers", {"profiles": [body]}))["createdId"] for body in (one, other)]
    asked(organisation, request(("mobile", 1), ("email", "B@c.d")))
    shown = organisation.get("/v2/customers", identifierName="mobile", identifierValue="1")
    (profile,) = shown["profiles"]
    assert (ids[1], "Anna", "Berg", {"a": 1, "b": 2}) == (
        shown["id"],
        profile["firstName"],
        profile["lastName"],
        profile["fields"],
    )
    assert [("mobile", "2"), ("email", "b@c.d"), ("mobile", "1")] == names(organisation, ids[0])


def test_enrolments_goals_and_audiences_are_the_survivors(organisation: OrganisationClient) -> None:
    """The victim's enrolment is the survivor's, who is not enrolled a second time."""
    audience = json_of(organisation.post("/api/v1/audiences", {"name": "Friends"}))
    defined = organisation.define(group(target(enrolmentMethod="IMPORT")))
    rule = defined["targets"][0]["id"]
    template = organisation.define(group())["targets"][0]["id"]
    settings = {"goalTemplates": [f"{template}:10-500"], "goalDays": 30, "goalsAtOnce": 5}
    organisation.send("PATCH", "/api/v1/organisation", json={"settings": settings})
    organisation.send_events(bill("60"), bill("5", customer="bert"))
    anna, bert = organisation.customer("anna"), organisation.customer("bert")
    path = f"/v3/targetGroups/{defined['id']}/targets/{rule}/enroll"
    organisation.data("POST", path, [{"customerId": anna, "periodName": "January"}])
    organisation.post(f"/api/v1/audiences/{audience['id']}/members", [{"userId": anna}])
    wish = {"template": template, "goal": 100, "startDate": "2026-01-20", "endDate": "2026-01-31"}
    for customer_id in (anna, bert):
        assert 200 == organisation.post(f"/api/v1/customers/{customer_id}/goals", wish).status_code
    merged(organisation)
    assert [310119] == [code for code, _ in organisation.errors("POST", path, [{"customerId": anna}])]
    members = organisation.get(f"/api/v1/audiences/{audience['id']}/members")["items"]
    assert [bert] == [item["userId"] if "userId" in item else item["customerId"] for item in members]
    goals = organisation.get(f"/api/v1/customers/{anna}/goals")["items"]
    assert ["cancelled", "running"] == sorted(item["status"].lower() for item in goals)
    organisation.data("POST", path.replace("enroll", "unEnroll"), [{"customerId": anna}])
    organisation.data("POST", path, [{"customerId": bert, "periodName": "January"}])


def test_boards_have_the_survivor_alone(organisation: OrganisationClient, two: tuple[int, int]) -> None:
    """On a board that was read before, and on one that is read for the first time; either id finds the place."""
    (shown,) = organisation.groups(two[1])
    rule, period = (shown["targets"][0][name] for name in ("targetRuleId", "periodId"))
    path = f"/api/v1/leaderboards/{rule}"
    assert 2 == organisation.get(path, periodId=period)["customers"]
    merged(organisation)
    for customer_id in two:
        board = organisation.get(path, periodId=period, customerId=customer_id)
        assert [(1, two[1], 110)] == [(one["rank"], one["customerId"], one["value"]) for one in board["top"]]
        assert (1, two[1]) == (board["customers"], board["own"]["customerId"])


def test_a_decision_is_known_after_a_merge(organisation: OrganisationClient) -> None:
    """The same id answers the same, though the victim had asked."""
    organisation.define(group(target("REWARDS", "ALL_POINTS"), trackingType="CAPPING"))
    organisation.send_events(bill(), bill(customer="bert"))
    anna, bert = organisation.customer("anna"), organisation.customer("bert")
    wish = {"id": "d1", "amount": 70, "kind": "REGULAR"}
    first = json_of(organisation.post(f"/api/v1/customers/{anna}/awards", wish))
    merged(organisation)
    organisation.client.clock.advance(5_000_000)
    again = [json_of(organisation.post(f"/api/v1/customers/{id_}/awards", wish)) for id_ in (anna, bert)]
    assert [70] * 3 == [one["given"] for one in (first, *again)]
    assert 30 == json_of(organisation.post(f"/api/v1/customers/{bert}/awards", wish | {"id": "d2"}))["given"]


def test_customers_that_cannot_be_merged_are_refused_with_the_reason(
    organisation: OrganisationClient, two: tuple[int, int]
) -> None:
    """Each with the vendor's code and words; others in the call are merged all the same."""
    organisation.send_events(bill(customer="carl"))
    before = organisation.stored()
    assert [
        (9029, "Survivor and victim are same"),
        (9042, "Customer not found for given identifiers"),
        (9042, "Customer not found for given identifiers"),
    ] == refused(
        organisation,
        request((NAME, "carl"), (NAME, "carl")),
        request((NAME, "carl"), (ID, 8_888_888_888)),
        request((NAME, "nobody"), (NAME, "carl")),
    )
    assert before == organisation.stored()
    merged(organisation)
    assert [
        (9027, "Victim is already merged to another user"),
        (9023, "Survivor is already merged to another user as victim"),
    ] == refused(organisation, request((ID, two[0]), (NAME, "carl")), request((NAME, "carl"), (ID, two[0])))
    told = asked(organisation, request((NAME, "x"), (NAME, "carl")), request((NAME, "carl"), (NAME, "bert")))
    assert [None, True] == [one.get("result") for one in told["response"]]


def test_a_malformed_request_is_refused_with_the_reason(organisation: OrganisationClient) -> None:
    """Types, names, their number; what is no list of requests is refused as a whole."""
    one = request((NAME, "a"), (NAME, "b"))
    both = {"changeIdentifiers": {"add": [named(NAME, "a")] * 2, "remove": []}}
    assert [9006, 9008, 9043, 9041, 300004, 300004] == [
        code
        for code, _ in refused(
            organisation,
            one | {"type": "TRANSACTION", "baseType": "RETRO", "changeIdentifierRequest": 5},
            one | {"changeIdentifierRequest": both},
            request(("name", "a"), (NAME, "")),
        )
    ]
    for body in ([], [7], "x", [one] * 51):
        assert {300004} == {code for code, _ in organisation.errors("POST", "/v2/requests", body)}


def test_another_organisations_customers_cannot_be_merged(
    organisation: OrganisationClient, front: ApiClient, two: tuple[int, int]
) -> None:
    """Neither as victim nor as survivor; nothing of them changes."""
    other = front.organisation()
    other.send_events(bill(customer="zoe"))
    zoe, before = other.customer("zoe"), other.stored()
    assert {9042} == {
        code for code, _ in refused(organisation, request((ID, zoe), (ID, two[0])), request((ID, two[0]), (ID, zoe)))
    }
    assert before == other.stored()


def test_names_are_added_and_taken_away(organisation: OrganisationClient, two: tuple[int, int]) -> None:
    """All of it at once, again to no effect; a name that was taken away leads nowhere and may be given to another."""
    anna, bert = two
    change = {"add": [named("mobile", "1"), named("email", "A@b.c")], "remove": [named(NAME, "anna")]}
    expected = [("mobile", "1"), ("email", "a@b.c")]
    assert [expected] * 2 == [renamed(organisation, anna, **change) for _ in range(2)]
    assert [] == organisation.get("/api/v1/customers", externalId="anna")["items"]
    assert [(NAME, "bert"), (NAME, "anna")] == renamed(organisation, bert, add=[named(NAME, "anna")])
    (item,) = organisation.send_events(bill("7"))
    assert (bert, [57], [60]) == (item["customerId"], values(organisation, bert), values(organisation, anna))


def test_identifiers_that_cannot_be_changed_are_refused_with_the_reason(
    organisation: OrganisationClient, two: tuple[int, int]
) -> None:
    """An identifier of another customer, an id, none at all: nothing changes, not even the valid part."""
    organisation.post("/v2/customers", {"profiles": [{"identifiers": [named("mobile", "1"), named("email", "a@b.c")]}]})
    path = f"/v2/customers/{two[0]}/changeIdentifier"
    taken = [named("mobile", "1"), named("email", "a@b.c"), named(NAME, "bert"), named("wechat", "w")]
    assert [
        (9005, "Requested new mobile already exists"),
        (9002, "Requested new email already exists"),
        (9003, "Requested new externalId already exists"),
        (9012, "Old value is invalid: it leads to another customer"),
        (300004, "remove[0]: is to be added as well"),
    ] == organisation.errors("POST", path, {"add": taken, "remove": [named(NAME, "bert"), named(NAME, "anna")]})
    assert [(NAME, "anna")] == names(organisation, two[0])
    wrong: list[Any] = [{}, {"add": []}, {"add": [named("id", "7")]}, {"add": 7}, {"add": [named("mobile", "5")] * 21}]
    for body in (*wrong, []):
        assert {300004} == {code for code, _ in organisation.errors("POST", path, body)}
    nobody = "/v2/customers/8888888888/changeIdentifier"
    assert [8015] == [code for code, _ in organisation.errors("POST", nobody, {"add": [named("mobile", "5")]})]


def test_an_activity_of_the_victim_is_found(organisation: OrganisationClient, two: tuple[int, int]) -> None:
    """A search of the survivor's events finds what the victim did."""
    organisation.send_events(event("Run", data={"km": 5}))
    merged(organisation)
    found = organisation.get("/v2/events/search", userIdentifierType="userId", userIdentifierValue=str(two[1]))
    assert 1 == len(found["data"] if "data" in found else found["events"])
