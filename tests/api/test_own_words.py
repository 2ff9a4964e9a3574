"""What a definition may say beyond the vendor's words, and whose zone rules its dates."""

from milepost.rules.calendar import calendar_of
from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import JANUARY, bill, event, group, target

LEVELS = [{"name": "Two", "targetCountOfSequence": 2}]


def test_freezes_are_shown_as_defined(organisation: OrganisationClient) -> None:
    """A streak's freeze rule is echoed key by key; without one there is no key."""
    asked = group(trackingType="STREAKS", streaks=[LEVELS[0] | {"name": f"L {organisation.till_code}"}])
    assert organisation.define(asked | {"streakFreezes": {"max": 2, "earnEvery": 3}})["streakFreezes"] == {
        "max": 2,
        "earnEvery": 3,
    }
    plain = group(trackingType="STREAKS", streaks=[LEVELS[0] | {"name": f"M {organisation.till_code}"}])
    assert "streakFreezes" not in organisation.define(plain)


def test_cap_scope_is_shown_where_it_is_not_the_usual_one(organisation: OrganisationClient) -> None:
    """A cap bounds a customer's period unless it says that it bounds each award."""
    assert organisation.define(group(trackingType="CAPPING", capScope="TRANSACTION"))["capScope"] == "TRANSACTION"
    assert "capScope" not in organisation.define(group(trackingType="CAPPING"))


def test_words_of_our_own_are_checked_like_all_others(organisation: OrganisationClient) -> None:
    """What is no scope, and what a freeze rule may not hold, is told at its place."""
    wrong: Json = {"capScope": "SHOP", "streakFreezes": {"max": 0, "most": 1}}
    errors = json_of(organisation.post("/v3/targetGroups", group(**wrong)))["errors"]
    told = sorted(error["message"].split(": ")[0].split(". ")[-1] for error in errors)
    assert told == ["capScope", "streakFreezes", "streakFreezes.max", "streakFreezes.most"]


def test_periods_follow_from_a_frequency(organisation: OrganisationClient) -> None:
    """A group that lists no periods but a first day and a frequency gets those that follow."""
    asked = group(periods=(), totalPeriods=2, frequencyType="MONTHLY", targetCycleStartDate="2026-01-31")
    periods = organisation.define(asked)["periods"]
    assert [(one["refCode"], one["startDate"], one["endDate"]) for one in periods] == [
        ("Cycle_1", "2026-01-31", "2026-02-27"),
        ("Cycle_2", "2026-02-28", "2026-03-30"),
    ]


def test_a_groups_own_zone_rules_where_the_organisation_lets_it(front: ApiClient) -> None:
    """A bill at seven in the evening in New York counts for the last of January there, though Berlin has February."""
    organisation = front.organisation("Europe/Berlin", timeZonePolicy="GROUP")
    organisation.define(group(target(), periods=(JANUARY,), timeZoneName="America/New_York"))
    front.clock.set("2026-02-01T12:00:00Z")
    organisation.send_events(bill("10", time="2026-02-01T04:59:59Z"), bill("5", time="2026-02-01T05:00:00Z"))
    (row,) = organisation.rows(organisation.customer("anna"), includeInactive="true")
    assert row["targetAchievedValue"] == 10


def test_a_zone_that_is_none_is_refused_where_it_rules(front: ApiClient) -> None:
    """The problem names the field."""
    organisation = front.organisation(timeZonePolicy="GROUP")
    (error,) = json_of(organisation.post("/v3/targetGroups", group(timeZoneName="Mars/Olympus")))["errors"]
    assert "timeZoneName: is not a time zone" in error["message"]


def test_stored_bounds_never_move(organisation: OrganisationClient) -> None:
    """What was computed by an older zone database stays: a period that ends an hour early goes on ending then."""
    organisation.define(group(target(), periods=(JANUARY,)))
    closes = calendar_of("UTC").read("2026-02-01").instant
    early = closes - 3_600_000_000
    moved = "update target_group_version set body = replace(body, %s, %s) where org_id = %s"
    values = (f'"closes_at":{closes}', f'"closes_at":{early}', organisation.organisation.id)
    organisation.client.connection.execute(moved, values)
    old = 'update target_group_version set body = regexp_replace(body, \'"tzdb":"[^"]*"\', \'"tzdb":"1999a"\')'
    organisation.client.connection.execute(old + " where org_id = %s", (organisation.organisation.id,))
    organisation.client.clock.set("2026-02-01T12:00:00Z")
    organisation.send_events(bill("10", time="2026-01-31T22:59:59Z"), bill("5", time="2026-01-31T23:00:00Z"))
    (row,) = organisation.rows(organisation.customer("anna"), includeInactive="true")
    assert (row["targetAchievedValue"], row["periodEndDateWithTimeStamp"]) == (10, "2026-01-31T22:59:59.000Z")


def test_an_event_may_name_the_decision_that_counted_it(organisation: OrganisationClient) -> None:
    """A bill and an award keep the id of a decision, so another id under the same event is a conflict."""
    organisation.define(group(target()))
    one = bill("10")
    named = one | {"data": one["data"] | {"decision": "d1"}}
    other = one | {"data": one["data"] | {"decision": "d2"}}
    assert [answer["status"] for answer in organisation.send_events(named, named, other)] == [
        "applied",
        "duplicate",
        "conflict",
    ]
    award = event("PointsAwarded", data={"amount": 5, "decision": "d1"})
    assert [answer["status"] for answer in organisation.send_events(award, award)] == ["applied", "duplicate"]
