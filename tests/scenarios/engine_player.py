"""Plays a scenario in memory: definitions become a catalogue, events are folded by `engine.replay`."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import count

from milepost.api.body import write_json
from milepost.api.native.event_body import offer_of
from milepost.api.vendor.definition_body import read_definition
from milepost.engine.replay import START, Replayed, replay
from milepost.model.amount import to_decimal
from milepost.model.event import ENROL, NOWHERE, Enrolling, Event, EventKey, Place
from milepost.model.organisation import Organisation, Settings
from milepost.model.standing import Progress, ProgressKey
from milepost.model.target import Author, Period, Target, TargetGroup
from milepost.rules.drafting import drafted
from milepost.rules.matching import Catalogue, catalogue
from milepost.service.organisation_settings import changed_settings
from tests.scenarios.story import Changed, Definition, Enrolment, Happening, Scenario, Seen


class EnginePlayer:
    """Knows no database and no clock: each customer is a log that is replayed on."""

    def __init__(self, scenario: Scenario) -> None:
        """Stand for the brand of *scenario*, before it has defined anything."""
        self._scenario = scenario
        settings = changed_settings(Settings(), scenario.settings)
        self._organisation = Organisation(id=1, name="brand", zone=scenario.zone, version=1, settings=settings)
        self._groups: list[TargetGroup] = []
        self._catalogues: dict[int, Catalogue] = {1: catalogue(self._organisation, ())}
        self._version = 1
        self._lives: dict[str, Replayed] = {}
        self._places = _places(scenario)

    def define(self, definition: Definition) -> None:
        """Put the scenario's groups in force at a new version."""
        numbers = count(1)
        for body in self._scenario.groups:
            draft, problems = read_definition(write_json(body))
            assert problems == (), problems
            author = Author(id=1, code="till", name="till")
            made = drafted(draft, self._organisation, lambda _kind: next(numbers), author, definition.heard)
            self._groups.append(made)
        self._version += 1
        self._catalogues[self._version] = catalogue(self._organisation, self._groups)

    def happen(self, happening: Happening) -> list[Changed]:
        """Let an event happen; give what it changed."""
        text = write_json(happening.event)
        offer = offer_of(text, org_id=1, till_id=None, now=happening.heard)
        place = NOWHERE if offer.place is None else self._places[offer.place.code or ""]
        return self._live(
            offer.customer.value,
            Event(
                key=offer.key,
                name=offer.name,
                occurred_at=offer.occurred_at,
                received_at=offer.received_at,
                place=place,
                member=None,
                payload=offer.payload,
            ),
        )

    def enrol(self, enrolment: Enrolment) -> None:
        """Enrol a customer by the event that the call makes."""
        group, target = self._target(enrolment.target)
        payload = Enrolling(
            target_id=target.id, period_id=_period(group, enrolment.period).id, balance=enrolment.balance
        )
        self._live(
            enrolment.customer,
            Event(
                key=EventKey("milepost/enrol", str(target.id)),
                name=ENROL,
                occurred_at=enrolment.heard,
                received_at=enrolment.heard,
                place=NOWHERE,
                member=None,
                payload=payload,
            ),
        )

    def seen(self, customer: str, target: str, period: str) -> Seen | None:
        """Give how far a customer is: the enrolled stand at nothing before they have done anything."""
        group, rule = self._target(target)
        key = ProgressKey(rule.id, _period(group, period).id)
        life = self._lives.get(customer, START)
        progress = {**life.history, **life.standing.progress}.get(key)
        if progress is None and not self._is_enrolled(life, group, key):
            return None
        goal = next((goal.value for goal in rule.goals if goal.period_id == key.period_id), Decimal(0))
        progress = progress or Progress(*key, value=0, enrolled_at=0, updated_at=0)
        return Seen(
            value=to_decimal(progress.value),
            goal=goal,
            achieved_by=progress.achieved_by or None,
            marks=frozenset(
                trigger.name for place, trigger in enumerate(rule.triggers) if progress.triggers & 1 << place
            ),
        )

    def _live(self, customer: str, event: Event) -> list[Changed]:
        life = replay(self._catalogues.__getitem__, [(self._version, event)], self._lives.get(customer, START))
        self._lives[customer] = life
        named = {(t.id, p.id): (t.name, p.ref_code) for g in self._groups for t in g.targets for p in g.periods}
        return [
            Changed(
                *named[entry.target_id, entry.period_id],
                entry.reason.name.lower(),
                to_decimal(entry.before),
                to_decimal(entry.after),
            )
            for entry in life.log[-1].entries
        ]

    def _target(self, name: str) -> tuple[TargetGroup, Target]:
        return next((group, target) for group in self._groups for target in group.targets if target.name == name)

    @staticmethod
    def _is_enrolled(life: Replayed, group: TargetGroup, key: ProgressKey) -> bool:
        ids = [period.id for period in group.periods]
        return any(
            enrolment.target_id == key.target_id and ids.index(enrolment.period_id) <= ids.index(key.period_id)
            for enrolment in life.standing.enrolments
        )


def _period(group: TargetGroup, name: str) -> Period:
    return next(period for period in group.periods if period.ref_code == name)


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
