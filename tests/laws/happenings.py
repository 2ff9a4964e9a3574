"""Random events of one customer in any order of arrival: bills with lines, returns, activities, awards, enrolments."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeVar

from hypothesis import strategies as st

from milepost.model.event import (
    BILL,
    CURRENCY,
    ENROL,
    NOWHERE,
    POINTS,
    RETURN,
    Activity,
    Award,
    AwardKind,
    Bill,
    Enrolling,
    Event,
    EventKey,
    Line,
    Payload,
    Place,
    Return,
    ReturnedLine,
    ReturnKind,
    Scalar,
)

Value = TypeVar("Value")

PLACES = (
    Place(11, 1, "S1", "Main street", 1, 1),
    Place(12, 2, "S2", "Harbour", 2, 1),
    Place(13, 3, "S3", "Airport", None, 2),
    NOWHERE,
)
AMOUNTS = tuple(Decimal(text) for text in ("0", "1", "9.99", "10", "20", "25.5", "30", "33.3333", "50"))
QUANTITIES = tuple(Decimal(text) for text in ("1", "2", "3", "0.75", "0"))
FIELD_VALUES: tuple[Scalar, ...] = (
    None,
    0,
    5,
    Decimal("2.5"),
    "12.50",
    " 3 ",
    "1e15",
    "many",
    "NaN",
    "",
    True,
)
NAMES = {Bill: BILL, Return: RETURN, Enrolling: ENROL, Activity: "Run"}


class Moments(NamedTuple):
    """The instants that events may happen at, and those that they may be heard at (epoch microseconds, ascending)."""

    happening: tuple[int, ...]
    hearing: tuple[int, ...]


class Wanted(NamedTuple):
    """The kinds of events that targets listen to; for each target that wants enrolments, its (target, period) pairs.

    Nobody is enrolled in a target twice: the one who asks for it is refused (semantics 4.7, code 310119).
    """

    bills: bool
    returns: bool
    activities: bool
    awards: bool
    enrolled: tuple[tuple[tuple[int, int], ...], ...]


def one_of(values: Sequence[Value]) -> st.SearchStrategy[Value]:
    """Take one of the values."""
    return st.sampled_from(values)


def fields(name: str) -> st.SearchStrategy[Mapping[str, Scalar]]:
    """Make extended fields or attributes: mostly one number under *name*, sometimes nothing or what is no number."""
    return one_of([{}, *({name: value} for value in FIELD_VALUES)])


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Make a line of a bill."""
    net, discount = draw(one_of(AMOUNTS)), draw(one_of([Decimal(0), Decimal(5)]))
    return Line(
        code=draw(one_of("ABC")),
        quantity=draw(one_of(QUANTITIES)),
        rate=net,
        gross=net + discount,
        discount=discount,
        net=net,
        attributes=draw(one_of([{}, {"brand": "North"}, {"brand": "South"}])),
        extended_fields=draw(fields("tip")),
    )


@st.composite
def bills(draw: st.DrawFn, number: int, *, shared: bool) -> Bill:
    """Make a bill of up to three lines; its totals may say less than its lines, as with a voucher for the whole bill.

    If numbers are *shared*, two bills have one number, as when two tills count on their own.
    """
    bought = tuple(draw(st.lists(lines(), max_size=3)))
    net = sum((line.net for line in bought), Decimal(0)) if bought else draw(one_of(AMOUNTS))
    gross = sum((line.gross for line in bought), Decimal(0)) if bought else net
    voucher = draw(one_of([Decimal(0), Decimal(0), Decimal(10)]))
    net = max(net - voucher, Decimal(0))
    return Bill(
        number=f"N{number // 2}" if shared else f"N{number}",
        net=net,
        gross=gross,
        discount=gross - net,
        lines=bought,
        extended_fields=draw(fields("tip")),
    )


@st.composite
def returned_lines(draw: st.DrawFn) -> ReturnedLine:
    """Make pieces that come back, with or without a stated worth."""
    worth = one_of([None, None, Decimal(0), Decimal(10), Decimal("33.3333")])
    return ReturnedLine(
        code=draw(one_of("ABCD")), quantity=draw(one_of(QUANTITIES)), net=draw(worth), gross=draw(worth)
    )


