"""From the data of an event to its payload (bill, return or award), with what was noted on the way.

Problems keep the event out; warnings are answered with it.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from msgspec import UNSET, UnsetType

from milepost.api.native.events.body import (
    AwardBody,
    BillBody,
    LineBody,
    OriginalBody,
    PlaceBody,
    ReturnBody,
    ReturnedLineBody,
    ReversalBody,
)
from milepost.api.native.events.numbers import check_fields, check_number, kept_amount, positive_amount
from milepost.model.amount import is_counted_exactly
from milepost.model.commands.correction import NamedBy, OriginalBill, ReverseEvent
from milepost.model.event import CURRENCY, POINTS, Award, Bill, Line, Return, ReturnedLine, ReturnKind
from milepost.model.problem import Problem


def bill_of(data: BillBody, problems: list[Problem], warnings: list[Problem], path: str = "data") -> Bill:
    """Return the bill that *data* is; paths of problems and warnings begin with *path*."""
    net = kept_amount(f"{path}.netAmount", data.net_amount, problems, warnings)
    discount = kept_amount(f"{path}.discount", data.discount, problems, warnings)
    # A bad amount is reported once, not again for what follows from it; and adding amounts without bounds could fail.
    derived = net + discount if not problems else Decimal(0)
    gross = derived if data.gross_amount is UNSET else data.gross_amount
    gross = kept_amount(f"{path}.grossAmount", gross, problems, warnings)
    if data.extended_fields:
        check_fields(f"{path}.extendedFields", data.extended_fields, problems)
    lines = tuple([_line_at(path, place, line, problems, warnings) for place, line in enumerate(data.lines)])
    return Bill(
        number=data.number,
        net=net,
        gross=gross,
        discount=discount,
        lines=lines,
        extended_fields=data.extended_fields,
        note=data.note,
        decision=None if data.decision is UNSET else data.decision,
        currency=UNSET if data.currency is UNSET else data.currency.upper(),
    )


def _line_at(path: str, place: int, data: LineBody, problems: list[Problem], warnings: list[Problem]) -> Line:
    """Return the line at *place*. Paths are built only for lines with problems, because a bill may have thousands."""
    wrong: list[Problem] = []
    odd: list[Problem] = []
    line = _line(data, wrong, odd)
    if wrong or odd:
        at = f"{path}.lines[{place}]"
        problems += [_below(at, problem) for problem in wrong]
        warnings += [_below(at, warning) for warning in odd]
    return line


def _below(path: str, problem: Problem) -> Problem:
    return replace(problem, path=f"{path}.{problem.path}" if problem.path else path)


def _line(data: LineBody, problems: list[Problem], warnings: list[Problem]) -> Line:
    quantity = kept_amount("quantity", data.quantity, problems, warnings)
    if not (data.rate and is_counted_exactly(data.rate)):
        check_number("rate", data.rate, problems)
    discount = kept_amount("discount", data.discount, problems, warnings)
    gross, net = _totals(data, discount, problems, warnings)
    if data.attributes:
        check_fields("attributes", data.attributes, problems)
    if data.extended_fields:
        check_fields("extendedFields", data.extended_fields, problems)
    return Line(
        code=data.code,
        quantity=quantity,
        rate=data.rate,
        gross=gross,
        discount=discount,
        net=net,
        description=data.description,
        attributes=data.attributes,
        extended_fields=data.extended_fields,
        id=data.id,
    )


def _totals(
    data: LineBody, discount: Decimal, problems: list[Problem], warnings: list[Problem]
) -> tuple[Decimal, Decimal]:
    """Return the gross and the net amount of a line; one that is left out follows from the other and the discount."""
    gross, net = data.gross_amount, data.net_amount
    if gross is not UNSET:
        gross = kept_amount("grossAmount", gross, problems, warnings)
    if net is not UNSET:
        net = kept_amount("netAmount", net, problems, warnings)
    if gross is not UNSET and net is not UNSET:
        return gross, net
    if gross is UNSET and net is UNSET:
        problems.append(Problem("", "must hold netAmount or grossAmount"))
    if problems:
        return Decimal(0), Decimal(0)
    if gross is UNSET:
        assert net is not UNSET
        return kept_amount("grossAmount", net + discount, problems, warnings), net
    return gross, kept_amount("netAmount", gross - discount, problems, warnings)


def return_of(data: ReturnBody, problems: list[Problem], warnings: list[Problem], path: str = "data") -> Return:
    """Return the return that *data* is; paths of problems and warnings begin with *path*."""
    amount = None if data.amount is UNSET else data.amount
    if data.return_type is ReturnKind.AMOUNT and amount is None:
        problems.append(Problem(f"{path}.amount", "is needed when returnType is AMOUNT"))
    if data.return_type is ReturnKind.LINE_ITEM and not data.lines:
        problems.append(Problem(f"{path}.lines", "is needed when returnType is LINE_ITEM"))
    if amount is not None:
        amount = positive_amount(f"{path}.amount", amount, problems, warnings)
    check_fields(f"{path}.extendedFields", data.extended_fields, problems)
    lines = [
        _returned_line(line, problems, warnings, f"{path}.lines[{place}]") for place, line in enumerate(data.lines)
    ]
    original, bill = original_of(data.original, problems, f"{path}.original")
    return Return(
        kind=data.return_type,
        original=original,
        lines=tuple(lines),
        amount=amount,
        extended_fields=data.extended_fields,
        bill=bill,
        currency=UNSET if data.currency is UNSET else data.currency.upper(),
    )


def _returned_line(line: ReturnedLineBody, problems: list[Problem], warnings: list[Problem], path: str) -> ReturnedLine:
    net = None if line.net_amount is UNSET else line.net_amount
    gross = None if line.gross_amount is UNSET else line.gross_amount
    quantity = positive_amount(f"{path}.quantity", line.quantity, problems, warnings)
    if net is not None:
        net = kept_amount(f"{path}.netAmount", net, problems, warnings)
    if gross is not None:
        gross = kept_amount(f"{path}.grossAmount", gross, problems, warnings)
    if line.code is UNSET and line.id is UNSET:
        problems.append(Problem(path, "must hold code or id"))
    check_fields(f"{path}.extendedFields", line.extended_fields, problems)
    return ReturnedLine(
        code="" if line.code is UNSET else line.code,
        quantity=quantity,
        net=net,
        gross=gross,
        id=line.id,
        extended_fields=line.extended_fields or UNSET,
    )


def original_of(data: str | OriginalBody, problems: list[Problem], path: str) -> tuple[str, OriginalBill | UnsetType]:
    """Return the name of a returned bill, and what a return says besides it."""
    if isinstance(data, str):
        return data, UNSET
    if (data.id is UNSET) == (data.number is UNSET):
        problems.append(Problem(path, "must hold exactly one of id, number"))
    by_id = data.number is UNSET
    others = {"store": data.store, "till": data.till, "date": data.date} if by_id else {"source": data.source}
    reason = f"goes with {'number' if by_id else 'id'} only"
    problems += [Problem(f"{path}.{name}", reason) for name, other in others.items() if other is not UNSET]
    store, till, day = _place(data.store, problems, f"{path}.store"), _place(data.till, problems, f"{path}.till"), None
    if data.date is not UNSET:
        try:
            day = date.fromisoformat(data.date).toordinal()
        except ValueError:
            problems.append(Problem(f"{path}.date", f'"{data.date}" is no date'))
    bill = OriginalBill(
        by=NamedBy.NUMBER if data.id is UNSET else NamedBy.ID,
        source=None if data.source is UNSET else data.source,
        store_id=store[0],
        store_code=store[1],
        till_id=till[0],
        till_code=till[1],
        day=day,
    )
    return data.id or data.number or "", bill


def _place(place: PlaceBody | UnsetType, problems: list[Problem], path: str) -> tuple[int | None, str | None]:
    """Return the id or the code by which a place is named."""
    if place is UNSET:
        return None, None
    if (place.id is UNSET) == (place.code is UNSET):
        problems.append(Problem(path, "must hold exactly one of id, code"))
    return None if place.id is UNSET else place.id, None if place.code is UNSET else place.code


def reversal_of(data: ReversalBody) -> ReverseEvent:
    """Return the reversal that *data* is."""
    if isinstance(data.original, str):
        return ReverseEvent(original=data.original)
    source = data.original.source
    return ReverseEvent(original=data.original.id, source=None if source is UNSET else source)


def award_of(name: str, data: AwardBody, problems: list[Problem], warnings: list[Problem]) -> Award:
    """Return the award that *data*, of an event called *name*, is, with its problems and warnings."""
    currency = None if data.currency is UNSET else data.currency
    program_id = None if data.program_id is UNSET else data.program_id
    if name == CURRENCY and (currency is None or program_id is None):
        problems.append(Problem("data", "CurrencyAwarded needs programId and currency"))
    if name == POINTS and currency is not None:
        problems.append(Problem("data.currency", "PointsAwarded has no currency; CurrencyAwarded has"))
    return Award(
        program_id=program_id,
        currency=currency,
        kind=data.kind,
        amount=kept_amount("data.amount", data.amount, problems, warnings),
        decision=None if data.decision is UNSET else data.decision,
    )
