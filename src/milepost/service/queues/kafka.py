"""Topics of Kafka. The library blocks, so each call of it runs in a thread."""

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from milepost.model.delivery.queue import Positions, QueueMessage
from milepost.service.queues.address import QueueAddress
from milepost.service.queues.broker import BrokerFailure, Parcel

GROUP = "milepost"
"""Named because the library wants a name; partitions are assigned by us, and no position is kept in the broker."""

ANSWER_SECONDS = 10
LOOK_SECONDS = 30
"""How often new partitions are looked for."""

SERVING_MS, TAKING_MS = 200, 10


def _settings(address: QueueAddress) -> dict[str, Any]:
    login = {"sasl.username": address.user, "sasl.password": address.password} if address.user else {}
    return {
        "bootstrap.servers": ",".join(address.servers),
        "client.id": "milepost",
        "error_cb": _ignored,
        "log_level": 0,
        **({"security.protocol": "sasl_ssl", "sasl.mechanisms": "PLAIN"} if address.user else {}),
        **login,
        **address.options,
    }


def _ignored(_error: KafkaError) -> None:
    """Leave a failure to the call that it concerns: the library tries again by itself."""


class KafkaSource:
    """A topic that is read on from positions, all partitions by this consumer."""

    def __init__(self, address: QueueAddress, positions: Positions) -> None:
        """Read the topic of *address* on from *positions*."""
        self._topic = address.topic
        self._reached = dict(positions)
        self._assigned: set[int] = set()
        self._looked = time.monotonic()
        self._consumer = Consumer(
            {
                **_settings(address),
                "group.id": GROUP,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": False,
            }
        )

    async def open(self) -> None:
        """Assign all partitions. Raises BrokerFailure."""
        await asyncio.to_thread(self._assign)

    def _assign(self) -> None:
        self._looked = time.monotonic()
        try:
            topic = self._consumer.list_topics(self._topic, timeout=ANSWER_SECONDS).topics[self._topic]
        except KafkaException as error:
            raise _failure(error.args[0]) from error
        if topic.error is not None or not topic.partitions:
            raise BrokerFailure(f"the topic {self._topic} cannot be read: {topic.error or 'it has no partitions'}")
        fresh = [one for one in sorted(topic.partitions) if one not in self._assigned]
        if not fresh:
            return
        offsets = [TopicPartition(self._topic, one, self._reached.get(one, OFFSET_BEGINNING)) for one in fresh]
        try:
            self._consumer.incremental_assign(offsets)
        except KafkaException as error:
            raise _failure(error.args[0]) from error
        self._assigned.update(fresh)

    async def poll(self, limit: int, seconds: int) -> Sequence[QueueMessage]:
        """Return at most *limit* messages, after at most *seconds* if there are none. Raises BrokerFailure."""
        return await asyncio.to_thread(self._poll, limit, seconds)

    def _poll(self, limit: int, seconds: int) -> list[QueueMessage]:
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._assign()
        first = self._consumer.poll(seconds)
        if first is None:
            return []
        # What is here already is taken along; nothing is waited for.
        return [_message(one) for one in (first, *self._consumer.consume(limit - 1, timeout=TAKING_MS / 1_000))]

    async def lag(self, reached: Positions) -> int | None:
        """Return how many messages wait behind the positions *reached*, None if not known yet. Raises BrokerFailure."""
        waiting = 0
        for partition in sorted(self._assigned):
            # As the broker said with the last messages; it is not asked.
            known = self._consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
            if known[1] < 0:
                return None
            position = reached.get(partition, 0)
            if position > known[1]:
                reason = f"partition {partition} ends at {known[1]}, before the position {position}; rewind the queue"
                raise BrokerFailure(reason)
            waiting += known[1] - max(position, known[0])
        return waiting

    async def close(self) -> None:
        """End reading."""
        await asyncio.to_thread(self._consumer.close)


async def open_kafka_source(address: QueueAddress, positions: Positions) -> KafkaSource:
    """Open a topic for reading on from *positions*. Raises BrokerFailure."""
    try:
        source = KafkaSource(address, positions)
    except KafkaException as error:
        raise _failure(error.args[0]) from error
    try:
        await source.open()
    except BaseException:
        await source.close()
        raise
    return source


class KafkaDestination:
    """A topic that is written by an idempotent producer; a thread of ours serves the library's answers."""

    def __init__(self, address: QueueAddress) -> None:
        """Write to the topic of *address*. Raises BrokerFailure for options that do not go together."""
        self._topic = address.topic
        self._loop = asyncio.get_running_loop()
        try:
            self._producer = Producer(
                {
                    **_settings(address),
                    "enable.idempotence": True,
                    "linger.ms": 1,
                    "message.timeout.ms": ANSWER_SECONDS * 1_000,
                }
            )
        except KafkaException as error:
            raise _failure(error.args[0]) from error
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="milepost-kafka", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(SERVING_MS / 1_000)

    async def publish(self, parcel: Parcel, seconds: int) -> str:
        """Publish *parcel*; return where it is. Raises BrokerFailure, also when *seconds* are over."""
        answer: asyncio.Future[str] = self._loop.create_future()

        def settle(error: KafkaError | None, message: Message) -> None:
            place = f"{message.topic()}/{message.partition()}/{message.offset()}"
            self._loop.call_soon_threadsafe(_answer, answer, None if error is None else _failure(error), place)

        headers: list[tuple[str, str | bytes | None]] = [*parcel.headers.items()]
        try:
            self._producer.produce(self._topic, value=parcel.body, key=parcel.key, headers=headers, on_delivery=settle)
        except (BufferError, KafkaException) as error:
            raise BrokerFailure(str(error)) from error
        try:
            return await asyncio.wait_for(answer, seconds)
        except TimeoutError:
            raise BrokerFailure(f"the broker did not confirm within {seconds} seconds") from None

    async def close(self) -> None:
        """End writing; what was not confirmed is made again by its delivery."""
        self._closing.set()
        await asyncio.to_thread(self._thread.join)
        self._producer.purge()


def _answer(answer: "asyncio.Future[str]", failure: BrokerFailure | None, place: str) -> None:
    if answer.done():
        return
    if failure is None:
        answer.set_result(place)
    else:
        answer.set_exception(failure)


def _message(message: Message) -> QueueMessage:
    """Return what was read; raises BrokerFailure for a failure that the library hands out as a message."""
    error = message.error()
    if error is not None:
        raise _failure(error)
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return QueueMessage(partition, offset, message.value() or b"")


def _failure(error: KafkaError) -> BrokerFailure:
    if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - it is the library's public name
        return BrokerFailure(f"the position is no longer in the topic ({error.str()}); rewind the queue")
    return BrokerFailure(error.str())
