"""Who is shown on leaderboards, and in which order: case 18 and its neighbours, aliases, hidden customers."""

from milepost.service.boards.cached_boards import close_board
from milepost.store.leaderboards import BoardName
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import back, bill, group, target
from tests.api.test_times import ENROLLED, NOVEMBER, NOW, THREE, at, enrol, leave


def board_group(**changes: object) -> Json:
    """Return a group over November with a board of bills."""
    one = target("TRANSACTION", "COUNT", defaultValues=[{"defaultValue": 5}])
    return group(one, periods=NOVEMBER, leaderboardEnabled=True, **changes)


def board(organisation: OrganisationClient, defined: Json, **query: object) -> Json:
    """Return the leaderboard of a group's target."""
    found: Json = organisation.get(f"/api/v1/leaderboards/{defined['targets'][0]['id']}", **query)
    return found


def test_places_do_not_depend_on_the_order_of_arrival(organisation: OrganisationClient) -> None:
    """Case 18 A: of the same three events in two orders, two customers have the same last activity."""
    defined = at(organisation).define(board_group())
    organisation.send_events(bill("5", time="2026-11-01T10:00:00Z"))
    organisation.send_events(bill("5", customer="berta", time="2026-11-01T10:00:00Z"))
    organisation.send_events(bill("20", "A2", time="2026-11-02T10:00:00Z"))
    organisation.send_events(back("A2", time="2026-11-05T10:00:00Z"))
    organisation.send_events(back("B2", time="2026-11-05T10:00:00Z") | {"customer": {"externalId": "berta"}})
    organisation.send_events(bill("20", "B2", customer="berta", time="2026-11-02T10:00:00Z"))
    places = board(organisation, defined)["top"]
    assert [organisation.customer("anna"), organisation.customer("berta")] == [one["customerId"] for one in places]
    assert {"2026-11-02T10:00:00Z"} == {one["activeAt"] for one in places}


def test_an_enrolment_is_no_activity(organisation: OrganisationClient) -> None:
    """Case 18: a bill counts from the log or directly; either way its date is the last activity."""
    listed = target("TRANSACTION", "COUNT", enrolmentMethod="IMPORT", defaultValues=[{"defaultValue": 5}])
    defined = at(organisation).define(group(listed, periods=NOVEMBER, leaderboardEnabled=True))
    organisation.send_events(bill("5", time="2026-11-03T10:00:00Z"))
    assert ENROLLED == enrol(organisation, defined, periodName="Nov")
    assert ["2026-11-03T10:00:00Z"] == [one["activeAt"] for one in board(organisation, defined)["top"]]
    assert 200 == leave(organisation, defined)
    at(organisation, "2026-11-16T12:00:00Z")
    assert ENROLLED == enrol(organisation, defined, periodName="Nov", initialBalance=4)
    assert ["2026-11-03T10:00:00Z"] == [one["activeAt"] for one in board(organisation, defined)["top"]]


def test_a_row_in_which_nothing_counted_shows_the_enrolment(organisation: OrganisationClient) -> None:
    """Case 18: a balance alone has the date of the enrolment; a bill from before it is a later activity."""
    listed = target("TRANSACTION", "COUNT", enrolmentMethod="IMPORT", defaultValues=[{"defaultValue": 5}])
    defined = at(organisation).define(group(listed, periods=NOVEMBER, leaderboardEnabled=True))
    organisation.send_events(bill("5", time="2026-10-03T10:00:00Z"))
    assert ENROLLED == enrol(organisation, defined, periodName="Nov", initialBalance=2)
    assert ["2026-11-15T12:00:00Z"] == [one["activeAt"] for one in board(organisation, defined)["top"]]
    organisation.send_events(bill("5", time="2026-11-03T10:00:00Z"))
    assert [(3, "2026-11-03T10:00:00Z")] == [
        (one["value"], one["activeAt"]) for one in board(organisation, defined)["top"]
    ]


