"""Freezes, pauses and outages of streaks, and how a streak is shown in our own view."""

import asyncio

import pytest

from milepost.service.customers.streak_protection import GRANTS_MAX
from tests.api.client import PASSWORD, ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target

MONTHS = (("January", 31), ("February", 28), ("March", 31), ("April", 30), ("May", 31))
PERIODS: tuple[Json, ...] = tuple(
    {"refCode": name, "startDate": f"2026-{place:02}-01", "endDate": f"2026-{place:02}-{last}"}
    for place, (name, last) in enumerate(MONTHS, start=1)
)


def streak(organisation: OrganisationClient, tracking: str = "STREAKS", **changes: object) -> Json:
    """Define a streak over five months with levels of two and three."""
    levels = [{"name": f"{organisation.till_code} {count}", "targetCountOfSequence": count} for count in (2, 3)]
    asked = group(target(), periods=PERIODS, trackingType=tracking, streaks=levels) | changes
    return organisation.define(asked)


def achieve(organisation: OrganisationClient, *months: int) -> None:
    """Buy enough in these months; the clock stands in the last of them."""
    for month in months:
        organisation.client.clock.set(f"2026-{month:02}-15T12:00:00Z")
        organisation.send_events(bill("100", time=f"2026-{month:02}-10T12:00:00Z"))


def shown(organisation: OrganisationClient) -> Json:
    """Return the streak as our own API shows it."""
    (found,) = organisation.get(f"/api/v1/customers/{organisation.customer('anna')}/progress")["groups"]
    streak: Json = found["streak"]
    return streak


def call(organisation: OrganisationClient, group_id: int, kind: str, **body: object) -> Json:
    """Grant freezes or pause; return the answer, which went well."""
    answered = organisation.post(f"/api/v1/customers/{organisation.customer('anna')}/streaks/{group_id}/{kind}", body)
    assert answered.status_code == 200, answered.text
    told: Json = json_of(answered)
    return told


def test_a_granted_freeze_protects_a_missed_period(organisation: OrganisationClient) -> None:
    """February is missed and frozen: March makes two; without a freeze April would be the end."""
    defined = streak(organisation, streakFreezes={"max": 1})
    january, february, *_ = (period["id"] for period in defined["periods"])
    achieve(organisation, 1)
    told = call(organisation, defined["id"], "freezes", id="gift", count=1)
    assert {"id": "gift", "status": "applied", "groupId": defined["id"], "count": 1} == told
    assert (1, 1) == (shown(organisation)["run"], shown(organisation)["freezesLeft"])
    achieve(organisation, 3)
    found = shown(organisation)
    assert (2, 0, [february], []) == (
        found["run"],
        found["freezesLeft"],
        found["frozenPeriodIds"],
        found["missedPeriodIds"],
    )
    level, further = found["levels"]
    assert (2, 2, "2026-03-10T12:00:00Z") == (level["count"], level["needed"], level["earnedAt"])
    assert (2, 3, None, None) == (further["count"], further["needed"], further["earnedAt"], further["periodId"])
    achieve(organisation, 5)
    assert (1, 1) == (shown(organisation)["run"], len(shown(organisation)["missedPeriodIds"]))
    assert january not in found["frozenPeriodIds"]


def test_freezes_are_earned_and_capped(organisation: OrganisationClient) -> None:
    """One for every two achieved months, one at most."""
    streak(organisation, streakFreezes={"max": 1, "earnEvery": 2})
    achieve(organisation, 1)
    assert 0 == shown(organisation)["freezesLeft"]
    achieve(organisation, 2, 3, 4)
    assert 1 == shown(organisation)["freezesLeft"]


def test_a_freeze_is_granted_once(organisation: OrganisationClient) -> None:
    """The same id again is a duplicate, with another count a conflict; the streak holds no more than its most."""
    defined = streak(organisation, streakFreezes={"max": 3})
    achieve(organisation, 1)
    assert "applied" == call(organisation, defined["id"], "freezes", id="a", count=2)["status"]
    organisation.client.clock.set("2026-01-16T12:00:00Z")
    assert "duplicate" == call(organisation, defined["id"], "freezes", id="a", count=2)["status"]
    path = f"/api/v1/customers/{organisation.customer('anna')}/streaks/{defined['id']}/freezes"
    assert 409 == organisation.post(path, {"id": "a", "count": 1}).status_code
    assert 2 == shown(organisation)["freezesLeft"]
    call(organisation, defined["id"], "freezes", id="b", count=3)
    assert 3 == shown(organisation)["freezesLeft"]


def test_a_pause_protects_each_period_it_touches(organisation: OrganisationClient) -> None:
    """Away from the last evening of February to March, neither month is missed; told again it is the same pause."""
    defined = streak(organisation)
    achieve(organisation, 1)
    span = {"from": "2026-02-28T20:00:00Z", "to": "2026-03-20T00:00:00+01:00"}
    told = call(organisation, defined["id"], "pauses", id="holiday", **span)
    pause = {"from": "2026-02-28T20:00:00Z", "to": "2026-03-19T23:00:00Z"}
    assert {"id": "holiday", "status": "applied", "groupId": defined["id"]} | pause == told
    assert "duplicate" == call(organisation, defined["id"], "pauses", id="holiday", **span)["status"]
    achieve(organisation, 4)
    assert (2, [], [pause]) == (
        shown(organisation)["run"],
        shown(organisation)["missedPeriodIds"],
        shown(organisation)["pauses"],
    )


