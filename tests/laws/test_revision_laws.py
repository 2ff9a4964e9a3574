"""A changed definition: what is revised follows from the log, is told once, and replays to the same bytes."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.engine.apply import Replayed, replay
from milepost.model.amount import UNITS_PER_ONE
from milepost.model.definitions.change import ChangePolicy, ChangeState, DefinitionChange
from milepost.model.event import Event
from milepost.model.standing import OutcomeKind
from milepost.model.target import Entity, Goal, Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from milepost.service.trials.customer_trial import rows_of, try_own_log
from milepost.service.trials.revised_amounts import TriedCustomer
from milepost.service.trials.revision import RevisedCustomer, Revision
from milepost.service.trials.tried_rules import Tried, TriedRules
from milepost.store import codec
from milepost.store.log import key_of_customer
from tests.laws.engine_histories import FIRST, SECOND, catalogues_of, lived, progress_of
from tests.laws.law_settings import CALENDAR, EVERY, law
from tests.laws.random_definitions import ON_BILLS, metadata
from tests.laws.random_kind_worlds import enrolment_worlds, zone_worlds
from tests.laws.random_worlds import World, returning_worlds
from tests.laws.test_trial_laws import history_of, log_of
from tests.oracle.reference import evaluate
from tests.oracle.reference_predicates import BILL_PREDICATES

pytestmark = pytest.mark.usefixtures("rows")

THIRD = 3
KEY = key_of_customer(1, 1)
ACHIEVEMENTS = frozenset({OutcomeKind.ACHIEVED, OutcomeKind.CAP_REACHED})


class Changed(NamedTuple):
    """A world whose definitions changed after all of its events."""

    live: Replayed
    change: DefinitionChange
    rule_index: RuleIndex
    revised: RevisedCustomer | None
    now: Micros


def changed(
    world: World, data: st.DataObject, policy: ChangePolicy, *, revokes: bool, heard: int | None = None
) -> Changed:
    """Change the goals of a group, perhaps also what counts, and revise the customer after *heard* events, else all."""
    group = data.draw(st.sampled_from(world.groups))
    factor = data.draw(st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(2)]))
    turned = policy in {ChangePolicy.RECOMPUTE_ALL, ChangePolicy.RECOMPUTE_RUNNING} and data.draw(st.booleans())
    targets = tuple(_with_goals(data, target, factor, turned=turned) for target in group.targets)
    draft: TargetGroup = replace(group, targets=targets)
    events = world.events[:heard]
    live = lived(world, events)
    now = Micros(max([live.standing.latest_at, *(event.received_at for event in events)]))
    change = change_to(draft, policy, now, revokes=revokes)
    groups = [draft if one.id == group.id else one for one in world.groups]
    rule_index = build_rule_index(replace(world.organisation, version=THIRD), groups)
    rules = TriedRules(history_of(world), Tried(group_id=group.id, draft=draft))
    tried = None
    if policy in {ChangePolicy.RECOMPUTE_ALL, ChangePolicy.RECOMPUTE_RUNNING}:
        tried = TriedCustomer(live.log, try_own_log(log_of(world)[:heard], rules))
    revision = Revision(change, rule_index, rules)
    history = list(live.history.values())
    return Changed(live, change, rule_index, revision.of_customer(KEY, live.standing, history, tried, now), now)


def change_to(draft: TargetGroup, policy: ChangePolicy, now: Micros, *, revokes: bool) -> DefinitionChange:
    """Return a published change to *draft*."""
    return DefinitionChange(
        org_id=1,
        id=7,
        group_id=draft.id,
        batch=None,
        state=ChangeState.RECOMPUTING,
        policy=policy,
        revokes=revokes,
        draft_revision=1,
        live_version=SECOND,
        settings="",
        group=draft,
        looked_at=0,
        gain=0,
        lose=0,
        asked_at=now,
        asked_by="t",
        reviewed_by=None,
        comment="",
        starts_at=None,
        published_at=now,
        version=THIRD,
    )


def _with_goals(data: st.DataObject, target: Target, factor: Decimal, *, turned: bool) -> Target:
    """Return *target* with its goals times *factor*; *turned*, it measures something else, or nothing any more."""
    least = Decimal("0.0001")
    goals = tuple(Goal(one.id, one.period_id, (one.value * factor).quantize(least)) for one in target.goals)
    changed_goals = replace(target, goals=goals)
    if not turned:
        return changed_goals
    if target.entity not in {Entity.TRANSACTION, Entity.LINEITEM} or data.draw(st.booleans()):
        return replace(changed_goals, expression="false")
    entity, kpi = data.draw(st.sampled_from(ON_BILLS))
    return replace(
        changed_goals,
        entity=entity,
        kpi=kpi,
        metadata=metadata(cast("st.DrawFn", data.draw), entity, kpi),
        expression=data.draw(st.sampled_from(["true", *(BILL_PREDICATES if entity is Entity.TRANSACTION else ())])),
    )


def replayed_with(world: World, case: Changed, event: Event | None, *, heard: int | None = None) -> Replayed:
    """Return where the log leads with the event of the change after *heard* events, else at its end."""
    indexes = {**catalogues_of(world), THIRD: case.rule_index}
    before = world.before
    events = world.events[:heard]
    log = [(FIRST if one.key in before else SECOND, one) for one in events]
    revision = [] if event is None else [(THIRD, event)]
    return replay(indexes.__getitem__, [*log, *revision, *((THIRD, one) for one in world.events[len(events) :])])


POLICIES = st.sampled_from([ChangePolicy.FROM_NOW, ChangePolicy.RECOMPUTE_RUNNING, ChangePolicy.RECOMPUTE_ALL])


@law(200)
@given(EVERY, st.data())
def test_a_revision_replays_to_the_same_bytes(world: World, data: st.DataObject) -> None:
    """The event holds all that it needs: applied to what is stored or after the whole log, it leads to one standing."""
    policy, revokes = data.draw(POLICIES), data.draw(st.booleans())
    case = changed(world, data, policy, revokes=revokes)
    if case.revised is None:
        return
    event = case.revised.event
    payload = codec.encode_payload(event.payload)
    body = codec.encode_event(event, payload).decode()
    stored = codec.decode_event(event.key, event.name, event.occurred_at, event.received_at, body)
    assert event == stored
    after = replayed_with(world, case, stored)
    assert list(after.applied[-1].entries) == list(case.revised.applied.entries)
    assert list(after.applied[-1].outcomes) == list(case.revised.applied.outcomes)
    assert codec.decode_standing(codec.encode_standing(after.standing)).seq == case.live.standing.seq + 1


@law(150)
@given(EVERY, st.data())
def test_entries_lead_to_the_revised_value(world: World, data: st.DataObject) -> None:
    """Law 10 goes on: each entry begins with the value that was there, and ends with the one that is there."""
    case = changed(world, data, data.draw(POLICIES), revokes=data.draw(st.booleans()))
    if case.revised is None:
        return
    before, after = progress_of(case.live), progress_of(replayed_with(world, case, case.revised.event))
    for entry in case.revised.applied.entries:
        key = next(key for key in after if key == (entry.target_id, entry.period_id))
        assert entry.after == after[key].value
        assert entry.before == (before[key].value if key in before else 0)
    named = {(entry.target_id, entry.period_id) for entry in case.revised.applied.entries}
    was = {key: row.value for key, row in before.items()}
    moved = {key for key, row in after.items() if key.target_id > 0 and row.value != was.get(key, 0)}
    assert moved <= named


@law(150)
@given(EVERY, st.data())
def test_nothing_is_achieved_twice_by_a_change(world: World, data: st.DataObject) -> None:
    """Law 6 goes on: who had achieved is not told again, and a second revision by the same change tells nothing."""
    case = changed(world, data, data.draw(POLICIES), revokes=False)
    if case.revised is None:
        return
    before = progress_of(case.live)
    told = Counter((one.target_id, one.period_id) for one in case.revised.applied.outcomes if one.kind in ACHIEVEMENTS)
    for key, times in told.items():
        assert times == 1
        assert not any(row.is_achieved for known, row in before.items() if known == key)
    after = replayed_with(world, case, case.revised.event)
    revision = Revision(case.change, case.rule_index, None)
    tried = None
    if case.change.policy is not ChangePolicy.FROM_NOW:
        rules = TriedRules(history_of(world), Tried(group_id=case.change.group_id, draft=case.change.group))
        tried = TriedCustomer(after.log, try_own_log(log_of(world), rules))
    again = revision.of_customer(KEY, after.standing, list(after.history.values()), tried, case.now)
    assert again is None or not [one for one in again.applied.outcomes if one.kind in ACHIEVEMENTS]


@law(150)
@given(CALENDAR, st.data())
def test_recomputing_all_gives_the_values_of_a_definition_that_always_was(world: World, data: st.DataObject) -> None:
    """After RECOMPUTE_ALL each value of the group is what the changed definition makes of the whole log."""
    case = changed(world, data, ChangePolicy.RECOMPUTE_ALL, revokes=True)
    ids = {target.id for target in case.change.group.targets}
    rules = TriedRules(history_of(world), Tried(group_id=case.change.group_id, draft=case.change.group))
    always = rows_of(try_own_log(log_of(world), rules))
    after = case.live if case.revised is None else replayed_with(world, case, case.revised.event)
    expected = {key: row.value for key, row in always.items() if key.target_id in ids and row.value}
    assert expected == {key: row.value for key, row in progress_of(after).items() if key.target_id in ids and row.value}


REVISED_EARLY = st.one_of(CALENDAR, returning_worlds(), returning_worlds(), zone_worlds(), enrolment_worlds())


@law(600)
@given(REVISED_EARLY, st.data())
def test_what_follows_a_recomputation_is_as_if_the_definition_always_was(world: World, data: st.DataObject) -> None:
    """A return takes off what its bill adds by the changed definition, though another one had counted the bill.

    The second evaluator, which knows no changes, says the same of a definition that always was.
    """
    heard = data.draw(st.integers(0, len(world.events)))
    case = changed(world, data, ChangePolicy.RECOMPUTE_ALL, revokes=True, heard=heard)
    after = replayed_with(world, case, None if case.revised is None else case.revised.event, heard=heard)
    draft = case.change.group
    ids = {target.id for target in draft.targets}
    rules = TriedRules(history_of(world), Tried(group_id=draft.id, draft=draft))
    always = rows_of(try_own_log(log_of(world), rules))
    values = {key: row.value for key, row in progress_of(after).items() if key.target_id in ids and row.value}
    assert values == {key: row.value for key, row in always.items() if key.target_id in ids and row.value}
    groups = [draft if one.id == draft.id else one for one in world.groups]
    late = dict.fromkeys(world.late - {draft.id}, world.before)
    table = evaluate(world.organisation, groups, world.events, late)
    said = {key: row.value * UNITS_PER_ONE for key, row in table.rows.items() if key[0] in ids and row.value}
    assert values == said
