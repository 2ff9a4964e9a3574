"""A small request does not wait until large ones are written, unless the order of their events matters."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import Activity, EventKey
from milepost.model.time import Micros
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, Status
from milepost.service.ingest.lanes.lane import SMALL_EVENTS_MAX, Lane, Limits

if TYPE_CHECKING:
    from milepost.service.ingest.transaction import Ingest

LARGE = range(100, 100 + SMALL_EVENTS_MAX + 1)
"""The customers of a large request."""


def event(customer: int, id_: str = "") -> IncomingEvent:
    """Return an event of a customer, with an id that no other has unless one is given."""
    return IncomingEvent(
        org_id=1,
        customer=Identifier(IdentifierKind.EXTERNAL_ID, str(customer)),
        key=EventKey("till", id_ or f"event of {customer}"),
        name="CheckIn",
        occurred_at=Micros(0),
        received_at=Micros(0),
        place=None,
        till_id=None,
        payload=Activity({}),
    )


class Held:
    """Writes a batch when it is let, and notes which batches were begun and written; it knows customers below 1,000."""

    def __init__(self) -> None:
        """Have written nothing."""
        self.begun: list[int] = []
        self.written: list[int] = []
        self._gates: dict[int, asyncio.Event] = {}

    def gate(self, customer: int) -> asyncio.Event:
        """Return what lets the batch that begins with this customer be written."""
        return self._gates.setdefault(customer, asyncio.Event())

    async def __call__(self, events: Sequence[IncomingEvent]) -> list[Answer]:
        """Write *events* once their gate is open."""
        first = int(events[0].customer.value)
        self.begun.append(first)
        await self.gate(first).wait()
        self.written.append(first)
        return [Answer(key=one.key, status=Status.APPLIED, customer_id=None) for one in events]

    def knows(self, one: IncomingEvent) -> bool:
        """Return whether the customer is known."""
        return int(one.customer.value) < 1_000

    def customer_key(self, one: IncomingEvent) -> int:
        """Return the customer."""
        return int(one.customer.value)

    def shared_name(self, one: IncomingEvent) -> tuple[int, EventKey]:
        """Return the name of the event in its organisation."""
        return one.org_id, one.key


def run(story: Callable[[Lane, Held], Awaitable[None]]) -> Held:
    """Tell *story* to a lane that a held ingest stands behind; return that."""

    async def told() -> Held:
        held = Held()
        lane = Lane(cast("Ingest", cast("Any", held)), Limits())
        lane.start()
        await story(lane, held)
        await lane.stop()
        assert lane.events_waiting == 0
        return held

    return asyncio.run(told())


def enter(lane: Lane, *events: IncomingEvent) -> None:
    """Enter events; nobody waits for the answer."""
    assert not lane.enter(events).done()


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_single_event_overtakes_a_large_batch() -> None:
    """The large one is being written; the small one is answered in the meantime."""

    async def story(lane: Lane, held: Held) -> None:
        large = lane.enter([event(customer) for customer in LARGE])
        await _settle()
        held.gate(1).set()
        await lane.enter([event(1)])
        assert not large.done()
        held.gate(100).set()

    assert [1, 100] == run(story).written


def waits(single: IncomingEvent, large: Sequence[IncomingEvent]) -> bool:
    """Return whether *single* waits until *large* was written."""
    first = int(single.customer.value)

    async def story(lane: Lane, held: Held) -> None:
        enter(lane, *large)
        await _settle()
        enter(lane, single)
        held.gate(first).set()
        await _settle()
        held.gate(100).set()

    return [100, first] == run(story).written


def test_an_event_whose_order_matters_does_not_overtake() -> None:
    """One of the same customer, of the same name, or of a customer who is not known; any other does."""
    large = [event(customer) for customer in LARGE]
    assert not waits(event(1), large)
    assert waits(event(LARGE[3], "another"), large)
    assert waits(event(1, f"event of {LARGE[3]}"), large)
    assert waits(event(1_001), large)
    assert waits(event(1), [*large, event(1_002)])


def test_a_large_request_waits_for_small_ones_before_it() -> None:
    """What entered earlier is judged earlier, whichever queue it is in; also if nobody waits for its answer."""

    async def story(lane: Lane, held: Held) -> None:
        lane.enter([event(1)]).cancel()
        await _settle()
        enter(lane, *(event(customer) for customer in (*LARGE, 1)))
        await _settle()
        assert held.begun == [1]
        held.gate(100).set()
        held.gate(1).set()

    assert [1, 100] == run(story).written


def test_events_of_one_customer_stay_in_order_behind_a_large_request() -> None:
    """A small request that waits behind a large one is not overtaken by a later one of the same customer."""

    async def story(lane: Lane, held: Held) -> None:
        enter(lane, *(event(customer) for customer in (*LARGE, 1)))
        await _settle()
        enter(lane, event(1, "second"), event(2))
        enter(lane, event(2, "third"))
        for customer in (1, 2):
            held.gate(customer).set()
        await _settle()
        assert held.written == []
        held.gate(100).set()

    assert 100 == run(story).written[0]
