"""A list of events that is decoded as a whole is what its events are one by one, refusals and their reasons alike."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.api.native.events import batch
from milepost.api.native.events.batch import EVENTS_MAX, Receipt, RefusedEvent, read_events
from milepost.api.native.events.incoming_event import EVENT_BYTES_MAX, read_event
from milepost.model.problem import Refused
from milepost.model.time import Micros
from milepost.service.ingest.incoming_event import IncomingEvent
from tests.api.client import Json
from tests.api.client_forms import back, bill, event, line
from tests.laws.law_settings import law

RECEIPT = Receipt(7, 3, Micros(1_795_000_000_000_000))

SOUND: tuple[Json, ...] = (
    bill(12.5, lines=(line(net=2.25, attributes={"brand": "é", "weight": 0.1}), line("tea", 3, id="2"))),
    bill(data={"number": "7", "netAmount": "7.12345", "discount": 1, "note": "a note", "currency": "usd"}, subject="b"),
    bill(specversion="1.0", subject="ben", store={"code": "s1"}),
    bill(10, customer={"email": "ANNA@EXAMPLE.COM"}, till={"id": 4}),
    back("bill 1"),
    back("bill 1", "AMOUNT", amount=3),
    back("bill 1", "LINE_ITEM", lines=[{"code": "milk", "netAmount": 1.5}]),
    event("PointsAwarded", data={"amount": 5}),
    event("CurrencyAwarded", data={"amount": 5, "programId": 1, "currency": "stars"}),
    event("EventReversed", data={"original": {"id": "x", "source": "y"}}),
    event("Visit", data={"km": 1.25, "shoe": "red", "fast": True, "none": None}),
    event("Run", customer={"mobile": "+4912345"}),
)
ODD: tuple[Any, ...] = (
    *(None, True, "", " ", "\0", "é", "\ud800", "x" * 201, "2026-02-30", "TransactionAdd", "milepost.Enrol", "Visit"),
    *(0, -1, 1.00005, 2**63, 10**40, "1e5", "NaN", " 5", "12.50", "-0", [], {}, [1], [[]], {"a": {}}, {"a": 1e300}),
)
"""What stands where something else is meant."""


def read(body: bytes, *, as_batch: bool, content_type: str = "") -> Any:
    """Return the events of *body*, or the problems of the whole."""
    try:
        return [*read_events(body, content_type, RECEIPT, as_batch=as_batch)]
    except Refused as refused:
        return refused.problems


def assert_equal(body: bytes) -> None:
    """Assert that both ways read the same."""
    assert read(body, as_batch=True) == read(body, as_batch=False), body


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of everything in *value*."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for name, one in inner for found in places(one, (*path, name)))]


@st.composite
def untidy_events(draw: st.DrawFn) -> Json:
    """Draw an event in which now and then something is exchanged, missing or added."""
    wrapped = [deepcopy(draw(st.sampled_from(SOUND)))]
    for _ in range(draw(st.sampled_from((0, 0, 0, 1, 1, 2)))):
        path = draw(st.sampled_from([path for path in places(wrapped) if len(path) > 1]))
        parent: Any = wrapped
        for name in path[:-1]:
            parent = parent[name]
        match draw(st.sampled_from(("exchange", "remove", "add"))):
            case "remove" if isinstance(parent, dict):
                del parent[path[-1]]
            case "add" if isinstance(parent, dict):
                parent[draw(st.sampled_from(("colour", "store", "till", "discount", "rate")))] = draw(
                    st.sampled_from(ODD)
                )
            case _:
                parent[path[-1]] = draw(st.sampled_from(ODD))
    return wrapped[0]


@given(st.lists(untidy_events(), max_size=6), st.sampled_from(({}, {"ensure_ascii": False}, {"indent": 1})))
@law(600)
def test_a_list_is_what_its_events_are(events: list[Json], form: dict[str, Any]) -> None:
    """Events of all kinds, sound and unsound, with escapes and without."""
    text = json.dumps(events, **form)
    assert_equal(text.encode("utf-8", "surrogatepass"))


@given(st.lists(st.sampled_from(SOUND), min_size=1, max_size=3), st.data())
@law(300)
def test_a_damaged_list_is_refused_alike(events: list[Json], data: st.DataObject) -> None:
    """Bytes that are lost, repeated or exchanged."""
    body = json.dumps(events, ensure_ascii=False).encode()
    start = data.draw(st.integers(0, len(body) - 1))
    until = data.draw(st.integers(start, min(len(body), start + 3)))
    put = data.draw(st.sampled_from((b"", b"\xff", b'"', b"[", b"}", b",", b"\\", b"\\u0000", b"9" * 20, b" ")))
    assert_equal(body[:start] + put + body[until:])


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"[[]]",
        b"[null]",
        b" [1]",
        b"[" * 5_000,
        b'{"id":1}',
        json.dumps([SOUND[0]] * EVENTS_MAX).encode(),
        json.dumps([SOUND[0]] * (EVENTS_MAX + 1)).encode(),
        json.dumps([SOUND[0], event("Run", data={"a": "x" * EVENT_BYTES_MAX})]).encode(),
        json.dumps([SOUND[0], event("Run", data={f"a{n}": "x" * 4_000 for n in range(190)})] * 2).encode(),
    ],
)
def test_limits_are_the_same(body: bytes) -> None:
    """Empty, deep, many and large."""
    assert_equal(body)


def test_sound_events_are_decoded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is read by itself; of a batch with one that is refused, this one is."""
    alone: list[bytes] = []
    read_one = read_event

    def noting(raw: bytes, **options: Any) -> Any:
        alone.append(raw)
        return read_one(raw, **options)

    monkeypatch.setattr(batch, "read_event", noting)
    events = read(json.dumps(SOUND, ensure_ascii=False).encode(), as_batch=True)
    assert [IncomingEvent] * len(SOUND) == [type(one) for one in events]
    assert not alone
    bad = event("Run", data={"a": []})
    events = read(json.dumps([*SOUND, bad], ensure_ascii=False).encode(), as_batch=True)
    assert [json.dumps(bad).encode()] == alone
    assert isinstance(events[-1], RefusedEvent)


def test_the_law_sees_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: a batch whose places are read wrongly is told apart."""
    monkeypatch.setattr(batch, "place_of", lambda *_: None)
    with pytest.raises(AssertionError):
        assert_equal(json.dumps([bill(5, store={"code": "s1"})]).encode())


def test_lines_are_read_by_themselves() -> None:
    """A body with an event on each line is no list, whatever it begins with."""
    body = b"[]\n" + json.dumps(SOUND[0]).encode()
    ways = [read(body, as_batch=whole, content_type="application/x-ndjson") for whole in (True, False)]
    assert ways[0] == ways[1]
    assert [RefusedEvent, IncomingEvent] == [type(one) for one in ways[0]]
