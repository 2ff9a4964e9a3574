"""An organisation in memory, without database and clock: versions of its rules, and each customer's log."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from milepost.api.capillary.definitions.target_groups.body import read_definition
from milepost.api.capillary.definitions.targets.body import read_target
from milepost.api.http.body import write_json
from milepost.api.native.events.incoming_event import incoming_event_of
from milepost.engine.apply import START, Replayed, replay
from milepost.engine.commands.customer_merge import absorbed_progress
from milepost.engine.progress.history import Logged
from milepost.model.event import ABSORB_CUSTOMER, NOWHERE, Event, EventKey, Payload, Place
from milepost.model.organisation import Organisation, Settings
from milepost.model.standing import Entry, Progress, ProgressKey
from milepost.model.target import Author, Period, Target, TargetGroup
from milepost.model.time import EPOCH, Micros
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from milepost.rules.definition.build import build_group
from milepost.rules.definition.recurring import expand_periods
from milepost.rules.definition.schedule import ruling_calendar
from milepost.rules.definition.validation import validate
from milepost.rules.edits.amendment import EditContext
from milepost.rules.edits.group_edits import change_targets
from milepost.service.snapshot.settings import changed_settings
from tests.scenarios.scenario_story import Definition, Happening, Json, Scenario
from tests.scenarios.shown_progress import Names

AUTHOR = Author(id=1, code="till", name="till")


class Memory:
    """What a scenario's organisation has defined and received; `now` is the last instant of the story."""

    def __init__(self, scenario: Scenario) -> None:
        """Begin with the organisation of *scenario*, before it has defined anything."""
        settings = changed_settings(Settings(), scenario.settings)
        self.organisation = Organisation(id=1, name="brand", zone=scenario.zone, version=1, settings=settings)
        self.groups: list[TargetGroup] = []
        self.now = EPOCH
        self._catalogues: dict[int, RuleIndex] = {1: build_rule_index(self.organisation, ())}
        self._lives: dict[str, Replayed] = {}
        self._merged: dict[str, str] = {}
        self._places = _places(scenario)
        self._calls = count(1)
        self._numbers = count(1)

    def define(self, bodies: list[Json], definition: Definition) -> None:
        """Put groups in force at a new version, or see the last one refused."""
        self.now = definition.received_at
        for body in bodies:
            draft, problems = read_definition(write_json(body))
            draft = expand_periods(draft, ruling_calendar(self.organisation, draft.time_zone_name))
            problems += validate(draft, self.organisation, definition.received_at).problems
            if definition.refused_at is not None and body is bodies[-1]:
                assert definition.refused_at in [problem.path for problem in problems]
                break
            assert problems == (), problems
            made = build_group(
                draft, self.organisation, lambda _kind: next(self._numbers), AUTHOR, definition.received_at
            )
            self.groups.append(made)
        self._renew(self.organisation)

    def set(self, name: str, value: str, received_at: Micros) -> None:
        """Change a setting: from now on there is a new version."""
        self.now = received_at
        settings = changed_settings(self.organisation.settings, {name: value})
        self._renew(replace(self.organisation, settings=settings))

    def edit(self, name: str, change: Json, received_at: Micros) -> None:
        """Change a target: from now on there is a new version."""
        self.now = received_at
        group, target = self.target(name)
        amendment, problems = read_target(write_json(change), target.id)
        where = EditContext(
            organisation=self.organisation,
            author=AUTHOR,
            at=received_at,
            ids=lambda _: next(self._numbers),
            audiences={},
        )
        amended = change_targets(group, (amendment,), where)
        assert (*problems, *amended.problems) == ()
        self.groups[self.groups.index(group)] = amended.group
        self._renew(self.organisation)

    def happen(self, happening: Happening) -> Sequence[Entry]:
        """Apply an event from outside; return its entries."""
        self.now = happening.received_at
        incoming_event = incoming_event_of(
            write_json(happening.event), org_id=1, till_id=None, now=happening.received_at
        )
        place = NOWHERE if incoming_event.place is None else self._places[incoming_event.place.code or ""]
        return self._apply(
            incoming_event.customer.value,
            incoming_event.key,
            incoming_event.name,
            incoming_event.payload,
            place,
            incoming_event.occurred_at,
        )

    def call(self, customer: str, name: str, payload: Payload, received_at: Micros) -> Sequence[Entry]:
        """Apply a command, as a call makes it; return its entries."""
        self.now = received_at
        key = EventKey(f"milepost/{name}", str(next(self._calls)))
        return self._apply(customer, key, name, payload, NOWHERE, received_at)

    def merge(self, victim: str, survivor: str, received_at: Micros) -> None:
        """Merge a customer into another, by whose name both go from now on."""
        theirs, ours = self.life(victim), self.life(survivor)
        under = (ours.standing.seq + 1,)
        log = (Logged(one.event, one.seq, one.entries, (*under, *one.under)) for one in theirs.log)
        self._lives[survivor] = ours._replace(log=(*log, *ours.log))
        self.call(
            survivor,
            ABSORB_CUSTOMER,
            absorbed_progress(next(self._calls), theirs.standing, theirs.history.values()),
            received_at,
        )
        self._merged[victim] = survivor
        self._lives.pop(victim, None)

    def customers(self) -> list[str]:
        """Return the known customers."""
        return [*self._lives]

    def life(self, customer: str) -> Replayed:
        """Return where a customer's log led."""
        return self._lives.get(self._merged.get(customer, customer), START)

    def progress(self, customer: str, key: ProgressKey) -> Progress | None:
        """Return a customer's progress, also when it has left for the history."""
        life = self.life(customer)
        return {**life.history, **life.standing.progress}.get(key)

    @property
    def rule_index(self) -> RuleIndex:
        """The rules in force."""
        return self._catalogues[self.organisation.version]

    def group(self, name: str) -> TargetGroup:
        """Return the group of this name."""
        return next(group for group in self.groups if group.name == name)

    def target(self, name: str) -> tuple[TargetGroup, Target]:
        """Return the target of this name, with its group."""
        return next((group, target) for group in self.groups for target in group.targets if target.name == name)

    def names(self) -> Names:
        """Return what ids stand for."""
        targets = [target for group in self.groups for target in group.targets]
        return Names(
            groups={group.id: group.name for group in self.groups},
            targets={target.id: target.name for target in targets},
            periods={period.id: period.ref_code for group in self.groups for period in group.periods},
            levels={level.id: level.name for group in self.groups for level in group.streak_levels},
            triggers={trigger.id: trigger.name for target in targets for trigger in target.triggers},
        )

    def _apply(
        self, customer: str, key: EventKey, name: str, payload: Payload, place: Place, occurred_at: Micros
    ) -> Sequence[Entry]:
        event = Event(
            key=key,
            name=name,
            occurred_at=occurred_at,
            received_at=self.now,
            place=place,
            member=None,
            payload=payload,
        )
        life = replay(self._catalogues.__getitem__, [(self.organisation.version, event)], self.life(customer))
        self._lives[self._merged.get(customer, customer)] = life
        return life.log[-1].entries

    def _renew(self, organisation: Organisation) -> None:
        """Put a new version in force."""
        self.organisation = replace(organisation, version=organisation.version + 1)
        self._catalogues[self.organisation.version] = build_rule_index(self.organisation, self.groups)


def period_called(group: TargetGroup, name: str) -> Period:
    """Return the period of this name."""
    return next(period for period in group.periods if period.ref_code == name)


def running_period(group: TargetGroup, at: Micros) -> Period:
    """Return the period that runs at an instant, else the next to come (facts 8 #30)."""
    return min((period for period in group.periods if period.closes_at > at), key=lambda period: period.opens_at)


def _places(scenario: Scenario) -> Mapping[str, Place]:
    ids = scenario.place_ids()
    return {
        stage.store: Place(
            None,
            ids[stage.store],
            stage.store,
            stage.store,
            None if stage.zone is None else ids[stage.zone],
            None if stage.concept is None else ids[stage.concept],
        )
        for stage in scenario.stages
    }
