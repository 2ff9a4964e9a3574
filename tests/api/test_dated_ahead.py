"""Events that are dated ahead of the server's clock (facts 8 #67; case 10)."""

from typing import Any

import pytest

from tests.api.client import Json, OrganisationClient, instant, json_of
from tests.api.client_forms import back, bill, event, group, target

CYCLIC: Json = {
    "targetEvaluationType": "CYCLIC_WINDOW",
    "frequencyType": "CUSTOM",
    "frequency": 30,
    "totalPeriods": 3,
    "recurringCycles": 3,
    "targetCycleStartDateISO": "2026-01-01T00:00:00Z",
    "targetCycleEndDateISO": "2027-12-31T23:59:59Z",
}
WINDOWS = ({"refCode": "W1"}, {"refCode": "W2"}, {"refCode": "W3"})
WARNING = "lies more than 15 minutes ahead of the server's clock; the event was judged as of its receipt"
REFUSED = "lies more than 15 minutes ahead of the server's clock, which the setting aheadOfClock refuses"
SOON, LATER, TOO_LATE = "2026-01-20T12:15:00Z", "2026-01-21T08:00:00Z", "2026-01-21T12:00:01Z"


def notes(item: Json) -> tuple[str, list[str]]:
    """Return what became of an event, and its warnings and problems."""
    return item["status"], [note["reason"] for kind in ("warnings", "problems") for note in item[kind]]


def stored_times(organisation: OrganisationClient) -> list[int]:
    """Return when the stored events happened, in epoch microseconds and in their order."""
    query = "select (extract(epoch from occurred_at) * 1000000)::bigint from event where org_id = %s order by seq"
    return [time for (time,) in organisation.client.connection.execute(query, [organisation.organisation.id])]


def test_a_first_bill_dated_ahead_opens_no_window_in_the_future(organisation: OrganisationClient) -> None:
    """The window opens when the bill was heard, so that no bill that follows is lost."""
    organisation.define(group(target("TRANSACTION", "COUNT"), periods=WINDOWS, **CYCLIC))
    (item,) = organisation.send_events(bill(1, time=LATER))
    assert ("applied", [WARNING]) == notes(item)
    assert "time" == item["warnings"][0]["path"]
    organisation.client.clock.set("2026-01-20T18:00:00Z")
    organisation.send_events(bill(1, time="2026-01-20T15:00:00Z"), bill(1, time="2026-01-20T16:00:00Z"))
    values = [row["targetAchievedValue"] for row in organisation.rows(organisation.customer("anna"))]
    assert 3 == values[0]


def test_bills_of_before_the_receipt_count_in_the_first_window(organisation: OrganisationClient) -> None:
    """Case 10 A as it stands: two bills of this morning follow one that is dated tomorrow."""
    organisation.define(group(target("TRANSACTION", "COUNT"), periods=WINDOWS, **CYCLIC))
    for time in (LATER, "2026-01-20T10:00:00Z", "2026-01-20T11:00:00Z"):
        organisation.send_events(bill(1, time=time))
    values = [row["targetAchievedValue"] for row in organisation.rows(organisation.customer("anna"))]
    assert 3 == values[0]


WAITS = "no event of this name is known; it takes effect when the event is received"


@pytest.mark.parametrize(
    "sent",
    [
        bill(time=LATER),
        back("a bill that is not there", time=LATER),
        event("PointsAwarded", LATER, data={"amount": 5}),
        event("CustomerUpdate", LATER),
    ],
)
def test_every_event_dated_ahead_is_judged_as_of_its_receipt(organisation: OrganisationClient, sent: Json) -> None:
    """Bills, returns, awards and activities alike; a repetition tomorrow is still the same event."""
    (item,) = organisation.send_events(sent)
    waits = [] if sent["type"] != "ReturnBill" else [WAITS]
    assert ("applied", [WARNING, *waits]) == notes(item)
    assert [organisation.client.clock.now] == stored_times(organisation)
    assert ("duplicate", [WARNING, *waits]) == notes(organisation.send_events(sent)[0])
    organisation.client.clock.set("2026-01-21T09:00:00Z")
    assert ("duplicate", waits) == notes(organisation.send_events(sent)[0])
    other = sent | {"time": "2026-01-20T12:00:00Z"}
    assert "conflict" == organisation.send_events(other)[0]["status"]


