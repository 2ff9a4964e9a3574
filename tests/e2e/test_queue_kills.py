"""Broker and reader are killed in turn while events are read from a queue: none is lost, none counts twice."""

import json
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from milepost.service.queues.queues import add_queue
from milepost.service.runtime.outgoing import box_of_key
from tests.api.brokers import PARTITIONS, KafkaBroker, NatsBroker, TestBroker
from tests.api.client import ApiClient, OrganisationClient, opened
from tests.api.client_forms import bill, group, target
from tests.e2e.test_delivery_processes import KEY, worker

CUSTOMERS = 40
PATIENCE_SECONDS = 120
STALL_SECONDS = 1

SIZES = [
    pytest.param(2_000, 2, id="small", marks=pytest.mark.timeout(240)),
    pytest.param(100_000, 20, id="large", marks=[pytest.mark.slow, pytest.mark.timeout(1_200)]),
]


@pytest.fixture
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client that encrypts by the key of the workers."""
    with opened(admin_url, template) as client:
        outgoing = replace(client.runtime.outgoing, box=box_of_key(KEY))
        client.runtime = client.app.state.runtime = replace(client.runtime, outgoing=outgoing)
        yield client


class Reading:
    """A queue that a worker process reads while it, or the broker, is killed."""

    def __init__(self, front: ApiClient, broker: TestBroker, stack: ExitStack) -> None:
        """Define a target, add the queue, and start the first worker."""
        self.front, self.broker, self.stack = front, broker, stack
        self.organisation: OrganisationClient = front.organisation()
        self.organisation.define(group(target(defaultValues=[{"defaultValue": 1_000_000}])))
        org_id = self.organisation.organisation.id
        front.run(lambda: add_queue(front.runtime, org_id, broker.url("events")))
        self.worker = stack.enter_context(worker(front.url))

    @property
    def taken(self) -> int:
        """Return how many messages were taken off the queue."""
        first = 0 if isinstance(self.broker, KafkaBroker) else 1
        return self.front.number("select coalesce(sum(position), %s) from queue_position", first) - first

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition* holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"nothing happened after {self.taken} messages"
            time.sleep(0.02)

    def hurt(self, *, reader: bool) -> None:
        """Kill the reader, or the broker; a broker that would lose its messages is stopped for a while instead."""
        if reader:
            self.worker.kill()
            self.worker = self.stack.enter_context(worker(self.front.url))
        elif self.broker.keeps_messages:
            self.broker.kill()
            self.broker.start()
        else:
            assert self.broker.process is not None
            os.kill(self.broker.process.pid, signal.SIGSTOP)
            time.sleep(STALL_SECONDS)
            os.kill(self.broker.process.pid, signal.SIGCONT)


@pytest.mark.parametrize("kind", [NatsBroker, KafkaBroker], ids=["nats", "kafka"])
@pytest.mark.parametrize("count, kills", SIZES)
def test_kills_in_turn_lose_nothing(
    front: ApiClient, tmp_path: Path, kind: type[TestBroker], count: int, kills: int
) -> None:
    """The value of each customer is the sum of the bills that were published, whatever died in the middle."""
    random = Random(count)
    expected: defaultdict[str, Decimal] = defaultdict(Decimal)
    broker = kind(tmp_path)
    with ExitStack() as stack:
        stack.callback(broker.kill)
        broker.start()
        broker.make("events")
        reading = Reading(front, broker, stack)
        published = 0
        for place in range(kills + 1):
            fresh = list(_bodies(random, count // (kills + 1), expected))
            again = random.sample(fresh, len(fresh) // 10)
            broker.fill("events", [*fresh, *again])
            before, published = reading.taken, published + len(fresh) + len(again)
            if place < kills:
                reading.wait(lambda before=before: reading.taken > before)  # type: ignore[misc]
                reading.hurt(reader=place % 2 == 0)
        reading.wait(lambda: reading.taken >= published)
        assert published == reading.taken
        assert 0 == front.number("select count(*) from dead_letter")
    organisation = reading.organisation
    found = {
        name: Decimal(str(organisation.rows(organisation.customer(name))[0]["targetAchievedValue"]))
        for name in expected
    }
    assert dict(expected) == found


def _bodies(random: Random, count: int, expected: dict[str, Decimal]) -> Iterator[tuple[str, bytes]]:
    for _ in range(count):
        customer = f"c{random.randrange(CUSTOMERS)}"
        amount = Decimal(random.randint(1, 9_999)).scaleb(-2)
        expected[customer] += amount
        yield customer, json.dumps(bill(str(amount), customer=customer)).encode()


def test_each_partition_has_its_position(front: ApiClient, tmp_path: Path) -> None:
    """The negative control of the sums above: a position that is moved forward loses messages, and is seen."""
    expected: defaultdict[str, Decimal] = defaultdict(Decimal)
    broker = KafkaBroker(tmp_path)
    with ExitStack() as stack:
        stack.callback(broker.kill)
        broker.start()
        broker.make("events")
        reading = Reading(front, broker, stack)
        broker.fill("events", list(_bodies(Random(1), 300, expected)))
        reading.wait(lambda: reading.taken >= 300)
        assert PARTITIONS == front.number("select count(*) from queue_position")
        reading.worker.kill()
        broker.fill("events", list(_bodies(Random(2), 300, expected)))
        front.connection.execute("update queue_position set position = position + 10")
        stack.enter_context(worker(front.url))
        reading.wait(lambda: reading.taken >= 600)
    counted = front.number("select count(*) from event")
    assert 600 - 10 * PARTITIONS == counted
