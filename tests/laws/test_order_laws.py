"""Law 4: what does not depend on the order in which events arrive, for every kind of target."""

from collections.abc import Container, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from milepost.engine.apply import Replayed
from milepost.model.commands.adjustment import AdjustProgress
from milepost.model.commands.correction import ReverseEvent
from milepost.model.event import AuthoriseAward, Bill, Enrol, Event, PeriodRollover, Return, Unenrol
from milepost.model.standing import ProgressKey
from milepost.model.target import EnrolmentMethod, Evaluation, TargetGroup, WindowKind
from tests.laws.engine_histories import lived, progress_of, values
from tests.laws.law_settings import ANY_ORDER, law
from tests.laws.random_kind_worlds import streak_worlds, unified_worlds, window_worlds
from tests.laws.random_worlds import World, returning_worlds, worlds
from tests.oracle.reference_plan import window_of

pytestmark = pytest.mark.usefixtures("rows")


@law(100)
@given(st.one_of(worlds(settled=ANY_ORDER), returning_worlds(settled=ANY_ORDER)), st.data())
def test_totals_do_not_depend_on_the_order_of_arrival(world: World, data: st.DataObject) -> None:
    """Law 4: what is promised of it in docs/invariants.md gives the same totals in any order of arrival."""
    told = orderless(world.events)
    other = data.draw(st.permutations(told))
    one, another = lived(world, told), lived(world, other)
    assert values(one) == values(another)
    assert (one.standing.bills, one.standing.purchases) == (another.standing.bills, another.standing.purchases)
    assert one.standing.facts == another.standing.facts


OTHER_KINDS = st.one_of(
    streak_worlds(settled=ANY_ORDER), unified_worlds(settled=ANY_ORDER), window_worlds(settled=ANY_ORDER)
)


@law(200)
@given(OTHER_KINDS, st.data())
def test_other_kinds_do_not_depend_on_the_order_of_arrival(world: World, data: st.DataObject) -> None:
    """Law 4: streaks, composites and sequential periods end the same, if no customer returns goods or leaves."""
    world = world._replace(groups=tuple(orderly(world.groups)), late=frozenset(), heard=0)
    told = [event for event in orderless(stayed(world)) if not gives_back(event)]
    falling = {t.id for group in world.groups for t in group.targets if window_of(t) is WindowKind.MIN}
    falling |= {-group.id for group in world.groups if any(one.id in falling for one in group.targets)}
    filled = set(filled_up(world.groups))
    one, another = (lived(world, order) for order in (told, data.draw(st.permutations(told))))
    assert values(one, but=falling) == values(another, but=falling)
    assert marks(one, but=falling, filled=filled) == marks(another, but=falling, filled=filled)
    assert levels(one, falling) == levels(another, falling)


def orderly(groups: Iterable[TargetGroup]) -> Iterable[TargetGroup]:
    """Return the groups that promise the same in any order: no own windows, no freezes that are earned."""
    for group in groups:
        is_earned = group.freezes is not None and group.freezes.earn_every is not None
        if group.evaluation is not Evaluation.CYCLIC_WINDOW and not is_earned:
            yield group


def filled_up(groups: Iterable[TargetGroup]) -> Iterable[int]:
    """Return the ids of the targets whose periods are filled one after the other."""
    for group in groups:
        if group.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
            yield from (target.id for target in group.targets)


def stayed(world: World) -> Iterable[Event]:
    """Leave out leaving and coming back, own goals, decisions, and period boundaries."""
    aims = [target for group in world.groups for target in group.targets]
    known = {target.id for target in aims if target.enrolment is not EnrolmentMethod.TRANSACTION}
    enrolled: set[int] = set()
    for event in world.events:
        payload = event.payload
        if isinstance(payload, Unenrol | PeriodRollover | AuthoriseAward):
            continue
        if isinstance(payload, Enrol) and payload.target_id not in known:
            continue
        if isinstance(payload, Enrol):
            if payload.target_id in enrolled:
                continue
            enrolled.add(payload.target_id)
            event = structs.replace(event, payload=structs.replace(payload, goals=(), reset=False))  # noqa: PLW2901
        yield event


def levels(replayed: Replayed, falling: Container[int]) -> set[int]:
    """Return the streak levels that the customer has, but for those of *falling* targets."""
    streaks = replayed.standing.streaks.values()
    return {level.level_id for streak in streaks if -streak.group_id not in falling for level in streak.levels}


@law(100)
@given(worlds(settled=ANY_ORDER), st.data())
def test_achievements_do_not_depend_on_the_order_of_arrival(world: World, data: st.DataObject) -> None:
    """Law 4: without returns, achievements and triggers are the same in any order of arrival."""
    told = [event for event in orderless(world.events) if not gives_back(event)]
    falling = {t.id for group in world.groups for t in group.targets if window_of(t) is WindowKind.MIN}
    one, another = (marks(lived(world, order), but=falling) for order in (told, data.draw(st.permutations(told))))
    assert one == another


def orderless(events: Iterable[Event]) -> list[Event]:
    """Leave out what may depend on the order.

    Those are balances, adjustments, which need a customer who takes part, and bills and corrections of one date that
    share a name.
    """
    kept: list[Event] = []
    seen: set[tuple[str, int]] = set()
    for event in events:
        payload = event.payload
        if isinstance(payload, AdjustProgress):
            continue
        if isinstance(payload, Enrol):
            kept.append(structs.replace(event, payload=structs.replace(payload, balance=None)))
            continue
        names = {(name, event.occurred_at) for name in names_in(event)}
        if seen.isdisjoint(names):
            kept.append(event)
            seen |= names
    return kept


def gives_back(event: Event) -> bool:
    """Whether *event* may lower a value: a return, a reversal, or a bill on which something is given back."""
    payload = event.payload
    if isinstance(payload, Bill):
        return payload.is_refund or any(line.is_given_back for line in payload.lines)
    return isinstance(payload, Return | ReverseEvent)


def names_in(event: Event) -> set[str]:
    """Return the names of a bill, or the name that a correction uses, each as the number of the bill that it is of."""
    match event.payload:
        case Bill(number=number):
            return {number.lstrip("N"), event.key.id.lstrip("e")}
        case Return(original=original) | ReverseEvent(original=original):
            return {original.lstrip("Ne")}
        case _:
            return set()


def marks(replayed: Replayed, but: Container[int], filled: Container[int] = ()) -> dict[ProgressKey, tuple[bool, int]]:
    """Return whether each row is achieved, and its triggers.

    Rows of the targets *but* are left out. Of the targets *filled* one by one, only rows with a value count.
    """
    return {
        key: (bool(progress.achieved_by), progress.triggers)
        for key, progress in progress_of(replayed).items()
        if key.target_id not in but and (key.target_id not in filled or progress.value or progress.achieved_by)
    }
