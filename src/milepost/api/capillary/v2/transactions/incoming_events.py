"""The incoming events of a transaction in a v2 call: a bill, a return, or both (facts 3.9)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from msgspec.structs import replace

from milepost.api.capillary.v2.transactions.amounts import with_rounded_amounts
from milepost.api.capillary.v2.transactions.body import KINDS, RETURN_KIND, bill_payload, return_payload
from milepost.api.capillary.v2.transactions.mixed_body import MIXED_KIND, is_mixed, mixed_payloads
from milepost.api.http.body import holds_nul, write_json
from milepost.model.customer import Identifier
from milepost.model.event import BILL, RETURN, Bill, EventKey, Payload, Return
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.rules.calendar import Unreadable, calendar_of
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Naming, Status
from milepost.service.organisations.attribution import AttributedCaller
from milepost.service.snapshot.current_request import current_request_id

IDEMPOTENCY_KEY = "Idempotency-Key"
KEY_CHARACTERS_MAX = 200

REPETITION = (
    "an equal return was received before, so this one was taken for a repetition of it and not counted; "
    f"if two were meant, send each with a {IDEMPOTENCY_KEY} of its own"
)
_CURRENCY = re.compile(r"[A-Za-z]{3}")

ALL_KINDS = (*KINDS, MIXED_KIND)


@dataclass(frozen=True, slots=True)
class TransactionEvent:
    """An event of a transaction: its payload, and the id that distinguishes it from other events of its till."""

    payload: Payload
    id: str
    naming: Naming = Naming.BILL_NUMBER


def read_events(
    value: Any,
    customer: Identifier | None,
    known_problems: list[Problem],
    posting: AttributedCaller,
    now: Micros,
    idempotency_key: str | None = None,
) -> list[IncomingEvent]:
    """Return the incoming events of a transaction; raises Refused with *known_problems* and those of the transaction.

    *now* (epoch microseconds) is when it was received. A return is named by the *idempotency_key* if it has one.
    """
    if not isinstance(value, dict):
        raise Refused(Problem("", "the body must be a JSON object"))
    problems, warnings = list(known_problems), list[Problem]()
    events = _events(with_rounded_amounts(value, warnings), idempotency_key, problems)
    currency = _currency(value.get("currencyCode"), problems)
    occurred_at = _instant(value.get("billingDate"), now, problems)
    if holds_nul(value):
        problems.append(Problem("", "a text holds the character U+0000"))
    if problems or customer is None:
        raise Refused(*problems)
    return [
        IncomingEvent(
            org_id=posting.caller.org_id,
            customer=customer,
            key=EventKey(f"v2/{posting.caller.author.code}", event.id),
            name=RETURN if isinstance(event.payload, Return) else BILL,
            occurred_at=occurred_at,
            received_at=now,
            place=posting.place,
            till_id=posting.caller.till_id,
            payload=event.payload if currency is None else _in_currency(event.payload, currency),
            naming=event.naming,
            is_dated=value.get("billingDate") is not None,
            warnings=tuple(warnings),
            request_id=current_request_id.get(),
        )
        for event in events
    ]


def is_taken_for_repetition(value: Any, incoming_events: Sequence[IncomingEvent], answers: Sequence[Answer]) -> bool:
    """Return whether a transaction is a return that nothing but its content names, and that was received before."""
    return (
        isinstance(value, dict)
        and value.get("type") == RETURN_KIND
        and all(event.naming is Naming.BILL_NUMBER for event in incoming_events)
        and all(answer.status is Status.DUPLICATE for answer in answers)
    )


def idempotency_key_of(header: str | None, problems: list[Problem]) -> str | None:
    """Return the key in the header `Idempotency-Key`; None without one. Problems are added to *problems*."""
    if header is None:
        return None
    if not 0 < len(header) <= KEY_CHARACTERS_MAX or not header.isprintable():
        problems.append(Problem(IDEMPOTENCY_KEY, f"must be text of 1 to {KEY_CHARACTERS_MAX} characters"))
        return None
    return header


def _currency(code: object, problems: list[Problem]) -> str | None:
    if code is None or code == "":
        return None
    if not isinstance(code, str) or not _CURRENCY.fullmatch(code):
        problems.append(Problem("currencyCode", "must be the code of a currency, three letters such as USD"))
        return None
    return code.upper()


def _in_currency(payload: Payload, currency: str) -> Payload:
    assert isinstance(payload, (Bill, Return)), "transactions are bills and returns"
    return replace(payload, currency=currency)


def _events(value: Mapping[str, Any], idempotency_key: str | None, problems: list[Problem]) -> list[TransactionEvent]:
    kind = value.get("type")
    if kind not in ALL_KINDS:
        reason = f"must be one of {', '.join(ALL_KINDS)}; not-interested bills have no customer to count for"
        problems.append(Problem("type", reason))
        return []
    number = str(value.get("billNumber"))
    if kind == RETURN_KIND:
        returned = return_payload(value, problems)
        if idempotency_key is not None and returned is not None:
            return [TransactionEvent(returned, f"{IDEMPOTENCY_KEY}/{idempotency_key}", Naming.EVENT_ID)]
        # A return has no number of its own, so its id is made from the bill and from all that the request holds.
        digest = blake2b(write_json(value), digest_size=12).hexdigest()
        return [] if returned is None else [TransactionEvent(returned, f"{number}/return/{digest}")]
    if is_mixed(value):
        mixed = mixed_payloads(value, problems)
        bought = [] if mixed.bill is None else [TransactionEvent(mixed.bill, number)]
        # The id names the bill and the kind but no amount, so a copy with another amount is seen as a changed copy.
        returns = [
            TransactionEvent(returned, f"{number}/return/{returned.original}/{returned.kind.value}")
            for returned in mixed.returns
        ]
        return bought + returns
    bill = bill_payload(value, problems)
    return [] if bill is None else [TransactionEvent(bill, number)]


def _instant(text: object, now: Micros, problems: list[Problem]) -> Micros:
    """Return the instant of the bill in epoch microseconds: without an offset in UTC, without a date *now*."""
    if text is None:
        return now
    try:
        instant = calendar_of("UTC").read(text if isinstance(text, str) else "").instant
    except Unreadable as error:
        problems.append(Problem("billingDate", str(error)))
        return now
    if instant < 0:
        problems.append(Problem("billingDate", "lies before 1970"))
    return instant
