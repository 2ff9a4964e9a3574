"""Bad input to `POST /api/v1/events`: each gets its stated error, never a failure of the server; nothing is stored."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from milepost.api.http.body import write_json
from milepost.api.native.events.body import FIELDS_MAX, LINES_MAX, NUMBER_CHARACTERS_MAX, TEXT_CHARACTERS_MAX
from tests.api.client import ApiClient, Json, OrganisationClient, json_of
from tests.api.client_forms import back, bill, event, group, line

MEBIBYTE = 1024 * 1024
AMOUNT = "must be a number of at most 15 digits before the point"
TEXT = "must be a number, or a text of the digits 0 to 9 with a point, such as -12.50"
WHO = ("customer", "must hold exactly one of id, externalId, mobile, email")


@pytest.fixture
def untouched(front: ApiClient) -> Iterator[OrganisationClient]:
    """Return an organisation with a target; after the test nothing more may be stored than before."""
    organisation = front.organisation()
    organisation.define(group())
    before = organisation.stored()
    yield organisation
    assert before == organisation.stored()


def refused(organisation: OrganisationClient, sent: Json | bytes) -> list[tuple[str, str]]:
    """Send one event that is refused; return its problems."""
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    answered = organisation.post("/api/v1/events", body)
    assert 200 == answered.status_code, answered.text
    (item,) = json_of(answered)["items"]
    assert ("refused", None, []) == (item["status"], item["customerId"], item["entries"])
    return [(problem["path"], problem["reason"]) for problem in item["problems"]]


def with_data(**data: Any) -> Json:
    """Return a bill with changes to its data."""
    sent = bill()
    return sent | {"data": sent["data"] | data}


def without(name: str) -> Json:
    """Return a bill that lacks a field."""
    return {key: value for key, value in bill().items() if key != name}


@pytest.mark.parametrize(
    "sent, expected",
    [
        (bill() | {"colour": "red"}, ("colour", "is not a field here")),
        (with_data(colour="red"), ("data.colour", "is not a field here")),
        (bill() | {"id": 7}, ("id", "Expected `str`, got `int`")),
        (bill() | {"id": ""}, ("id", "Expected `str` of length >= 1")),
        (bill() | {"id": "i" * 201}, ("id", "Expected `str` of length <= 200")),
        (bill() | {"source": "s" * 201}, ("source", "Expected `str` of length <= 200")),
        (bill() | {"type": "t" * 101}, ("type", "Expected `str` of length <= 100")),
        (without("id"), ("id", "is missing")),
        (without("source"), ("source", "is missing")),
        (without("type"), ("type", "is missing")),
        (without("time"), ("time", "is missing")),
        (without("customer"), WHO),
        (bill() | {"customer": {}}, WHO),
        (bill() | {"customer": {"id": 1, "mobile": "2"}}, WHO),
        (bill() | {"customer": {"id": "1"}}, ("customer.id", "Expected `int`, got `str`")),
        (bill() | {"customer": {"externalId": ""}}, ("customer.externalId", "Expected `str` of length >= 1")),
        (bill() | {"customer": "anna"}, ("customer", "must be a JSON object")),
        (bill() | {"customer": {"id": 1}}, ("customer.id", "there is no customer 1")),
        (bill() | {"customer": {"id": 2**63}}, ("customer.id", "Expected `int` <= 9223372036854775807")),
        (bill() | {"customer": {"id": -1}}, ("customer.id", "Expected `int` >= 1")),
        (bill() | {"customer": {"email": "no@body"}}, ("customer.email", "there is no customer with this email")),
        (bill() | {"store": {}}, ("store", "must hold exactly one of id, code")),
        (bill() | {"store": {"id": 1, "code": "1"}}, ("store", "must hold exactly one of id, code")),
        (bill() | {"store": {"code": "x"}, "till": {"code": "x"}}, ("store", "give a store or a till, not both")),
        (bill() | {"store": {"code": "x"}}, ("store.code", 'there is no store with the code "x"')),
        (bill() | {"store": {"id": 10**30}}, ("store.id", "Expected `int` <= 9223372036854775807")),
        (bill() | {"till": {"id": 5}}, ("till.id", "there is no till with the id 5")),
        (bill() | {"time": "2026-01-20T10:00:00"}, ("time", "Expected `datetime` with a timezone component")),
        (bill() | {"time": "yesterday"}, ("time", "Invalid RFC3339 encoded datetime")),
        (bill() | {"time": "2026-02-30T10:00:00Z"}, ("time", "Invalid RFC3339 encoded datetime")),
        (bill() | {"time": 1768900000}, ("time", "Expected `datetime`, got `int`")),
        (bill(time="1969-12-31T23:59:59Z"), ("time", "lies before 1970")),
        (bill(time="2026-01-21T12:00:01Z"), ("time", "lies more than 24 hours ahead of the server's clock")),
        (bill() | {"type": "milepost.Enrol"}, ("type", '"milepost.Enrol" is kept for Milepost itself')),
        (bill() | {"specversion": "0.3"}, ("specversion", "Expected `str` matching regex")),
        (bill() | {"data": []}, ("data", "must be a JSON object")),
        (event("Run", data="fast"), ("data", "must be a JSON object")),
        (event("Run", data={"a": {"b": 1}}), ("data.a", "must be text, a number, true, false or null")),
        (event("Run", data={"a": [1]}), ("data.a", "must be text, a number, true, false or null")),
        (event("Run", data={"a": 10**40}), ("data.a", "must be a number of at most 28 digits")),
        (with_data(netAmount="NaN"), ("data.netAmount", TEXT)),
        (with_data(netAmount="Infinity"), ("data.netAmount", TEXT)),
        (with_data(netAmount=int("9" * 40)), ("data.netAmount", AMOUNT)),
        (with_data(netAmount="9" * 40), ("data.netAmount", AMOUNT)),
        (with_data(netAmount="1e-40"), ("data.netAmount", TEXT)),
        (with_data(netAmount="1e999999"), ("data.netAmount", TEXT)),
        (with_data(netAmount="sNaN"), ("data.netAmount", TEXT)),
        (with_data(discount="sNaN"), ("data.discount", TEXT)),
        (with_data(netAmount=10**15 - 1, discount=1), ("data.grossAmount", AMOUNT)),
        (with_data(lines=[line(net="1e999999")]), ("data.lines[0].netAmount", TEXT)),
        (with_data(lines=[line(net=10**15 - 1, discount=1)]), ("data.lines[0].grossAmount", AMOUNT)),
        (with_data(netAmount="1000000000000000.0001"), ("data.netAmount", AMOUNT)),
        (with_data(netAmount="999999999999999.99995"), ("data.netAmount", AMOUNT)),
        (with_data(netAmount="5_0"), ("data.netAmount", TEXT)),
        (with_data(netAmount="\u0665"), ("data.netAmount", TEXT)),
        (with_data(netAmount=" 5"), ("data.netAmount", TEXT)),
        (with_data(netAmount="+5"), ("data.netAmount", TEXT)),
        (with_data(netAmount=".5"), ("data.netAmount", TEXT)),
        (with_data(netAmount="5."), ("data.netAmount", TEXT)),
        (with_data(lines=[line(), line(quantity="1_0")]), ("data.lines[1].quantity", TEXT)),
        (with_data(lines=[line(rate="1e3")]), ("data.lines[0].rate", TEXT)),
        (back("x", "AMOUNT", amount="5_0"), ("data.amount", TEXT)),
        (event("PointsAwarded", data={"amount": "\u0665"}), ("data.amount", TEXT)),
        (with_data(netAmount=None), ("data.netAmount", "Expected `decimal`, got `null`")),
        (with_data(netAmount=[]), ("data.netAmount", "Expected `decimal`, got `array`")),
        (with_data(netAmount=True), ("data.netAmount", "Expected `decimal`, got `bool`")),
        (with_data(lines={}), ("data.lines", "Expected `array`, got `object`")),
        (with_data(lines=[{"quantity": 1}]), ("data.lines[0]", "Object missing required field `code`")),
        (with_data(lines=[{"code": "milk"}]), ("data.lines[0]", "must hold netAmount or grossAmount")),
        (with_data(lines=[line(rate="9" * 29)]), ("data.lines[0].rate", "must be a number of at most 28 digits")),
        (with_data(extendedFields={"a": {}}), ("data.extendedFields.a", "must be text, a number")),
        (with_data(number="n" * (NUMBER_CHARACTERS_MAX + 1)), ("data.number", "Expected `str` of length <= 50")),
        (back("x", "HALF"), ("data.returnType", "Invalid enum value 'HALF'")),
        (back("x", "AMOUNT"), ("data.amount", "is needed when returnType is AMOUNT")),
        (back("x", "AMOUNT", amount=0), ("data.amount", "must be above 0")),
        (back("x", "LINE_ITEM"), ("data.lines", "is needed when returnType is LINE_ITEM")),
        (event("PointsAwarded"), ("data.amount", "is missing")),
        (event("PointsAwarded", data={"amount": 1, "currency": "stars"}), ("data.currency", "PointsAwarded has no")),
        (event("CurrencyAwarded", data={"amount": 1}), ("data", "CurrencyAwarded needs programId and currency")),
        (event("Run", data={"a\0b": 1}), ("", "a text holds the character U+0000")),
        (bill() | {"id": "a\0b"}, ("", "a text holds the character U+0000")),
        (bill() | {"source": "\0"}, ("", "a text holds the character U+0000")),
        (event("R\0"), ("", "a text holds the character U+0000")),
        (bill() | {"customer": {"externalId": "\0"}}, ("", "a text holds the character U+0000")),
        (bill() | {"store": {"code": "\0"}}, ("", "a text holds the character U+0000")),
        (with_data(number="\0"), ("", "a text holds the character U+0000")),
        (b"7", ("", "must be a JSON object")),
    ],
)
def test_a_bad_event_is_refused_with_its_reason(
    untouched: OrganisationClient, sent: Any, expected: tuple[str, str]
) -> None:
    """The answer says where and what; the request itself is fine."""
    found = refused(untouched, sent)
    assert [expected[0]] == [path for path, _ in found]
    assert expected[1] == found[0][1][: len(expected[1])]


def test_every_problem_of_an_event_is_reported_at_once(untouched: OrganisationClient) -> None:
    """A value that the decoder cannot read does not hide other problems."""
    sent = bill() | {"id": 7, "time": "never", "colour": 1, "customer": {"id": "x", "name": "Anna"}}
    sent["data"] |= {"netAmount": [], "lines": 5}
    paths = {path for path, _ in refused(untouched, sent)}
    assert {"id", "time", "colour", "customer.id", "customer.name", "data.netAmount", "data.lines"} == paths


def test_a_refused_event_is_answered_under_its_id(untouched: OrganisationClient) -> None:
    """A sender finds its event also where it was refused; an id that is no text is not repeated."""
    items = untouched.send_events(bill("x", id="mine"), bill("x") | {"id": 8}, bill(customer={"id": 5}, id="other"))
    assert ["mine", None, "other"] == [item["id"] for item in items]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"{",
        b'[{"id": "a"}',
        b"nonsense",
        b'{"a": 1} {"b": 2}',
        b'{"id": NaN}',
        b'[{"id": Infinity}]',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"[" * 100_000 + b"]" * 100_000 + b"]",
    ],
)
def test_a_body_that_is_no_json_is_refused_as_a_whole(untouched: OrganisationClient, body: bytes) -> None:
    """The face of our own says what is wrong with the body: 400 and a problem."""
    answered = untouched.post("/api/v1/events", body)
    (problem,) = json_of(answered)["problems"]
    assert (400, "") == (answered.status_code, problem["path"])
    assert problem["reason"].startswith(("the body is not valid JSON", "the JSON is deeper than 32 levels"))


@pytest.mark.parametrize("depth", [33, 1_000, 100_000])
def test_a_deep_event_is_refused(untouched: OrganisationClient, depth: int) -> None:
    """However deep the data of one event nests, it is refused by itself or with its body."""
    text = json.dumps(event("Run", data={"a": 1})).encode().replace(b": 1}", b": " + b"[" * depth + b"]" * depth + b"}")
    answered = untouched.post("/api/v1/events", text)
    told = json_of(answered)
    assert (answered.status_code, list(told)) in [(200, ["items"]), (400, ["problems"])]
    assert all(item["status"] == "refused" for item in told.get("items", ()))


def test_a_line_that_is_no_json_is_refused_by_itself(organisation: OrganisationClient) -> None:
    """Of three lines the broken one is answered in its place."""
    lines = [json.dumps(bill()).encode(), b'{"id": "x", ', b"\xff", json.dumps(bill()).encode()]
    answered = organisation.send(
        "POST", "/api/v1/events", content=b"\n".join(lines), headers={"content-type": "application/x-ndjson"}
    )
    assert ["applied", "refused", "refused", "applied"] == [item["status"] for item in json_of(answered)["items"]]
    assert 2 == organisation.stored()["event"]


def test_a_body_of_20_megabytes_is_refused(untouched: OrganisationClient) -> None:
    """Past 10 MiB nothing is read on: 413 in the words of our own API."""
    answered = untouched.post("/api/v1/events", b" " * 20_000_000)
    assert (413, {"problems": [{"path": "", "reason": "the body is larger than 10485760 bytes"}]}) == (
        answered.status_code,
        json_of(answered),
    )


def test_a_body_without_a_stated_size_is_measured(untouched: OrganisationClient) -> None:
    """A body that comes in parts is refused as soon as it passes the limit."""

    async def parts() -> Any:
        for _ in range(11):
            yield b" " * MEBIBYTE

    async def posted() -> int:
        async with untouched.client.client(auth=(untouched.till_code, "Pass123word")) as client:
            return (await client.post("/api/v1/events", content=parts())).status_code

    assert 413 == untouched.client.run(posted)


def test_a_request_may_have_10_mebibytes_and_no_more(organisation: OrganisationClient) -> None:
    """At the limit the events are read, one byte past it they are not."""
    body = json.dumps([bill()]).encode()
    assert (200, 413) == tuple(
        organisation.post("/api/v1/events", body.ljust(size)).status_code for size in (10 * MEBIBYTE, 10 * MEBIBYTE + 1)
    )
    assert 1 == organisation.stored()["event"]


def test_an_event_may_have_1_mebibyte_and_no_more(organisation: OrganisationClient) -> None:
    """A long event is taken at the limit and refused one byte past it; its neighbour is not."""
    body = json.dumps(bill()).encode()
    long = [body[:-1] + b" " * (size - len(body)) + b"}" for size in (MEBIBYTE, MEBIBYTE + 1)]
    answered = organisation.post(
        "/api/v1/events", b"[" + b",".join([long[1], json.dumps(bill()).encode(), long[0]]) + b"]"
    )
    items = json_of(answered)["items"]
    assert ["refused", "applied", "applied"] == [item["status"] for item in items]
    assert f"an event may have at most {MEBIBYTE} bytes" == items[0]["problems"][0]["reason"]


def test_a_request_may_have_1000_events_and_no_more(organisation: OrganisationClient) -> None:
    """At the limit all are applied; one more, and nothing of the request is looked at."""
    sent = [event("Run", customer=f"c{number % 50}") for number in range(1_001)]
    assert {"applied"} == {item["status"] for item in organisation.send_events(*sent[:1_000])}
    answered = organisation.post("/api/v1/events", sent)
    reason = "a request may hold 1000 events; this one holds 1001"
    assert (400, {"problems": [{"path": "", "reason": reason}]}) == (answered.status_code, json_of(answered))
    assert 1_000 == organisation.stored()["event"]


@pytest.mark.parametrize(
    "most, past",
    [
        ({"lines": [line("m", 0)] * LINES_MAX}, {"lines": [line("m", 0)] * (LINES_MAX + 1)}),
        (
            {"extendedFields": {f"f{n}": 1 for n in range(FIELDS_MAX)}},
            {"extendedFields": {f"f{n}": 1 for n in range(FIELDS_MAX + 1)}},
        ),
        (
            {"extendedFields": {"f": "x" * TEXT_CHARACTERS_MAX}},
            {"extendedFields": {"f": "x" * (TEXT_CHARACTERS_MAX + 1)}},
        ),
        ({"note": "x" * TEXT_CHARACTERS_MAX}, {"note": "x" * (TEXT_CHARACTERS_MAX + 1)}),
        ({"number": "x" * NUMBER_CHARACTERS_MAX}, {"number": "x" * (NUMBER_CHARACTERS_MAX + 1)}),
        ({"netAmount": 10**15 - 1}, {"netAmount": 10**15}),
        ({"extendedFields": {"f": 10**28 - 1}}, {"extendedFields": {"f": 10**28}}),
    ],
)
def test_each_limit_holds_at_and_one_past_it(organisation: OrganisationClient, most: Json, past: Json) -> None:
    """What is at a limit is applied, what passes it is refused."""
    assert ["applied", "refused"] == [
        item["status"] for item in organisation.send_events(with_data(**most), with_data(**past))
    ]


def test_half_a_surrogate_pair_refuses_one_event(organisation: OrganisationClient) -> None:
    """Such a text is no text; the other events of the array are counted."""
    whole, half = write_json(bill(5)), write_json(bill(6, id="half")).replace(b'"half"', b'"a\\ud800"')
    answered = organisation.post("/api/v1/events", b"[" + whole + b" ,\n" + half + b"]")
    twice = organisation.post("/api/v1/events", b"[" + half + b"]]")

    assert ["applied", "refused"] == [item["status"] for item in json_of(answered)["items"]]
    assert 400 == twice.status_code
