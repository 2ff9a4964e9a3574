"""`X-Request-Id` is on every answer of both faces: the caller's, or one of ours."""

import re

import pytest

from tests.api.client import ApiClient, OrganisationClient
from tests.api.client_forms import bill, group, target
from tests.api.test_faults import BILL, away, send_bill

ROUTES = ("/api/v1/organisation", "/v3/targetGroups", "/healthz", "/nowhere", "/v3/targetGroups/x/targets")


@pytest.mark.parametrize("path", ROUTES)
def test_an_answer_has_the_id_that_the_caller_gave(organisation: OrganisationClient, path: str) -> None:
    """Also where the login is missing, and where nothing is at the address."""
    headers = {"X-Request-Id": "till-7/42"}
    answers = [organisation.send("GET", path, headers=headers), organisation.client.send("GET", path, headers=headers)]
    assert [["till-7/42"]] * 2 == [answer.headers.get_list("x-request-id") for answer in answers]


@pytest.mark.parametrize("given", [None, "", "with blank", "x" * 129, "é"])
def test_an_answer_without_a_usable_id_gets_one_of_ours(front: ApiClient, given: str | None) -> None:
    """An id is at most 128 printable ASCII characters without blanks; each request gets another one."""
    headers = {} if given is None else {"X-Request-Id": given.encode("latin-1")}
    first, second = (front.send("GET", "/healthz", headers=headers).headers["x-request-id"] for _ in range(2))
    assert re.fullmatch("[0-9a-f]{32}", first)
    assert first != second


def test_the_answer_to_a_fault_of_ours_has_an_id(organisation: OrganisationClient) -> None:
    """A 500 is what a caller asks about most."""
    with away(organisation.client, "event"):
        failed = send_bill(organisation)
    assert (500, 32) == (failed.status_code, len(failed.headers["x-request-id"]))


def test_an_outcome_names_the_request_that_caused_it(front: ApiClient) -> None:
    """By both faces."""
    organisation = front.organisation(outcomeFeed="ON")
    organisation.define(group(target(defaultValues=[{"defaultValue": 5}])))
    headers = {"X-Request-Id": "request-1"}
    organisation.send("POST", "/api/v1/events", json=[bill("500")], headers=headers)
    organisation.send(
        "POST",
        "/v2/transactions",
        json=BILL,
        params={"identifierName": "externalId", "identifierValue": "bert"},
        headers={"X-Request-Id": "request-2"},
    )
    rows = front.connection.execute(
        "select body::json ->> 3 from outbox where org_id = %s order by customer_id", [organisation.organisation.id]
    ).fetchall()
    assert ["request-1", "request-2"] == [row[0] for row in rows]