@st.composite
def returns(draw: st.DrawFn, bought: int, *, shared: bool) -> Return:
    """Make a return of one of *bought* bills, named by number or event id, or of a bill that nobody knows."""
    kind = draw(one_of(list(ReturnKind)))
    bill = draw(st.integers(0, bought))
    return Return(
        kind=kind,
        original=f"N{bill // 2}" if shared else draw(one_of([f"N{bill}", f"e{bill}"])),
        lines=tuple(draw(st.lists(returned_lines(), min_size=1, max_size=2))) if kind is ReturnKind.LINE_ITEM else (),
        amount=draw(one_of(AMOUNTS)) if kind is ReturnKind.AMOUNT else None,
        extended_fields={},
    )


def activities() -> st.SearchStrategy[Activity]:
    """Make a behavioural event."""
    minutes = fields("minutes")
    return st.builds(lambda one, kind: Activity({**one, "kind": kind}), minutes, one_of(["RUN", "SWIM"]))


@st.composite
def awards(draw: st.DrawFn) -> Award:
    """Make an award of points, or of a currency of one of two programmes."""
    currency = draw(one_of([None, "GEM", "GEM", "COIN"]))
    return Award(
        program_id=draw(one_of([7, 7, 8])),
        currency=currency,
        kind=draw(one_of(list(AwardKind))),
        amount=draw(one_of(AMOUNTS)),
    )


def enrollings(targets: Sequence[tuple[int, int]]) -> st.SearchStrategy[Enrolling]:
    """Make an enrolment in one of the (target, period) pairs, with or without a balance."""
    return st.builds(
        lambda named, balance: Enrolling(target_id=named[0], period_id=named[1], balance=balance),
        one_of(targets),
        one_of([None, None, Decimal(0), Decimal(20), Decimal(100)]),
    )


def name_of(payload: Payload) -> str:
    """Give the name under which a payload is heard."""
    if isinstance(payload, Award):
        return POINTS if payload.currency is None else CURRENCY
    return NAMES[type(payload)]


@st.composite
def payloads(draw: st.DrawFn, wanted: Wanted, length: int) -> list[Payload]:
    """Make what happens, mostly of the kinds that some target listens to; bills are e0, e1 and so on."""
    bought = draw(st.integers(1, length)) if wanted.bills else draw(st.integers(0, 1))
    # Who is enrolled later needs bills with numbers of their own: an older one of that number is out of sight then.
    shared = not wanted.enrolled and draw(one_of([False, False, True]))
    made: list[Payload] = [draw(bills(number, shared=shared)) for number in range(bought)]
    kinds: list[st.SearchStrategy[Payload]] = [returns(bought, shared=shared)] * (
        3 if wanted.bills or wanted.returns else 1
    )
    kinds += [activities()] * (4 if wanted.activities else 1)
    kinds += [awards()] * (4 if wanted.awards else 1)
    made.extend(draw(enrollings(pairs)) for pairs in wanted.enrolled if draw(one_of([True, True, True, False])))
    further = draw(st.integers(0, length))
    return made + [draw(draw(one_of(kinds))) for _ in range(further)]


@st.composite
def events(draw: st.DrawFn, moments: Moments, wanted: Wanted, *, length: int) -> tuple[Event, ...]:
    """Make a history of up to twice *length* events in the order of arrival."""
    happened = draw(payloads(wanted, length))
    heard_at = sorted(draw(one_of(moments.hearing)) for _ in happened)
    arrival = draw(st.permutations(range(len(happened))))
    return tuple(
        Event(
            key=EventKey(draw(one_of(["pos/1", "pos/1", "app"])), f"e{number}"),
            name=name_of(happened[number]),
            occurred_at=draw(one_of(moments.happening)),
            received_at=received_at,
            place=draw(one_of(PLACES)),
            member=None,
            payload=happened[number],
        )
        for number, received_at in zip(arrival, heard_at, strict=True)
    )
