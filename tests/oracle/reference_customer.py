"""What a condition asks of the customer's past: counted anew from the events received before."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date

from milepost.model.event import Bill, Event
from tests.oracle.reference_events import local_day
from tests.oracle.reference_plan import Plan
from tests.oracle.reference_remaining import is_purchase
from tests.oracle.reference_replay import Happening, Story

Past = Callable[[Counter[date], date], bool]
"""A condition on the number of bills of each day, and on the day of the event."""

PAST_PREDICATES: Mapping[str, Past] = {
    "currentCustomer.numberOfTxnsToday==0": lambda bills, today: bills[today] == 0,
    "currentCustomer.numberOfTxnsToday<2": lambda bills, today: bills[today] < 2,
    "currentCustomer.numberOfVisits>=1": lambda bills, _: len(bills) >= 1,
    "currentCustomer.numberOfVisits<2": lambda bills, _: len(bills) < 2,
}


def knows(plan: Plan, event: Event, story: Story) -> bool:
    """Return whether what the target asks of the customer's past holds for *event*, which comes after *story*.

    Days are those of the zone that rules the target.
    """
    holds = PAST_PREDICATES.get(plan.target.expression)
    if holds is None:
        return True
    bills = Counter(local_day(plan.zone, one.event.occurred_at) for one in story if is_bought(one))
    return holds(bills, local_day(plan.zone, event.occurred_at))


def is_bought(happening: Happening) -> bool:
    """Return whether this is the event of a bill on which something was bought."""
    payload = happening.event.payload
    return happening.bill is None and isinstance(payload, Bill) and is_purchase(payload)
