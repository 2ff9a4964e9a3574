"""Drafts and back-tests of the stage of random requests: prepared, so that each route has something to answer."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from milepost.model.access.role import Role
from milepost.model.definitions.change import BelowGoal, ChangePolicy
from milepost.model.target import Author
from milepost.service.backtests.run import run_now
from milepost.service.changes.previews import preview
from milepost.service.snapshot.access import Caller
from tests.api.client import Json, OrganisationClient, json_of

KINDS_OF_DRAFTS: Mapping[str, int] = {
    "draft/review": 2,
    "draft/publish": 3,
    "{group_id}/draft": 4,
    "{group_id}/revert": 0,
    "{group_id}/versions": 0,
}
"""Which group each kind of route is asked about, so that none takes another one its draft."""

TOGETHER = 5
"""The group whose draft is published by the call for several."""


class Tried(NamedTuple):
    """The id of a back-test that is done, and a version of the group that is reverted."""

    backtest: int
    version: int


def prepare(organisation: OrganisationClient, groups: Sequence[Json], definitions: Sequence[Json]) -> Tried:
    """Run a back-test, and preview drafts as another login."""
    runtime, org_id = organisation.client.runtime, organisation.organisation.id
    # As the request that changes settings asks: what is previewed then stays true.
    organisation.send("PATCH", "/api/v1/organisation", json={"settings": {"lateDays": 3}})
    body = {"live": groups[0]["id"], "from": "2026-01-01", "to": "2026-02-01"}
    backtest = json_of(organisation.post("/api/v1/backtests", body))["id"]
    organisation.client.run(partial(run_now, runtime, org_id, backtest, processes=1))
    other = Caller(org_id=org_id, author=Author(id=9, code="other", name="other"), till_id=None, role=Role.ADMIN)
    for place in (2, 3, 4, TOGETHER):
        path = f"/api/v1/targetGroups/{groups[place]['id']}/draft"
        answered = organisation.send("PUT", path, json=definitions[place])
        assert answered.status_code == 200, answered.text
        change = partial(preview, runtime, other, groups[place]["id"], ChangePolicy.FROM_NOW, BelowGoal.KEEP)
        organisation.client.run(change)
    versions = organisation.get(f"/api/v1/targetGroups/{groups[0]['id']}/versions")["items"]
    return Tried(backtest, versions[-1]["version"])


def trial_body(method: str, path: str, groups: Sequence[Json], definitions: Sequence[Json], version: int) -> Any:
    """Return a body that a route of drafts and back-tests takes; None for other routes."""
    bodies: Mapping[tuple[str, str], Any] = {
        ("POST", "/api/v1/backtests"): {"live": groups[0]["id"], "from": "2026-01-01", "to": "2026-02-01"},
        ("POST", "/api/v1/targetGroups/drafts"): _renamed(definitions[0]),
        ("POST", "/api/v1/targetGroups/rules"): definitions[0],
        ("POST", "/api/v1/targetGroups/publish"): {"targetGroups": [groups[TOGETHER]["id"]]},
        ("PUT", "/api/v1/targetGroups/{group_id}/draft"): definitions[4],
        ("POST", "/api/v1/targetGroups/{group_id}/draft/preview"): {"policy": "FROM_NOW"},
        ("POST", "/api/v1/targetGroups/{group_id}/draft/review"): {"approved": True, "comment": "good"},
        ("POST", "/api/v1/targetGroups/{group_id}/draft/publish"): {"comment": "now"},
        ("POST", "/api/v1/targetGroups/{group_id}/revert"): {"version": version},
    }
    return bodies.get((method, path))


def _renamed(definition: Json) -> Json:
    """Return *definition* with names that nothing has."""
    targets = [one | {"name": f"{one['name']} anew"} for one in definition["targets"]]
    return definition | {"name": f"{definition['name']} anew", "targets": targets}
