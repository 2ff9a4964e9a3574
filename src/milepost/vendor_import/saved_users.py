"""Read a saved view of a customer as a customer to import: profile, enrolments and progress (S4, facts 2.9)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from milepost.api.capillary.envelope import Json
from milepost.model.commands.vendor_import import ImportedEnrolment, ImportedLevel, ImportedRow, ImportProgress
from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.target import EnrolmentMethod, Evaluation, Target, TargetGroup
from milepost.model.time import Micros, to_seconds
from milepost.rules.calendar import Calendar
from milepost.service.definitions.vendor_import import ImportedCustomer
from milepost.vendor_import.saved_answers import SavedAnswers, count_fields
from milepost.vendor_import.saved_groups import stamp_of

_USER = frozenset({"userId", "customer", "targetGroups"})
_CUSTOMER = frozenset({"id", "profiles", "loyaltyInfo", "customFields"})
_PROFILE = frozenset({"firstName", "lastName", "commChannels", "source", "accountId", "userId", "orgSourceId"})
_GROUP = frozenset(
    {"id", "attribution", "name", "orgId", "preferredTillId", "targets", "targetEvaluationType", "trackingType"}
    | {"streaks", "description", "active", "totalPeriods", "leaderboardEnabled", "userCreated"}
)
_ROW = frozenset(
    {"targetId", "periodId", "periodRefCode", "periodStartDate", "periodEndDate", "programId", "targetValue"}
    | {"alternateCurrencyIdentifier", "alternateCurrencyName", "targetAchievedValue", "targetName", "targetType"}
    | {"targetEntity", "targetRuleId", "eventName", "targetAchievedEventLogId", "currentPeriod", "unEnrolled"}
    | {"milestones"}
    | {
        name + suffix
        for name in (
            *("periodStartDateWithTimeStamp", "periodEndDateWithTimeStamp", "enrolledOn", "lastUpdatedOn"),
            "targetAchievedDateTime",
        )
        for suffix in ("", "ISO")
    }
)
_LEVEL = frozenset(
    {"userStreakId", "streakId", "streakName", "status", "currentCount", "totalTargetCountOfSequence"}
    | {"streakAchievedUserTargetId", "streakAchievedDateTime", "streakAchievedDateTimeISO"}
)
_UNKNOWN = Micros(0)
"""The instant of what an answer does not date."""

_CHANNELS = {"mobile": IdentifierKind.MOBILE, "email": IdentifierKind.EMAIL}


def read_customer(
    saved: SavedAnswers,
    raw: Json,
    groups: Mapping[int, TargetGroup],
    calendar: Calendar,
    identifiers: tuple[Identifier, ...],
) -> ImportedCustomer:
    """Build the customer that the saved answer *raw* describes.

    *identifiers* are those that answers omit; *groups* are the imported target groups.
    """
    count_fields(saved, "user", raw, _USER)
    saved_groups = [group for group in raw["targetGroups"] if isinstance(group, dict)]
    targets = {target.id: (group, target) for group in groups.values() for target in group.targets}
    rows = [row for group in saved_groups for row in _rows(saved, group) if row.get("targetRuleId") in targets]
    loyalty = (raw.get("customer") or {}).get("loyaltyInfo") or {}
    imported = ImportProgress(
        rows=tuple(_row(row, calendar) for row in rows),
        enrolments=tuple(_enrolments(rows, targets)),
        levels=tuple(level for group in saved_groups for level in _levels(saved, group, calendar)),
        anchors=tuple(_anchors(rows, targets, calendar)),
        purchases=_amount(loyalty.get("lifetimePurchases")),
    )
    return ImportedCustomer(customer=_customer(saved, raw, calendar, identifiers), imported=imported)


def _rows(saved: SavedAnswers, group: Json) -> Iterator[Json]:
    """Return the rows of stored progress: a row without an id was synthesised for the answer (facts 2.9)."""
    count_fields(saved, "userGroup", group, _GROUP)
    for row in group.get("targets") or ():
        count_fields(saved, "row", row, _ROW)
        if row.get("targetId") is not None:
            yield row


def _row(row: Json, calendar: Calendar) -> ImportedRow:
    enrolled = stamp_of(row, "enrolledOn", calendar) or _UNKNOWN
    updated = stamp_of(row, "lastUpdatedOn", calendar) or enrolled
    achieved = stamp_of(row, "targetAchievedDateTime", calendar)
    return ImportedRow(
        target_id=row["targetRuleId"],
        period_id=row["periodId"],
        value=_amount(row.get("targetAchievedValue")),
        enrolled_at=to_seconds(enrolled),
        updated_at=to_seconds(updated),
        achieved_at=to_seconds(achieved or _UNKNOWN),
        # An answer that names no event says only that there was one, so any number but 0 will do.
        achieved_by=0 if achieved is None else row.get("targetAchievedEventLogId") or 1,
        triggers=tuple(mark["id"] for mark in row.get("milestones") or () if mark.get("isAchieved")),
    )


def _enrolments(rows: list[Json], targets: Mapping[int, tuple[TargetGroup, Target]]) -> Iterator[ImportedEnrolment]:
    """Return the enrolments that need a record: by a list, with a leaving, or with goals of the customer's own."""
    for target_id in dict.fromkeys(row["targetRuleId"] for row in rows):
        group, target = targets[target_id]
        order = [period.id for period in sorted(group.periods, key=lambda period: period.opens_at)]
        by_period = {
            row["periodId"]: row for row in rows if row["targetRuleId"] == target_id and row["periodId"] in order
        }
        usual = {goal.period_id: goal.value for goal in target.goals}
        goals = {id_: _amount(row.get("targetValue")) for id_, row in by_period.items()}
        own = tuple((id_, goal) for id_, goal in sorted(goals.items()) if goal != usual.get(id_, Decimal(0)))
        left = next((id_ for id_ in order if by_period.get(id_, {}).get("unEnrolled")), 0)
        listed = target.enrolment is not EnrolmentMethod.TRANSACTION
        if by_period and (listed or own or left):
            first = next(id_ for id_ in order if id_ in by_period) if listed else order[0]
            yield ImportedEnrolment(target_id=target_id, period_id=first, left_period_id=left, goals=own)


