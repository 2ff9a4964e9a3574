"""Law: answers that are written from compiled texts are, byte for byte, those of the plain builders."""

from collections.abc import Sequence
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
from milepost.model.target import TargetGroup
from milepost.model.time import Micros
from milepost.service.customers.view import CustomerView
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot, Places
from tests.laws.engine_histories import SECOND, catalogues_of, lived, progress_of
from tests.laws.law_settings import law
from tests.laws.random_kind_worlds import cap_worlds, enrolment_worlds, streak_worlds, unified_worlds, window_worlds
from tests.laws.random_worlds import World, worlds

MIDDAY = Micros(1_500_000_000_123_456)


def snapshot_of(world: World) -> OrganisationSnapshot:
    """Return the snapshot of a world with all its groups, whose names are hard to write."""
    groups = [replace(group, name=f'{group.name} 5 % off "\u00e9" %b') for group in world.groups]
    return OrganisationSnapshot(
        organisation=world.organisation,
        groups={group.id: group for group in groups},
        rule_index=catalogues_of(world)[SECOND],
        places=Places([], [], [], []),
        shared=tuple(group for group in groups if not group.user_created),
        holders={target.id: group for group in groups for target in group.targets},
    )


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


def instants(groups: Sequence[TargetGroup]) -> st.SearchStrategy[Micros]:
    """Return instants at the bounds of the groups' periods, and one of any day."""
    bounds = {bound for group in groups for period in group.periods for bound in (period.opens_at, period.closes_at)}
    return st.sampled_from([MIDDAY, *sorted(Micros(bound + by) for bound in bounds for by in (-1, 0, 1))])


@pytest.mark.usefixtures("rows")
@law(300)
@given(
    st.data(),
    st.one_of(worlds(), window_worlds(), streak_worlds(), unified_worlds(), cap_worlds(), enrolment_worlds(length=4)),
)
def test_compiled_texts_give_the_plain_answer(data: st.DataObject, world: World) -> None:
    """Two customers, one after the other, each at any instant: what the first left behind changes nothing."""
    snapshot, replayed = snapshot_of(world), lived(world)
    views = [view_of(snapshot, replayed, 1_000_017), view_of(snapshot, lived(world, ()), 3)]
    target_ids = sorted(snapshot.holders)
    for view in [*views, *views]:
        query = RowQuery(
            every_period=data.draw(st.booleans()),
            every_target=data.draw(st.booleans()),
            rule_ids=data.draw(st.one_of(st.none(), st.sets(st.sampled_from(target_ids)))),
            at=data.draw(st.one_of(st.none(), instants(world.groups))),
        )
        now = data.draw(instants(world.groups))
        assert write_json(answer(user_answer(view, query, now))) == written_answer(view, query, now)


@given(st.one_of(st.integers(-(10**30), 10**30), st.integers(-20_000, 20_000), st.sampled_from([10**22, -(10**22)])))
def test_amounts_are_written_as_decimals_are(units: int) -> None:
    """Amounts have three decimals, four where they need them, and never an exponent that a decimal would not have."""
    assert write_json(thousandths(units)) == amount_text(units)
