"""What explanations add for streaks, unified groups and caps: the calendar, the members, the decisions."""

from tests.api.client import Json, OrganisationClient
from tests.api.client_forms import JANUARY, bill, group, target
from tests.api.test_streak_extras import achieve, call, streak

STATES = ["DONE", "FROZEN", "DONE", "PAUSED", "OPEN"]


def explained(organisation: OrganisationClient, target_id: int, period: str = "January", **query: str) -> Json:
    """Return the explanation of Anna's progress."""
    path = f"/api/v1/customers/{organisation.customer('anna')}/targets/{target_id}/explanation"
    found: Json = organisation.get(path, period=period, **query)
    return found


def test_the_calendar_of_a_streak_says_what_saved_each_period(organisation: OrganisationClient) -> None:
    """January and March are achieved, February takes the freeze that was granted, April is paused, May runs."""
    defined = streak(organisation, streakFreezes={"max": 1})
    target_id = defined["targets"][0]["id"]
    achieve(organisation, 1)
    call(organisation, defined["id"], "freezes", id="gift", count=1)
    achieve(organisation, 3)
    call(
        organisation,
        defined["id"],
        "pauses",
        id="ill",
        **{"from": "2026-04-02T00:00:00Z", "to": "2026-04-09T00:00:00Z"},
    )
    organisation.client.clock.set("2026-05-15T12:00:00Z")

    cells = explained(organisation, target_id)["streak"]
    assert STATES == [cell["state"] for cell in cells]
    assert [1, 1, 2, 2, 2] == [cell["run"] for cell in cells]
    sources = [None if cell["event"] is None else cell["event"]["source"] for cell in cells]
    assert ["milepost/freezes", "milepost/pauses", None] == [sources[1], sources[3], sources[4]]
    assert "TransactionAdd" == cells[0]["event"]["type"] == cells[2]["event"]["type"]

    before = explained(organisation, target_id, at="2026-01-25T12:00:00Z")["streak"]
    assert ["DONE", *["UPCOMING"] * 4] == [cell["state"] for cell in before]


def test_a_missed_period_breaks_the_run_in_the_calendar(organisation: OrganisationClient) -> None:
    """Without a freeze February is missed, and the run begins again with March."""
    target_id = streak(organisation)["targets"][0]["id"]
    achieve(organisation, 1, 3)
    cells = explained(organisation, target_id)["streak"]
    assert ["DONE", "MISSED", "DONE", "UPCOMING", "UPCOMING"] == [cell["state"] for cell in cells]
    assert [1, 0, 1] == [cell["run"] for cell in cells][:3]


def test_a_unified_group_shows_its_members(organisation: OrganisationClient) -> None:
    """Each with its value in the period, the explained one too; other kinds of groups show none."""
    made = organisation.define(
        group(target(), target(kind="COUNT", defaultValues=[{"defaultValue": 1}]), combinationType="ALL")
    )
    alone = organisation.define(group())["targets"][0]["id"]
    organisation.send_events(bill("60"))
    members = {
        one["name"]: (one["value"], one["achieved"])
        for one in explained(organisation, made["targets"][0]["id"])["members"]
    }
    assert {made["targets"][0]["name"]: (60, False), made["targets"][1]["name"]: (1, True)} == members
    assert [] == (explained(organisation, alone)["members"] or [])


def test_a_cap_shows_its_decisions(organisation: OrganisationClient) -> None:
    """What was asked for and what was given, in the order in which it was decided."""
    capped = target("REWARDS", "ALL_POINTS")
    made = organisation.define(group(capped, trackingType="CAPPING", periods=(JANUARY,)))
    organisation.send_events(bill("1"))
    path = f"/api/v1/customers/{organisation.customer('anna')}/awards"
    for id_, amount in (("first", 70), ("second", 50), ("third", 10)):
        assert 200 == organisation.post(path, {"id": id_, "amount": amount, "kind": "REGULAR"}).status_code
    found = explained(organisation, made["targets"][0]["id"])
    shown = [(one["event"]["id"], one["asked"], one["given"]) for one in found["decisions"]]
    assert [("first", 70, 70), ("second", 50, 30), ("third", 10, 0)] == shown
    assert 100 == found["value"]
    assert "CAP_REACHED" in {row["reason"] for row in found["notCounted"]}
