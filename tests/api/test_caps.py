"""Caps and decisions about awards: never more than the cap, exactly once, explained."""

import asyncio
from decimal import Decimal

import httpx2
import pytest

from tests.api.client import PASSWORD, ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, bill, event, group, line, target

CAPPING = "CAPPING"


def cap(kind: str = "ALL_POINTS", most: object = 100, entity: str = "REWARDS", **changes: object) -> Json:
    """Return a cap on the awards of each customer in a month."""
    rest: Json = {key: changes.pop(key) for key in ("capScope", "periods", "targetEvaluationType") if key in changes}
    capped = target(entity, kind, defaultValues=[{"defaultValue": most}], **changes)
    return group(capped, trackingType=CAPPING, **rest)


def award(
    organisation: OrganisationClient, id_: str, amount: object, customer: str = "anna", **more: object
) -> httpx2.Response:
    """Ask how much of an award may be given."""
    path = f"/api/v1/customers/{organisation.customer(customer)}/awards"
    return organisation.post(path, {"id": id_, "amount": amount, "kind": "REGULAR", **more})


def given(answered: httpx2.Response) -> Decimal:
    """Return how much may be given."""
    assert answered.status_code == 200, answered.text
    return Decimal(json_of(answered)["given"])


def caps(organisation: OrganisationClient, customer: str = "anna") -> list[Json]:
    """Return the caps of a customer."""
    found: list[Json] = organisation.get(f"/api/v1/customers/{organisation.customer(customer)}/caps")["items"]
    return found


@pytest.fixture(name="anna")
def _anna(organisation: OrganisationClient) -> OrganisationClient:
    """Return an organisation that knows Anna."""
    organisation.send_events(bill())
    return organisation


def test_a_cap_allows_what_is_left(anna: OrganisationClient) -> None:
    """Of 100 points 70 are given, then 30 of 50, then nothing; every answer says what it used."""
    defined = anna.define(cap())
    target_id, period_id = defined["targets"][0]["id"], defined["periods"][0]["id"]
    asked = [json_of(award(anna, id_, amount)) for id_, amount in (("a", 70), ("b", "50"), ("c", 1))]
    assert [("granted", 70, 70), ("reduced", 50, 30), ("denied", 1, 0)] == [
        (one["status"], one["asked"], one["given"]) for one in asked
    ]
    used = {"targetId": target_id, "periodId": period_id, "limit": 100}
    assert [[used | {"before": 0, "after": 70}], [used | {"before": 70, "after": 100}], []] == [
        one["caps"] for one in asked
    ]


def test_what_is_left_is_shown(anna: OrganisationClient) -> None:
    """Limit, used, left and the bounds of the running period; February begins again."""
    defined = anna.define(cap(most=Decimal("99.5")))
    award(anna, "a", Decimal("0.25"))
    (shown,) = caps(anna)
    assert {
        "groupId": defined["id"],
        "groupName": defined["name"],
        "targetId": defined["targets"][0]["id"],
        "targetName": defined["targets"][0]["name"],
        "periodId": defined["periods"][0]["id"],
        "periodRefCode": "January",
        "scope": "CUSTOMER",
        "limit": Decimal("99.5"),
        "used": Decimal("0.25"),
        "left": Decimal("99.25"),
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2026-02-01T00:00:00Z",
    } == shown
    anna.client.clock.set("2026-02-01T00:00:00Z")
    assert [("February", 0)] == [(one["periodRefCode"], one["used"]) for one in caps(anna)]
    anna.client.clock.set("2026-03-01T00:00:00Z")
    assert [] == caps(anna)


def test_the_same_decision_is_taken_once(anna: OrganisationClient) -> None:
    """A second call gets the same answer, with or without a time, and uses up nothing; other content is a conflict."""
    anna.define(cap())
    first = award(anna, "a", 70)
    anna.client.clock.set("2026-01-20T12:00:01Z")
    assert (200, first.content) == ((again := award(anna, "a", "70.00")).status_code, again.content)
    assert [409, 409] == [
        award(anna, "a", 71).status_code,
        award(anna, "a", 70, time="2026-01-20T11:00:00Z").status_code,
    ]
    timed = award(anna, "b", 5, time="2026-01-20T11:00:00Z")
    assert timed.content == award(anna, "b", 5, time="2026-01-20T12:00:00+01:00").content
    assert [75] == [one["used"] for one in caps(anna)]


