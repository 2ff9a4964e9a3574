"""Random commands: enrolling and leaving in a possible order, freezes, pauses, boundaries, decisions."""

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import strategies as st
from msgspec import structs

from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.commands.correction import VoidAward
from milepost.model.event import (
    ADJUST_PROGRESS,
    AUTHORISE_AWARD,
    ENROL,
    GRANT_FREEZES,
    NOWHERE,
    PAUSE_STREAK,
    PERIOD_ROLLOVER,
    UNENROL,
    VOID_AWARD,
    AuthoriseAward,
    Award,
    AwardKind,
    Bill,
    Enrol,
    Event,
    EventKey,
    GrantFreezes,
    PauseStreak,
    Payload,
    PeriodRollover,
    Unenrol,
)
from milepost.model.target import EnrolmentMethod, Evaluation, Target, TargetGroup
from milepost.model.time import DAY_US, Micros
from tests.laws.draws import pick
from tests.laws.random_events import AMOUNTS, PLACES, Moments, bill
from tests.laws.random_kinds import SMALL
from tests.oracle.reference_plan import STREAKS

NAMES = {
    Enrol: ENROL,
    Unenrol: UNENROL,
    PeriodRollover: PERIOD_ROLLOVER,
    GrantFreezes: GRANT_FREEZES,
    PauseStreak: PAUSE_STREAK,
    AuthoriseAward: AUTHORISE_AWARD,
    VoidAward: VOID_AWARD,
    AdjustProgress: ADJUST_PROGRESS,
}
BALANCES = (None, None, None, Decimal(0), Decimal(20), Decimal(100))
SMALL_VOID = Decimal("0.5")
"""Less than any decision of these worlds asks for."""

ADJUSTED = (Decimal(100), Decimal(1), Decimal(-1), Decimal(-20), Decimal("0.5"), Decimal(-100))
"""What people correct by."""

OWN_GOALS = (*SMALL, *[Decimal(0)] * 5)


Requests = list[tuple[Micros | None, Payload]]
"""Requests in the order in which they come; each with its instant, None for any."""


def is_from_the_first(group: TargetGroup) -> bool:
    """Return whether an enrolment is always from the first period on."""
    return group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW or group.tracking in STREAKS


def enrolling(draw: st.DrawFn, group: TargetGroup, one: Target, *, is_back: bool) -> Enrol:
    """Make a request to take part, with or without a balance and own goals; a streak may be started again."""
    running = [period.id for period in group.periods if period.active]
    calendar = group.evaluation is Evaluation.FIXED_CALENDAR_WINDOW
    is_streak = group.tracking in STREAKS
    automatic = one.enrolment is EnrolmentMethod.TRANSACTION and not is_back
    from_the_first = is_from_the_first(group) or automatic
    may_balance = not is_streak and not automatic
    goals = OWN_GOALS if calendar else SMALL
    wanted = pick(draw, (False, False, True)) and (calendar or not is_back)
    return Enrol(
        target_id=one.id,
        period_id=running[0] if from_the_first else pick(draw, running),
        balance=pick(draw, BALANCES) if may_balance else None,
        goals=tuple((name, pick(draw, goals)) for name in running if pick(draw, (True, True, False))) if wanted else (),
        reset=is_streak and is_back and pick(draw, (True, False)),
    )


def stays(draw: st.DrawFn, group: TargetGroup, one: Target, *, late: bool) -> list[Payload]:
    """Make one customer's commands about a target, in order: enrol, leave, come back."""
    running = [period.id for period in group.periods if period.active]
    if not running or not (group.active and one.active):
        return []
    automatic = one.enrolment is EnrolmentMethod.TRANSACTION
    asked: list[Payload] = []
    if not automatic or (pick(draw, (True, False)) if late else pick(draw, (True, False, False, False, False))):
        asked.append(enrolling(draw, group, one, is_back=False))
    for _ in range(pick(draw, (0, 0, 0, 1, 1, 2))):
        asked.append(Unenrol(target_id=one.id, period_id=pick(draw, running)))
        back = enrolling(draw, group, one, is_back=True)
        if group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW and isinstance(asked[0], Enrol):
            back = structs.replace(back, goals=asked[0].goals)
        asked.append(back)
    return asked[: pick(draw, range(len(asked) + 1))] if pick(draw, (False, False, True)) else asked


def freezing(draw: st.DrawFn, group: TargetGroup) -> GrantFreezes:
    """Make a grant of one or two freezes."""
    return GrantFreezes(group_id=group.id, count=pick(draw, (1, 1, 2)))


