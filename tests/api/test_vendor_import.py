"""Moving in: what one organisation's GET calls answered, taken over by another, is answered again (round trip)."""

from collections.abc import Iterator
from typing import Any

import pytest

from milepost.model.customer import Identifier, IdentifierKind
from milepost.rules.calendar import calendar_of
from milepost.service.definitions.vendor_import import import_customers, import_group
from milepost.service.ingest.incoming_event import Status
from milepost.service.runtime.runtime import current_snapshot
from milepost.vendor_import.saved_answers import SavedAnswers
from milepost.vendor_import.saved_groups import read_group
from milepost.vendor_import.saved_users import read_customer
from tests.api.client import ApiClient, Json, OrganisationClient, opened
from tests.api.client_forms import back, bill, group, line, target

MILESTONES = "/v3/milestones"
OWN = ("orgId", "targetId", "userStreakId", "streakAchievedUserTargetId", "lastUpdatedBy", "createdBy")
"""Of an answer, what belongs to the organisation or is made from its id."""


@pytest.fixture(scope="module")
def elsewhere(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client to a runtime of its own: the one that is moved into."""
    with opened(admin_url, template) as client:
        yield client


def told(organisation: OrganisationClient, *customers: int) -> SavedAnswers:
    """Return what the organisation's calls answer, as somebody would save it."""
    saved = SavedAnswers()
    saved.add("milestones", organisation.get(MILESTONES, **{"require-periods": "true", "limit": "100"}))
    saved.add(
        "groups", organisation.get("/v3/targetGroups", includePeriods="true", includeUserCreatedTargetGroups="true")
    )
    for customer in customers:
        saved.add(str(customer), organisation.get(f"/v3/users/{customer}/targetGroups", includeInactive="true"))
    return saved


def moved(organisation: OrganisationClient, saved: SavedAnswers, names: dict[int, str]) -> list[Status]:
    """Import the saved answers into the organisation; return the outcome for each customer."""
    runtime, org_id, calendar = organisation.client.runtime, organisation.organisation.id, calendar_of("UTC")

    async def work() -> list[Status]:
        for raw in saved.complete_groups():
            found = read_group(saved, raw, calendar)
            assert () == found.problems
            await import_group(runtime, org_id, found.group)
        groups = (await current_snapshot(runtime, org_id)).rule_index.groups
        named = {id_: (Identifier(IdentifierKind.EXTERNAL_ID, name),) for id_, name in names.items()}
        customers = [read_customer(saved, raw, groups, calendar, named[id_]) for id_, raw in saved.users.items()]
        return [answer.status for answer in await import_customers(runtime, org_id, customers)]

    return organisation.client.run(work)


def plain(value: Any) -> Any:
    """Return an answer without what belongs to the organisation."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items() if name not in OWN}
    return [plain(part) for part in value] if isinstance(value, list) else value


def shown(organisation: OrganisationClient, customer: int) -> Json:
    """Return all of a customer's view, without what belongs to the organisation."""
    found: Json = plain(organisation.get(f"/v3/users/{customer}/targetGroups", includeInactive="true")["data"])
    return found


def lively(organisation: OrganisationClient) -> dict[str, int]:
    """Define groups of several kinds and send events of two customers; return the customers' ids."""
    marks = [{"triggerName": "half", "triggerValueType": "PERCENTAGE", "triggerValue": 50, "isActive": True}]
    organisation.define(group(target() | {"targetMilestoneTriggers": marks}))
    organisation.define(group(target("LINEITEM", "QUANTITY"), target("TRANSACTION", "VISIT"), combinationType="ANY"))
    organisation.define(group(target("LINEITEM", "SALES"), target("LINEITEM", "QUANTITY"), trackingType="DEFAULT"))
    organisation.define(group(target(), active=False))
    levels = [{"name": f"level {organisation.organisation.id}", "targetCountOfSequence": 1}]
    organisation.define(group(target(), trackingType="STREAKS", streaks=levels))
    listed = organisation.define(group(target(enrolmentMethod="IMPORT")))
    organisation.send_events(
        bill("60", number="b1"), bill("70", lines=(line(), line("bread"))), bill("10", customer="bert")
    )
    organisation.send_events(back("b1"))
    ids = {name: organisation.customer(name) for name in ("anna", "bert")}
    path = f"/v3/targetGroups/{listed['id']}/targets/{listed['targets'][0]['id']}/enroll"
    organisation.post(path, [{"customerId": ids["anna"], "periodName": "January", "initialBalance": 5}])
    return ids


def test_reads_are_equal_after_moving_in(organisation: OrganisationClient, elsewhere: ApiClient) -> None:
    """Definitions and customers' views, ids and stamps included, are what they were; a second time changes nothing."""
    ids = lively(organisation)
    saved = told(organisation, *ids.values())
    new = elsewhere.organisation()
    elsewhere.clock.now = organisation.client.clock.now
    names = {id_: name for name, id_ in ids.items()}
    assert [Status.APPLIED] * 2 == moved(new, saved, names)
    query = {"require-periods": "true", "limit": "100"}
    assert plain(organisation.get(MILESTONES, **query)) == plain(new.get(MILESTONES, **query))
    assert [shown(organisation, id_) for id_ in ids.values()] == [shown(new, id_) for id_ in ids.values()]
    assert [Status.DUPLICATE] * 2 == moved(new, saved, names)
    assert {} == dict(saved.unknown)


def test_events_count_on_top_of_the_import(organisation: OrganisationClient, elsewhere: ApiClient) -> None:
    """A bill by the external id adds to the value, new definitions get ids of their own, and the log replays."""
    ids = lively(organisation)
    new = elsewhere.organisation()
    elsewhere.clock.now = organisation.client.clock.now
    moved(new, told(organisation, *ids.values()), {id_: name for name, id_ in ids.items()})
    (answer,) = new.send_events(bill("10", customer="bert"))
    assert (ids["bert"], 20) == (answer["customerId"], max(entry["after"] for entry in answer["entries"]))
    defined = new.define(group(target()))
    assert defined["id"] not in {one["id"] for one in organisation.get("/v3/targetGroups")["data"]}


def test_unknown_fields_are_reported(organisation: OrganisationClient) -> None:
    """A field that no page names is counted by its path, and so is a file that shows neither groups nor customers."""
    defined = organisation.define(group(target()))
    answer = organisation.get(MILESTONES, **{"require-periods": "true"})
    answer["data"][0] |= {"colour": "blue"}
    answer["data"][0]["targets"][0] |= {"mood": 1}
    saved = SavedAnswers()
    saved.add("milestones", answer)
    saved.add("channels", {"data": [{"id": 1, "name": "SMS"}]})
    (raw,) = saved.complete_groups()
    read_group(saved, raw, calendar_of("UTC"))
    assert ({"group.colour": 1, "group.targets.mood": 1}, ["channels"]) == (dict(saved.unknown), saved.unread)
    assert defined["id"] == raw["id"]


def test_a_stopped_group_that_moves_in_can_be_started_again(
    organisation: OrganisationClient, elsewhere: ApiClient
) -> None:
    """It was saved with its targets shown inactive; started again, it counts."""
    stopped = organisation.define(group(target(), active=False))
    new = elsewhere.organisation()
    elsewhere.clock.now = organisation.client.clock.now
    moved(new, told(organisation), {})
    started = new.data("PUT", f"/v3/targetGroups/{stopped['id']}", {"active": True})

    assert [True] == [part["active"] for part in started["targets"]]
