"""A change is either refused with its problems or stored, and an edit leaves what was counted (decision 0014)."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from milepost.api.capillary.definitions.periods.body import read_periods
from milepost.api.capillary.definitions.target_groups.answer import edited_group, milestone
from milepost.api.capillary.definitions.target_groups.body import read_group_change, read_unified_change
from milepost.api.capillary.definitions.targets.body import read_targets
from milepost.api.capillary.envelope import failure
from milepost.api.http.body import write_json
from milepost.engine.apply import Replayed, replay
from milepost.model.organisation import Organisation, Returns, Settings
from milepost.model.problem import Problem, Refused
from milepost.model.target import Author, Evaluation, TargetGroup
from milepost.model.time import Micros
from milepost.rules.calendar import calendar_of
from milepost.rules.compiled.index import build_rule_index
from milepost.rules.definition.draft import TargetDraft
from milepost.rules.definition.validation import merge_problems
from milepost.rules.edits.amendment import AmendedGroup, EditContext, TargetAmendment
from milepost.rules.edits.group_edits import add_targets, amend_group, amend_unified, change_targets
from milepost.rules.edits.period_edits import add_periods, change_periods
from milepost.store import codec
from tests.laws.draws import pick
from tests.laws.engine_histories import lived, progress_of
from tests.laws.law_settings import law
from tests.laws.random_definitions import expression
from tests.laws.random_kind_worlds import (
    cap_worlds,
    carry_worlds,
    enrolment_worlds,
    streak_worlds,
    unified_worlds,
    window_worlds,
)
from tests.laws.random_worlds import World, worlds
from tests.laws.test_definition_laws import REQUESTS, outcome, places, values
from tests.laws.test_engine_laws import achievements, alternates, starts_again

pytestmark = pytest.mark.usefixtures("rows")

ORGANISATION = Organisation(id=1, name="Brand", zone="UTC", version=1, settings=Settings())
NOW = calendar_of("UTC").read("2026-01-12T09:30:56.717Z").instant
AUTHOR = Author(id=8, code="other", name="Other till")

Read = Callable[[bytes], Any]


def circumstances(organisation: Organisation, at: Micros) -> EditContext:
    """Return the circumstances of a change, with ids of its own."""
    numbers = count(1_000_000)
    return EditContext(organisation=organisation, author=AUTHOR, at=at, ids=lambda _kind: next(numbers), audiences={})


def of_group(body: bytes) -> Any:
    """Read a change of a whole group."""
    _, amendment, problems = read_group_change(body)
    return (lambda group, where: amend_group(group, amendment, where)), problems


def of_unified(body: bytes) -> Any:
    """Read a change of a unified group."""
    amendment, problems = read_unified_change(body)
    return (lambda group, where: amend_unified(group, amendment, where)), problems


def of_periods(body: bytes) -> Any:
    """Read new or changed periods: those with an id are changed."""
    found, problems = read_periods(body)
    change = add_periods if all(one.id is None for one in found) else change_periods
    return (lambda group, where: change(group, found, where)), problems


def of_targets(body: bytes) -> Any:
    """Read new or changed targets: those with an id are changed."""
    found, problems = read_targets(body)
    change = add_targets if all(one.id is None for one in found) else change_targets
    return (lambda group, where: change(group, found, where)), problems


@st.composite
def edits(draw: st.DrawFn) -> tuple[TargetGroup, Read, Any]:
    """Draw a group, a call that changes it, and a body for it: what a read shows, with a few values spoiled."""
    group = outcome(json.dumps(draw(st.sampled_from(REQUESTS))).encode(), ORGANISATION)
    assert isinstance(group, TargetGroup)
    shown = json.loads(write_json(edited_group(group, calendar_of("UTC"), NOW)))
    read, body = draw(
        st.sampled_from(
            [
                (of_group, shown),
                (of_unified, {"targets": shown["targets"], "deactivateTargetIds": [1]}),
                (of_periods, shown["periods"]),
                (of_targets, shown["targets"]),
            ]
        )
    )
    body = deepcopy(body)
    if isinstance(body, list) and draw(st.booleans()):
        for one in body:
            del one["id"]
    for _ in range(draw(st.integers(0, 4))):
        known = places(body)
        if not known:
            break
        holder, key = draw(st.sampled_from(known))
        if draw(st.booleans()):
            holder[key] = draw(values)
        else:
            del holder[key]
    return group, read, body


def changed(group: TargetGroup, read: Read, body: bytes) -> TargetGroup | tuple[Problem, ...]:
    """Return the group that *body* makes of *group*, or everything that is wrong with it."""
    try:
        change, unreadable = read(body)
    except Refused as refused:
        return refused.problems
    made = change(group, circumstances(ORGANISATION, NOW))
    return merge_problems(unreadable, made.problems) or made.group


@given(edits())
def test_a_change_is_described_back_or_kept(drawn: tuple[TargetGroup, Read, Any]) -> None:
    """Each problem has words; each group survives storage and answers, and what is measured stays what it was."""
    group, read, body = drawn
    after = changed(group, read, json.dumps(body).encode())
    if isinstance(after, tuple):
        problems = after
        assert all(problem.reason for problem in problems)
        assert write_json(failure(problems))
        return
    assert codec.decode_group(codec.encode_group(after)) == after
    assert write_json(milestone(after, calendar_of("UTC"), NOW, 1, periods=True))
    assert {target.id for target in after.targets} == set(build_rule_index(ORGANISATION, [after]).rules)
    assert [measured(group, target.id) for target in group.targets] == [
        measured(after, target.id) for target in group.targets
    ]
    assert {period.id for period in group.periods} <= {period.id for period in after.periods}


def measured(group: TargetGroup, target_id: int) -> tuple[object, ...]:
    """Return what of a target and its group no request changes."""
    (target,) = [target for target in group.targets if target.id == target_id]
    kept = (target.entity, target.kpi, target.event_name, target.enrolment, target.metadata, target.triggers)
    return (*kept, group.tracking, group.evaluation, group.streak_levels, group.preferred_till_id)


@given(st.sampled_from(REQUESTS))
def test_what_a_read_shows_changes_nothing_when_sent_back(request: Any) -> None:
    """Nothing is amended, and nothing is warned of, once the validity reaches to the last period."""
    made = outcome(json.dumps(request).encode(), ORGANISATION)
    assert isinstance(made, TargetGroup)
    group = changed(made, of_group, b"{}")
    assert isinstance(group, TargetGroup)
    change, unreadable = of_group(write_json(edited_group(group, calendar_of("UTC"), NOW)))
    assert ((), AmendedGroup(group=group)) == (unreadable, change(group, circumstances(ORGANISATION, NOW)))


class Edited(NamedTuple):
    """A world, what it becomes by an edit, and how many of its events happen before that."""

    before: World
    after: World
    cut: int


EVERY_KIND = st.one_of(
    worlds(length=10),
    window_worlds(),
    streak_worlds(),
    unified_worlds(),
    cap_worlds(),
    carry_worlds(),
    enrolment_worlds(),
)


@st.composite
def edited_worlds(draw: st.DrawFn, kinds: st.SearchStrategy[World], *, goals_only: bool) -> Edited:
    """Draw a world and an edit of it."""
    world = draw(kinds)
    return Edited(world, edited(draw, world, goals_only=goals_only), draw(st.integers(0, len(world.events))))


def edited(draw: st.DrawFn, world: World, *, goals_only: bool) -> World:
    """Change each target's goals and, unless *goals_only*, its condition or use."""
    groups: list[TargetGroup] = []
    for group in world.groups:
        fills = group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW
        drafts = [
            TargetDraft(
                goals=(Decimal(pick(draw, (1, 7, 500))),) if target.goals and not fills else (),
                expression=None if goals_only else expression(draw, target.entity),
                active=None if goals_only else pick(draw, (None, None, False)),
            )
            for target in group.targets
        ]
        # Before all periods: no goal is of an ended one.
        at = Micros(min(period.opens_at for period in group.periods) - 1)
        where = circumstances(world.organisation, at)
        amendments = tuple(
            TargetAmendment(path="", id=target.id, draft=draft)
            for target, draft in zip(group.targets, drafts, strict=True)
        )
        groups.append(change_targets(group, amendments, where).group)
    organisation = replace(world.organisation, version=world.organisation.version + 1)
    return world._replace(organisation=organisation, groups=tuple(groups))


