"""From the data of an event to its payload (bill, return or award), with the problems that were found on the way."""

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
    ReversalBody,
)
from milepost.api.native.events.numbers import check_amount, check_fields, check_number, check_positive, wrong_amount
from milepost.model.amount import fits
from milepost.model.commands.correction import NamedBy, OriginalBill, ReverseEvent
from milepost.model.event import CURRENCY, POINTS, Award, Bill, Line, Return, ReturnedLine, ReturnKind
from milepost.model.problem import Problem


def bill_of(data: BillBody, problems: list[Problem], path: str = "data") -> Bill:
    """Return the bill that *data* is; problems are added to *problems*, their paths begin with *path*."""
    if not fits(data.net_amount):
        problems.append(wrong_amount(f"{path}.netAmount"))
    if not fits(data.discount):
        problems.append(wrong_amount(f"{path}.discount"))
    # A bad amount is reported once, not again for what follows from it; and adding amounts without bounds could fail.
    derived = data.net_amount + data.discount if not problems else Decimal(0)
    gross = derived if data.gross_amount is UNSET else data.gross_amount
    if not fits(gross):
        problems.append(wrong_amount(f"{path}.grossAmount"))
    if data.extended_fields:
        check_fields(f"{path}.extendedFields", data.extended_fields, problems)
    lines = tuple([_line_at(path, place, line, problems) for place, line in enumerate(data.lines)])
    return Bill(
        number=data.number,
        net=data.net_amount,
        gross=gross,
        discount=data.discount,
        lines=lines,
        extended_fields=data.extended_fields,
        note=data.note,
        decision=None if data.decision is UNSET else data.decision,
    )


def _line_at(path: str, place: int, data: LineBody, problems: list[Problem]) -> Line:
    """Return the line at *place*. Paths are built only for lines with problems, because a bill may have thousands."""
    wrong: list[Problem] = []
    line = _line(data, wrong)
    if wrong:
        at = f"{path}.lines[{place}]"
        problems += [replace(problem, path=f"{at}.{problem.path}" if problem.path else at) for problem in wrong]
    return line


def _line(data: LineBody, problems: list[Problem]) -> Line:
    if not fits(data.quantity):
        problems.append(wrong_amount("quantity"))
    if not (data.rate and fits(data.rate)):
        check_number("rate", data.rate, problems)
    if not fits(data.discount):
        problems.append(wrong_amount("discount"))
    gross, net = _totals(data, problems)
    if data.attributes:
        check_fields("attributes", data.attributes, problems)
    if data.extended_fields:
        check_fields("extendedFields", data.extended_fields, problems)
    return Line(
        code=data.code,
        quantity=data.quantity,
        rate=data.rate,
        gross=gross,
        discount=data.discount,
        net=net,
        description=data.description,
        attributes=data.attributes,
        extended_fields=data.extended_fields,
        id=data.id,
    )


def _totals(data: LineBody, problems: list[Problem]) -> tuple[Decimal, Decimal]:
    """Return the gross and the net amount of a line; one that is left out follows from the other and the discount."""
    gross, net = data.gross_amount, data.net_amount
    if gross is not UNSET and not fits(gross):
        problems.append(wrong_amount("grossAmount"))
    if net is not UNSET and not fits(net):
        problems.append(wrong_amount("netAmount"))
    if gross is not UNSET and net is not UNSET:
        return gross, net
    if gross is UNSET and net is UNSET:
        problems.append(Problem("", "must hold netAmount or grossAmount"))
    if problems:
        return Decimal(0), Decimal(0)
    if gross is UNSET:
        assert net is not UNSET
        gross = net + data.discount
        check_amount("grossAmount", gross, problems)
        return gross, net
    net = gross - data.discount
    check_amount("netAmount", net, problems)
    return gross, net


def return_of(data: ReturnBody, problems: list[Problem], path: str = "data") -> Return:
    """Return the return that *data* is; problems are added to *problems*, their paths begin with *path*."""
    amount = None if data.amount is UNSET else data.amount
    if data.return_type is ReturnKind.AMOUNT and amount is None:
        problems.append(Problem(f"{path}.amount", "is needed when returnType is AMOUNT"))
    if data.return_type is ReturnKind.LINE_ITEM and not data.lines:
        problems.append(Problem(f"{path}.lines", "is needed when returnType is LINE_ITEM"))
    if amount is not None:
        check_positive(f"{path}.amount", amount, problems)
    check_fields(f"{path}.extendedFields", data.extended_fields, problems)
    lines: list[ReturnedLine] = []
    for place, line in enumerate(data.lines):
        net = None if line.net_amount is UNSET else line.net_amount
        gross = None if line.gross_amount is UNSET else line.gross_amount
        check_positive(f"{path}.lines[{place}].quantity", line.quantity, problems)
        for name, value in (("netAmount", net), ("grossAmount", gross)):
            if value is not None:
                check_amount(f"{path}.lines[{place}].{name}", value, problems)
        if line.code is UNSET and line.id is UNSET:
            problems.append(Problem(f"{path}.lines[{place}]", "must hold code or id"))
        check_fields(f"{path}.lines[{place}].extendedFields", line.extended_fields, problems)
        lines.append(
            ReturnedLine(
                code="" if line.code is UNSET else line.code,
                quantity=line.quantity,
                net=net,
                gross=gross,
                id=line.id,
                extended_fields=line.extended_fields or UNSET,
            )
        )
    original, bill = original_of(data.original, problems, f"{path}.original")
    return Return(
        kind=data.return_type,
        original=original,
        lines=tuple(lines),
        amount=amount,
        extended_fields=data.extended_fields,
        bill=bill,
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


def award_of(name: str, data: AwardBody, problems: list[Problem]) -> Award:
    """Return the award that *data*, of an event called *name*, is; problems are added to *problems*."""
    currency = None if data.currency is UNSET else data.currency
    program_id = None if data.program_id is UNSET else data.program_id
    if name == CURRENCY and (currency is None or program_id is None):
        problems.append(Problem("data", "CurrencyAwarded needs programId and currency"))
    if name == POINTS and currency is not None:
        problems.append(Problem("data.currency", "PointsAwarded has no currency; CurrencyAwarded has"))
    check_amount("data.amount", data.amount, problems)
    return Award(
        program_id=program_id,
        currency=currency,
        kind=data.kind,
        amount=data.amount,
        decision=None if data.decision is UNSET else data.decision,
    )
