"""The targets of a benchmark's organisation, and how they are defined through the vendor's API."""

from enum import Enum
from random import Random
from typing import Any, NamedTuple

STORES = 200
BILL, RETURN, ACTIVITY = "TransactionAdd", "ReturnBill", "AppVisit"

MONTHS = (("2026-10", 31), ("2026-11", 30), ("2026-12", 31))
"""The periods of every target; what happens, happens in November."""

RUNNING = 1
"""Position of the period in which everything happens."""

FILTERED_SHARE, FILTER_STORES, PREDICATE_SHARE, ACTIVITY_SHARE = 0.7, 20, 0.4, 0.2
THRESHOLDS = (500, 1_000, 2_000)
"""Amounts that an amount predicate asks to be passed."""

SALES_GOALS, COUNT_GOALS = (2_000, 5_000, 20_000), (3, 10, 30)


class Sum(Enum):
    """What a target adds up."""

    AMOUNT = "AMOUNT"
    EVENTS = "EVENTS"


class Rule(NamedTuple):
    """One target: it counts events of one name, in some stores (None: in all), above an amount (None: of any)."""

    number: int
    event_name: str
    sum: Sum
    stores: frozenset[int] | None
    above: int | None
    goal: int

    @property
    def name(self) -> str:
        """Return the target's name, by which its id is found again."""
        return f"target {self.number}"

    def matches(self, event_name: str, store: int, cents: int) -> bool:
        """Return whether an event of this name, store and amount counts."""
        if event_name != self.event_name or (self.stores is not None and store not in self.stores):
            return False
        return self.above is None or cents > self.above * 100


def typical_rules(seed: int, count: int = 50) -> list[Rule]:
    """Return targets as performance.md wants them: 70 % in 20 of 200 stores, 40 % with an amount predicate."""
    random = Random(seed)
    filtered = _shares(random, count, FILTERED_SHARE)
    limited = _shares(random, count, PREDICATE_SHARE)
    active = _shares(random, count, ACTIVITY_SHARE)
    rules = []
    for number in range(count):
        kind = random.choice((Sum.AMOUNT, Sum.AMOUNT, Sum.EVENTS))
        rules.append(
            Rule(
                number=number,
                event_name=ACTIVITY if active[number] else BILL,
                sum=kind,
                stores=frozenset(random.sample(range(STORES), FILTER_STORES)) if filtered[number] else None,
                above=random.choice(THRESHOLDS) if limited[number] else None,
                goal=random.choice(SALES_GOALS if kind is Sum.AMOUNT else COUNT_GOALS),
            )
        )
    return rules


def spread_rules(count: int, matches: int = 5) -> list[Rule]:
    """Return *count* targets of which every store's bills match *matches* (or all, if there are fewer)."""
    each = min(STORES, STORES * matches // count)
    return [
        Rule(
            number=number,
            event_name=BILL,
            sum=Sum.AMOUNT,
            stores=frozenset((number * each + step) % STORES for step in range(each)),
            above=None,
            goal=SALES_GOALS[number % len(SALES_GOALS)],
        )
        for number in range(count)
    ]


def group_request(rule: Rule, store_ids: list[int], till_id: int) -> dict[str, Any]:
    """Return the body of `POST /v3/targetGroups` that defines *rule*; *store_ids* are the stores' ids in order."""
    return {
        "name": f"group {rule.number}",
        "description": "A target of a benchmark",
        "active": True,
        "preferredTillId": till_id,
        "trackingType": "DEFAULT",
        "targetEvaluationType": "FIXED_CALENDAR_WINDOW",
        "totalPeriods": len(MONTHS),
        "frequencyType": "MONTHLY",
        "frequency": 1,
        "recurringCycles": len(MONTHS),
        "periods": [
            {"refCode": month, "startDate": f"{month}-01T00:00:00.000", "endDate": f"{month}-{days}T23:59:59.000"}
            for month, days in MONTHS
        ],
        "targets": [_target(rule, store_ids)],
    }


def store_code(store: int) -> str:
    """Return the code of a store."""
    return f"s{store:03}"


def _shares(random: Random, count: int, share: float) -> list[bool]:
    """Return *share* of *count* trues, shuffled: the share holds exactly, whatever the seed."""
    true = round(count * share)
    flags = [True] * true + [False] * (count - true)
    random.shuffle(flags)
    return flags


def _target(rule: Rule, store_ids: list[int]) -> dict[str, Any]:
    on_bills = rule.event_name == BILL
    amount = "currentTxn.value" if on_bills else "currentEvent.amount"
    target: dict[str, Any] = {
        "name": rule.name,
        "active": True,
        "targetEntity": "TRANSACTION" if on_bills else "EVENT",
        "targetType": "COUNT" if rule.sum is Sum.EVENTS else "SALES" if on_bills else "EVENT_ATTRIBUTE",
        "eventName": rule.event_name,
        "expression": "true" if rule.above is None else f"{amount} > {rule.above}",
        "enrolmentMethod": "TRANSACTION",
        "defaultValues": [{"defaultValue": rule.goal}],
    }
    if not on_bills and rule.sum is Sum.AMOUNT:
        target["extendedFieldInfo"] = {"name": "amount", "aggregateFunction": "SUM"}
    if rule.stores is not None:
        target["filters"] = [{"entityType": "STORE", "entityIds": [store_ids[store] for store in sorted(rule.stores)]}]
    return target
