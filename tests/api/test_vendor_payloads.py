"""The vendor's payloads: exactly the published keys and types, each from an event that really leads to it."""

from collections.abc import Iterator

import pytest

from milepost.service.delivery.payloads.vendor_samples import VENDOR_SAMPLES
from milepost.service.snapshot.vendor_types import VENDOR_TYPES
from tests.api.client import ApiClient, Json, OrganisationClient, opened
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, back, bill, group, target
from tests.api.published_events import ENVELOPE, PUBLISHED, SHARED, differences
from tests.api.receiver import Stage
from tests.store.fixed_clock import tick


def test_each_sample_is_as_published() -> None:
    """No name is missing."""
    assert set(VENDOR_TYPES) == set(PUBLISHED) == set(VENDOR_SAMPLES)
    shared: Json = {key: {} for key in SHARED}
    assert [] == [line for name, data in VENDOR_SAMPLES.items() for line in differences(name, {**shared, **data})]


@pytest.fixture(scope="module")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of this module's own: the relay serves all organisations behind it."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture
def stage(front: ApiClient) -> Iterator[Stage]:
    """Return a receiver beside the server."""
    stage = Stage(front)
    yield stage
    stage.close()


def told(organisation: OrganisationClient, stage: Stage, **options: object) -> None:
    """Add a webhook in the vendor's style, for all its events."""
    body = {"url": stage.receiver.url, "style": "capillary", "types": [*VENDOR_TYPES], **options}
    answered = organisation.post("/api/v1/webhooks", body)
    assert answered.status_code == 200, answered.text


def arrived(stage: Stage) -> dict[str, list[Json]]:
    """Deliver what is due; return what arrived in all, by the name of the event."""
    stage.deliver()
    found: dict[str, list[Json]] = {}
    for got in stage.receiver.got:
        body = got.json
        found.setdefault(body["eventName"], []).append(body)
    return found


def test_a_bill_and_its_return(front: ApiClient, stage: Stage) -> None:
    """Figures have three decimals; what the event added is plain text, and positive for the return as well."""
    organisation = front.organisation()
    organisation.define(group(target(defaultValues=[{"defaultValue": 1000}])))
    told(organisation, stage)
    headers = {"X-Request-Id": "r-7"}
    organisation.send("POST", "/api/v1/events", json=[bill("3000", number="B1", id="B1")], headers=headers)
    organisation.send_events(back("B1"))
    events = arrived(stage)
    first, second = events["targetAchievedValueUpdated"]
    (achieved,) = events["targetValueAchieved"]
    assert ENVELOPE == [*first]
    assert (f"{organisation.organisation.id}_r-7", "r-7") == (first["refId"], first["apiRequestId"])
    assert ("3000", "3000.000", "1000.000") == figures(first)
    assert ("3000", "0.000", "1000.000") == figures(second)
    assert ("3000", "3000.000", "1000.000") == figures(achieved)
    assert "ReturnBill" == second["data"]["triggeringActivity"]["name"]
    assert [] == [line for name in events for one in events[name] for line in differences(name, one["data"])]


def figures(event: Json) -> tuple[str, str, str]:
    """Return what was added, the value, and the goal."""
    data = event["data"]
    return data["currentEventTargetValue"], data["achievedTargetValue"], data["definedTargetValue"]


def test_enrolment_and_another_goal(front: ApiClient, stage: Stage) -> None:
    """By a call; the second call changes the customer's own goal."""
    organisation = front.organisation()
    defined = organisation.define(group(target(enrolmentMethod="IMPORT", defaultValues=[{"defaultValue": 100}])))
    organisation.send_events(bill("1"))
    told(organisation, stage)
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
    customer = organisation.customer("anna")
    organisation.send("POST", path, json=[{"customerId": customer}], headers={"X-Request-Id": "call-1"})
    events = arrived(stage)
    (enrolled,) = events["targetCustomerEnrolment"]
    activity = enrolled["data"]["triggeringActivity"]
    assert ("ENROL_VIA_API", [{"type": "requestId", "value": "call-1"}]) == (activity["name"], activity["identifiers"])
    assert "100.000" == enrolled["data"]["defaultTargetValue"]
    assert [] == [line for name in events for one in events[name] for line in differences(name, one["data"])]