def pausing(draw: st.DrawFn, group: TargetGroup) -> PauseStreak:
    """Make a pause between two bounds of periods, or a microsecond beside them."""
    bounds = sorted({bound for period in group.periods for bound in (period.opens_at, period.closes_at)})
    begins = Micros(pick(draw, bounds[:-1]) + pick(draw, (0, -1, 1)))
    later = [bound for bound in bounds if bound > begins + 1]
    ends = Micros(pick(draw, later) + pick(draw, (0, -1, 1)))
    return PauseStreak(group_id=group.id, starts_at=begins, ends_at=ends)


def adjusting(draw: st.DrawFn, group: TargetGroup, one: Target) -> list[Payload]:
    """Make one or two corrections of a target, in periods that may be the same."""
    running = [period.id for period in group.periods if period.active]
    if not running or not (group.active and one.active):
        return []
    return [
        AdjustProgress(
            target_id=one.id, period_id=pick(draw, running), amount=pick(draw, ADJUSTED), note="why", author="who"
        )
        for _ in range(pick(draw, (1, 1, 2)))
    ]


def boundaries(group: TargetGroup, offset_days: int) -> Requests:
    """Make all boundaries of a group's periods, with the instants of their notices."""
    told: list[tuple[Micros, Payload]] = []
    for period in group.periods:
        if period.active:
            told.append((period.opens_at, PeriodRollover(group_id=group.id, period_id=period.id, closed=False)))
            closes = Micros(period.closes_at + offset_days * DAY_US)
            told.append((closes, PeriodRollover(group_id=group.id, period_id=period.id, closed=True)))
    return [*sorted(told, key=lambda one: one[0])]


def deciding(draw: st.DrawFn) -> AuthoriseAward:
    """Make an intended award, mostly for a bill; what a bill says is greater than 0."""
    currency = pick(draw, (None, None, None, "GEM", "COIN"))
    found = bill(draw, 90, shared=False)
    sound = found.net > 0 and bool(found.lines) and all(min(line.net, line.quantity) > 0 for line in found.lines)
    return AuthoriseAward(
        program_id=7 if currency else pick(draw, (None, 7)),
        currency=currency,
        kind=pick(draw, tuple(AwardKind)),
        amount=pick(draw, AMOUNTS[1:]),
        bill=found if sound and pick(draw, (True, True, True, False)) else None,
    )


def voiding(draw: st.DrawFn, decisions: int) -> VoidAward:
    """Make a void of some decision, wholly or by an amount."""
    return VoidAward(decision=f"d{pick(draw, range(decisions + 1))}", amount=pick(draw, (None, *AMOUNTS[1:])))


def own_event(draw: st.DrawFn, name: str, payload: Payload, occurred_at: Micros, received_at: Micros) -> Event:
    """Make an event of ours."""
    return Event(
        key=EventKey("own", name),
        name=NAMES[type(payload)],
        occurred_at=occurred_at,
        received_at=received_at,
        place=pick(draw, PLACES) if isinstance(payload, AuthoriseAward) else NOWHERE,
        member=None,
        payload=payload,
    )


def among(
    draw: st.DrawFn, events: Sequence[Event], asked: Sequence[Requests], moments: Moments, prefix: str = "o"
) -> tuple[Event, ...]:
    """Put requests among *events*, those of one row in their order."""
    placed: list[tuple[int, int, Micros | None, Payload]] = []
    for row in asked:
        places = sorted(pick(draw, range(len(events) + 1)) for _ in row)
        first = len(placed)
        placed += [(place, first + turn, *row[turn]) for turn, place in enumerate(places)]
    told = list(events)
    for number, (place, _, at, payload) in enumerate(sorted(placed, key=lambda one: one[:2], reverse=True)):
        heard = [event.received_at for event in (told[place : place + 1] or told[-1:])] or [moments.hearing[0]]
        instant = pick(draw, moments.happening) if at is None else at
        told.insert(place, own_event(draw, f"{prefix}{number}", payload, instant, heard[0]))
    return tuple(told)


def decided(draw: st.DrawFn, events: Sequence[Event]) -> tuple[Event, ...]:
    """Let some bills and awards name a decision, and most voids too: half of these voids are of a small amount."""
    names = [event.key.id for event in events if isinstance(event.payload, AuthoriseAward)]
    told = []
    for event in events:
        payload = event.payload
        if names and isinstance(payload, Bill | Award) and pick(draw, (False, True)):
            payload = structs.replace(payload, decision=pick(draw, names))
        elif names and isinstance(payload, VoidAward) and pick(draw, (True, True, False)):
            amount = pick(draw, (payload.amount, SMALL_VOID))
            payload = structs.replace(payload, decision=pick(draw, names), amount=amount)
        told.append(structs.replace(event, payload=payload))
    return tuple(told)
