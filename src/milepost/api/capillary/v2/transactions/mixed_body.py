"""A transaction that buys and returns at once: its lines of type RETURN name the bills they belong to (facts 3.9).

The bill's amounts are the sums of its lines. Whether the vendor's total already leaves out the returned lines is not
published, so the total is ignored, and no line can be subtracted twice.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from milepost.api.capillary.v2.transactions.body import (
    NUMBER_CHARACTERS_MAX,
    RETURN_KIND,
    bill_payload,
    return_payload,
    text_of,
)
from milepost.model.event import Bill, Return, ReturnKind
from milepost.model.problem import Problem

MIXED_KIND = "MIXED"


class Mixed(NamedTuple):
    """The bill, None if every line is a return, and the returns, one for each bill and kind of return."""

    bill: Bill | None
    returns: tuple[Return, ...]


def is_mixed(value: Mapping[str, Any]) -> bool:
    """Return whether a transaction holds returned lines."""
    lines = value.get("lineItemsV2")
    has_returns = isinstance(lines, list) and any(_is_returned(line) for line in lines)
    return value.get("type") == MIXED_KIND or has_returns


def mixed_payloads(value: Mapping[str, Any], problems: list[Problem]) -> Mixed:
    """Return the bill and the returns that *value* describes; problems are added to *problems*."""
    lines = value.get("lineItemsV2")
    if not isinstance(lines, list) or not lines:
        problems.append(
            Problem("lineItemsV2", f"must hold the bought and the returned lines when type is {MIXED_KIND}")
        )
        return Mixed(None, ())
    bill = _bill(value, lines, problems)
    returns = _returns(lines, problems)
    if problems:
        return Mixed(None, ())
    return Mixed(None if bill is None or not bill.lines else bill, tuple(returns))


def _is_returned(line: object) -> bool:
    return isinstance(line, Mapping) and line.get("type") == RETURN_KIND


def _bill(value: Mapping[str, Any], lines: list[Any], problems: list[Problem]) -> Bill | None:
    """Return the bill of the bought lines; its amounts are the sums of theirs."""
    # A stand-in for each returned line keeps the paths of problems right.
    stand_ins = [{"itemCode": "-"} if _is_returned(line) else line for line in lines]
    bill = bill_payload({**value, "type": "REGULAR", "lineItemsV2": stand_ins}, problems)
    if bill is None:
        return None
    bought = tuple(line for line, item in zip(bill.lines, lines, strict=True) if not _is_returned(item))
    return Bill(
        number=bill.number,
        net=sum((line.net for line in bought), Decimal(0)),
        gross=sum((line.gross for line in bought), Decimal(0)),
        discount=sum((line.discount for line in bought), Decimal(0)),
        lines=bought,
        extended_fields=bill.extended_fields,
        note=bill.note,
    )


def _returns(lines: list[Any], problems: list[Problem]) -> list[Return]:
    """Return one return for each bill and kind of return that the lines name."""
    by_bill: dict[tuple[str, str], list[int]] = {}
    for place, line in enumerate(lines):
        if not _is_returned(line):
            continue
        path = f"lineItemsV2[{place}]."
        kind = line.get("returnType") or ReturnKind.LINE_ITEM.value
        number = text_of(line, "parentBillNumber", NUMBER_CHARACTERS_MAX, problems, path)
        if not isinstance(kind, str) or kind not in ReturnKind.__members__:
            problems.append(Problem(f"{path}returnType", f"must be one of {', '.join(ReturnKind.__members__)}"))
        elif number:
            by_bill.setdefault((number, kind), []).append(place)
    returns = [_return(number, kind, places, lines, problems) for (number, kind), places in by_bill.items()]
    return [returned for returned in returns if returned is not None]


def _return(number: str, kind: str, places: list[int], lines: list[Any], problems: list[Problem]) -> Return | None:
    """Return the return of the lines at *places*; paths of problems name the places in the whole transaction."""
    items = [{name: part for name, part in lines[place].items() if name != "type"} for place in places]
    body: dict[str, Any] = {"billNumber": number, "returnType": kind, "lineItemsV2": items}
    line_problems: list[Problem] = []
    if kind == ReturnKind.AMOUNT.value:
        body["billAmount"] = lines[places[0]].get("amount")
        body["lineItemsV2"] = []
        if len(places) > 1:
            line_problems.append(Problem("billAmount", f"of bill {number} is returned by more than one line"))
    returned = return_payload(body, line_problems)
    problems += [_at(problem, places) for problem in line_problems]
    return returned


def _at(problem: Problem, places: list[int]) -> Problem:
    """Return *problem* with the place of its line among all lines."""
    for place, original in enumerate(places):
        prefix = f"lineItemsV2[{place}]"
        if problem.path.startswith(prefix):
            return Problem(f"lineItemsV2[{original}]{problem.path.removeprefix(prefix)}", problem.reason)
    return Problem(f"lineItemsV2[{places[0]}]", f"{problem.path} {problem.reason}")
