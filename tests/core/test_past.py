"""What names connect with a correction is found by an index; it is what a look at all events finds."""

from collections.abc import Sequence
from random import Random

import pytest

from milepost.engine.progress import past as past_module
from milepost.engine.progress.corrections import all_names
from milepost.engine.progress.history import Logged
from milepost.engine.progress.past import Past
from milepost.model.event import Event
from tests.core.sample_shop import back, bill

NAMES = 12


def logged(count: int, random: Random) -> list[Logged]:
    """Return bills and returns whose names meet each other often; some came with the log of a merged customer."""
    events = [
        bill(f"b{random.randrange(NAMES)}", "01-05 12:00", "5")
        if random.random() < 0.5
        else back(f"r{place}", "01-06 12:00", f"b{random.randrange(NAMES)}")
        for place in range(count)
    ]
    return [Logged(event, seq, (), (seq,) if random.random() < 0.2 else ()) for seq, event in enumerate(events, 1)]


def by_looking_at_all(events: Sequence[Logged], event: Event) -> list[Logged]:
    """Return what names connect with *event*, obviously and slowly."""
    names, found = {*all_names(event)}, list[Logged]()
    while more := [one for one in events if one not in found and not names.isdisjoint(all_names(one.event))]:
        found += more
        names.update(name for one in more for name in all_names(one.event))
    return sorted(found, key=lambda one: one.seq)


@pytest.mark.parametrize("seed", range(50))
def test_the_index_finds_what_names_connect(seed: int) -> None:
    """Also for events that were added since, and only among those that are known."""
    random = Random(seed)
    events = logged(30, random)
    past = Past(events[:10])
    for size in (10, 20, 30):
        past.events = events[:size]
        event = back("another", "01-07 12:00", f"b{random.randrange(NAMES)}")
        known = [one for one in past.events if not one.under or one.under[0] <= size // 2]
        found = past.related(event, known.__contains__, with_decisions=False)
        assert found == by_looking_at_all(known, event)


def test_a_long_history_costs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it is indexed, a return looks at the events that share its names and at no others."""
    looked = 0

    def counted(event: Event) -> tuple[str, ...]:
        nonlocal looked
        looked += 1
        return all_names(event)

    monkeypatch.setattr(past_module, "all_names", counted)
    costs = []
    for count in (10, 1_000):
        past = Past(Logged(bill(f"b{place}", "01-05 12:00", "5"), place, ()) for place in range(count))
        returned = back("r", "01-06 12:00", "b3")
        past.related(returned, lambda _: True, with_decisions=False)
        looked = 0
        assert [3] == [one.seq for one in past.related(returned, lambda _: True, with_decisions=False)]
        costs.append(looked)
    assert costs[0] == costs[1] <= 2
