"""Grants freezes and pauses for a customer's streak; each is a command that happens once per idempotency key."""

from milepost.model.event import EventKey, GrantFreezes, PauseStreak
from milepost.model.problem import Problem, Refused
from milepost.model.progress.streak import Streak
from milepost.model.target import TargetGroup, Tracking
from milepost.model.time import DAY_US, Micros
from milepost.service.customers.view import view_customer
from milepost.service.ingest.incoming_event import Answer, IncomingEvent
from milepost.service.runtime.idempotent_commands import command_event, is_known_command, submit_once
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller

FREEZE_SOURCE = "milepost/freezes"
PAUSE_SOURCE = "milepost/pauses"
GRANTS_MAX = 200
"""How many times freezes of one streak may be granted, and how many pauses it may have."""

PAUSE_DAYS_MAX = 366
"""How long a pause may be."""

AHEAD_DAYS_MAX = 3_660
"""How far from now a pause may begin or end."""


class NotFound(Exception):
    """The customer or the group of a request does not exist; the message says which."""


async def grant_freezes(
    runtime: Runtime, caller: Caller, customer_id: int, group_id: int, id_: str, count: int
) -> Answer:
    """Grant a customer *count* freezes from now on; *id_* is the idempotency key. Raises NotFound, Refused."""
    now = runtime.clock()
    group, streak = await _streak(runtime, caller, customer_id, group_id)
    key = EventKey(FREEZE_SOURCE, f"{group_id}/{id_}")
    incoming_event = command_event(caller, customer_id, key, GrantFreezes(group_id=group_id, count=count), now, now)
    return await _receive(runtime, incoming_event, _freeze_problems(group, streak, count))


async def pause_streak(
    runtime: Runtime, caller: Caller, customer_id: int, group_id: int, id_: str, starts_at: Micros, ends_at: Micros
) -> Answer:
    """Pause a customer's streak from *starts_at* up to *ends_at* (epoch microseconds); *id_* is the idempotency key.

    Raises NotFound, Refused.
    """
    now = runtime.clock()
    _, streak = await _streak(runtime, caller, customer_id, group_id)
    key = EventKey(PAUSE_SOURCE, f"{group_id}/{id_}")
    payload = PauseStreak(group_id=group_id, starts_at=starts_at, ends_at=ends_at)
    incoming_event = command_event(caller, customer_id, key, payload, now, now)
    return await _receive(runtime, incoming_event, _pause_problems(streak, starts_at, ends_at, now))


async def _receive(runtime: Runtime, incoming_event: IncomingEvent, problems: list[Problem]) -> Answer:
    """Receive a command unless it has *problems*. A repetition gets the first answer, whatever has changed since."""
    if problems and not await is_known_command(runtime, incoming_event):
        raise Refused(*problems)
    return await submit_once(runtime, incoming_event, dated=False)


def _freeze_problems(group: TargetGroup, streak: Streak, count: int) -> list[Problem]:
    if group.freezes is None:
        return [Problem("groupId", "has no freezes: its definition has no streakFreezes")]
    problems = []
    if not 1 <= count <= group.freezes.most:
        problems.append(Problem("count", f"must be from 1 to {group.freezes.most}, the most the group allows"))
    if len(streak.freezes) >= GRANTS_MAX:
        problems.append(Problem("count", f"freezes were granted {GRANTS_MAX} times, which is the most for one streak"))
    return problems


def _pause_problems(streak: Streak, starts_at: Micros, ends_at: Micros, now: Micros) -> list[Problem]:
    problems = []
    if len(streak.pauses) >= GRANTS_MAX:
        problems.append(Problem("from", f"the streak was paused {GRANTS_MAX} times, which is the most"))
    if starts_at >= ends_at:
        problems.append(Problem("to", "must lie after from"))
    elif ends_at - starts_at > PAUSE_DAYS_MAX * DAY_US:
        problems.append(Problem("to", f"must not lie more than {PAUSE_DAYS_MAX} days after from"))
    problems += [
        Problem(path, f"must lie within {AHEAD_DAYS_MAX} days of now")
        for path, instant in (("from", starts_at), ("to", ends_at))
        if abs(instant - now) > AHEAD_DAYS_MAX * DAY_US
    ]
    return problems


async def _streak(runtime: Runtime, caller: Caller, customer_id: int, group_id: int) -> tuple[TargetGroup, Streak]:
    """Return an active group of continuous streaks, and the customer's streak in it. Raises NotFound, Refused."""
    view = await view_customer(runtime.database, runtime.snapshots, caller.org_id, customer_id)
    if view is None:
        raise NotFound(f"there is no customer {customer_id}")
    group = view.snapshot.rule_index.groups.get(group_id)
    if group is None or not group.active or group.deleted:
        raise NotFound(f"there is no active target group {group_id}")
    if group.tracking is not Tracking.STREAKS:
        raise Refused(Problem("groupId", "is not a group of STREAKS, so no streak in it can break"))
    return group, view.standing.streaks.get(group_id) or Streak(group_id)
