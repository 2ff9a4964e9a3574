"""Texts that are broken: one of them in a list does not spoil the others (facts 8 #68; case 23 B)."""

import pytest

from milepost.api.http.body import write_json
from milepost.api.http.json_list import BROKEN_TEXT, list_items
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import bill, event

HALVES = (rb"\ud83d", rb"\ude00", rb"\uD83D x", rb"\\\ud83d", b"\xff", b"\xed\xa0\xbd")
"""Half of a pair alone, before text, or after a backslash; a byte that begins nothing; half of a pair as UTF-8."""


def three(broken: bytes, sent: Json | None = None) -> bytes:
    """Return a list of three bills of which the second holds a broken text."""
    whole = [bill(5), bill(6) | {"data": {"number": "C2", "netAmount": 6, "note": "HERE"}}, bill(7)]
    return write_json([whole[0], sent or whole[1], whole[2]]).replace(b"HERE", b"nice " + broken)


def outcomes(organisation: OrganisationClient, body: bytes) -> list[tuple[str, list[tuple[str, str]]]]:
    """Send a body; return what became of each event, with its problems."""
    answered = organisation.post("/api/v1/events", body)
    assert 200 == answered.status_code, answered.text
    items = json_of(answered)["items"]
    return [(item["status"], [(one["path"], one["reason"]) for one in item["problems"]]) for item in items]


@pytest.mark.parametrize("broken", HALVES)
def test_a_broken_text_refuses_its_own_event_alone(organisation: OrganisationClient, broken: bytes) -> None:
    """Case 23 B: the answer names the field; the events before and behind are applied."""
    applied: tuple[str, list[tuple[str, str]]] = ("applied", [])
    assert [applied, ("refused", [("data.note", BROKEN_TEXT)]), applied] == outcomes(organisation, three(broken))


@pytest.mark.parametrize("sent, path", [
    (bill(6) | {"id": "HERE"}, "id"),
    (bill(6, customer="HERE"), "customer.externalId"),
    (event("Run", data={"shoe": "HERE"}), "data.shoe"),
    (event("Run", data={"HERE": 1}), "data"),
])  # fmt: skip
def test_any_text_may_be_broken(organisation: OrganisationClient, sent: Json, path: str) -> None:
    """The id, the customer, an attribute and its name."""
    statuses = outcomes(organisation, three(rb"\ud83d", sent))
    assert ["applied", "refused", "applied"] == [status for status, _ in statuses]
    assert [(path, BROKEN_TEXT)] == statuses[1][1]


def test_a_whole_pair_is_a_character(organisation: OrganisationClient) -> None:
    """An emoji in two halves beside a broken one; a backslash before a u is no escape."""
    text = rb"\ud83d\ude00 \\ud83d"
    assert ["applied"] * 3 == [status for status, _ in outcomes(organisation, three(text))]
    both = three(text).replace(b'"netAmount":7', b'"netAmount":7,"note":"\\ud83d"')
    assert ["applied", "applied", "refused"] == [
        status if status != "duplicate" else "applied" for status, _ in outcomes(organisation, both)
    ]


def test_lines_are_answered_one_by_one(organisation: OrganisationClient) -> None:
    """Sent as lines, with the same words."""
    lines = b"\n".join(list_items(three(rb"\ud83d")))
    answered = organisation.send(
        "POST", "/api/v1/events", content=lines, headers={"content-type": "application/x-ndjson"}
    )
    items = json_of(answered)["items"]
    assert ["applied", "refused", "applied"] == [item["status"] for item in items]
    assert [("data.note", BROKEN_TEXT)] == [(one["path"], one["reason"]) for one in items[1]["problems"]]


def test_what_is_broken_otherwise_is_no_json(organisation: OrganisationClient) -> None:
    """A list that does not end is refused as a whole, whatever texts it holds."""
    assert 400 == organisation.post("/api/v1/events", three(rb"\ud83d")[:-1]).status_code
    assert {"till": 1} == organisation.stored()


def test_several_transactions_are_answered_one_by_one(organisation: OrganisationClient) -> None:
    """The vendor's call for many, with the code of a bad bill."""
    sent = [
        {
            "identifierType": "externalId",
            "identifierValue": "anna",
            "type": "REGULAR",
            "billNumber": str(number),
            "billAmount": 5,
            "note": note,
        }
        for number, note in enumerate(("fine", "HERE", "fine"))
    ]
    answered = organisation.post("/v2/transactions/bulk", write_json(sent).replace(b"HERE", rb"nice \ud83d"))
    told = json_of(answered)
    assert (3, 1) == (told["totalCount"], told["failureCount"])
    errors = [[(error["code"], error["message"]) for error in item["errors"]] for item in told["response"]]
    assert [[], [(624, f"note: {BROKEN_TEXT}")], []] == errors
