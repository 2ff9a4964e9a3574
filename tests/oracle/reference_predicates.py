"""The few rule texts that the histories use, each with a predicate written by hand: no code of the language is shared.

A predicate is asked of an event and, for LINEITEM targets, of one line as it was bought.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from milepost.model.event import Activity, Award, Bill, Event, Line, Scalar

Predicate = Callable[[Event, Line | None], bool]


def always(event: Event, line: Line | None) -> bool:
    """Hold for everything."""
    return event is not None or line is not None


def of_bill(holds: Callable[[Bill], bool]) -> Predicate:
    """Evaluate on the bill; an event that is no bill has no `currentTxn`, so the predicate does not hold."""
    return lambda event, _: isinstance(event.payload, Bill) and holds(event.payload)


def of_line(holds: Callable[[Line], bool]) -> Predicate:
    """Ask of the line in hand."""
    return lambda _, line: line is not None and holds(line)


def attribute(event: Event, name: str) -> Scalar:
    """Return an attribute of a behavioural event; None where there is none."""
    return event.payload.attributes.get(name) if isinstance(event.payload, Activity) else None


def is_number(value: Scalar) -> bool:
    """Return whether a value is a number, not a text or a truth value."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def minutes_at_least(event: Event, least: int) -> bool:
    """Ask whether the attribute `minutes` is a number of at least *least*."""
    minutes = attribute(event, "minutes")
    return is_number(minutes) and minutes >= least  # type: ignore[operator]


BILL_PREDICATES: Mapping[str, Predicate] = {
    "true": always,
    "currentTxn.value>=50": of_bill(lambda bill: bill.net >= 50),
    "currentTxn.value<20": of_bill(lambda bill: bill.net < 20),
    "currentTxn.basketSize>=2": of_bill(lambda bill: len(bill.lines) >= 2),
    "currentTxn.discount>0 || currentTxn.value==20": of_bill(lambda bill: bill.discount > 0 or bill.net == 20),
    'currentStore.code=="S2"': lambda event, _: event.place.store_code == "S2",
}

LINE_PREDICATES: Mapping[str, Predicate] = {
    "true": always,
    "currentLineItem.qty>1": of_line(lambda line: line.quantity > 1),
    'currentLineItem.code=="A"': of_line(lambda line: line.code == "A"),
    'currentLineItem.doesItemMatch("brand","North")': of_line(lambda line: line.attributes.get("brand") == "North"),
    'currentTxn.value>=50 && currentLineItem.code!="B"': lambda event, line: (
        isinstance(event.payload, Bill) and event.payload.net >= 50 and line is not None and line.code != "B"
    ),
}

EVENT_PREDICATES: Mapping[str, Predicate] = {
    "true": always,
    "currentEvent.minutes>=30": lambda event, _: minutes_at_least(event, 30),
    'currentEvent.kind=="RUN"': lambda event, _: attribute(event, "kind") == "RUN",
}

AWARD_PREDICATES: Mapping[str, Predicate] = {
    "true": always,
    "currentEvent.amount>10": lambda event, _: isinstance(event.payload, Award) and event.payload.amount > 10,
}

COMPLETION_PREDICATES: Mapping[str, Predicate] = {
    "true": always,
    "currentEvent.isTargetAchievedEvent": lambda event, _: attribute(event, "isTargetAchievedEvent") is True,
    "currentEvent.isSubTargetAchievedEvent": lambda event, _: attribute(event, "isSubTargetAchievedEvent") is True,
    'currentEvent.targetGroup=="group 1"': lambda event, _: attribute(event, "targetGroup") == "group 1",
}
"""Rule texts about achievements."""

PAST = (
    "currentCustomer.numberOfTxnsToday==0",
    "currentCustomer.numberOfTxnsToday<2",
    "currentCustomer.numberOfVisits>=1",
    "currentCustomer.numberOfVisits<2",
)
"""Rule texts that ask of the customer's past alone; `reference_customer` answers them."""

PREDICATES: Mapping[str, Predicate] = {
    **BILL_PREDICATES,
    **LINE_PREDICATES,
    **EVENT_PREDICATES,
    **AWARD_PREDICATES,
    **COMPLETION_PREDICATES,
    "false": lambda _event, _line: False,
    **dict.fromkeys(PAST, always),
}
