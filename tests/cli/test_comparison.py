"""`milepost compat compare`: pairs that were recorded compare equal, and what changed is found and named."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from milepost.api.http.body import write_json
from milepost.cli import app
from milepost.cli.compat.comparison import Pair, read_known, read_pairs, replay, report_of
from milepost.cli.compat.differences import Known
from milepost.model.problem import Refused
from tests.api.client import PASSWORD, ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target
from tests.api.conftest import front

__all__ = ["front"]

MANY = b'{"request": {"method": "GET", "path": "/v3/x"}, "response": {"status": 200, "body": null}}\n'


def pair(organisation: OrganisationClient, method: str, path: str, body: Any = None, **query: Any) -> Json:
    """Send a request and record it with its answer."""
    content = None if body is None else write_json(body)
    answered = organisation.send(method, path, content=content, params=query)
    request = {"method": method, "path": path, "query": query, "body": body, "headers": {"Accept": "*/*"}}
    return {"request": request, "response": {"status": answered.status_code, "body": json_of(answered)}}


def asked(organisation: OrganisationClient) -> list[Json]:
    """Record what a client asks: a view with half an amount, definitions, and a refusal."""
    user = organisation.customer("anna")
    return [
        pair(organisation, "GET", f"/v3/users/{user}/targetGroups", includeInactive="true"),
        pair(organisation, "GET", "/v3/targetGroups", includePeriods="true"),
        pair(organisation, "GET", "/v3/milestones"),
        pair(organisation, "GET", "/v3/targetGroups/1/targets"),
    ]


def written(folder: Path, *pairs: Json) -> list[Pair]:
    """Write pairs to a file and read them from there."""
    file = folder / "recorded.ndjson"
    file.write_bytes(b"\n".join(map(write_json, pairs)))
    return read_pairs(file)


def compared(organisation: OrganisationClient, pairs: list[Pair]) -> Json:
    """Replay pairs as the till of a brand; return the report."""
    client = organisation.client

    async def run() -> Json:
        async with client.client(auth=(organisation.till_code, PASSWORD)) as http:
            return report_of(await replay(pairs, http))

    return client.run(run)


@pytest.fixture
def shop(front: ApiClient) -> OrganisationClient:
    """Return a brand with a group, and Anna, who bought for 12.5."""
    organisation = front.organisation()
    organisation.define(group())
    organisation.send_events(bill("12.5"))
    return organisation


def test_what_was_recorded_compares_equal(shop: OrganisationClient, tmp_path: Path) -> None:
    """Reads and refusals, to the last field."""
    pairs = written(tmp_path, *asked(shop))
    assert {"pairs": 4, "equal": 4, "unexplained": [], "explained": {}} == compared(shop, pairs)


def test_a_changed_value_is_found_and_named(shop: OrganisationClient, tmp_path: Path) -> None:
    """With the pair, the call, the path, and both values."""
    changed = asked(shop)
    body = changed[0]["response"]["body"]
    rows = body["data"]["targetGroups"][0]["targets"]
    (place,) = [place for place, row in enumerate(rows) if row["targetAchievedValue"]]
    rows[place]["targetAchievedValue"] = 99
    changed[3]["response"]["status"] = 200
    report = compared(shop, written(tmp_path, *changed))
    assert 2 == report["equal"]
    path = changed[0]["request"]["path"]
    assert [
        ("recorded.ndjson:1", f"GET {path}", f"data.targetGroups[0].targets[{place}].targetAchievedValue", 99),
        ("recorded.ndjson:4", "GET /v3/targetGroups/1/targets", "status", 200),
    ] == [(one["pair"], one["request"], one["path"], one["recorded"]) for one in report["unexplained"]]
    assert ["12.500", "400"] == [str(one["got"]) for one in report["unexplained"]]


def test_time_is_an_explained_difference(shop: OrganisationClient, tmp_path: Path) -> None:
    """An hour later, rows of periods in which nothing happened yet are an hour younger."""
    recorded = asked(shop)[:1]
    shop.client.clock.set("2026-01-20T13:00:00Z")
    report = compared(shop, written(tmp_path, *recorded))
    assert ([], 1) == (report["unexplained"], report["equal"])
    assert ["the time of the request, in a row that no event has created yet"] == list(report["explained"])


def test_what_was_made_elsewhere_is_followed_by_its_new_id(
    front: ApiClient, shop: OrganisationClient, tmp_path: Path
) -> None:
    """A group that is created anew is read, changed and deleted by the id it got."""
    body = group(target())
    created = pair(shop, "POST", "/v3/targetGroups", body)
    path = f"/v3/targetGroups/{created['response']['body']['data']['id']}"
    recorded = [
        created,
        pair(shop, "GET", f"{path}/targetPeriods"),
        pair(shop, "PUT", path, {"description": "new"}),
        pair(shop, "DELETE", path),
    ]
    report = compared(front.organisation(), written(tmp_path, *recorded))
    unexplained = [one for one in report["unexplained"] if ".attribution." not in one["path"]]
    assert [] == unexplained
    assert "an id that the server made for what the request created" in report["explained"]


def test_a_file_may_explain_more(tmp_path: Path) -> None:
    """With the same words as the table."""
    file = tmp_path / "known.json"
    file.write_text('[{"path": "data.x", "reason": "ours", "methods": ["GET"], "request": "/v3/*", "added": true}]')
    (known,) = read_known(file)
    assert Known("data.x", "ours", ("GET",), "/v3/*", added=True) == known
    file.write_text('[{"path": "data.x"}, {"path": "a", "reason": "b", "more": 1}, 5]')
    with pytest.raises(Refused) as refused:
        read_known(file)
    assert [f"known.json[{place}]" for place in range(3)] == [one.path for one in refused.value.problems]


def test_lines_that_are_no_pairs_are_all_named(tmp_path: Path) -> None:
    """Nothing is sent when the file is not sound."""
    file = tmp_path / "pairs.ndjson"
    file.write_bytes(MANY + b"{\n\n" + MANY + b'{"request": {"method": "GET"}, "response": {"status": 200}}\n')
    with pytest.raises(Refused) as refused:
        read_pairs(file)
    assert ["pairs.ndjson:2", "pairs.ndjson:5"] == [one.path for one in refused.value.problems]


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    """As what is wrong with --url."""
    file = tmp_path / "pairs.ndjson"
    file.write_bytes(MANY)
    asked = ["compat", "compare", str(file), "--url", "http://127.0.0.1:9", "--org-till", "t", "--password", "p"]
    result = CliRunner().invoke(app, asked)
    assert isinstance(result.exception, Refused)
    assert "--url" == result.exception.problems[0].path
