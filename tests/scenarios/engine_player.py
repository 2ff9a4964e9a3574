"""Plays a scenario in memory: definitions become a rule index, events are folded by `engine.replay`."""

from decimal import Decimal

from milepost.api.http.body import write_json
from milepost.api.native.events.incoming_event import incoming_event_of
from milepost.engine.apply import Replayed
from milepost.engine.progress.streak_run import evaluate
from milepost.engine.progress.windows import spans
from milepost.model.amount import to_decimal
from milepost.model.event import (
    AUTHORISE_AWARD,
    BILL,
    ENROL,
    GRANT_FREEZES,
    PAUSE_STREAK,
    PERIOD_ROLLOVER,
    UNENROL,
    AuthoriseAward,
    AwardKind,
    Bill,
    Enrol,
    GrantFreezes,
    PauseStreak,
    Unenrol,
)
from milepost.model.progress.streak import Streak
from milepost.model.standing import NOTES, Progress, ProgressKey, Reason
from milepost.model.target import CapScope, Evaluation, Period, Target, TargetGroup
from milepost.model.time import DAY_US, EPOCH, Micros, Seconds
from milepost.rules.compiled.composites import STREAKING
from tests.scenarios.period_boundaries import Notice, notices_by
from tests.scenarios.replayed_memory import Memory, period_called, running_period
from tests.scenarios.scenario_story import (
    Changed,
    Decision,
    Definition,
    Enrolment,
    Happening,
    Json,
    Level,
    Scenario,
    Seen,
)
from tests.scenarios.shown_progress import told
from tests.scenarios.vocabulary_expectations import SOURCE


class EnginePlayer:
    """Knows no database and no clock."""

    def __init__(self, scenario: Scenario) -> None:
        """Begin with the organisation of *scenario*, before it has defined anything."""
        self.scenario = scenario
        self._memory = Memory(scenario)
        self._decided: dict[str, Decimal] = {}
        self._told: list[Notice] = []

    def define(self, definition: Definition) -> None:
        """Put the scenario's groups in force, or see the last one refused."""
        self._memory.define(self.scenario.groups, definition)

    def happen(self, happening: Happening) -> list[Changed]:
        """Apply an event; return what it changed."""
        names = self._memory.names()
        return [
            Changed(
                names.targets[entry.target_id],
                names.periods[entry.period_id],
                entry.reason.name.lower(),
                to_decimal(entry.before),
                to_decimal(entry.after),
            )
            for entry in self._memory.happen(happening)
            if entry.reason not in NOTES
        ]

    def enrol(self, enrolment: Enrolment) -> None:
        """Enrol a customer by the event that the call makes."""
        group, target = self._memory.target(enrolment.target)
        payload = Enrol(
            target_id=target.id,
            period_id=_first_period(group, enrolment).id,
            balance=enrolment.balance,
            goals=tuple((period_called(group, name).id, goal) for name, goal in enrolment.goals.items()),
            reset=enrolment.reset,
        )
        self._memory.call(enrolment.customer, ENROL, payload, enrolment.received_at)

    def leave(self, customer: str, target: str, received_at: Micros) -> None:
        """Take a customer out of a target."""
        group, rule = self._memory.target(target)
        payload = Unenrol(target_id=rule.id, period_id=running_period(group, received_at).id)
        self._memory.call(customer, UNENROL, payload, received_at)

    def grant(self, customer: str, group: str, freezes: int, received_at: Micros) -> None:
        """Grant a customer streak freezes."""
        payload = GrantFreezes(group_id=self._memory.group(group).id, count=freezes)
        self._memory.call(customer, GRANT_FREEZES, payload, received_at)

    def pause(self, customer: str, group: str, starts_at: Micros, ends_at: Micros, received_at: Micros) -> None:
        """Pause a customer's streak."""
        payload = PauseStreak(group_id=self._memory.group(group).id, starts_at=starts_at, ends_at=ends_at)
        self._memory.call(customer, PAUSE_STREAK, payload, received_at)

    def decide(self, decision: Decision) -> Decimal:
        """Decide how much of an award may be given; the same decision again gets the same answer."""
        if decision.id not in self._decided:
            payload = AuthoriseAward(
                program_id=decision.program_id,
                currency=decision.currency,
                kind=AwardKind(decision.kind),
                amount=decision.amount,
                bill=None if decision.bill is None else _read_bill(decision.bill | {"number": decision.id}),
            )
            entries = self._memory.call(decision.customer, AUTHORISE_AWARD, payload, decision.received_at)
            self._decided[decision.id] = next(to_decimal(e.after) for e in entries if e.reason is Reason.GRANTED)
        return self._decided[decision.id]

    def set(self, name: str, value: str, received_at: Micros) -> None:
        """Change a setting of the organisation."""
        self._memory.set(name, value, received_at)

    def edit(self, target: str, change: Json, received_at: Micros) -> None:
        """Change a target."""
        self._memory.edit(target, change, received_at)

    def count_stored(self, target: str, received_at: Micros) -> None:
        """Count events received before the target was created."""
        group, rule = self._memory.target(target)
        for customer in self._memory.customers():
            payload = Enrol(target_id=rule.id, period_id=group.periods[0].id)
            self._memory.call(customer, ENROL, payload, received_at)

    def enter(self, customer: str, audience: str, received_at: Micros) -> None:
        """Put a customer into an audience group, which enrols in the targets that name it."""
        number = self.scenario.audiences.index(audience) + 1
        for target in (target for group in self.scenario.groups for target in group["targets"]):
            if any(one["audienceGroupId"] == number for one in target.get("targetAudienceFilter", ())):
                name = target["name"]
                self.enrol(
                    Enrolment(customer=customer, target=name, period=None, balance=None, received_at=received_at)
                )

    def go_out(self, customer: str, audience: str, received_at: Micros) -> None:
        """Take a customer out of an audience group: the enrolment stays (facts 8 #59)."""

    def merge(self, victim: str, survivor: str, received_at: Micros) -> None:
        """Apply the merge to the survivor, with the victim's standing."""
        self._memory.merge(victim, survivor, received_at)

    def pass_time(self, received_at: Micros) -> None:
        """Let time pass: apply due boundaries to every customer; the engine decides whom they concern."""
        self._memory.now = received_at
        for told_now in notices_by(self._memory, received_at):
            if told_now not in self._told:
                self._told.append(told_now)
                self._memory.call(told_now.customer, PERIOD_ROLLOVER, told_now.pass_time, received_at)

    def seen(self, customer: str, target: str, period: str) -> Seen | None:
        """Return a customer's value; an enrolled customer without events has 0."""
        group, rule = self._memory.target(target)
        key = ProgressKey(rule.id, period_called(group, period).id)
        progress = self._memory.progress(customer, key)
        life = self._memory.life(customer)
        if progress is None and not _is_enrolled(life, group, key):
            return None
        progress = progress or Progress(*key, value=0, enrolled_at=Seconds(0), updated_at=Seconds(0))
        return Seen(
            value=to_decimal(progress.value),
            goal=_goal(life, group, rule, key.period_id),
            achieved_by=progress.achieved_by or None,
            marks=frozenset(
                trigger.name for place, trigger in enumerate(rule.triggers) if progress.triggers & 1 << place
            ),
            updated_at=progress.updated_at,
        )

    def window(self, customer: str, target: str, period: str) -> tuple[Micros, Micros]:
        """Return from when up to when a period runs for a customer."""
        group, rule = self._memory.target(target)
        place = [one.ref_code for one in group.periods].index(period)
        anchors = self._memory.life(customer).standing.anchors
        opens_at, closes_at = spans(self._memory.rule_index.rules[rule.id], anchors)[place]
        return opens_at, closes_at

    def level(self, customer: str, level: str) -> Level:
        """Return how far a customer is on the way to a streak level."""
        group, found = next((g, one) for g in self._memory.groups for one in g.streak_levels if one.name == level)
        streak = self._memory.life(customer).standing.streaks.get(group.id, Streak(group.id))
        earned = next((one for one in streak.levels if one.level_id == found.id), None)
        if earned is not None:
            period = next(one for one in group.periods if one.id == earned.period_id)
            return Level(found.count, found.count, period.ref_code)
        until = Micros(self._memory.now - self._memory.organisation.settings.offset_days * DAY_US)
        return Level(evaluate(self._memory.rule_index.streaks[group.id], streak, until).run, found.count, None)

    def composite_cause(self, customer: str, group: str, period: str) -> int | None:
        """Return the log id of the event that achieved a unified group in a period, None if it is not achieved."""
        found = self._memory.group(group)
        progress = self._memory.progress(customer, ProgressKey(-found.id, period_called(found, period).id))
        return (progress.achieved_by or None) if progress is not None else None

    def left(self, customer: str, target: str, period: str) -> Decimal:
        """Return what may still be given under a cap."""
        group, rule = self._memory.target(target)
        key = ProgressKey(rule.id, period_called(group, period).id)
        progress = self._memory.progress(customer, key)
        used = 0 if progress is None or group.cap_scope is CapScope.TRANSACTION else progress.value
        goal = _goal(self._memory.life(customer), group, rule, key.period_id)
        return max(goal - to_decimal(used), Decimal(0))

    def told(self, customer: str) -> list[str]:
        """Return what a customer's events led to, in words, oldest first."""
        names = self._memory.names()
        return [told(outcome, names) for outcome in self._memory.life(customer).outcomes]


