"""Bills and returns in the body of a v2 call (facts 3.9).

Amounts may be numbers or text. Fields that the vendor does not list or that no target reads are accepted and not kept:
the structs describe the body for the OpenAPI document, and the functions read it field by field.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from milepost.api.capillary.identifiers import VALUE_CHARACTERS_MAX
from milepost.api.http.body import DIGITS_MAX, Amount
from milepost.model.amount import WHAT_FITS, decimal_of, is_counted_exactly, rounded
from milepost.model.commands.correction import NamedBy, OriginalBill
from milepost.model.customer import IdentifierKind
from milepost.model.event import Bill, Line, Return, ReturnedLine, ReturnKind, Scalar
from milepost.model.problem import Problem

REGULAR_KIND, RETURN_KIND = "REGULAR", "RETURN"
KINDS = (REGULAR_KIND, RETURN_KIND)
NUMBER_CHARACTERS_MAX = 50
CODE_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 4_000
LINES_MAX = 5_000
LOG_ID_DIGITS_MAX = 18

_ZERO = Decimal(0)

BillNumber = Annotated[str, Meta(min_length=1, max_length=NUMBER_CHARACTERS_MAX)]


class TransactionLine(Struct, rename="camel"):
    """One line of a bill; `value` is gross, `amount` net. A return may name the line by `id`."""

    item_code: Annotated[str, Meta(min_length=1, max_length=CODE_CHARACTERS_MAX)]
    id: int | str | UnsetType = UNSET
    qty: Amount | UnsetType = UNSET
    rate: Amount | UnsetType = UNSET
    value: Amount | UnsetType = UNSET
    discount: Amount | UnsetType = UNSET
    amount: Amount | UnsetType = UNSET
    description: str | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    extended_fields: dict[str, Any] | UnsetType = UNSET


class RegularTransaction(Struct, rename="camel", kw_only=True):
    """A bill; `billAmount` is net, `billingDate` without an offset is UTC."""

    type: Literal["REGULAR"]
    bill_number: BillNumber
    bill_amount: Amount
    gross_amount: Amount | UnsetType = UNSET
    discount: Amount | UnsetType = UNSET
    billing_date: str | UnsetType = UNSET
    currency_code: str | UnsetType = UNSET
    line_items_v2: Annotated[list[TransactionLine], Meta(max_length=LINES_MAX)] | UnsetType = UNSET
    extended_fields: dict[str, Any] | UnsetType = UNSET
    note: str | UnsetType = UNSET


class ReturnTransaction(Struct, rename="camel", kw_only=True):
    """A return; `billNumber` names the returned bill, `billAmount` the returned amount when `returnType` is AMOUNT.

    `id`, or `createdId`, is the number that was answered for the bill: it says which of several bills is meant.
    """

    type: Literal["RETURN"]
    return_type: ReturnKind
    bill_number: BillNumber
    id: int | UnsetType = UNSET
    created_id: int | UnsetType = UNSET
    bill_amount: Amount | UnsetType = UNSET
    billing_date: str | UnsetType = UNSET
    currency_code: str | UnsetType = UNSET
    line_items_v2: Annotated[list[TransactionLine], Meta(max_length=LINES_MAX)] | UnsetType = UNSET
    extended_fields: dict[str, Any] | UnsetType = UNSET


class MixedLine(TransactionLine, rename="camel"):
    """A bought line, or a line that is returned from the bill that it names."""

    type: Literal["REGULAR", "RETURN"] | UnsetType = UNSET
    return_type: ReturnKind | UnsetType = UNSET
    parent_bill_number: BillNumber | UnsetType = UNSET


class MixedTransaction(Struct, rename="camel", kw_only=True):
    """A bill with returned lines; its amounts are the sums of its bought lines."""

    type: Literal["REGULAR", "MIXED"]
    bill_number: BillNumber
    bill_amount: Amount
    billing_date: str | UnsetType = UNSET
    currency_code: str | UnsetType = UNSET
    line_items_v2: Annotated[list[MixedLine], Meta(min_length=1, max_length=LINES_MAX)]
    extended_fields: dict[str, Any] | UnsetType = UNSET
    note: str | UnsetType = UNSET


class BulkTransaction(Struct, rename="camel", kw_only=True):
    """One of several transactions: the fields of a single transaction, and the identifier of its customer."""

    identifier_type: IdentifierKind
    identifier_value: Annotated[str, Meta(min_length=1, max_length=VALUE_CHARACTERS_MAX)]
    type: Literal["REGULAR", "RETURN", "MIXED"]
    return_type: ReturnKind | UnsetType = UNSET
    bill_number: BillNumber
    bill_amount: Amount | UnsetType = UNSET
    billing_date: str | UnsetType = UNSET
    currency_code: str | UnsetType = UNSET
    line_items_v2: Annotated[list[MixedLine], Meta(max_length=LINES_MAX)] | UnsetType = UNSET


def bill_payload(value: Mapping[str, Any], problems: list[Problem]) -> Bill | None:
    """Return the bill that *value* describes, None if it has problems; they are added to *problems*."""
    number = text_of(value, "billNumber", NUMBER_CHARACTERS_MAX, problems)
    net = _amount(value, "billAmount", "", problems)
    if value.get("billAmount") is None:
        problems.append(Problem("billAmount", "is missing"))
    discount = _amount(value, "discount", "", problems) or _ZERO
    gross = _amount(value, "grossAmount", "", problems)
    lines = _lines(value, problems)
    note = value.get("note")
    if note is not None and (not isinstance(note, str) or len(note) > TEXT_CHARACTERS_MAX):
        problems.append(Problem("note", f"must be text of at most {TEXT_CHARACTERS_MAX} characters"))
    fields = _fields(value, "extendedFields", "", problems)
    if problems or net is None:
        return None
    return Bill(
        number=number,
        net=net,
        gross=net + discount if gross is None else gross,
        discount=discount,
        lines=tuple(lines),
        extended_fields=fields,
        note=note or "",
    )


def return_payload(value: Mapping[str, Any], problems: list[Problem]) -> Return | None:
    """Return the return that *value* describes, None if it has problems; `billNumber` names the returned bill."""
    number = text_of(value, "billNumber", NUMBER_CHARACTERS_MAX, problems)
    kind = value.get("returnType")
    if not isinstance(kind, str) or kind not in ReturnKind.__members__:
        problems.append(Problem("returnType", f"must be one of {', '.join(ReturnKind.__members__)}"))
    amount = _amount(value, "billAmount", "", problems)
    if kind == "AMOUNT" and (amount is None or amount <= 0):
        problems.append(Problem("billAmount", "must be the returned amount, above 0"))
    lines = _lines(value, problems)
    if kind == "LINE_ITEM" and not value.get("lineItemsV2"):
        problems.append(Problem("lineItemsV2", "must hold the returned lines when returnType is LINE_ITEM"))
    problems += [
        Problem(f"lineItemsV2[{place}].qty", "must be above 0")
        for place, line in enumerate(lines)
        if line.quantity <= 0 and kind == "LINE_ITEM"
    ]
    fields = _fields(value, "extendedFields", "", problems)
    log_id = _log_id(value, problems)
    if problems:
        return None
    items = list(value.get("lineItemsV2") or ())
    return Return(
        kind=ReturnKind(kind),
        original=number,
        lines=tuple(_returned(line, item) for line, item in zip(lines, items, strict=True)),
        amount=amount if kind == "AMOUNT" else None,
        extended_fields=fields,
        bill=OriginalBill(by=NamedBy.NUMBER, log_id=log_id) if log_id is not None else UNSET,
    )


def _log_id(value: Mapping[str, Any], problems: list[Problem]) -> int | None:
    """Return the number that was answered for the returned bill, None if the return does not say it."""
    for name in ("id", "createdId"):
        number = value.get(name)
        if isinstance(number, str) and number.isascii() and number.isdigit():
            number = int(number[:LOG_ID_DIGITS_MAX])
        if number is None:
            continue
        if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
            return number
        problems.append(Problem(name, "must be the number that was answered for the bill"))
    return None


def _returned(line: Line, item: Mapping[str, Any]) -> ReturnedLine:
    """Return a returned line; amounts that the request leaves out follow from the bill."""
    net = line.net if item.get("amount") is not None else None
    gross = line.gross if item.get("value") is not None else None
    return ReturnedLine(
        code=line.code,
        quantity=line.quantity,
        net=net,
        gross=gross,
        id=line.id,
        extended_fields=line.extended_fields or UNSET,
    )


def _lines(value: Mapping[str, Any], problems: list[Problem]) -> list[Line]:
    items = value.get("lineItemsV2") or []
    if not isinstance(items, list) or len(items) > LINES_MAX:
        problems.append(Problem("lineItemsV2", f"must be a list of at most {LINES_MAX} lines"))
        return []
    lines: list[Line] = []
    for place, item in enumerate(items):
        path = f"lineItemsV2[{place}]"
        if not isinstance(item, dict):
            problems.append(Problem(path, "must be a JSON object"))
        elif value.get("type") == REGULAR_KIND and item.get("type", REGULAR_KIND) != REGULAR_KIND:
            problems.append(Problem(f"{path}.type", f"must be {REGULAR_KIND} or {RETURN_KIND}"))
        else:
            lines.append(_line(item, path, problems))
    return lines


def _line(item: Mapping[str, Any], path: str, problems: list[Problem]) -> Line:
    code = text_of(item, "itemCode", CODE_CHARACTERS_MAX, problems, f"{path}.")
    quantity = _amount(item, "qty", f"{path}.", problems)
    quantity = Decimal(1) if quantity is None else quantity
    rate = _number(item.get("rate"), f"{path}.rate", problems) or _ZERO
    discount = _amount(item, "discount", f"{path}.", problems) or _ZERO
    gross, net = _amount(item, "value", f"{path}.", problems), _amount(item, "amount", f"{path}.", problems)
    if gross is None:
        # What follows from the other amounts is rounded like an amount that is sent.
        gross = rounded(rate * quantity if net is None else net + discount)
        if gross is None:
            problems.append(Problem(f"{path}.value", f"is missing, and rate × qty is not {WHAT_FITS}"))
            gross = _ZERO
    description = item.get("description")
    return Line(
        code=code,
        quantity=quantity,
        rate=rate,
        gross=gross,
        discount=discount,
        net=gross - discount if net is None else net,
        description=description[:TEXT_CHARACTERS_MAX] if isinstance(description, str) else "",
        attributes=_fields(item, "attributes", f"{path}.", problems),
        extended_fields=_fields(item, "extendedFields", f"{path}.", problems),
        id=UNSET if item.get("id") is None else text_of(item, "id", CODE_CHARACTERS_MAX, problems, f"{path}."),
    )


def text_of(value: Mapping[str, Any], name: str, characters_max: int, problems: list[Problem], prefix: str = "") -> str:
    """Return the text of field *name* in *value*, a whole number as its digits; else "", and a problem at *prefix*."""
    text = value.get(name)
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str) or not 0 < len(text) <= characters_max:
        problems.append(Problem(f"{prefix}{name}", f"must be text of 1 to {characters_max} characters"))
        return ""
    return text


def _amount(value: Mapping[str, Any], name: str, prefix: str, problems: list[Problem]) -> Decimal | None:
    number = _number(value.get(name), f"{prefix}{name}", problems)
    if number is not None and not is_counted_exactly(number):
        problems.append(Problem(f"{prefix}{name}", f"must be {WHAT_FITS}"))
        return None
    return number


def _number(value: object, path: str, problems: list[Problem]) -> Decimal | None:
    """Return the number that *value* is, written as a number or as text; None if *value* is None or no number."""
    if value is None:
        return None
    number = decimal_of(value)
    if (
        number is None
        or not number.is_finite()
        or max(len(number.as_tuple().digits), abs(number.adjusted())) > DIGITS_MAX
    ):
        problems.append(Problem(path, f"must be a number of at most {DIGITS_MAX} digits"))
        return None
    return number


def _fields(value: Mapping[str, Any], name: str, prefix: str, problems: list[Problem]) -> Mapping[str, Scalar]:
    fields = value.get(name) or {}
    if not isinstance(fields, dict):
        problems.append(Problem(f"{prefix}{name}", "must be a JSON object"))
        return {}
    for field, content in fields.items():
        if not isinstance(content, (str, int, Decimal, bool, type(None))):
            problems.append(Problem(f"{prefix}{name}.{field}", "must be text, a number, true, false or null"))
        elif isinstance(content, (int, Decimal)) and not isinstance(content, bool):
            _number(content, f"{prefix}{name}.{field}", problems)
    return fields
