"""Events are dealt to requests so that none is too large and every household's stay in order."""

from milepost.demo.groceries import Occurrence
from milepost.demo.load import BATCH_BYTES_MAX, BATCH_EVENTS_MAX, STREAMS, batches
from milepost.model.time import Seconds


def occurrence(instant: int, household: int, size: int = 10) -> Occurrence:
    """Make an event of *size* bytes whose text names its household and instant."""
    body = (b"%d %d" % (household, instant)).ljust(size)
    return Occurrence(Seconds(instant), "pos/1", f"bill-{instant}", household, body)


def test_a_batch_holds_a_thousand_events() -> None:
    """A stream's 2,001 events go in batches of 1,000, 1,000 and 1."""
    dealt = batches(occurrence(instant, household=STREAMS) for instant in range(2 * BATCH_EVENTS_MAX + 1))

    assert [len(batch.bodies) for batch in dealt] == [BATCH_EVENTS_MAX, BATCH_EVENTS_MAX, 1]


def test_a_batch_stays_below_its_bytes() -> None:
    """What would make a batch too large opens the next one."""
    half = BATCH_BYTES_MAX // 2
    dealt = batches(occurrence(instant, household=0, size=half) for instant in range(3))

    assert [len(batch.bodies) for batch in dealt] == [1, 1, 1]


def test_a_household_keeps_its_order() -> None:
    """Read batch by batch, the events of each household come as they happened, and all in one stream."""
    happened = [occurrence(instant, household=instant * 7 % 10) for instant in range(5_000)]

    received: dict[int, list[bytes]] = {}
    streams: dict[int, set[int]] = {}
    for batch in batches(happened):
        for body in batch.bodies:
            household = int(body.split()[0])
            received.setdefault(household, []).append(body)
            streams.setdefault(household, set()).add(batch.stream)

    assert received == {number: [one.body for one in happened if one.household == number] for number in range(10)}
    assert {len(used) for used in streams.values()} == {1}
