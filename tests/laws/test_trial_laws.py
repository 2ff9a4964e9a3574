"""A trial is the same fold with other arguments: of the live definitions it gives what is stored."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.model.standing import Progress, ProgressKey
from milepost.service.trials.customer_trial import Log, LogEvent, rows_of, try_own_log
from milepost.service.trials.tried_rules import DefinitionHistory, Tried, TriedRules
from tests.laws.engine_histories import FIRST, SECOND, lived, progress_of
from tests.laws.law_settings import EVERY, law
from tests.laws.random_worlds import World

pytestmark = pytest.mark.usefixtures("rows")


def history_of(world: World) -> DefinitionHistory:
    """Return the definitions of *world* at its two versions."""
    groups = {
        group.id: ((SECOND if group.id in world.late else FIRST, group),)
        for group in sorted(world.groups, key=lambda group: group.id)
    }
    organisations = {version: replace(world.organisation, version=version) for version in (FIRST, SECOND)}
    return DefinitionHistory(groups, organisations)


def log_of(world: World) -> Log:
    """Return the events of *world* as a log."""
    before = world.before
    return [
        LogEvent(FIRST if event.key in before else SECOND, seq, event)
        for seq, event in enumerate(world.events, start=1)
    ]


def of_group(world: World, group_id: int, rows: dict[ProgressKey, Progress]) -> dict[ProgressKey, Progress]:
    """Return the rows of a group and of its composite."""
    group = next(group for group in world.groups if group.id == group_id)
    ids = {-group_id, *(target.id for target in group.targets)}
    return {key: row for key, row in rows.items() if key.target_id in ids}


@law(200)
@given(EVERY, st.data())
def test_a_trial_of_a_live_group_gives_what_is_stored(world: World, data: st.DataObject) -> None:
    """Each value, achievement, trigger and streak of the group is that of the live engine, which counts all groups."""
    group = data.draw(st.sampled_from(world.groups))
    live = lived(world)
    tried = try_own_log(log_of(world), TriedRules(history_of(world), Tried(group_id=group.id)))
    assert of_group(world, group.id, progress_of(live)) == of_group(world, group.id, rows_of(tried))
    assert live.standing.streaks.get(group.id) == tried.standing.streaks.get(group.id)


@law(100)
@given(EVERY, st.data())
def test_a_draft_that_is_equal_gives_the_same(world: World, data: st.DataObject) -> None:
    """A draft like a group that was there from the first event on differs in nothing; with another goal it may."""
    group = data.draw(st.sampled_from([group for group in world.groups if group.id not in world.late] or world.groups))
    if group.id in world.late:
        return
    tried = try_own_log(log_of(world), TriedRules(history_of(world), Tried(group_id=group.id, draft=group)))
    assert of_group(world, group.id, progress_of(lived(world))) == of_group(world, group.id, rows_of(tried))
