"""Leaderboards over HTTP: the vendor's two calls and our own (facts 3.7, 4.14)."""

import pytest

from milepost.service.boards.cached_boards import close_board
from milepost.store.leaderboards import BoardName
from tests.api.client import Json, OrganisationClient, instant
from tests.api.client_forms import bill, group, target

TOP = "/api_gateway/intouch-api-v3/v3.1/leaderboards/targetGroups"
RANKS = "/v3.1/leaderboards/user"


@pytest.fixture
def board(organisation: OrganisationClient) -> Json:
    """Return a group with a board on which three customers have 30 and one has 5."""
    defined = organisation.define(group(target(), leaderboardEnabled=True))
    told = [
        bill("30", customer="late", time="2026-01-20T11:00:00Z"),
        bill("30", customer="early", time="2026-01-20T08:00:00Z"),
        bill("10", customer="middle", time="2026-01-20T07:00:00Z"),
        bill("20", customer="middle", time="2026-01-20T09:00:00Z"),
        bill("5", customer="small", time="2026-01-20T06:00:00Z"),
    ]
    organisation.send_events(*told)
    return defined


def page(organisation: OrganisationClient, defined: Json, **query: object) -> Json:
    """Return a page of the board of the group's target."""
    found: Json = organisation.get(f"{TOP}/{defined['id']}", targetId=defined["targets"][0]["id"], **query)
    return found


def names(organisation: OrganisationClient, *external_ids: str) -> list[int]:
    """Return the ids of customers."""
    return [organisation.customer(one) for one in external_ids]


def test_top_of_a_board_has_the_published_keys(organisation: OrganisationClient, board: Json) -> None:
    """Equal values have ranks of their own, the earlier activity first; what nobody told is NOT-CAPTURED."""
    answered = page(organisation, board)
    assert ["pagination", "data", "errors", "warnings"] == list(answered)
    assert {"limit": 10, "offset": 0, "total": 4} == answered["pagination"]
    shown = answered["data"]
    assert [
        *("lastSyncTime", "lastSyncTimeISO", "targetGroupId", "targetGroupName", "periodId", "periodRefCode"),
        *("targetRuleId", "targetRuleName", "rankings"),
    ] == list(shown)
    assert "2026-01-20T12:00:00.000UTC" == shown["lastSyncTime"]
    assert list(zip((1, 2, 3, 4), names(organisation, "early", "middle", "late", "small"), strict=True)) == [
        (row["rank"], row["userId"]) for row in shown["rankings"]
    ]
    first = shown["rankings"][0]
    assert ("2026-01-20T08:00:00.000UTC", 30) == (first["lastActivityTime"], first["achievedValue"])
    assert {"NOT-CAPTURED"} == set(first["userEnrichmentDetails"].values())


def test_a_board_shows_an_event_that_was_just_answered(organisation: OrganisationClient, board: Json) -> None:
    """A bill that is answered is on the board, and a return takes it off again."""
    page(organisation, board)
    organisation.send_events(bill("100", customer="small", time="2026-01-20T11:30:00Z"))
    assert names(organisation, "small")[0] == page(organisation, board)["data"]["rankings"][0]["userId"]


@pytest.mark.parametrize(
    "query, rows, warned",
    [
        ({"pageSize": "2", "pageOffset": "1"}, [3, 4], 0),
        ({"pageSize": "500"}, [1, 2, 3, 4], 1),
        ({"pageOffset": "-1"}, [1, 2, 3, 4], 1),
        ({"pageSize": "2", "pageLimit": "1", "pageOffset": "1"}, [], 0),
    ],
)
def test_pages_stay_within_their_limits(
    organisation: OrganisationClient, board: Json, query: dict[str, str], rows: list[int], warned: int
) -> None:
    """Page numbers count from 0; a value beyond a limit is cut, with a warning (facts 3.7)."""
    answered = page(organisation, board, **query)
    assert (rows, warned) == ([row["rank"] for row in answered["data"]["rankings"]], len(answered["warnings"]))


def test_each_error_has_its_code(organisation: OrganisationClient, board: Json) -> None:
    """Unknown group, board that is off, foreign rule, foreign period, and an organisation without boards."""
    rule = board["targets"][0]["id"]
    plain = organisation.define(group(target()))

    def code(group_id: int, target_id: int, **query: object) -> int:
        ((found, _),) = organisation.errors("GET", f"{TOP}/{group_id}", targetId=target_id, **query)
        return found

    assert 310017 == code(999, rule)
    assert 310134 == code(plain["id"], plain["targets"][0]["id"])
    assert 310079 == code(board["id"], plain["targets"][0]["id"])
    assert 310118 == code(board["id"], rule, periodId=plain["periods"][0]["id"])
    organisation.client.clock.set("2027-01-01T00:00:00Z")
    assert 310019 == code(board["id"], rule)
    organisation.send("PATCH", "/api/v1/organisation", json={"settings": {"leaderboards": False}})
    assert 310133 == code(board["id"], rule)


def test_ranks_of_a_customer_leave_out_unknown_boards(organisation: OrganisationClient, board: Json) -> None:
    """One entry for each leaderboard that is found; for the others there are warnings that name them."""
    rule = board["targets"][0]["id"]
    asked = [{"targetGroupId": board["id"], "targetRuleId": rule}, {"targetGroupId": 999, "targetRuleId": rule}]
    middle = organisation.customer("middle")
    answered = organisation.send("GET", f"{RANKS}/{middle}", json=asked).json()
    (rank,) = answered["data"]["userRanks"]
    assert (2, 30, 4) == (rank["rank"], rank["achievedValue"], rank["totalUsersInTargetGroup"])
    assert ["Target group 999 is not found or deactivated"] == [one["message"] for one in answered["warnings"]]
    assert [(310011, "Invalid userId")] == organisation.errors("GET", f"{RANKS}/1", asked)


def test_own_place_in_one_answer(organisation: OrganisationClient, board: Json) -> None:
    """Our own call answers the top, the customer's own place and the customers around, and how ties are ranked."""
    rule = board["targets"][0]["id"]
    query = {"customerId": organisation.customer("middle"), "top": 1, "around": 1}
    shown = organisation.get(f"/api/v1/leaderboards/{rule}", **query)
    assert ("EARLIEST_FIRST", False, 4) == (shown["ties"], shown["closed"], shown["customers"])
    assert ([1], 2, [1, 2, 3]) == (
        [one["rank"] for one in shown["top"]],
        shown["own"]["rank"],
        [one["rank"] for one in shown["around"]],
    )


def test_closed_board_keeps_its_last_word(organisation: OrganisationClient, board: Json) -> None:
    """Events after the closing change progress, not the leaderboard; a second closing changes nothing."""
    rule, period = board["targets"][0]["id"], board["periods"][0]["id"]
    name = BoardName(organisation.organisation.id, rule, period)
    organisation.client.run(
        lambda: close_board(organisation.client.runtime.database, name, instant("2026-02-01T00:00:00Z"))
    )
    organisation.send_events(bill("100", customer="small", time="2026-01-20T11:30:00Z"))
    organisation.client.run(
        lambda: close_board(organisation.client.runtime.database, name, instant("2026-02-03T00:00:00Z"))
    )
    shown = organisation.get(f"/api/v1/leaderboards/{rule}", periodId=period)
    assert (True, "2026-02-01T00:00:00Z") == (shown["closed"], shown["syncedAt"])
    assert names(organisation, "early", "middle", "late", "small") == [one["customerId"] for one in shown["top"]]
