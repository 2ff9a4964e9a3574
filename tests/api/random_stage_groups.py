"""The target groups of the stage on which random requests are made: one of each kind."""

from tests.api.client import Json
from tests.api.client_forms import FEBRUARY, JANUARY, MARCH, group, target


def definitions() -> list[Json]:
    """Return groups of six kinds; the last one is as generated clients send it, with ids of 0 and without a till."""
    levels = [{"name": f"level {target()['name']}", "targetCountOfSequence": count} for count in (1, 2)]
    marks = [{"triggerName": "half", "triggerValueType": "PERCENTAGE", "triggerValue": 50}]
    months = (JANUARY, FEBRUARY, MARCH)
    either = {"minTargetsToAchieve": 1}
    return [
        group(target(targetMilestoneTriggers=marks, expression="true"), leaderboardEnabled=True),
        group(target(enrolmentMethod="IMPORT"), periods=months),
        group(target(), target("LINEITEM", "SALES"), combinationType="ANY", unifiedTargetExpression=either),
        group(target(), periods=months, trackingType="STREAKS", streaks=levels, streakFreezes={"max": 5}),
        group(target("REWARDS", "ALL_POINTS"), trackingType="CAPPING"),
        group(
            target(id=0, filters=[{"entityType": "STORE", "entityIds": [0]}]),
            target("LINEITEM", "QUANTITY"),
            id=0,
            preferredTillId=None,
            trackingType="DEFAULT",
            periods=(JANUARY | {"id": 0, "startDate": "2026-01-01 00:00:00"},),
        ),
    ]
