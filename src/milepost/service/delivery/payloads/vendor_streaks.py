"""The vendor's events about streaks (docs/compatibility.md)."""

from milepost.model.amount import UNITS_PER_ONE
from milepost.model.target import Target, TargetGroup
from milepost.service.delivery.payloads.context import MessageContext
from milepost.service.delivery.payloads.happenings import Happening
from milepost.service.delivery.payloads.vendor_parts import Builder, Json, calendar_for, target_details, transaction_ids


def streak_level(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
    """Return what is told of a level that was achieved, or is no longer."""
    level = next((level for level in group.streak_levels if level.id == happening.about), None)
    streak = {
        "userCurrentStreakValue": happening.value // UNITS_PER_ONE,
        "streakLevelName": "" if level is None else level.name,
        "streakName": group.name,
        "streakId": group.id,
        "userStreakId": user_streak_id(context, group),
        "streakLevelAchievedDate": calendar_for(context, target).stamp(happening.at),
    }
    return {"streakData": [streak], "targetData": [target_details(context, happening, group, target)]}


def user_streak_id(context: MessageContext, group: TargetGroup) -> str:
    """Return the id of one customer's streak: the group's and the customer's, since nothing else is a streak."""
    return f"{group.id}-{context.customer_key.customer_id}"


def _streak_words(group: TargetGroup) -> Json:
    return {
        "streakName": group.name,
        "descriptionOfTheStreak": group.description or "",
        "numberOfLevel": len(group.streak_levels),
        "levelValues": [level.count for level in sorted(group.streak_levels, key=lambda level: level.count)],
    }


def streak_enrolment(key: str, verb: str) -> "Builder":
    """Return what builds the event of taking part in a streak, or of leaving it."""

    def build(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
        calendar = calendar_for(context, target)
        words = _streak_words(group)
        streak = {
            "streakName": words.pop("streakName"),
            "descriptionOfTheStreak": words.pop("descriptionOfTheStreak"),
            "userStreakId": user_streak_id(context, group),
            **words,
            "startDate": calendar.stamp(group.cycle_opens_at),
            "endDate": calendar.stamp(group.cycle_closes_at),
            f"streakValueWhen{verb}": _run(context, group),
            f"{verb[0].lower()}{verb[1:].lower()}Date": calendar.stamp(happening.at),
        }
        return {
            key: [streak],
            "targetData": [target_details(context, happening, group, target)],
            "transactionId": transaction_ids(context)["transactionId"],
        }

    return build


def _run(context: MessageContext, group: TargetGroup) -> int:
    streak = context.view.standing.streaks.get(group.id)
    return 0 if streak is None else len(streak.achieved)


def streak_started(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
    """Return what is told of a streak that started."""
    started = {
        **_streak_words(group),
        "userStreakValueAtTheStart": happening.value // UNITS_PER_ONE,
        "startDate": calendar_for(context, target).stamp(happening.at),
    }
    return {"targetDetails": target_details(context, happening, group, target), "streakStartData": [started]}


def streak_ended(context: MessageContext, happening: Happening, group: TargetGroup, target: Target) -> Json:
    """Return what is told of a streak that ended."""
    streak = context.view.standing.streaks.get(group.id)
    earned = {level.level_id for level in (() if streak is None else streak.levels)}
    names = [level.name for level in group.streak_levels if level.id in earned]
    ended = {
        **_streak_words(group),
        "numberOfLevelsAchievedByTheUser": len(names),
        "levelsAchievedByTheUser": names,
        "userStreakValueByTheEnd": happening.value // UNITS_PER_ONE,
        "endDate": calendar_for(context, target).stamp(happening.at),
    }
    return {"targetDetails": target_details(context, happening, group, target), "streakEndData": [ended]}