def test_fifty_decisions_at_once_give_exactly_the_cap(anna: OrganisationClient) -> None:
    """Fifty of 7.3 on a cap of 100: what is given adds up to 100, and no more than one is cut."""
    anna.define(cap())
    path = f"/api/v1/customers/{anna.customer('anna')}/awards"

    async def together() -> list[httpx2.Response]:
        async with anna.client.client(auth=(anna.till_code, PASSWORD)) as client:
            bodies = [{"id": f"d{number}", "amount": 7.3, "kind": "REGULAR"} for number in range(50)]
            return await asyncio.gather(*(client.post(path, json=body) for body in bodies))

    amounts = [given(answered) for answered in anna.client.run(together)]
    assert (Decimal(100), 36, 1) == (sum(amounts), amounts.count(Decimal(0)), amounts.count(Decimal("5.1")))
    assert [0] == [one["left"] for one in caps(anna)]


def test_one_decision_sent_fifty_times_at_once_is_one(anna: OrganisationClient) -> None:
    """All fifty get the same answer, and the cap is used once."""
    anna.define(cap())
    path = f"/api/v1/customers/{anna.customer('anna')}/awards"

    async def together() -> list[httpx2.Response]:
        async with anna.client.client(auth=(anna.till_code, PASSWORD)) as client:
            return await asyncio.gather(*(client.post(path, json={"id": "same", "amount": 40}) for _ in range(50)))

    answers = anna.client.run(together)
    assert {(200, answers[0].content)} == {(answered.status_code, answered.content) for answered in answers}
    assert [40] == [one["used"] for one in caps(anna)]


def test_an_award_that_was_decided_does_not_count_again(anna: OrganisationClient) -> None:
    """The award that follows a decision names it; one that names none uses the cap by itself."""
    anna.define(cap())
    award(anna, "a", 70)
    anna.send_events(event("PointsAwarded", data={"amount": 70, "decision": "a"}))
    assert [70] == [one["used"] for one in caps(anna)]
    anna.send_events(event("PointsAwarded", data={"amount": 10}))
    assert [80] == [one["used"] for one in caps(anna)]


def test_caps_are_of_their_kind(anna: OrganisationClient) -> None:
    """Promotional points do not use up a cap on regular ones; stars of programme 46 have a cap of their own."""
    anna.define(cap("REGULAR_POINTS", 10))
    stars = {"programId": 46, "alternateCurrencyIdentifier": "stars"}
    anna.define(cap("ALL", 5, "ALTERNATE_CURRENCIES", extendedFieldInfo=stars))
    assert [50, 10] == [given(award(anna, "p", 50, kind="PROMOTIONAL")), given(award(anna, "r", 50))]
    assert [5, 8] == [
        given(award(anna, "s", 8, currency="stars", programId=46)),
        given(award(anna, "t", 8, currency="moons", programId=46)),
    ]


def test_the_least_cap_decides(anna: OrganisationClient) -> None:
    """Of two caps that concern an award the smaller rest is given; both use that much."""
    anna.define(cap(most=100))
    anna.define(cap("REGULAR_POINTS", 30))
    assert 30 == given(award(anna, "a", 50))
    assert [30, 30] == [one["used"] for one in caps(anna)]


def test_a_cap_on_each_award_bounds_each_by_itself(anna: OrganisationClient) -> None:
    """Of a bill worth 1,000 points 300 are given, each time; nothing is used up (facts 4.17)."""
    anna.define(cap(most=300, capScope="TRANSACTION"))
    assert [300, 300, 20] == [given(award(anna, id_, amount)) for id_, amount in (("a", 1000), ("b", 1000), ("c", 20))]
    assert [("TRANSACTION", 0, 300)] == [(one["scope"], one["used"], one["left"]) for one in caps(anna)]


def test_a_cap_on_bills_gives_a_share(anna: OrganisationClient) -> None:
    """Where 60 of a bill of 100 are left, 60 % of the points are given; then nothing is."""
    anna.define(cap("SALES", 60, "TRANSACTION"))
    asked = bill("100")["data"]
    assert [12, 0] == [given(award(anna, id_, 20, bill=asked)) for id_ in ("a", "b")]
    assert 7 == given(award(anna, "c", 7))


def test_a_cap_on_lines_asks_which_lines(anna: OrganisationClient) -> None:
    """Two pieces of milk may be rewarded: of a bill with four, half of the points are given."""
    milk = target("LINEITEM", "QUANTITY", defaultValues=[{"defaultValue": 2}])
    anna.define(group(milk, trackingType=CAPPING))
    four = bill("20", lines=(line("milk", "20", quantity=4),))["data"]
    assert 5 == given(award(anna, "a", 10, bill=four))


