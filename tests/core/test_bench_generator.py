"""What the benchmarks are fed with is what performance figures are said to be about."""

from importlib import import_module
from pathlib import Path

import pytest

import bench
from bench.audit import Row, reckon
from bench.events import Happened, Stream, Users, dealt
from bench.rules import ACTIVITY, BILL, RETURN, Rule, Sum, spread_rules, typical_rules

EVENTS = 20_000


def stream(seed: int = 1) -> Stream:
    """Begin a stream over a thousand customers."""
    return Stream(seed, customers=1_000, events=EVENTS)


def share(events: list[Happened], name: str) -> int:
    """Return how many in a hundred of the events that were not sent before bear this name."""
    fresh = [event for event in events if not event.is_repeated]
    return round(100 * sum(event.name == name for event in fresh) / len(fresh))


def test_the_same_seed_gives_the_same_events() -> None:
    """Two runs measure the same."""
    assert stream().take(500, Users.ZIPF) == stream().take(500, Users.ZIPF)


def test_the_mix_is_the_one_that_is_written_down() -> None:
    """80 % bills, 10 % returns, 10 % behavioural events; 2 % of all were sent before; amounts have mean 800."""
    events = stream().take(EVENTS, Users.UNIFORM)
    cents = [event.cents for event in events if event.name != RETURN]

    assert [80, 10, 10] == [share(events, name) for name in (BILL, RETURN, ACTIVITY)]
    assert 2 == round(100 * sum(event.is_repeated for event in events) / EVENTS)
    assert 8 == round(sum(cents) / len(cents) / 10_000)


def test_a_repeated_event_has_the_same_content() -> None:
    """A repeated event is no conflict."""
    bodies: dict[int, bytes] = {}

    for event in stream().take(EVENTS, Users.UNIFORM):
        assert bodies.setdefault(event.number, event.body) == event.body


def test_a_bill_is_returned_once_by_its_buyer() -> None:
    """Every return names an earlier bill of its customer, and no other names it."""
    events = [event for event in stream().take(EVENTS, Users.ZIPF) if not event.is_repeated]
    bills = {event.number: event for event in events if event.name == BILL}
    returns = [event for event in events if event.name == RETURN]

    assert len(returns) == len({event.original for event in returns})
    assert [] == [event for event in returns if event.original is None or bills[event.original].number > event.number]
    assert [] == [event for event in returns if bills[event.original or 0].customer != event.customer]


def test_zipf_has_few_busy_customers() -> None:
    """The busiest tenth does most of what happens; evenly drawn it does little more than a tenth."""
    found = {}
    for users in Users:
        events = stream().take(EVENTS, users)
        found[users] = round(10 * sum(event.customer < 100 for event in events) / EVENTS)

    assert {Users.UNIFORM: 1, Users.ZIPF: 8} == found


def test_each_customer_is_dealt_to_one_client() -> None:
    """What one customer does stays in order, however many clients send."""
    events = stream().take(2_000, Users.ZIPF)
    parts = dealt(events, 4)

    assert len(events) == sum(map(len, parts))
    assert [] == [event for place, part in enumerate(parts) for event in part if event.customer % 4 != place]


def test_targets_are_as_written_down() -> None:
    """Of 50 targets 35 count in 20 of 200 stores only, 20 ask for an amount, 10 listen to behavioural events."""
    rules = typical_rules(seed=3)

    assert 35 == sum(rule.stores is not None and len(rule.stores) == 20 for rule in rules)
    assert 20 == sum(rule.above is not None for rule in rules)
    assert 10 == sum(rule.event_name == ACTIVITY for rule in rules)


def test_spread_targets_match_five_at_a_time() -> None:
    """However many targets there are, a bill matches five."""
    for count in (10, 50, 200, 1_000):
        matching = {sum(rule.matches(BILL, store, 1) for rule in spread_rules(count)) for store in range(200)}

        assert {5} == matching


def test_the_audit_reckons_by_hand() -> None:
    """A bill adds, its return takes back, a repeated event does nothing, and who has reached the goal keeps it."""
    rule = Rule(number=7, event_name=BILL, sum=Sum.AMOUNT, stores=frozenset({1}), above=10, goal=50)
    bill = Happened(number=1, name=BILL, customer=3, store=1, cents=6_000, original=None, is_repeated=False, body=b"")
    cheap, elsewhere = bill._replace(number=2, cents=1_000), bill._replace(number=3, store=2)
    back = bill._replace(number=4, name=RETURN, original=1)

    bought = reckon([rule], [bill, bill._replace(is_repeated=True), cheap, elsewhere], frozenset({3}))
    returned = reckon([rule], [bill, back], frozenset({3}))

    assert [600_000] == [row.value for row in bought[3].values()]
    assert {3: {7: Row(0, bought[3][7].achieved_by)}} == returned


@pytest.mark.parametrize("module", sorted(file.stem for file in Path(bench.__path__[0]).glob("[a-z]*.py")))
def test_each_benchmark_can_be_started(module: str) -> None:
    """The files that a benchmark reads are where it looks for them, and its imports are there."""
    import_module(f"bench.{module}")
