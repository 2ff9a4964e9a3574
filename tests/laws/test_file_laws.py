"""What a group is written as reads as the same group: files lose nothing that they are compared by."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from milepost.cli.targets.document import document_of
from milepost.cli.targets.reading import request_of
from milepost.cli.targets.yaml_text import read_yaml, write_yaml
from milepost.model.organisation import Organisation
from milepost.model.target import Author, FilterKind, Target, TargetGroup
from milepost.rules.definition.build import IdKind, build_group
from milepost.rules.definition.schedule import ruling_calendar
from milepost.rules.definition.validation import validate
from milepost.rules.edits.adoption import adopted
from milepost.service.changes.unwritten import as_before, with_unwritten
from milepost.service.definitions.references import References
from tests.laws.law_settings import EVERY, law
from tests.laws.random_worlds import World

AUTHOR = Author(id=1, code="files", name="files")
PLACES = {FilterKind.STORE: {"1": 1, "north": 2}, FilterKind.ZONE: {"z": 1}, FilterKind.CONCEPT: {}}
REFERENCES = References(places=PLACES, tills={"one": 1}, audiences={})


def written(group: TargetGroup, organisation: Organisation) -> dict[str, Any]:
    """Return *group* as a file holds it."""
    return document_of(group, ruling_calendar(organisation, group.time_zone_name), REFERENCES)


def read_back(document: dict[str, Any], live: TargetGroup, organisation: Organisation) -> TargetGroup | None:
    """Return the group that a file with *document* drafts in the place of *live*; None if it is refused."""
    request = with_unwritten(request_of(read_yaml(write_yaml(document), "file"), REFERENCES), live)
    draft, now = request.draft, live.attribution.created_at
    if request.problems or validate(draft, organisation, now).problems:
        return None
    numbers = iter(range(10**9, 10**9 + 10**6))

    def ids(_: IdKind) -> int:
        return next(numbers)

    return as_before(adopted(build_group(draft, organisation, ids, AUTHOR, now), live), live)


@law(200)
@given(EVERY, st.data())
def test_a_group_is_what_its_file_says(world: World, data: st.DataObject) -> None:
    """Written, read and written again it is the same; and what counts in it is the same, to the id."""
    group = data.draw(st.sampled_from(world.groups))
    document = written(group, world.organisation)
    again = read_back(document, group, world.organisation)
    assume(again is not None)
    assert again is not None
    assert document == written(again, world.organisation)
    assert counted(group) == counted(again)


def counted(group: TargetGroup) -> object:
    """Return what an event is judged by."""
    periods = [(one.id, one.opens_at, one.closes_at, one.active) for one in group.periods]
    return periods, [judged(one) for one in group.targets], group.tracking, group.freezes, group.cap_scope


def judged(target: Target) -> object:
    """Return what an event is judged by, of one target."""
    goals = [(goal.id, goal.period_id, goal.value) for goal in target.goals]
    triggers = [(one.id, one.value_kind, one.value, one.active) for one in target.triggers]
    return target.id, target.entity, target.kpi, target.event_name, target.expression, goals, triggers, target.active


@law(100)
@given(EVERY, st.data())
def test_another_goal_is_another_file(world: World, data: st.DataObject) -> None:
    """The comparison can fail: a goal that differs by one is seen, in the file and in the group that it drafts."""
    group = data.draw(st.sampled_from([one for one in world.groups if one.targets[0].goals] or world.groups))
    target = group.targets[0]
    assume(target.goals and group.periods[0].active)
    goals = tuple(replace(goal, value=goal.value + Decimal(1)) for goal in target.goals)
    other = replace(group, targets=(replace(target, goals=goals), *group.targets[1:]))
    document = written(other, world.organisation)
    assert document != written(group, world.organisation)
    again = read_back(document, group, world.organisation)
    assert again is None or counted(again) != counted(group)
