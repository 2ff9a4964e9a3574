"""What the shop of the browser tests sells: its target groups, and what its customers did."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from typing import Any

ZONE = "Europe/Berlin"
LAST_DAY = date(2026, 11, 20)
CUSTOMERS = 48

Json = dict[str, Any]


def renamed(definition: Json) -> Json:
    """Return a definition whose targets have a name of their own, because names are taken once."""
    targets = [target | {"name": f"{definition['name']} ({target['name']})"} for target in definition["targets"]]
    return definition | {"targets": targets}


def months(first: int, last: int) -> list[Json]:
    """Return a period for each month of 2026."""
    return [
        {
            "refCode": f"2026-{month:02}",
            "startDate": f"2026-{month:02}-01",
            "endDate": str((date(2026, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)),
        }
        for month in range(first, last + 1)
    ]


def weeks() -> list[Json]:
    """Return a period for each week from 31 August to the end of December 2026."""
    mondays = [date(2026, 8, 31) + timedelta(weeks=number) for number in range(18)]
    return [
        {
            "refCode": f"2026-W{monday.isocalendar().week}",
            "startDate": str(monday),
            "endDate": str(monday + timedelta(days=6)),
        }
        for monday in mondays
    ]


def group(name: str, description: str, periods: list[Json], targets: list[Json], **more: Any) -> Json:
    """Return the definition of a target group."""
    return {
        "name": name,
        "description": description,
        "preferredTillId": 0,
        "trackingType": "DEFAULT",
        "timeZoneName": ZONE,
        "totalPeriods": len(periods),
        "periods": periods,
        "targets": [{"enrolmentMethod": "TRANSACTION"} | target for target in targets],
    } | more


def goal(value: int) -> dict[str, list[Json]]:
    """Return the goal of all periods of a target."""
    return {"defaultValues": [{"defaultValue": value}]}


BILL = {"targetEntity": "TRANSACTION"}
LINE = {"targetEntity": "LINEITEM", "targetType": "SALES"}


def definitions(zone: int) -> dict[str, Json]:
    """Return the target groups of the shop by their names; *zone* is Berlin's id."""
    groups = (monthly_spend(zone), coffee_streak(), ten_visits(), fresh_basket(), points_cap())
    return {one["name"]: one for one in groups}


def monthly_spend(zone: int) -> Json:
    """Return a milestone with a condition, a place and a mark on the way."""
    half = {"triggerName": "Half way", "triggerValueType": "PERCENTAGE", "triggerValue": 50, "isActive": True}
    spend = {
        "name": "Spend 150",
        "targetType": "SALES",
        "expression": "currentTxn.value>=25",
        "filters": [{"entityType": "ZONE", "entityIds": [zone]}],
        "targetMilestoneTriggers": [half],
    }
    return group("Monthly spend", "Spend 150 in Berlin in a month", months(8, 12), [BILL | goal(150) | spend])


def coffee_streak() -> Json:
    """Return a streak with two levels."""
    levels = [
        {"name": "Four weeks", "targetCountOfSequence": 4},
        {"name": "Eight weeks", "targetCountOfSequence": 8},
    ]
    coffee = {"name": "Coffee in a week", "targetType": "QUANTITY", "expression": 'currentLineItem.code == "coffee"'}
    more = {"trackingType": "STREAKS", "streaks": levels, "streakFreezes": {"max": 2}}
    return (
        group("Coffee streak", "Coffee in four and in eight weeks in a row", weeks(), [LINE | goal(1) | coffee]) | more
    )


def ten_visits() -> Json:
    """Return a milestone with a leaderboard."""
    quarter = [{"refCode": "2026-Q4", "startDate": "2026-10-01", "endDate": "2026-12-31"}]
    visits = BILL | goal(10) | {"name": "Ten visits", "targetType": "VISIT"}
    return group("Ten visits", "Come on ten days in the quarter", quarter, [visits], leaderboardEnabled=True)


