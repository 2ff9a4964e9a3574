"""How the baseline answers `GET /v3/users/{id}/targetGroups`: one statement, a row for each target, the same JSON."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bench.events import CLOCK

ROWS = b"""
select c.external_id, c.customer_id, t.target_id, t.name, s.event_name, s.counts, k.goal, k.value, k.enrolled_at,
    k.updated_at, k.achieved_at, p.period_id, p.ref_code, p.opens_at, p.closes_at
from progress as k
join customer as c on c.customer_id = k.customer_id
join target as t on t.target_id = k.target_id
join lateral (select event_name, counts from target_store where target_id = k.target_id limit 1) as s on true
join period as p on p.period_id = k.period_id
where k.customer_id = %b and timestamptz '{clock}' >= p.opens_at and timestamptz '{clock}' < p.closes_at
order by t.target_id
""".replace(b"{clock}", CLOCK.encode())
"""The period is the one that runs by the clock of our server, which is not the clock of the machine."""

_SECOND = timedelta(seconds=1)
_TILL = {"id": 1, "code": "till.bench", "description": "", "name": "till.bench", "type": "TILL"}


def page(customer_id: int, rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """Return the whole answer, as the vendor shapes it, from the *rows* of one customer."""
    channel = {"firstName": "", "lastName": "", "commChannels": [], "source": "instore", "accountId": ""}
    customer = {
        "id": customer_id,
        "profiles": [channel | {"userId": customer_id, "orgSourceId": -1}],
        "loyaltyInfo": {"attribution": _attribution(), "loyaltyType": "loyalty", "lifetimePurchases": 0},
        "customFields": {},
    }
    groups = [_group(row) for row in rows]
    return {
        "data": {"userId": customer_id, "customer": customer, "targetGroups": groups},
        "errors": None,
        "warnings": None,
    }


def _group(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "id": row[2],
        "attribution": _attribution(),
        "name": row[3],
        "orgId": 1,
        "preferredTillId": 1,
        "targets": [_row(row)],
        "targetEvaluationType": "FIXED_CALENDAR_WINDOW",
        "trackingType": "DEFAULT",
    }


def _row(row: tuple[Any, ...]) -> dict[str, Any]:
    _, customer_id, target_id, name, event_name, counts, goal, value, enrolled, updated, achieved, *period = row
    period_id, ref_code, opens_at, closes_at = period
    last_at = closes_at - _SECOND
    places = 0 if counts else 2
    return {
        "targetId": customer_id << 16 | target_id,
        "periodId": period_id,
        "programId": None,
        "alternateCurrencyIdentifier": None,
        "alternateCurrencyName": None,
        "periodRefCode": ref_code,
        "periodStartDate": opens_at.strftime("%Y-%m-%d"),
        "periodEndDate": last_at.strftime("%Y-%m-%d"),
        "targetValue": Decimal(goal).scaleb(-places),
        "targetAchievedValue": Decimal(value).scaleb(-places),
        "targetName": name,
        "targetType": "COUNT" if counts else "SALES",
        "targetEntity": "TRANSACTION",
        "targetRuleId": target_id,
        "enrolledOn": _stamp(enrolled),
        "eventName": event_name,
        "periodStartDateWithTimeStamp": _stamp(opens_at),
        "periodEndDateWithTimeStamp": _stamp(last_at),
        "lastUpdatedOn": _stamp(updated),
        "targetAchievedDateTime": None if achieved is None else _stamp(achieved),
        "enrolledOnISO": enrolled.isoformat(),
        "periodStartDateWithTimeStampISO": opens_at.isoformat(),
        "periodEndDateWithTimeStampISO": last_at.isoformat(),
        "lastUpdatedOnISO": updated.isoformat(),
        "targetAchievedDateTimeISO": None if achieved is None else achieved.isoformat(),
        "targetAchievedEventLogId": None,
        "currentPeriod": True,
        "unEnrolled": False,
        "milestones": None,
    }


def _attribution() -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "createdOn": _stamp(now),
        "createdOnISO": now.isoformat(),
        "lastUpdatedOn": _stamp(now),
        "lastUpdatedOnISO": now.isoformat(),
        "lastUpdatedBy": _TILL,
        "createdBy": _TILL,
    }


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S")