def _first_period(group: TargetGroup, enrolment: Enrolment) -> Period:
    """Return the period from which an enrolment counts: streaks and own windows always from the first (facts 4.7)."""
    if group.tracking in STREAKING or group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        return group.periods[0]
    if enrolment.period is not None:
        return period_called(group, enrolment.period)
    return running_period(group, enrolment.received_at)


def _goal(life: Replayed, group: TargetGroup, target: Target, period_id: int) -> Decimal:
    """Return the customer's own goal, else the target's; until achieved that of the first period holds for all."""
    ruling = period_id if group.evaluation is not Evaluation.PERIOD_AGNOSTIC_WINDOW else group.periods[0].id
    latest = [one for one in life.standing.enrolments if one.target_id == target.id][-1:]
    own = {period: to_decimal(units) for enrolment in latest for period, units in enrolment.goals}
    given = {goal.period_id: goal.value for goal in target.goals}
    return own.get(ruling, given.get(ruling, Decimal(0)))


def _is_enrolled(life: Replayed, group: TargetGroup, key: ProgressKey) -> bool:
    ids = [period.id for period in group.periods]
    return any(
        enrolment.target_id == key.target_id
        and ids.index(enrolment.period_id) <= ids.index(key.period_id)
        and (not enrolment.left_period_id or ids.index(key.period_id) < ids.index(enrolment.left_period_id))
        for enrolment in life.standing.enrolments
    )


def _read_bill(data: Json) -> Bill:
    """Read the bill of a decision as that of an event is read."""
    customer, time = {"externalId": "somebody"}, "2000-01-01T00:00:00Z"
    event = {"id": "bill", "source": SOURCE, "type": BILL, "customer": customer, "time": time, "data": data}
    payload = incoming_event_of(write_json(event), org_id=1, till_id=None, now=EPOCH).payload
    assert isinstance(payload, Bill)
    return payload