def _levels(saved: SavedAnswers, group: Json, calendar: Calendar) -> Iterator[ImportedLevel]:
    """Return the streak levels that the customer has."""
    periods = {row.get("targetId"): row.get("periodId") for row in group.get("targets") or ()}
    for level in group.get("streaks") or ():
        count_fields(saved, "streak", level, _LEVEL)
        earned = stamp_of(level, "streakAchievedDateTime", calendar)
        if level.get("status") == "ACHIEVED":
            yield ImportedLevel(
                group_id=group["id"],
                level_id=level["streakId"],
                earned_at=to_seconds(earned or _UNKNOWN),
                period_id=periods.get(level.get("streakAchievedUserTargetId")) or 0,
            )


def _anchors(
    rows: list[Json], targets: Mapping[int, tuple[TargetGroup, Target]], calendar: Calendar
) -> Iterator[tuple[int, Micros]]:
    """Return by target id when the customer's own windows begin (epoch microseconds): with the first period's row."""
    for row in rows:
        group, _ = targets[row["targetRuleId"]]
        is_first = bool(group.periods) and row["periodId"] == group.periods[0].id
        opens = stamp_of(row, "periodStartDateWithTimeStamp", calendar)
        if group.evaluation is Evaluation.CYCLIC_WINDOW and is_first and opens is not None:
            yield row["targetRuleId"], opens


def _customer(saved: SavedAnswers, raw: Json, calendar: Calendar, identifiers: tuple[Identifier, ...]) -> Customer:
    shown = raw.get("customer") or {}
    count_fields(saved, "customer", shown, _CUSTOMER)
    profile: Json = next(iter(shown.get("profiles") or ()), {})
    count_fields(saved, "profile", profile, _PROFILE)
    attribution = (shown.get("loyaltyInfo") or {}).get("attribution") or {}
    registered = stamp_of(attribution, "createdOn", calendar) or _UNKNOWN
    answered = [
        Identifier(_CHANNELS[channel["type"]], channel["value"])
        for channel in profile.get("commChannels") or ()
        if channel.get("type") in _CHANNELS and channel.get("value")
    ]
    return Customer(
        id=raw["userId"],
        first_name=profile.get("firstName") or "",
        last_name=profile.get("lastName") or "",
        identifiers=tuple(dict.fromkeys([*identifiers, *answered])),
        fields={name: value for name, value in (shown.get("customFields") or {}).items() if _is_scalar(value)},
        registered_at=registered,
        registered_by=(attribution.get("createdBy") or {}).get("id"),
        updated_at=stamp_of(attribution, "lastUpdatedOn", calendar) or registered,
        updated_by=(attribution.get("lastUpdatedBy") or {}).get("id"),
    )


def _is_scalar(value: Any) -> bool:
    return value is None or isinstance(value, str | int | Decimal | bool)


def _amount(value: Any) -> Decimal:
    """Return the amount that *value*, a number or text, is; 0 for anything else."""
    return Decimal(str(value)) if isinstance(value, int | Decimal | str) and not isinstance(value, bool) else Decimal(0)
