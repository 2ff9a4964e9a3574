"""Living through a batch at once is living through its events one by one."""

from collections.abc import Iterator
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milepost.engine.apply import START, apply_batch
from milepost.engine.progress.archive import archive_at
from milepost.engine.progress.history import ARCHIVE_AFTER_US, Logged
from milepost.engine.progress.windows import closes_at
from milepost.model.event import Event
from milepost.model.organisation import OutcomeFeed
from milepost.model.standing import OutcomeKind
from milepost.model.target import Evaluation
from milepost.service.snapshot.wanted_outcomes import wanted_outcomes
from milepost.store import codec
from milepost.store.delivery.codec import encode_outbox
from tests.laws.engine_histories import FIRST, SECOND, catalogues_of, lived
from tests.laws.law_settings import EVERY, law
from tests.laws.random_worlds import World, returning_worlds, worlds

pytestmark = pytest.mark.usefixtures("rows")

CUTS = st.lists(st.integers(1, 6), max_size=20)
"""How many events the batches have, as long as there are events and numbers."""


def holds(world: World, sizes: list[int]) -> None:
    """Compare what batches of these *sizes* lead to with what single steps lead to: all that is kept and told."""
    standing, history, log = START.standing, dict(START.history), list(START.log)
    outcomes = []
    for version, batch in batches(world, sizes):
        done = apply_batch(catalogues_of(world)[version], standing, history, log, batch)
        standing, history = done.standing, done.history
        log += [Logged(one.event, one.seq, one.entries) for one in done.applied]
        outcomes += [outcome for one in done.applied for outcome in one.outcomes]
    single = lived(world)
    assert standing == single.standing
    assert codec.encode_standing(standing) == codec.encode_standing(single.standing)
    assert history == single.history
    assert log == list(single.log)
    assert outcomes == list(single.outcomes)


def batches(world: World, sizes: list[int]) -> Iterator[tuple[int, list[Event]]]:
    """Cut the world's events into batches, each judged by one version."""
    rest = [*sizes, len(world.events)]
    cut = [place for place, size in enumerate(rest) for _ in range(size)]
    numbered = zip(world.events, cut, strict=False)
    for (version, _), batch in groupby(numbered, lambda one: (FIRST if one[0].key in world.before else SECOND, one[1])):
        yield version, [event for event, _ in batch]


@law(300)
@given(worlds(), CUTS)
def test_a_batch_of_plain_sums_is_its_events_one_by_one(world: World, sizes: list[int]) -> None:
    """Law 1: what is counted in place for a whole batch is what single steps count."""
    holds(world, sizes)


@law(150)
@given(returning_worlds(), CUTS)
def test_a_batch_with_returns_is_its_events_one_by_one(world: World, sizes: list[int]) -> None:
    """Law 1: returns among plain events find the bills of their own batch."""
    holds(world, sizes)


@law(250)
@given(EVERY, CUTS)
def test_a_batch_of_any_kind_is_its_events_one_by_one(world: World, sizes: list[int]) -> None:
    """Law 1, for every kind of target."""
    holds(world, sizes)


@law(150)
@given(EVERY)
def test_a_month_ends_for_a_row_when_its_rule_says(world: World) -> None:
    """The table of the calendar's ends says what each rule says, and knows no other row."""
    rule_index = catalogues_of(world)[SECOND]
    told = {
        key: closes_at(rule, {}, position)
        for rule in rule_index.rules.values()
        if rule.frame.evaluation is Evaluation.FIXED_CALENDAR_WINDOW
        for position, key in enumerate(rule.keys)
    }
    assert told == rule_index.calendar_closings
    assert all(archive_at(rule_index, {}, key) == closing + ARCHIVE_AFTER_US for key, closing in told.items())


@law(150)
@given(EVERY)
def test_outcomes_that_go_unread_are_the_ones_that_were_looked_through(world: World) -> None:
    """Where every kind is wanted, the outbox gets what it gets where each outcome is asked whether it is wanted."""
    unread = wanted_outcomes([], OutcomeFeed.ON)
    assert unread.has_every_kind
    looked_through = unread._replace(has_every_kind=False)
    fewer = looked_through._replace(kinds=unread.kinds - {OutcomeKind.ENROLLED})
    assert not wanted_outcomes([], OutcomeFeed.OFF).has_every_kind
    for one in lived(world).applied:
        written = [
            None if rows is None else encode_outbox(one.event.key, "request", rows)
            for rows in (wanted.rows_of(one.event, one.entries, one.outcomes) for wanted in (unread, looked_through))
        ]
        assert written[0] == written[1]
        kept = fewer.rows_of(one.event, one.entries, one.outcomes) or ()
        assert all(outcome.kind is not OutcomeKind.ENROLLED for outcome in kept)
