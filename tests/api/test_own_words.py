"""What a definition may say beyond the vendor's words, and whose zone rules its dates."""

from milepost.rules.calendar import calendar_of
from tests.api.door import Brand, Door, Json, said
from tests.api.forms import JANUARY, bill, event, group, target

LEVELS = [{"name": "Two", "targetCountOfSequence": 2}]


def test_freezes_are_shown_as_asked_for(brand: Brand) -> None:
    """A streak's freeze rule is echoed key by key; without one there is no key."""
    asked = group(trackingType="STREAKS", streaks=[LEVELS[0] | {"name": f"L {brand.till_code}"}])
    assert brand.define(asked | {"streakFreezes": {"max": 2, "earnEvery": 3}})["streakFreezes"] == {
        "max": 2,
        "earnEvery": 3,
    }
    plain = group(trackingType="STREAKS", streaks=[LEVELS[0] | {"name": f"M {brand.till_code}"}])
    assert "streakFreezes" not in brand.define(plain)


def test_cap_scope_is_shown_where_it_is_not_the_usual_one(brand: Brand) -> None:
    """A cap bounds a customer's period unless it says that it bounds each award."""
    assert brand.define(group(trackingType="CAPPING", capScope="TRANSACTION"))["capScope"] == "TRANSACTION"
    assert "capScope" not in brand.define(group(trackingType="CAPPING"))


def test_words_of_our_own_are_checked_like_all_others(brand: Brand) -> None:
    """What is no scope, and what a freeze rule may not hold, is told at its place."""
    wrong: Json = {"capScope": "SHOP", "streakFreezes": {"max": 0, "most": 1}}
    errors = said(brand.post("/v3/targetGroups", group(**wrong)))["errors"]
    told = sorted(error["message"].split(": ")[0].split(". ")[-1] for error in errors)
    assert told == ["capScope", "streakFreezes", "streakFreezes.max", "streakFreezes.most"]


def test_periods_follow_from_a_frequency(brand: Brand) -> None:
    """A group that lists no periods but a first day and a frequency gets those that follow."""
    asked = group(periods=(), totalPeriods=2, frequencyType="MONTHLY", targetCycleStartDate="2026-01-31")
    periods = brand.define(asked)["periods"]
    assert [(one["refCode"], one["startDate"], one["endDate"]) for one in periods] == [
        ("Cycle_1", "2026-01-31", "2026-02-27"),
        ("Cycle_2", "2026-02-28", "2026-03-30"),
    ]


def test_a_groups_own_zone_rules_where_the_brand_lets_it(front: Door) -> None:
    """A bill at seven in the evening in New York counts for the last of January there, though Berlin has February."""
    brand = front.brand("Europe/Berlin", timeZonePolicy="GROUP")
    brand.define(group(target(), periods=(JANUARY,), timeZoneName="America/New_York"))
    front.clock.set("2026-02-01T12:00:00Z")
    brand.tell(bill("10", time="2026-02-01T04:59:59Z"), bill("5", time="2026-02-01T05:00:00Z"))
    (row,) = brand.rows(brand.customer("anna"), includeInactive="true")
    assert row["targetAchievedValue"] == 10


def test_a_zone_that_is_none_is_refused_where_it_rules(front: Door) -> None:
    """The problem names the field."""
    brand = front.brand(timeZonePolicy="GROUP")
    (error,) = said(brand.post("/v3/targetGroups", group(timeZoneName="Mars/Olympus")))["errors"]
    assert "timeZoneName: is not a time zone" in error["message"]


def test_stored_bounds_never_move(brand: Brand) -> None:
    """What was reckoned by an older zone database stays: a period that ends an hour early goes on ending then."""
    brand.define(group(target(), periods=(JANUARY,)))
    closes = calendar_of("UTC").read("2026-02-01").instant
    early = closes - 3_600_000_000
    moved = "update target_group_version set body = replace(body, %s, %s) where org_id = %s"
    values = (f'"closes_at":{closes}', f'"closes_at":{early}', brand.organisation.id)
    brand.door.connection.execute(moved, values)
    old = 'update target_group_version set body = regexp_replace(body, \'"tzdb":"[^"]*"\', \'"tzdb":"1999a"\')'
    brand.door.connection.execute(old + " where org_id = %s", (brand.organisation.id,))
    brand.door.clock.set("2026-02-01T12:00:00Z")
    brand.tell(bill("10", time="2026-01-31T22:59:59Z"), bill("5", time="2026-01-31T23:00:00Z"))
    (row,) = brand.rows(brand.customer("anna"), includeInactive="true")
    assert (row["targetAchievedValue"], row["periodEndDateWithTimeStamp"]) == (10, "2026-01-31T22:59:59.000Z")


def test_an_event_may_name_the_decision_that_counted_it(brand: Brand) -> None:
    """A bill and an award keep the id of a decision, so another id under the same event is a conflict."""
    brand.define(group(target()))
    one = bill("10")
    named = one | {"data": one["data"] | {"decision": "d1"}}
    other = one | {"data": one["data"] | {"decision": "d2"}}
    assert [answer["status"] for answer in brand.tell(named, named, other)] == ["applied", "duplicate", "conflict"]
    award = event("PointsAwarded", data={"amount": 5, "decision": "d1"})
    assert [answer["status"] for answer in brand.tell(award, award)] == ["applied", "duplicate"]
