"""Parts that several of the vendor's events share (docs/compatibility.md).

Figures are text with three decimals.
"""

from collections.abc import Callable
from typing import Any

from milepost.model.amount import to_decimal
from milepost.model.event import ENROL, RETURN, UNENROL, Activity, Bill, Return
from milepost.model.target import Target, TargetGroup
from milepost.rules.calendar import Calendar, calendar_of
from milepost.service.delivery.payloads.context import MessageContext
from milepost.service.delivery.payloads.happenings import Happening

Json = dict[str, Any]
Builder = Callable[[MessageContext, Happening, TargetGroup, Target], Json]
"""Builds `data` of one of the vendor's events."""

CALLS = {ENROL: "ENROL_VIA_API", UNENROL: "UNENROL_VIA_API"}


def figure(units: int | None) -> str:
    """Return an amount in units as text with three decimals, 0.000 if there is none."""
    return f"{to_decimal(units or 0):.3f}"


def identifiers_of(context: MessageContext) -> list[Json]:
    """Return the identifiers of the customer, our id first."""
    customer = context.view.customer
    own = {"type": "id", "value": str(context.customer_key.customer_id)}
    return [own, *({"type": one.kind.value, "value": one.value} for one in customer.identifiers)]


def triggering_activity(context: MessageContext) -> Json:
    """Return what the customer, or a call, did."""
    event = context.event
    name = CALLS.get(event.name, event.name)
    payload = event.payload
    value = event.key.id
    if isinstance(payload, Bill):
        value = payload.number
    elif isinstance(payload, Return):
        value = payload.original
    kind = "transactionNumber" if isinstance(payload, (Bill, Return)) else "uniqueId"
    if event.name in CALLS:
        kind, value = "requestId", context.request_id
    extra = {key: str(value) for key, value in payload.attributes.items()} if isinstance(payload, Activity) else {}
    till = event.place.till_id
    return {
        "name": name,
        "identifiers": [{"type": kind, "value": value}],
        "enteredBy": "" if till is None else str(till),
        "additionalAttributes": extra,
    }


def target_details(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
    """Return the target and its period."""
    period = context.period(happening)
    return {
        "id": target.id,
        "name": target.name,
        "targetGroupId": group.id,
        "targetGroupName": group.name,
        "targetPeriodId": happening.period_id,
        "targetPeriodName": "" if period is None else period.ref_code,
        "description": target.description or "",
    }


def goal_units(context: MessageContext, happening: Happening, target: Target) -> int | None:
    """Return the customer's goal in units."""
    return context.goal(target.id, happening.period_id)


def transaction_ids(context: MessageContext) -> Json:
    """Return the ids of the bill and of the return, which are numbers of the log; empty where there is none."""
    event = context.event
    if event.name == RETURN:
        return {"transactionId": context.bill or "", "returnId": str(event.key.log_id)}
    return {"transactionId": str(event.key.log_id), "returnId": ""}


def calendar_for(context: MessageContext, target: Target) -> Calendar:
    """Return the calendar that rules a target."""
    snapshot = context.view.snapshot
    rule = snapshot.rule_index.rules.get(target.id)
    return calendar_of(snapshot.organisation.zone if rule is None else rule.frame.zone)