def change(organisation: OrganisationClient, name: str, **display: object) -> Json:
    """Change how boards show a customer; return the answer."""
    answered = organisation.send("PATCH", f"/api/v1/customers/{organisation.customer(name)}", json=display)
    assert 200 == answered.status_code, answered.text
    changed: Json = json_of(answered)
    return changed


def test_a_hidden_customer_leaves_no_gap(organisation: OrganisationClient) -> None:
    """Ranks are counted without the hidden customer, who sees a rank of their own; shown again, all is as before."""
    defined = at(organisation).define(board_group())
    bought = [bill("5", customer=name, time=NOW) for name in ("anna", "anna", "anna", "berta", "berta", "dora")]
    organisation.send_events(*bought)
    anna, berta, dora = (organisation.customer(name) for name in ("anna", "berta", "dora"))
    before = board(organisation, defined)
    assert {"id": berta, "alias": None, "hidden": True} == change(organisation, "berta", hidden=True)
    hidden = board(organisation, defined, customerId=berta)
    assert ([(1, anna), (2, dora)], 2) == (
        [(one["rank"], one["customerId"]) for one in hidden["top"]],
        hidden["customers"],
    )
    assert (2, berta, 2) == tuple(hidden["own"][name] for name in ("rank", "customerId", "value"))
    organisation.send_events(bill("5", customer="berta", time=NOW), bill("5", customer="berta", time=NOW))
    assert (1, 4) == tuple(board(organisation, defined, customerId=berta)["own"][name] for name in ("rank", "value"))
    assert hidden["top"] == board(organisation, defined)["top"]
    change(organisation, "berta", hidden=False)
    assert [berta, anna, dora] == [one["customerId"] for one in board(organisation, defined)["top"]]
    assert [anna, berta, dora] == [one["customerId"] for one in before["top"]]


def test_an_alias_stands_for_the_name(organisation: OrganisationClient) -> None:
    """Both boards show the alias; the vendor's shows nothing else of the customer; null takes it away."""
    defined = at(organisation).define(board_group())
    organisation.send_events(bill("5", time=NOW))
    assert "Lucky Duck" == change(organisation, "anna", alias=" Lucky Duck ")["alias"]
    assert ["Lucky Duck"] == [one["alias"] for one in board(organisation, defined)["top"]]
    path = f"/v3.1/leaderboards/targetGroups/{defined['id']}"
    (entry,) = organisation.get(path, targetId=defined["targets"][0]["id"])["data"]["rankings"]
    details = entry["userEnrichmentDetails"]
    assert ("Lucky Duck", {"NOT-CAPTURED"}) == (
        details.pop(next(name for name in details if name.lower().startswith("first"))),
        set(details.values()),
    )
    assert change(organisation, "anna", alias=None)["alias"] is None
    long = organisation.send("PATCH", f"/api/v1/customers/{organisation.customer('anna')}", json={"alias": "x" * 51})
    assert {"problems": [{"path": "alias", "reason": "must have at most 50 characters"}]} == json_of(long)


def test_a_hidden_customer_vanishes_from_a_closed_board(organisation: OrganisationClient) -> None:
    """The scores of a closed board do not change; whom it shows does."""
    defined = at(organisation).define(board_group())
    organisation.send_events(bill("5", time=THREE[0]["time"]), bill("5", customer="berta", time=NOW))
    client, period = organisation.client, defined["periods"][0]["id"]
    name = BoardName(organisation.organisation.id, defined["targets"][0]["id"], period)
    client.run(lambda: close_board(client.runtime.database, name, client.clock.now))
    assert board(organisation, defined)["closed"]
    change(organisation, "anna", hidden=True)
    shown = board(organisation, defined, customerId=organisation.customer("anna"))
    assert ([organisation.customer("berta")], 1) == ([one["customerId"] for one in shown["top"]], shown["own"]["rank"])
