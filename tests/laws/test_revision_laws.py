"""A changed definition: what is revised follows from the log, is told once, and replays to the same bytes."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.engine.apply import Replayed, replay
from milepost.model.definitions.change import ChangePolicy, ChangeState, DefinitionChange
from milepost.model.event import Event
from milepost.model.standing import OutcomeKind
from milepost.model.target import Goal, Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from milepost.service.trials.customer_trial import rows_of, try_own_log
from milepost.service.trials.revision import RevisedCustomer, Revision
from milepost.service.trials.tried_rules import Tried, TriedRules
from milepost.store import codec
from milepost.store.log import key_of_customer
from tests.laws.engine_histories import FIRST, SECOND, catalogues_of, lived, progress_of
from tests.laws.law_settings import CALENDAR, EVERY, law
from tests.laws.random_worlds import World
from tests.laws.test_trial_laws import history_of, log_of

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


def changed(world: World, data: st.DataObject, policy: ChangePolicy, *, revokes: bool) -> Changed:
    """Change the goals of a group, perhaps also what counts, and revise the customer."""
    group = data.draw(st.sampled_from(world.groups))
    factor = data.draw(st.sampled_from([Decimal("0.5"), Decimal(1), Decimal(2)]))
    turned = policy in {ChangePolicy.RECOMPUTE_ALL, ChangePolicy.RECOMPUTE_RUNNING} and data.draw(st.booleans())
    targets = tuple(_with_goals(target, factor, turned=turned) for target in group.targets)
    draft: TargetGroup = replace(group, targets=targets)
    live = lived(world)
    now = Micros(max([live.standing.latest_at, *(event.received_at for event in world.events)]))
    change = change_to(draft, policy, now, revokes=revokes)
    groups = [draft if one.id == group.id else one for one in world.groups]
    rule_index = build_rule_index(replace(world.organisation, version=THIRD), groups)
    rules = TriedRules(history_of(world), Tried(group_id=group.id, draft=draft))
    tried = None
    if policy in {ChangePolicy.RECOMPUTE_ALL, ChangePolicy.RECOMPUTE_RUNNING}:
        tried = try_own_log(log_of(world), rules)
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


def _with_goals(target: Target, factor: Decimal, *, turned: bool) -> Target:
    """Return *target* with its goals times *factor*; *turned*, it counts nothing any more."""
    least = Decimal("0.0001")
    goals = tuple(Goal(one.id, one.period_id, (one.value * factor).quantize(least)) for one in target.goals)
    return replace(target, goals=goals, expression="false" if turned else target.expression)


def replayed_with(world: World, case: Changed, event: Event) -> Replayed:
    """Return where the log leads with the event of the change at its end."""
    indexes = {**catalogues_of(world), THIRD: case.rule_index}
    before = world.before
    log = [(FIRST if one.key in before else SECOND, one) for one in world.events]
    return replay(indexes.__getitem__, [*log, (THIRD, event)])


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
        tried = try_own_log(log_of(world), rules)
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
