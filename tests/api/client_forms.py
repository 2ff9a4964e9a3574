"""Valid requests, which tests change where they need to."""

from itertools import count
from typing import Any

from tests.api.client import Json

_NUMBERS = count(1)

JANUARY = {"refCode": "January", "startDate": "2026-01-01", "endDate": "2026-01-31"}
FEBRUARY = {"refCode": "February", "startDate": "2026-02-01", "endDate": "2026-02-28"}
MARCH = {"refCode": "March", "startDate": "2026-03-01", "endDate": "2026-03-31"}

RUN_FIELD: Json = {"name": "km", "type": "double", "attributes": {}}
RUNNER: Json = {
    "name": "runner",
    "type": "CUSTOMER",
    "attributes": {"identifierType": {"value": "mobile"}, "addCustomerIfNotExists": {"value": "true"}},
}
SHOE: Json = {
    "name": "shoe",
    "type": "ENUM",
    "attributes": {"isRequired": {"value": False}, "possibleValues": {"valueType": "LIST", "values": ["red", "blue"]}},
}
RUN: Json = {"eventName": "Run", "actions": ["EMFConsumer"], "fields": [RUN_FIELD, RUNNER, SHOE]}
"""A behavioural event with a number, a customer who is registered by a mobile number, and listed values."""


def target(entity: str = "TRANSACTION", kind: str = "SALES", **changes: Any) -> Json:
    """Return a target of 100 that every customer takes part in."""
    return {
        "name": f"target {next(_NUMBERS)}",
        "targetEntity": entity,
        "targetType": kind,
        "enrolmentMethod": "TRANSACTION",
        "defaultValues": [{"defaultValue": 100}],
    } | changes


def group(*targets: Json, periods: tuple[Json, ...] = (JANUARY, FEBRUARY), **changes: Any) -> Json:
    """Return a group with these targets over January and February 2026."""
    return {
        "name": f"group {next(_NUMBERS)}",
        "preferredTillId": 0,
        "trackingType": "DEFAULT" if len(targets) < 2 else "UNIFIED",
        "totalPeriods": len(periods),
        "periods": list(periods),
        "targets": list(targets or (target(),)),
    } | changes


def event(kind: str, time: str = "2026-01-20T10:00:00Z", customer: str | Json = "anna", **changes: Any) -> Json:
    """Return an event of a customer, named in full or by an external id; `data` is what it carries."""
    return {
        "id": f"event {next(_NUMBERS):06}",
        "source": "test",
        "type": kind,
        "time": time,
        "customer": {"externalId": customer} if isinstance(customer, str) else customer,
        "data": {},
    } | changes


def bill(net: Any = "10", number: str | None = None, lines: tuple[Json, ...] = (), **changes: Any) -> Json:
    """Return a bill; *changes* are of the event, not of its data."""
    data = {"number": number or f"bill {next(_NUMBERS)}", "netAmount": net, "lines": list(lines)}
    return event("TransactionAdd", **({"data": data} | changes))


def line(code: str = "milk", net: Any = "5", **changes: Any) -> Json:
    """Return a line of a bill."""
    return {"code": code, "quantity": 1, "netAmount": net} | changes


def back(original: str, kind: str = "FULL", time: str = "2026-01-20T11:00:00Z", **data: Any) -> Json:
    """Return a return of a bill."""
    return event("ReturnBill", time, data={"returnType": kind, "original": original, **data})
