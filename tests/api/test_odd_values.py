"""Every field of every body, filled with what it is not made for: a stated answer each time, never a failure."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from milepost.api.native.events.batch import EVENTS_MAX
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import back, bill, event, group, line, target

ODD: list[bytes] = [
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'""',
    b'"\\u0000"',
    b'"sNaN"',
    b'"Infinity"',
    b'"1e999999"',
    b"1e999999",
    b"-1e-999999",
    b"-1",
    b"0",
    b"9" * 40,
    b'"' + b"9" * 5_000 + b'"',
    b'"\\ud83d\\ude00"',
    b'"\\ud800"',
    b"[[[[]]]]",
    b'[{"a": [{}]}]',
    b'[null, 5, "x"]',
    b'"2026-02-30T25:61:61Z"',
    b'"0001-01-01T00:00:00+23:59"',
    b'"9999-12-31T23:59:59-23:59"',
]
NAMES = [{"type": "mobile", "value": "1"}]
BOUGHT: Json = {
    "type": "REGULAR",
    "billNumber": "1",
    "billAmount": 5,
    "discount": 1,
    "billingDate": "2026-01-20",
    "note": "x",
    "extendedFields": {"tip": 1},
    "lineItemsV2": [{"itemCode": "a", "qty": 1, "rate": 2, "discount": 0, "attributes": {"a": 1}}],
}
EVENTS: list[Json] = [
    bill(lines=(line(rate=2, attributes={"a": 1}),), store={"code": "s"}) | {"specversion": "1.0"},
    back("x", "LINE_ITEM", lines=[line(grossAmount=5)], extendedFields={"a": 1}),
    event("CurrencyAwarded", data={"programId": 1, "currency": "c", "kind": "REGULAR", "amount": 1}),
    event("Run", data={"km": 5, "shoe": "red"}, subject="x", customer={"mobile": "7"}),
]
BODIES: list[tuple[str, Json]] = [
    ("/api/v1/stores", {"code": "s", "id": 7, "name": "S", "zone": "z", "concept": "c"}),
    ("/api/v1/tills", {"code": "t", "id": 7, "name": "T", "store": "s"}),
    ("/v2/customers", {"profiles": [{"identifiers": NAMES, "firstName": "A", "fields": {"a": 1}, "commChannels": []}]}),
    ("/v2/transactions?identifierName=externalId&identifierValue=anna", BOUGHT),
    (
        "/v2/transactions?identifierName=externalId&identifierValue=anna",
        BOUGHT | {"type": "RETURN", "returnType": "LINE_ITEM"},
    ),
    (
        "/webhooks/#",
        {"event_name": "Run", "externalId": "anna", "eventDateTime": "2026-01-20", "uniqueId": "u", "km": 5},
    ),
    ("/v3/oauth/token/generate", {"key": "k", "secret": "s"}),
]


def spoiled(body: Json) -> Iterator[bytes]:
    """Return the JSON of *body* with each of its values, at any depth, replaced by each of the odd ones."""
    places = list(_places(body))
    for place in places:
        mark = f"<{place}>"
        text = msgspec.json.encode(_replaced(body, place, mark))
        for odd in ODD:
            yield text.replace(f'"{mark}"'.encode(), odd)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inner:
        yield from _places(part, (*path, step))


def _replaced(value: Any, path: tuple[Any, ...], mark: str) -> Any:
    if not path:
        return mark
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return value | {step: _replaced(value[step], rest, mark)}
    return [*value[:step], _replaced(value[step], rest, mark), *value[step + 1 :]]


@pytest.mark.parametrize("path, body", BODIES)
def test_no_value_makes_the_server_fail(organisation: OrganisationClient, path: str, body: Json) -> None:
    """An odd value is refused with a reason, or has a meaning; the server logs no error."""
    path = path.replace("#", organisation.webhook_id)
    answers = [(text, organisation.post(path, text)) for text in spoiled(body)]
    assert [] == [(text, answered.text) for text, answered in answers if answered.status_code not in {200, 400, 401}]
    assert [] == [(text, answered.text) for text, answered in answers if b"could not be counted" in answered.content]


@pytest.mark.parametrize("body", EVENTS)
def test_no_value_of_an_event_makes_the_server_fail(organisation: OrganisationClient, body: Json) -> None:
    """Many odd events in one request: each is answered by itself."""
    organisation.define(group(target()))
    lines = list(spoiled(body))
    for start in range(0, len(lines), EVENTS_MAX):
        some = lines[start : start + EVENTS_MAX]
        answered = organisation.send(
            "POST", "/api/v1/events", content=b"\n".join(some), headers={"content-type": "application/x-ndjson"}
        )
        items = json_of(answered)["items"]
        found = [(text, one["reason"]) for text, item in zip(some, items, strict=True) for one in item["problems"]]
        assert [] == [(text, reason) for text, reason in found if "could not be counted" in reason]


@pytest.mark.parametrize("text", ODD)
def test_an_enrolment_of_odd_values_is_refused(organisation: OrganisationClient, text: bytes) -> None:
    """Customer, period and balance are described back."""
    defined = organisation.define(group(target(enrolmentMethod="IMPORT")))
    organisation.send_events(bill())
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
    whole = {"customerId": organisation.customer("anna"), "periodName": "January", "initialBalance": 1}
    for name in ("customerId", "periodName"):
        one = msgspec.json.encode([whole | {name: "<odd>"}]).replace(b'"<odd>"', text)
        answered = organisation.post(path, one)
        assert (name, answered.status_code) in {(name, 400), ("periodName", 200)}
