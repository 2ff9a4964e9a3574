"""What Milepost asks of a broker, whichever it is: read on from positions, and publish one message."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from milepost.model.delivery.queue import Positions, QueueMessage
from milepost.model.problem import Fault
from milepost.service.queues.address import Broker, QueueAddress


class BrokerFailure(Exception):
    """A broker could not do what was asked; the message says why."""


class Source(Protocol):
    """A queue that is open for reading. What it gives is not given again unless it is opened again."""

    async def poll(self, limit: int, seconds: int) -> Sequence[QueueMessage]:
        """Return at most *limit* messages, after at most *seconds* if there are none. Raises BrokerFailure."""
        ...

    async def lag(self, reached: Positions) -> int | None:
        """Return how many messages wait behind the positions *reached*, None if not known yet. Raises BrokerFailure."""
        ...

    async def close(self) -> None:
        """End reading."""
        ...


class Parcel(NamedTuple):
    """A message that is to be published: the key that keeps a customer's messages together, headers, and the body."""

    message_id: str
    key: str
    headers: Mapping[str, str]
    body: bytes


class Destination(Protocol):
    """A queue that is open for writing."""

    async def publish(self, parcel: Parcel, seconds: int) -> str:
        """Publish *parcel*; return what the broker confirmed. Raises BrokerFailure, also when *seconds* are over."""
        ...

    async def close(self) -> None:
        """End writing."""
        ...


async def open_source(address: QueueAddress, positions: Positions) -> Source:
    """Open a queue for reading on from *positions*; partitions without one are read from the beginning.

    Raises BrokerFailure, and Fault if the client library is not installed.
    """
    if address.broker is Broker.KAFKA:
        try:
            from milepost.service.queues.kafka import open_kafka_source
        except ModuleNotFoundError as error:
            raise Fault(missing(error, "kafka")) from None
        return await open_kafka_source(address, positions)
    try:
        from milepost.service.queues.nats import open_nats_source
    except ModuleNotFoundError as error:
        raise Fault(missing(error, "nats")) from None
    return await open_nats_source(address, positions)


async def open_destination(address: QueueAddress) -> Destination:
    """Open a queue for writing. Raises BrokerFailure, and Fault if the client library is not installed."""
    if address.broker is Broker.KAFKA:
        try:
            from milepost.service.queues.kafka import KafkaDestination
        except ModuleNotFoundError as error:
            raise Fault(missing(error, "kafka")) from None
        return KafkaDestination(address)
    try:
        from milepost.service.queues.nats import open_nats_destination
    except ModuleNotFoundError as error:
        raise Fault(missing(error, "nats")) from None
    return await open_nats_destination(address)


def missing(error: ModuleNotFoundError, extra: str) -> str:
    """Return what to install for a client library that is not there."""
    return f"{error.name} is not installed; install milepost[{extra}]"