def fresh_basket() -> Json:
    """Return three targets that are reached together."""
    least = {"Fruit": 15, "Bread": 10, "Coffee": 10}
    lines = [
        LINE | goal(value) | {"name": name, "expression": f'currentLineItem.code == "{name.lower()}"'}
        for name, value in least.items()
    ]
    whole = {"aggregation": "SUM", "thresholdValue": 60}
    together = {"trackingType": "UNIFIED", "combinationType": "ALL", "unifiedTargetExpression": whole}
    return group("Fresh basket", "Fruit, bread and coffee in a month, together for 60", months(8, 12), lines) | together


def points_cap() -> Json:
    """Return a cap on points."""
    points = goal(500) | {"name": "Points a month", "targetEntity": "REWARDS", "targetType": "ALL_POINTS"}
    return group("Points cap", "At most 500 points a month", months(8, 12), [points], trackingType="CAPPING")


def history() -> list[Json]:
    """Return all that the customers did until 20 November, in the order of time; it is the same each time."""
    drawn = random.Random(7)
    events = [event for number in range(1, CUSTOMERS) for event in bills_of(number, drawn)]
    events += adas_bills()
    return sorted(events, key=lambda event: str(event["time"]))


def bills_of(number: int, drawn: random.Random) -> Iterator[Json]:
    """Return the bills of a customer, one every few days."""
    day, bill = date(2026, 8, 1) + timedelta(days=drawn.randrange(7)), 0
    pace, size = drawn.choice((3, 5, 8, 12)), drawn.choice((12, 25, 40))
    while day <= LAST_DAY:
        bill += 1
        amount = round(drawn.uniform(0.3, 1.6) * size, 2)
        store = drawn.choice(("mitte", "mitte", "wedding", "leipzig"))
        items = drawn.sample(("fruit", "bread", "coffee", "milk"), drawn.randint(1, 4))
        yield purchase(number, f"{number}-{bill}", day, amount, store=store, items=tuple(items))
        day += timedelta(days=drawn.randint(1, 2 * pace))


def adas_bills() -> Iterator[Json]:
    """Return what Ada did: 136.40 of 150 in November, with a bill too small, one elsewhere, and a return."""
    for week in range(9):
        if week != 6:
            tuesday = date(2026, 9, 1) + timedelta(weeks=week)
            yield purchase(0, f"ada-{week}", tuesday, 31.5, store="mitte", items=("coffee", "bread"))
    for name, day, amount, store in (
        ("88213", 4, 42.5, "mitte"),
        ("87990", 6, 19.8, "mitte"),
        ("88301", 9, 58.9, "wedding"),
        ("88377", 12, 64.0, "leipzig"),
        ("88410", 17, 45.0, "mitte"),
    ):
        yield purchase(0, name, date(2026, 11, day), amount, store=store, items=("coffee", "fruit"))
    yield {
        "id": "return-88301",
        "source": "pos/wedding",
        "type": "ReturnBill",
        "time": "2026-11-18T16:05:00+01:00",
        "customer": {"externalId": "A-1000"},
        "data": {"returnType": "AMOUNT", "original": "88301", "amount": 10},
    }


def purchase(number: int, bill: str, day: date, amount: float, *, store: str, items: tuple[str, ...]) -> Json:
    """Return a bill of a customer; its lines share the amount."""
    at = datetime(day.year, day.month, day.day, 8 + number % 11, number % 60, tzinfo=timezone(timedelta(hours=1)))
    cents = round(amount * 100)
    share = cents // len(items)
    shares = [share] * (len(items) - 1) + [cents - share * (len(items) - 1)]
    return {
        "id": f"bill-{bill}",
        "source": f"pos/{store}",
        "type": "TransactionAdd",
        "time": at.isoformat(),
        "customer": {"externalId": f"A-{1000 + number}"},
        "store": {"code": store},
        "data": {
            "number": bill,
            "netAmount": cents / 100,
            "lines": [
                {"code": item, "quantity": 1, "netAmount": part / 100} for item, part in zip(items, shares, strict=True)
            ],
        },
    }


def unfit() -> Json:
    """Return an event that is refused, because an amount is no number."""
    return {
        "id": "bill-broken",
        "source": "pos/mitte",
        "type": "TransactionAdd",
        "time": "2026-11-21T09:00:00+01:00",
        "customer": {"externalId": "A-1001"},
        "data": {"number": "broken", "netAmount": "a lot"},
    }