def test_up_to_a_quarter_of_an_hour_ahead_counts_as_dated(organisation: OrganisationClient) -> None:
    """Clocks of tills differ by that much; nothing is said about it."""
    (item,) = organisation.send_events(bill(time=SOON))
    assert ("applied", []) == notes(item)
    assert [instant(SOON)] == stored_times(organisation)


def test_a_repetition_in_one_request_is_a_duplicate(organisation: OrganisationClient) -> None:
    """The given times are compared, not those by which the events are judged."""
    sent = bill(time=LATER)
    items = organisation.send_events(sent, sent, sent | {"time": "2026-01-21T08:00:01Z"})
    assert ["applied", "duplicate", "conflict"] == [item["status"] for item in items]


def test_more_than_a_day_ahead_is_refused(organisation: OrganisationClient) -> None:
    """At the day itself it is taken."""
    at_the_limit, beyond = organisation.send_events(bill(time="2026-01-21T12:00:00Z"), bill(time=TOO_LATE))
    assert (["applied", "refused"], [WARNING]) == ([at_the_limit["status"], beyond["status"]], notes(at_the_limit)[1])
    assert ["lies more than 24 hours ahead of the server's clock"] == notes(beyond)[1]


def test_an_organisation_may_refuse_them(organisation: OrganisationClient) -> None:
    """The setting aheadOfClock REFUSE; up to 15 minutes are taken all the same."""
    organisation.send("PATCH", "/api/v1/organisation", json={"settings": {"aheadOfClock": "REFUSE"}})
    items = organisation.send_events(bill(time=SOON), bill(time=LATER))
    assert [("applied", []), ("refused", [REFUSED])] == [notes(item) for item in items]


def test_the_vendors_calls_and_the_webhook_say_so_too(organisation: OrganisationClient) -> None:
    """A transaction, several of them, and an event of the webhook, with the names of their own fields."""
    body = {"type": "REGULAR", "billNumber": "1", "billAmount": 5, "billingDate": LATER}
    who = {"identifierType": "externalId", "identifierValue": "anna"}
    one = organisation.post("/v2/transactions", body, identifierName="externalId", identifierValue="anna")
    many = organisation.post("/v2/transactions/bulk", [body | who | {"billNumber": "2"}])
    hook = organisation.client.send(
        "POST",
        f"/webhooks/{organisation.webhook_id}",
        json={"event_name": "CustomerUpdate", "externalId": "anna", "eventDateTime": LATER},
    )
    for answered, field in ((json_of(one), "billingDate"), (json_of(many)["response"][0], "billingDate")):
        assert [f"{field}: {WARNING}"] == [warning["message"] for warning in answered["warnings"]]
    assert [f"eventDateTime: {WARNING}"] == [warning["message"] for warning in json_of(hook)["warnings"]]
    assert [organisation.client.clock.now] * 3 == stored_times(organisation)
    again = organisation.post("/v2/transactions", body, identifierName="externalId", identifierValue="anna")
    assert json_of(one)["createdId"] == json_of(again)["createdId"]


def test_a_decision_dated_ahead_is_judged_as_of_its_receipt(organisation: OrganisationClient) -> None:
    """Awards within caps: the answer says so, and a repetition gets the same answer."""
    organisation.send_events(bill())
    path = f"/api/v1/customers/{organisation.customer('anna')}/awards"
    request: Json = {"id": "a", "amount": 5, "time": LATER}
    first, again = (json_of(organisation.post(path, request)) for _ in range(2))
    assert [WARNING] == [warning["reason"] for warning in first["warnings"]]
    assert first == again


def test_what_is_judged_as_of_its_receipt_is_verified(organisation: OrganisationClient) -> None:
    """Replay judges it as it was judged, and keeps the time that was given."""
    organisation.define(group())
    (item,) = organisation.send_events(bill("30", time=LATER))
    query = "select body from event where org_id = %s"
    (body,) = organisation.client.connection.execute(query, [organisation.organisation.id]).fetchone() or ("",)
    assert body.endswith(f",{instant(LATER)}]")
    assert item["customerId"] not in differing(organisation)


def differing(organisation: OrganisationClient) -> list[Any]:
    """Return the customers whose stored progress a replay does not give."""
    from milepost.service.scheduled.verify import verify

    async def replayed() -> list[Any]:
        found = verify(organisation.client.runtime.database, org_id=organisation.organisation.id)
        return [one.customer_key.customer_id async for one in found if not one.agrees]

    return organisation.client.run(replayed)