def test_a_customers_own_window_begins_with_the_first_award(anna: OrganisationClient) -> None:
    """A cap over thirty days of one's own has no bounds before, and its own ones after."""
    cycle = {"targetCycleStartDate": "2026-01-01", "targetCycleEndDate": "2026-12-31"}
    own = cap(targetEvaluationType="CYCLIC_WINDOW", periods=()) | cycle
    anna.define(own | {"totalPeriods": 3, "frequencyType": "DAILY", "frequency": 30})
    (before,) = caps(anna)
    assert (None, None, 100) == (before["startsAt"], before["endsAt"], before["left"])
    award(anna, "a", 40)
    (after,) = caps(anna)
    assert ("2026-01-20T12:00:00Z", "2026-02-19T12:00:00Z", 60) == (after["startsAt"], after["endsAt"], after["left"])


def test_only_the_enrolled_are_bound_by_a_list(anna: OrganisationClient) -> None:
    """A cap with a list of customers concerns no other customer; a customer's own limit replaces the usual one."""
    defined = anna.define(cap(most=10, enrolmentMethod="IMPORT"))
    assert [] == caps(anna)
    assert 50 == given(award(anna, "a", 50))
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
    assert 200 == anna.post(path, [{"customerId": anna.customer("anna")}]).status_code
    assert 10 == given(award(anna, "b", 50))


def test_a_cap_of_a_store_binds_there(front: ApiClient) -> None:
    """A filter decides by the place of the award; an unknown place is reported."""
    organisation = front.organisation()
    organisation.send_events(bill())
    (store,) = json_of(organisation.post("/api/v1/stores", [{"code": "A"}]))["items"]
    organisation.post("/api/v1/stores", [{"code": "B"}])
    organisation.define(cap(most=1, filters=[{"entityType": "STORE", "entityIds": [store["id"]]}]))
    runtime, there = ({"code": code} for code in "AB")
    assert [1, 9] == [
        given(award(organisation, "a", 9, store=runtime)),
        given(award(organisation, "b", 9, store=there)),
    ]
    assert "store.code" in award(organisation, "c", 9, store={"code": "C"}).text


@pytest.mark.parametrize(
    "changes, path",
    [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": "0.00001"}, "amount"),
        ({"amount": "1_0"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": None}, "amount"),
        ({"id": ""}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"id": "a\0"}, ""),
        ({"kind": "SOME"}, "kind"),
        ({"currency": "stars"}, "programId"),
        ({"promotion": "p" * 201}, "promotion"),
        ({"bill": {}}, "bill.number"),
        ({"bill": {"number": "1", "netAmount": "1e99"}}, "bill.netAmount"),
        ({"time": "2026-01-20"}, "time"),
        ({"time": "2026-01-22T12:00:00Z"}, "time"),
        ({"time": "1969-01-01T00:00:00Z"}, "time"),
        ({"more": 1}, "more"),
        ({"store": {"id": 1}, "till": {"id": 1}}, "store"),
    ],
)
def test_a_bad_decision_is_refused_with_the_field(anna: OrganisationClient, changes: Json, path: str) -> None:
    """Each problem has its path; nothing is decided."""
    answered = anna.post(f"/api/v1/customers/{anna.customer('anna')}/awards", {"id": "a", "amount": 1} | changes)
    assert (400, path) == (answered.status_code, json_of(answered)["problems"][0]["path"]), answered.text


@pytest.mark.parametrize("customer", ["1", "x", "9" * 30])
@pytest.mark.parametrize("call", ["caps", "awards", "progress"])
def test_an_unknown_customer_is_not_found(organisation: OrganisationClient, customer: str, call: str) -> None:
    """404, whatever stands in the path, of another organisation's customers too."""
    path = f"/api/v1/customers/{customer}/{call}"
    answered = organisation.post(path, {"id": "a", "amount": 1}) if call == "awards" else organisation.send("GET", path)
    assert 404 == answered.status_code


def test_periods_are_those_of_the_time_given(anna: OrganisationClient) -> None:
    """A decision dated in January uses January's cap, also in February."""
    anna.define(cap(periods=(JANUARY, FEBRUARY)))
    anna.client.clock.set("2026-02-10T12:00:00Z")
    assert [100, 100] == [given(award(anna, "a", 200, time="2026-01-31T23:59:59Z")), given(award(anna, "b", 200))]
