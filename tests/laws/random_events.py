"""Random events of one customer in any order of arrival: bills with lines, returns, activities, awards, enrolments."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec import UNSET, UnsetType

from milepost.model.commands.correction import NamedBy, OriginalBill, ReverseEvent
from milepost.model.event import (
    BILL,
    CURRENCY,
    ENROL,
    NOWHERE,
    POINTS,
    RETURN,
    REVERSAL,
    Activity,
    Award,
    AwardKind,
    Bill,
    Enrol,
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
from milepost.model.time import Micros
from tests.laws.draws import pick, shuffled

PLACES = (
    Place(11, 1, "S1", "Main street", 1, 1),
    Place(12, 2, "S2", "Harbour", 2, 1),
    Place(13, 3, "S3", "Airport", None, 2),
    NOWHERE,
)
AMOUNTS = tuple(Decimal(text) for text in ("0", "1", "9.99", "10", "20", "25.5", "30", "33.3333", "50"))
DISCOUNTS = (Decimal(0), Decimal(5))
VOUCHERS = (Decimal(0), Decimal(0), Decimal(10))
STATED: tuple[Scalar, ...] = (1, Decimal("2.5"), "3", "many")
LINE_IDS: tuple[str | UnsetType, ...] = (UNSET, UNSET, "l0", "l1", "l2")
DAYS = (736_389, 736_390, 736_414, 736_415)
QUANTITIES = tuple(Decimal(text) for text in ("1", "2", "3", "0.75", "0"))
WORTHS = (None, None, Decimal(0), Decimal(10), Decimal("33.3333"))
PART = Decimal("0.5")
"""Less than a line that costs anything is worth."""
BALANCES = (None, None, Decimal(0), Decimal(20), Decimal(100))
BRANDS: tuple[Mapping[str, Scalar], ...] = ({}, {"brand": "North"}, {"brand": "South"})
NUMBERS: tuple[Scalar, ...] = (5, 20, 1, 0, Decimal("2.5"), Decimal("66.6666"), "12.50", " 3 ")
FIELD_VALUES: tuple[Scalar, ...] = (
    *NUMBERS,
    *NUMBERS,
    "1e15",
    "many",
    "NaN",
    "",
    "5_0",
    "\u0665",
    "1E2",
    " 7",
    "+3",
    "5.",
    True,
    None,
)
SOURCES = ("pos/1", "pos/1", "app")
NAMES = {Bill: BILL, Return: RETURN, ReverseEvent: REVERSAL, Enrol: ENROL, Activity: "Run"}


class Moments(NamedTuple):
    """The instants at which events may happen, and at which they may be received (epoch microseconds, ascending)."""

    happening: tuple[Micros, ...]
    hearing: tuple[Micros, ...]


class Wanted(NamedTuple):
    """The kinds of events that targets listen to; for each target that wants enrolments, its (target, period) pairs.

    With *only_returns* there are few bills, and nothing else than returns of them.

    Nobody is enrolled in a target twice: the one who asks for it is refused (facts 4.7, code 310119). Bills that
    are *alone* have a number of their own each. With *by_line* all returns are of lines that some bill has.
    """

    bills: bool
    returns: bool
    only_returns: bool
    activities: bool
    awards: bool
    enrolled: tuple[tuple[tuple[int, int], ...], ...]
    alone: bool = False
    by_line: bool = False


def fields(draw: st.DrawFn, name: str) -> Mapping[str, Scalar]:
    """Make extended fields or attributes: mostly one number under *name*, sometimes nothing or what is no number."""
    return {name: pick(draw, FIELD_VALUES)} if pick(draw, (*[True] * 9, False)) else {}


def line(draw: st.DrawFn, place: int, *, is_back: bool) -> Line:
    """Make a line of a bill; a line that *is_back* gives goods back."""
    net, discount = pick(draw, AMOUNTS), pick(draw, DISCOUNTS)
    quantity = pick(draw, QUANTITIES)
    if is_back:
        net, discount, quantity = -net, Decimal(0), -quantity
    return Line(
        code=pick(draw, "AABC"),
        quantity=quantity,
        rate=abs(net),
        gross=net + discount,
        discount=discount,
        net=net,
        attributes=pick(draw, BRANDS),
        extended_fields=fields(draw, "tip"),
        id=f"l{place}" if pick(draw, (True, False)) else UNSET,
    )


def bill(draw: st.DrawFn, number: int, *, shared: bool) -> Bill:
    """Make a bill of up to three lines; its totals may say less than its lines, as with a voucher for the whole bill.

    If numbers are *shared*, two bills have one number, as when two tills count on their own. Now and then goods go
    back, or both ways.
    """
    backs = pick(draw, (*[(False,)] * 8, (True,), (True, False)))
    bought = tuple(line(draw, place, is_back=pick(draw, backs)) for place in range(pick(draw, (0, 1, 2, 3))))
    net = sum((one.net for one in bought), Decimal(0)) if bought else pick(draw, AMOUNTS)
    gross = sum((one.gross for one in bought), Decimal(0)) if bought else net
    if net >= 0:
        net = max(net - pick(draw, VOUCHERS), Decimal(0))
        net = -net if not bought and all(backs) else net
    return Bill(
        number=f"N{number // 2}" if shared else f"N{number}",
        net=net,
        gross=gross,
        discount=gross - net,
        lines=bought,
        extended_fields=fields(draw, "tip"),
    )


def returned_line(draw: st.DrawFn, lines: Sequence[Line], *, by_line: bool) -> ReturnedLine:
    """Make pieces that come back, with or without a stated worth, of any line or of the one that is named.

    Half of them, *by_line* all, are of an article among *lines*; of these half are all pieces for a part of what they
    are worth.
    """
    code, quantity, net, gross = pick(draw, "AABCD"), pick(draw, QUANTITIES), pick(draw, WORTHS), pick(draw, WORTHS)
    if lines and (by_line or pick(draw, (False, True))):
        line = pick(draw, lines)
        code = line.code
        if pick(draw, (False, True)):
            quantity, net, gross = abs(line.quantity), PART, pick(draw, (None, PART))
    return ReturnedLine(
        code=code,
        quantity=quantity,
        net=net,
        gross=gross,
        id=pick(draw, LINE_IDS),
        extended_fields={"tip": pick(draw, STATED)} if pick(draw, (True, False, False)) else UNSET,
    )


def described(draw: st.DrawFn, name: str) -> OriginalBill | UnsetType:
    """Say more of a bill than its name, now and then: whose id it is, or where and when it was bought."""
    what = pick(draw, ("", "", "", "source", "store", "code", "till", "day"))
    by = NamedBy.ID if name.startswith("e") else NamedBy.NUMBER
    match what:
        case "source" if by is NamedBy.ID:
            return OriginalBill(by=by, source=pick(draw, (None, "pos/1", "app")))
        case "store" if by is NamedBy.NUMBER:
            return OriginalBill(by=by, store_id=pick(draw, (1, 2)))
        case "code" if by is NamedBy.NUMBER:
            return OriginalBill(by=by, store_code=pick(draw, ("S1", "S2")))
        case "till" if by is NamedBy.NUMBER:
            return OriginalBill(by=by, till_id=pick(draw, (11, 12)))
        case "day" if by is NamedBy.NUMBER:
            return OriginalBill(by=by, day=pick(draw, DAYS))
        case _:
            return UNSET


def back(draw: st.DrawFn, wanted: Wanted, bills: Sequence[Bill], *, shared: bool) -> Return:
    """Make a return of one of *bills*, named by number or event id, or of a bill that nobody knows."""
    by_line = wanted.by_line
    kind = ReturnKind.LINE_ITEM
    if not by_line:
        kind = pick(draw, (*ReturnKind, ReturnKind.LINE_ITEM, ReturnKind.LINE_ITEM))
    number = pick(draw, range(len(bills) + (not by_line)))
    there = bills[number].lines if number < len(bills) else ()
    name = f"N{number // 2}" if shared else f"{pick(draw, 'Ne')}{number}"
    return Return(
        kind=kind,
        original=name,
        lines=tuple(returned_line(draw, there, by_line=by_line) for _ in pick(draw, ("1", "12")))
        if kind is ReturnKind.LINE_ITEM
        else (),
        amount=pick(draw, AMOUNTS) if kind is ReturnKind.AMOUNT else None,
        extended_fields={"tip": pick(draw, STATED)} if pick(draw, (True, False, False)) else {},
        bill=described(draw, name),
    )


def reversal(draw: st.DrawFn, length: int) -> ReverseEvent:
    """Make a reversal of some event, or of a bill, which it does not take back."""
    return ReverseEvent(original=f"e{pick(draw, range(length))}", source=pick(draw, (None, None, "pos/1", "app")))


def activity(draw: st.DrawFn) -> Activity:
    """Make a behavioural event."""
    return Activity({**fields(draw, "minutes"), "kind": pick(draw, ("RUN", "SWIM"))})


def award(draw: st.DrawFn) -> Award:
    """Make an award of points, or of a currency of one of two programmes."""
    return Award(
        program_id=pick(draw, (7, 7, 8)),
        currency=pick(draw, (None, "GEM", "GEM", "COIN")),
        kind=pick(draw, tuple(AwardKind)),
        amount=pick(draw, AMOUNTS),
    )


def further(draw: st.DrawFn, wanted: Wanted, bills: Sequence[Bill], *, shared: bool) -> Payload:
    """Make something else than a bill, mostly of a kind that some target listens to."""
    kinds = "r" * (3 if wanted.bills or wanted.returns else 1)
    if wanted.only_returns:
        return back(draw, wanted, bills, shared=shared)
    kinds += "a" * (6 if wanted.activities else 1) + "w" * (6 if wanted.awards else 1)
    kinds += "v" * (3 if wanted.activities or wanted.awards else 1)
    match pick(draw, kinds):
        case "r":
            return back(draw, wanted, bills, shared=shared)
        case "a":
            return activity(draw)
        case "v":
            return reversal(draw, 2 * len(bills) + 4)
        case _:
            return award(draw)


def payloads(draw: st.DrawFn, wanted: Wanted, length: int) -> list[Payload]:
    """Make what happens, mostly of the kinds that some target listens to; bills are e0, e1 and so on."""
    bought = pick(draw, range(1, length + 1) if wanted.bills else range(3))
    shared = not wanted.alone and pick(draw, (False, True))
    bills = [bill(draw, number, shared=shared) for number in range(bought)]
    made: list[Payload] = [*bills]
    for pairs in wanted.enrolled:
        if pick(draw, (True, True, True, False)):
            target_id, period_id = pick(draw, pairs)
            made.append(Enrol(target_id=target_id, period_id=period_id, balance=pick(draw, BALANCES)))
    count = pick(draw, range(1, 6) if wanted.only_returns else range(length + 1))
    return made + [further(draw, wanted, bills, shared=shared) for _ in range(count)]


def name_of(payload: Payload) -> str:
    """Return the event name of a payload."""
    if isinstance(payload, Award):
        return POINTS if payload.currency is None else CURRENCY
    return NAMES[type(payload)]


def events(draw: st.DrawFn, moments: Moments, wanted: Wanted, length: int) -> tuple[Event, ...]:
    """Make a history of up to about twice *length* events in the order of arrival."""
    happened = list(enumerate(payloads(draw, wanted, length)))
    received_at = sorted(pick(draw, moments.hearing) for _ in happened)
    return tuple(
        Event(
            key=EventKey(pick(draw, SOURCES), f"e{number}"),
            name=name_of(payload),
            occurred_at=pick(draw, moments.happening),
            received_at=received_at,
            place=pick(draw, PLACES),
            member=None,
            payload=payload,
        )
        for (number, payload), received_at in zip(shuffled(draw, happened), received_at, strict=True)
    )
