"""How back-tests and drafts are asked about somebody's things; see `route_rules.py`."""

from collections.abc import Mapping
from functools import partial

from milepost.service.backtests.run import run_now
from tests.api.client import Json, OrganisationClient, json_of

GROUP = '{"name": "x"}'

ASKED: Mapping[tuple[str, str], str | None] = {
    ("post", "/api/v1/backtests"): '{"live": <group>, "from": "2026-01-01", "to": "2026-01-02", "sample": 0}',
    ("get", "/api/v1/backtests/{backtest_id}"): None,
    ("delete", "/api/v1/backtests/{backtest_id}"): None,
    ("get", "/api/v1/backtests/{backtest_id}/differences"): None,
    ("get", "/api/v1/targetGroups/rules"): None,
    ("post", "/api/v1/targetGroups/rules"): GROUP,
    ("post", "/api/v1/targetGroups/drafts"): GROUP,
    ("post", "/api/v1/targetGroups/publish"): '{"targetGroups": [<group>], "startsAt": "2020-01-01"}',
    ("put", "/api/v1/targetGroups/{group_id}/draft"): GROUP,
    ("get", "/api/v1/targetGroups/{group_id}/draft"): None,
    ("delete", "/api/v1/targetGroups/{group_id}/draft"): None,
    ("post", "/api/v1/targetGroups/{group_id}/draft/preview"): "{}",
    ("get", "/api/v1/targetGroups/{group_id}/draft/preview"): None,
    ("get", "/api/v1/targetGroups/{group_id}/draft/preview/customers"): None,
    ("post", "/api/v1/targetGroups/{group_id}/draft/review"): '{"approved": false}',
    ("post", "/api/v1/targetGroups/{group_id}/draft/publish"): '{"startsAt": "2020-01-01"}',
    ("post", "/api/v1/targetGroups/{group_id}/revert"): '{"version": 1}',
    ("get", "/api/v1/targetGroups/{group_id}/versions"): None,
    ("get", "/api/v1/targetGroups/{group_id}/versions/{version}/diff/{other}"): None,
}


def of_group(organisation: OrganisationClient, group_id: int, definition: Json) -> dict[str, object]:
    """Run a back-test of a group and preview a draft of it; return the back-test's id, and the group's version."""
    runtime, org_id = organisation.client.runtime, organisation.organisation.id
    asked = {"live": group_id, "from": "2026-01-01", "to": "2026-02-01"}
    backtest = json_of(organisation.post("/api/v1/backtests", asked))["id"]
    organisation.client.run(partial(run_now, runtime, org_id, backtest, processes=1))
    path = f"/api/v1/targetGroups/{group_id}"
    assert 200 == organisation.send("PUT", f"{path}/draft", json=definition).status_code
    assert 200 == organisation.post(f"{path}/draft/preview", {}).status_code
    versions = organisation.get(f"{path}/versions")["items"]
    return {"backtest": backtest, "group version": versions[0]["version"]}