def applied_with(edit: Edited) -> Replayed:
    """Apply the events before the edit under the old definitions, and the others under the new ones."""
    world, after, cut = edit
    catalogues = {one.organisation.version: build_rule_index(one.organisation, one.groups) for one in (world, after)}
    versions = [world.organisation.version] * cut + [after.organisation.version] * (len(world.events) - cut)
    return replay(catalogues.__getitem__, zip(versions, world.events, strict=True))


def has_one_outcome_each(edit: Edited, replayed: Replayed) -> bool:
    """Return whether each achievement has one outcome, unless it was taken back or a streak starts again."""
    told = achievements(replayed.outcomes)
    again = starts_again(edit.before)
    return all(alternates(story) for key, story in told.items() if key.period_id or not again)


@law(150)
@given(edited_worlds(st.one_of(worlds(length=10), streak_worlds()), goals_only=True))
def test_a_changed_goal_changes_no_value(edit: Edited) -> None:
    """Values are what they would be without the edit, and each achievement is told once.

    Where returns are carried, whether a period was achieved says where to: a goal then has a part in values.
    """
    assume(edit.before.organisation.settings.returns is not Returns.CARRY)
    replayed = applied_with(edit)
    expected = {key: progress.value for key, progress in progress_of(lived(edit.before)).items()}
    assert expected == {key: progress.value for key, progress in progress_of(replayed).items()}
    assert has_one_outcome_each(edit, replayed)


@law(150)
@given(edited_worlds(EVERY_KIND, goals_only=False))
def test_entries_explain_every_value_across_an_edit(edit: Edited) -> None:
    """The edit itself changes no value: the first entry after it starts where the last one before it ended."""
    replayed = applied_with(edit)
    measured_ones = {target.id for group in edit.before.groups for target in group.targets}
    value: dict[tuple[int, int], int] = {}
    for logged in replayed.log:
        # What is about no target (a whole, an award that was granted) has a value of its own.
        for entry in (entry for entry in logged.entries if entry.target_id in measured_ones):
            assert value.get((entry.target_id, entry.period_id), 0) == entry.before
            value[entry.target_id, entry.period_id] = entry.after
    progress = {key: one.value for key, one in progress_of(replayed).items() if key[0] in measured_ones}
    assert progress == {key: left for key, left in value.items() if key in progress}
    assert has_one_outcome_each(edit, replayed)
