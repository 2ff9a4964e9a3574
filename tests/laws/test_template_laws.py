"""Law: answers that are written from compiled texts are, byte for byte, those of the plain builders."""

from collections.abc import Container, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.api.capillary.answer import thousandths
from milepost.api.capillary.envelope import answer
from milepost.api.capillary.users.target_groups.answer import user_answer
from milepost.api.capillary.users.target_groups.selection import RowQuery
from milepost.api.capillary.users.target_groups.written_answer import amount_text, written_answer
from milepost.api.http.body import write_json
from milepost.engine.apply import Replayed
from milepost.model.customer import Customer
from milepost.model.event import Enrol, Unenrol
from milepost.model.target import EnrolmentMethod, TargetGroup
from milepost.model.time import Micros
from milepost.service.customers.view import CustomerView
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Places
from tests.laws.engine_histories import SECOND, catalogues_of, lived, progress_of
from tests.laws.law_settings import law
from tests.laws.random_kind_worlds import cap_worlds, enrolment_worlds, streak_worlds, unified_worlds, window_worlds
from tests.laws.random_worlds import World, worlds

MIDDAY = Micros(1_500_000_000_123_456)


def snapshot_of(world: World, stopped: Container[int]) -> OrganisationSnapshot:
    """Return the snapshot of a world with all its groups, whose names are hard to write.

    The targets whose ids are *stopped* are inactive by now.
    """
    groups = [
        replace(
            group,
            name=f'{group.name} 5 % off "\u00e9" %b',
            targets=tuple(
                replace(target, active=target.active and target.id not in stopped) for target in group.targets
            ),
        )
        for group in world.groups
    ]
    return OrganisationSnapshot(
        organisation=world.organisation,
        groups={group.id: group for group in groups},
        rule_index=catalogues_of(world)[SECOND],
        places=Places([], [], [], []),
        shared=tuple(group for group in groups if not group.user_created),
        holders={target.id: group for group in groups for target in group.targets},
    )


def without_enrolments(world: World) -> World:
    """Return *world* with targets that everybody takes part in, and with a customer who never enrolled."""
    groups = tuple(
        replace(
            group, targets=tuple(replace(target, enrolment=EnrolmentMethod.TRANSACTION) for target in group.targets)
        )
        for group in world.groups
    )
    events = tuple(event for event in world.events if not isinstance(event.payload, Enrol | Unenrol))
    return world._replace(groups=groups, events=events, late=frozenset(), heard=0)


def view_of(snapshot: OrganisationSnapshot, replayed: Replayed, number: int) -> CustomerView:
    """Return the view of a customer with this number who lived through *replayed*."""
    customer = Customer(id=number, first_name='%s "\\', registered_at=MIDDAY, updated_at=MIDDAY)
    names = {(0, "coins"): "100% \u00e9"}
    return CustomerView(
        snapshot=snapshot,
        customer=customer,
        standing=replayed.standing,
        progress=progress_of(replayed),
        currency_names=names,
    )


def instants(world: World) -> st.SearchStrategy[Micros]:
    """Return instants of events, at the bounds of periods, and one of any day."""
    spans = [(period.opens_at, period.closes_at) for group in world.groups for period in group.periods]
    bounds = sorted({Micros(bound + by) for span in spans for bound in span for by in (-1, 0, 1)})
    happened = sorted({event.occurred_at for event in world.events})
    return st.one_of(st.sampled_from([MIDDAY, *happened]), st.sampled_from([MIDDAY, *bounds]))


def target_ids(groups: Sequence[TargetGroup]) -> list[int]:
    """Return the ids of all targets."""
    return sorted(target.id for group in groups for target in group.targets)


def queries(world: World) -> st.SearchStrategy[RowQuery]:
    """Return queries, most of them as clients usually send them: for the rows of the running periods."""
    at = st.one_of(st.none(), instants(world))
    usual = st.builds(RowQuery, at=at)
    any_rules = st.one_of(st.none(), st.sets(st.sampled_from(target_ids(world.groups))))
    odd = st.builds(RowQuery, every_period=st.booleans(), every_target=st.booleans(), rule_ids=any_rules, at=at)
    return st.one_of(usual, usual, odd)


@pytest.mark.usefixtures("rows")
@law(150)
@given(st.data(), st.one_of(window_worlds(), streak_worlds(), unified_worlds(), cap_worlds(), enrolment_worlds()))
def test_compiled_texts_give_the_plain_answer(data: st.DataObject, world: World) -> None:
    """For every kind of group, at any instant."""
    check(data, world)


@pytest.mark.usefixtures("rows")
@law(150)
@given(st.data(), worlds(length=10).map(without_enrolments))
def test_compiled_texts_give_the_plain_answer_to_customers_who_never_enrolled(
    data: st.DataObject, world: World
) -> None:
    """For them most groups are filled in one go."""
    check(data, world)


def check(data: st.DataObject, world: World) -> None:
    """Compare the answers to two customers, in turn: what the first left behind must change nothing for the second."""
    stopped = data.draw(st.sampled_from([(), (), tuple(target_ids(world.groups)[:1])]))
    snapshot = snapshot_of(world, stopped)
    halfway = lived(world, world.events[: len(world.events) // 2])
    views = [view_of(snapshot, lived(world), 1_000_017), view_of(snapshot, halfway, 3)]
    for view in [*views, *views]:
        query, now = data.draw(queries(world)), data.draw(instants(world))
        assert write_json(answer(user_answer(view, query, now))) == written_answer(view, query, now)


@given(st.one_of(st.integers(-(10**30), 10**30), st.integers(-20_000, 20_000), st.sampled_from([10**22, -(10**22)])))
def test_amounts_are_written_as_decimals_are(units: int) -> None:
    """Amounts have three decimals, four where they need them, and never an exponent that a decimal would not have."""
    assert write_json(thousandths(units)) == amount_text(units)