def test_periods_begin_and_end(front: ApiClient, stage: Stage) -> None:
    """Each customer who did something is told."""
    organisation = front.organisation()
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}]), periods=(JANUARY, FEBRUARY, MARCH)))
    told(organisation, stage)
    organisation.send_events(bill("40"))
    front.clock.set("2026-02-03T00:00:00Z")
    front.run(lambda: tick(front.runtime, page=50))
    events = arrived(stage)
    (completed,) = events["targetPeriodCompleted"]
    assert ("40.000", "100.000") == (completed["data"]["achievedTargetValue"], completed["data"]["definedTargetValue"])
    assert [] == [line for name in events for one in events[name] for line in differences(name, one["data"])]


def test_a_unified_group_and_a_streak(front: ApiClient, stage: Stage) -> None:
    """Members with their figures; levels with the run."""
    organisation = front.organisation()
    organisation.define(
        group(
            target(name="one", defaultValues=[{"defaultValue": 50}]),
            target(name="two", defaultValues=[{"defaultValue": 60}]),
            name="together",
            trackingType="UNIFIED",
            combinationType="ALL",
        )
    )
    organisation.define(
        group(
            target(name="weekly", defaultValues=[{"defaultValue": 50}]),
            name="in a row",
            trackingType="STREAKS",
            streaks=[{"name": "Bronze", "targetCountOfSequence": 1}],
        )
    )
    told(organisation, stage)
    organisation.send_events(bill("70"))
    events = arrived(stage)
    assert {"unifiedTargetsAchieved", "streakLevelAchieved", "streakStart"} <= set(events)
    (unified,), (level,) = events["unifiedTargetsAchieved"], events["streakLevelAchieved"]
    assert ["70.000", "70.000"] == [one["achievedTargetValue"] for one in unified["data"]["targetData"]]
    assert [("Bronze", 1)] == [
        (one["streakLevelName"], one["userCurrentStreakValue"]) for one in level["data"]["streakData"]
    ]
    assert [] == [line for name in events for one in events[name] for line in differences(name, one["data"])]


def test_the_enriched_envelope(front: ApiClient, stage: Stage) -> None:
    """It wraps the flat one."""
    organisation = front.organisation()
    organisation.define(group(target(defaultValues=[{"defaultValue": 100}])))
    told(organisation, stage, envelope="enriched", types=["targetValueAchieved"])
    organisation.send_events(bill("120"))
    stage.deliver()
    (got,) = stage.receiver.got
    body = got.json
    assert ["eventId", "eventType", "consumerGroupId", "actionType", "timeStamp", "attributes"] == [*body]
    assert ["createdAt", "data", "eventName", "refId", "apiRequestId", "orgId"] == [*body["attributes"]]
    assert (got.headers["webhook-id"], "targetValueAchieved") == (body["eventId"], body["eventType"])


def test_taking_part_in_a_streak_to_its_end(front: ApiClient, stage: Stage) -> None:
    """Enrolled, achieved, taken back, left; and the end of the streak with the last period."""
    organisation = front.organisation(afterAchievement="REVOKE")
    defined = organisation.define(
        group(
            target(name="weekly", enrolmentMethod="IMPORT", defaultValues=[{"defaultValue": 50}]),
            periods=(JANUARY, FEBRUARY),
            name="in a row",
            trackingType="STREAKS",
            streaks=[{"name": "Bronze", "targetCountOfSequence": 1}],
        )
    )
    organisation.send_events(bill("1"), bill("1", customer="bert"))
    told(organisation, stage)
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}"
    customers = [organisation.customer(name) for name in ("anna", "bert")]
    for customer in customers:
        organisation.data("POST", f"{path}/enroll", [{"customerId": customer}])
    organisation.send_events(bill("70", number="B2", id="B2"), bill("70", customer="bert"))
    organisation.send_events(back("B2"))
    organisation.post(f"{path}/unEnroll", [{"customerId": customers[0]}])
    front.clock.set("2026-03-02T00:00:00Z")
    front.run(lambda: tick(front.runtime, page=50))
    events = arrived(stage)
    assert {
        "streakCustomerEnrolment",
        "streakCustomerUnEnrolment",
        "streakLevelAchieved",
        "streakLevelUnAchieved",
        "streakEnd",
    } <= set(events)
    (ended,) = (one for one in events["streakEnd"] if one["data"]["streakEndData"][0]["levelsAchievedByTheUser"])
    assert ["Bronze"] == ended["data"]["streakEndData"][0]["levelsAchievedByTheUser"]
    assert [] == [line for name in events for one in events[name] for line in differences(name, one["data"])]