def test_an_outage_of_the_organisation_protects_every_customer(front: ApiClient) -> None:
    """A declared outage in February breaks no streak."""
    organisation = front.organisation(outages="2026-02-10T00:00:00Z/2026-02-11T00:00:00Z")
    streak(organisation)
    achieve(organisation, 1, 3)
    assert 2 == shown(organisation)["run"]


def test_a_streak_breaks_when_time_says_so(front: ApiClient) -> None:
    """January's streak of one stands all February and two days of March (offsetDays), then it is over; nobody swept."""
    organisation = front.organisation(offsetDays="2")
    streak(organisation)
    achieve(organisation, 1)
    for text, run in (("2026-03-02T23:59:59Z", 1), ("2026-03-03T00:00:00Z", 0)):
        front.clock.set(text)
        assert (text, run) == (text, shown(organisation)["run"])


@pytest.mark.parametrize(
    "kind, body, path",
    [
        ("freezes", {"id": "a", "count": 0}, "count"),
        ("freezes", {"id": "a", "count": 4}, "count"),
        ("freezes", {"id": "", "count": 1}, "id"),
        ("freezes", {"count": 1}, "id"),
        ("freezes", {"id": "a", "count": "x"}, "count"),
        ("pauses", {"id": "a", "from": "2026-02-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}, "to"),
        ("pauses", {"id": "a", "from": "2026-02-01T00:00:00Z", "to": "2027-02-02T00:00:01Z"}, "to"),
        ("pauses", {"id": "a", "from": "2026-02-01", "to": "2026-02-02T00:00:00Z"}, "from"),
        ("pauses", {"id": "a", "from": "1970-01-01T00:00:00Z", "to": "1970-01-02T00:00:00Z"}, "from"),
        ("pauses", {"id": "a", "from": "2026-02-01T00:00:00Z"}, "to"),
    ],
)
def test_a_bad_call_is_refused_with_the_field(
    organisation: OrganisationClient, kind: str, body: Json, path: str
) -> None:
    """Each mistake at its path, with its limit."""
    defined = streak(organisation, streakFreezes={"max": 3})
    achieve(organisation, 1)
    answered = organisation.post(
        f"/api/v1/customers/{organisation.customer('anna')}/streaks/{defined['id']}/{kind}", body
    )
    assert (400, path) == (answered.status_code, json_of(answered)["problems"][0]["path"]), answered.text


def test_a_pause_of_a_leap_year_is_accepted(organisation: OrganisationClient) -> None:
    """366 days is the most."""
    defined = streak(organisation)
    achieve(organisation, 1)
    span = {"from": "2026-02-01T00:00:00Z", "to": "2027-02-02T00:00:00Z"}
    assert "applied" == call(organisation, defined["id"], "pauses", id="long", **span)["status"]


def test_a_streak_that_cannot_break_needs_no_protection(organisation: OrganisationClient) -> None:
    """Streaks that nothing sets back have neither freezes nor pauses; a streak without a rule has no freezes."""
    loose, plain = streak(organisation, "NON_CONTINUOUS_STREAKS"), organisation.define(group())
    achieve(organisation, 1)
    customer_key = f"/api/v1/customers/{organisation.customer('anna')}/streaks"
    freeze = {"id": "a", "count": 1}
    found = [organisation.post(f"{customer_key}/{one['id']}/freezes", freeze) for one in (loose, plain)]
    assert [(400, "groupId")] * 2 == [(one.status_code, json_of(one)["problems"][0]["path"]) for one in found]


def test_an_unknown_streak_is_not_found(organisation: OrganisationClient) -> None:
    """404 for a group that is not there, and for a customer who is not."""
    defined = streak(organisation, streakFreezes={"max": 3})
    achieve(organisation, 1)
    anna, freeze = organisation.customer("anna"), {"id": "a", "count": 1}
    paths = (f"{anna}/streaks/7", f"{anna}/streaks/x", f"5/streaks/{defined['id']}")
    assert [404] * 3 == [organisation.post(f"/api/v1/customers/{path}/freezes", freeze).status_code for path in paths]


@pytest.mark.parametrize("kind", ["freezes", "pauses"])
def test_extras_of_one_streak_are_limited(organisation: OrganisationClient, kind: str) -> None:
    """Two hundred are kept; one more is refused, while those that were made are answered as before."""
    defined = streak(organisation, streakFreezes={"max": 3})
    achieve(organisation, 1)
    path = f"/api/v1/customers/{organisation.customer('anna')}/streaks/{defined['id']}/{kind}"
    body: Json = {"count": 1} if kind == "freezes" else {"from": "2026-02-01T00:00:00Z", "to": "2026-02-02T00:00:00Z"}

    async def together() -> list[int]:
        async with organisation.client.client(auth=(organisation.till_code, PASSWORD)) as client:
            calls = (client.post(path, json={"id": f"n{number}", **body}) for number in range(GRANTS_MAX))
            return [answered.status_code for answered in await asyncio.gather(*calls)]

    assert {200} == set(organisation.client.run(together))
    assert 400 == organisation.post(path, {"id": "further", **body}).status_code
    assert "duplicate" == call(organisation, defined["id"], kind, id="n7", **body)["status"]
