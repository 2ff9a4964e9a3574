"""Sandboxes: organisations whose clock somebody moves, and which can be emptied; no other organisation has that."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from milepost.service.chain.root import make_root
from milepost.service.chain.verification import verify_chain
from milepost.service.scheduled.boundaries import BoundaryNotifier
from milepost.store.chain.roots import BUCKETS
from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, bill, group, target

CLOCK = "/api/v1/clock"
WEEKS = tuple(
    {"refCode": f"week {place}", "startDate": f"2030-01-{first:02}", "endDate": f"2030-01-{first + 6:02}"}
    for place, first in enumerate((7, 14, 21), start=1)
)


def sandbox(
    client: ApiClient, zone: str = "UTC", at: str | None = "2030-01-07T00:00:00", **settings: str
) -> OrganisationClient:
    """Return a new sandbox whose clock stands at *at*, years after that of the server."""
    organisation = client.organisation(zone, **settings)
    client.connection.execute("insert into sandbox (org_id) values (%s)", [organisation.organisation.id])
    if at is not None:
        moved(organisation, to=at)
    return organisation


def moved(organisation: OrganisationClient, **asked: Any) -> Json:
    """Move the clock; return the answer."""
    answered = organisation.post(CLOCK, asked)
    assert 200 == answered.status_code, answered.text
    answer: Json = json_of(answered)
    return answer


def reasons(organisation: OrganisationClient, path: str = CLOCK, **asked: Any) -> list[str]:
    """Ask for a move that is refused; return why."""
    answered = organisation.post(path, asked)
    assert 400 == answered.status_code, answered.text
    return [problem["reason"] for problem in json_of(answered)["problems"]]


def fired(answer: Json) -> list[tuple[str, str, str | None]]:
    """Return when what fired, about which period."""
    return [(one["at"], one["type"], one["period"]) for one in answer["fired"]]


def weeks(**changes: Any) -> Json:
    """Return a streak over three weeks of January 2030."""
    levels = [{"name": f"level {changes.get('name')}", "targetCountOfSequence": 2}]
    return group(target(), periods=WEEKS, trackingType="STREAKS", streaks=levels, **changes)


def test_a_live_organisation_has_no_clock(organisation: OrganisationClient) -> None:
    """Whoever asks for it, or wants to move or empty something, is told so; nothing happens."""
    organisation.define(group())
    organisation.send_events(bill(30))
    before = organisation.stored()
    for method, path in (("GET", CLOCK), ("POST", CLOCK), ("POST", f"{CLOCK}/reset")):
        answered = organisation.send(method, path, json={} if path.endswith("reset") else {"by": "1d"})
        assert 403 == answered.status_code, answered.text
    assert before == organisation.stored()


def test_everything_in_a_sandbox_goes_by_its_clock(front: ApiClient) -> None:
    """Receipt, what is too far ahead, what runs, and the time of a default; the organisation beside it does not."""
    there, beside = sandbox(front), front.organisation()
    beside.define(group(name="Beside"))
    shared = front.clock.now
    there.define(weeks(name="Weeks"))
    (taken,) = there.send_events(bill(120, id="in the first week", time="2030-01-07T00:00:00Z"))
    assert "applied" == taken["status"]
    far = there.send_events(bill(1, time="2030-01-09T09:00:00Z"))[0]
    assert ("refused", True) == (far["status"], "ahead of the server's clock" in str(far))
    logged = there.get("/api/v1/events/test/in%20the%20first%20week")
    assert "2030-01-07T00:00:00" == logged["event"]["receivedAt"][:19]
    rows = there.rows(there.customer("anna"))
    assert ["week 1"] == [row["periodRefCode"] for row in rows if row["currentPeriod"]]
    moved(there, to="2030-01-15T00:00:00")
    rows = there.rows(there.customer("anna"))
    assert [] == rows, "the first week is over, and nothing happened in the second one"
    (late,) = beside.send_events(bill(10, time="2030-01-07T09:00:00Z"))
    assert "refused" == late["status"]
    assert shared == front.clock.now


def test_an_advance_says_what_came_due_on_the_way(front: ApiClient) -> None:
    """Weeks open and close one after the other; the streak of one who stayed away breaks when the week closes."""
    there = sandbox(front, periodEndOutcome="ENROLLED_WITH_ACTIVITY")
    there.define(weeks(name="Weeks"))
    there.send_events(bill(120, time="2030-01-07T00:00:00Z"))
    first = moved(there, next="closing")
    assert "2030-01-14T00:00:00Z" == first["now"]
    assert ("2030-01-14T00:00:00Z", "PERIOD_CLOSED", "week 1") in fired(first)
    assert ("2030-01-14T00:00:00Z", "PERIOD_OPENED", "week 2") in fired(first)
    rest = moved(there, to="2030-01-30T00:00:00")
    broken = [one for one in rest["fired"] if one["type"] == "STREAK_BROKEN"]
    assert [("2030-01-21T00:00:00Z", there.customer("anna"))] == [(one["at"], one["customerId"]) for one in broken]
    assert [("PERIOD_CLOSED", "week 2"), ("PERIOD_OPENED", "week 3"), ("PERIOD_CLOSED", "week 3")] == [
        (one["type"], one["period"]) for one in rest["fired"] if one["customerId"] is None
    ]
    assert 0 == rest["leftOut"]
    assert reasons(there, next="boundary") == ["there is no such instant: define a period that has not closed"]


def test_a_clock_moves_forward_only(front: ApiClient) -> None:
    """Backwards, by nonsense, by two things at once, or past all years is refused, and the clock stays."""
    there = sandbox(front)
    assert reasons(there, to="2030-01-06T00:00:00") == ["lies before what the clock shows; a clock moves forward only"]
    for wrong in (
        {"by": "soon"},
        {"by": "-1d"},
        {"to": "never"},
        {"to": "2300-01-01"},
        {"by": "1d", "frozen": True},
        {},
    ):
        assert reasons(there, **wrong)
    assert {"now": "2030-01-07T00:00:00Z", "frozen": True, "fired": [], "leftOut": 0} == there.get(CLOCK)
    assert "2030-01-08T12:00:00Z" == moved(there, by="36h")["now"]


def test_a_clock_that_runs_goes_with_real_time(front: ApiClient) -> None:
    """It runs on from what it shows until it is frozen again."""
    there = sandbox(front)
    assert not moved(there, frozen=False)["frozen"]
    front.clock.advance(90 * 1_000_000)
    assert "2030-01-07T00:01:30Z" == there.get(CLOCK)["now"]
    assert "2030-01-07T00:01:30Z" == moved(there, frozen=True)["now"]
    front.clock.advance(90 * 1_000_000)
    assert "2030-01-07T00:01:30Z" == there.get(CLOCK)["now"]


def test_a_new_sandbox_runs_with_real_time(front: ApiClient) -> None:
    """Until somebody moves it."""
    there = sandbox(front, at=None)
    assert not there.get(CLOCK)["frozen"]
    assert moved(there, by="1h")["frozen"]


def test_the_worker_of_a_server_does_what_is_due_by_the_clock_of_each(front: ApiClient) -> None:
    """In a sandbox that was moved without its boundaries, as by a server that died, they are done later, once."""
    there, beside = sandbox(front, periodEndOutcome="ALL_ENROLLED"), front.organisation(periodEndOutcome="ALL_ENROLLED")
    there.define(weeks(name="Weeks"))
    there.send_events(bill(5, time="2030-01-07T00:00:00Z"))
    beside.define(group(periods=(JANUARY, FEBRUARY, MARCH)))
    front.connection.execute(
        "update sandbox set frozen_at = '2030-01-14T00:00:00Z' where org_id = %s", [there.organisation.id]
    )

    async def work() -> list[int]:
        notifier, done = BoundaryNotifier(front.runtime), []
        await notifier.plan()
        while (lease := await notifier.acquire_lease()) is not None:
            done.append(lease.org_id)
            while lease is not None:
                lease = await notifier.notify_page(lease)
        return done

    done = front.run(work)
    assert 3 == done.count(there.organisation.id), "week 1 opened and closed, week 2 opened"
    assert [] == front.run(work)


def test_a_scheduled_change_comes_in_force_on_the_way(front: ApiClient) -> None:
    """A draft that starts on 10 January is in force on the 11th, and stamped with its own instant."""
    there = sandbox(front)
    body = weeks(name="Weeks")
    defined = there.define(body)
    path = f"/api/v1/targetGroups/{defined['id']}"
    there.put(f"{path}/draft", body | {"description": "changed"})
    there.post(f"{path}/draft/preview", {"policy": "FROM_NOW"})
    scheduled = there.post(f"{path}/draft/publish", {"startsAt": "2030-01-10T00:00:00Z"})
    assert "scheduled" == json_of(scheduled)["state"], scheduled.text
    moved(there, to="2030-01-09T00:00:00")
    assert 1 == len(there.get(f"{path}/versions")["items"])
    moved(there, to="2030-01-11T00:00:00")
    versions = there.get(f"{path}/versions")["items"]
    assert ["2030-01-10T00:00:00Z", "2030-01-07T00:00:00Z"] == [one["changedAt"] for one in versions]


def test_an_emptied_sandbox_begins_anew(front: ApiClient) -> None:
    """Customers and events are gone, definitions stay; the same events are new, and boundaries come due again."""
    there, beside = sandbox(front), front.organisation()
    there.define(weeks(name="Weeks"))
    beside.define(group())
    beside.send_events(bill(1))
    untouched = beside.stored()
    event = bill(120, id="the same", time="2030-01-07T00:00:00Z")
    first = there.send_events(event)[0]
    closed = fired(moved(there, next="closing"))
    emptied = json_of(there.post(f"{CLOCK}/reset", {"clock": "2030-01-07T00:00:00"}))
    assert ("2030-01-07T00:00:00Z", True) == (emptied["now"], emptied["frozen"])
    assert {} == {table: count for table, count in there.stored().items() if table in {"event", "standing", "customer"}}
    second = there.send_events(event)[0]
    assert ("applied", "applied") == (first["status"], second["status"])
    assert closed == fired(moved(there, next="closing"))
    assert untouched == beside.stored()


def test_emptying_a_sandbox_breaks_no_chain(front: ApiClient) -> None:
    """A root holds no sandbox; what is taken from a live organisation is found all the same."""
    there, beside = sandbox(front), front.organisation()
    there.send_events(bill(120, time="2030-01-07T00:00:00Z"))
    beside.send_events(bill(1))
    assert front.run(lambda: make_root(front.runtime, sample=1, page_buckets=BUCKETS)) is not None

    async def breaks() -> set[int]:
        box = front.runtime.outgoing.box
        pages = verify_chain(front.runtime.database, box, BUCKETS)
        return {one.customer[0] async for page in pages for one in page.breaks if one.customer is not None}

    there.post(f"{CLOCK}/reset", {"clock": "2030-01-07T00:00:00"})
    # The database of these tests has organisations of other tests, too, whose logs were tampered with.
    org_id = beside.organisation.id
    ours = {there.organisation.id, org_id}
    assert set() == front.run(breaks) & ours
    for table in ("event", "standing"):
        front.connection.execute(f"delete from {table} where org_id = %s".encode(), [org_id])
    assert {org_id} == front.run(breaks) & ours


@pytest.mark.parametrize("zone, hours", [("Europe/Berlin", 23), ("UTC", 24)])
def test_days_of_a_sandbox_are_those_of_its_zone(front: ApiClient, zone: str, hours: int) -> None:
    """On the night of the change to summer time the day of Berlin has 23 hours."""
    there = sandbox(front, zone, at="2030-03-31T00:00:00")
    days = tuple({"refCode": day, "startDate": day, "endDate": day} for day in ("2030-03-31", "2030-04-01"))
    there.define(group(periods=days))
    before = datetime.fromisoformat(there.get(CLOCK)["now"])
    after = datetime.fromisoformat(moved(there, next="closing")["now"])
    assert timedelta(hours=hours) == after - before
