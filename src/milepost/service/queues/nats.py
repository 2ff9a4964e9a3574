"""Subjects of NATS JetStream. A stream is one partition, whose positions are the stream's own numbers."""

import ssl
from collections.abc import Sequence

import nats
import nats.errors
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import Error as StreamError
from nats.js.errors import NotFoundError

from milepost.model.delivery.queue import Positions, QueueMessage
from milepost.service.queues.address import Broker, QueueAddress
from milepost.service.queues.broker import BrokerFailure, Parcel

CONNECTING_SECONDS = 5
FORGOTTEN_SECONDS = 60
"""How long the server remembers a reader that no longer asks."""

_FAILURES = (nats.errors.Error, StreamError, OSError, TimeoutError)
MESSAGE_ID = "Nats-Msg-Id"
"""By this header JetStream leaves out what was published before, within the window of the stream."""


class _Errors:
    """The latest failure of a connection; it is left to the call that it concerns."""

    def __init__(self) -> None:
        self.latest: Exception | None = None

    async def note(self, error: Exception) -> None:
        self.latest = error


async def _connected(address: QueueAddress) -> Client:
    """Return a connection. It is not repaired: whoever holds it opens another. Raises BrokerFailure."""
    tls = ssl.create_default_context(cafile=address.options.get("ca")) if address.broker is Broker.NATS_TLS else None
    login = {"user": address.user, "password": address.password} if address.password else {"token": address.user}
    scheme = "nats" if tls is None else "tls"
    errors = _Errors()
    try:
        return await nats.connect(
            servers=[f"{scheme}://{server}" for server in address.servers],
            name="milepost",
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=CONNECTING_SECONDS,
            error_cb=errors.note,
            tls=tls,
            **(login if address.user else {}),
        )
    except _FAILURES as error:
        raise BrokerFailure(
            f"{', '.join(address.servers)} cannot be reached: {_words(errors.latest or error)}"
        ) from error


class NatsSource:
    """A subject that is read on from a position by a consumer of ours, which the server forgets after us."""

    def __init__(self, client: Client, subscription: JetStreamContext.PullSubscription) -> None:
        """Read what *subscription* gives, over the connection *client*."""
        self._client = client
        self._subscription = subscription
        self._given = 0

    async def poll(self, limit: int, seconds: int) -> Sequence[QueueMessage]:
        """Return at most *limit* messages, after at most *seconds* if there are none. Raises BrokerFailure."""
        try:
            fetched = await self._subscription.fetch(limit, timeout=seconds)
        except nats.errors.TimeoutError:
            if self._client.is_closed:
                raise BrokerFailure("the connection was lost") from None
            return []
        except _FAILURES as error:
            raise BrokerFailure(_words(error)) from error
        messages: list[QueueMessage] = []
        for one in fetched:
            sequence = one.metadata.sequence
            self._given += 1
            if sequence.consumer != self._given:
                raise BrokerFailure("a message was lost on its way; the queue is read again from the last position")
            messages.append(QueueMessage(0, sequence.stream, one.data))
        return messages

    async def lag(self, reached: Positions) -> int | None:
        """Return how many messages wait that were not given yet. Raises BrokerFailure."""
        del reached
        try:
            return (await self._subscription.consumer_info()).num_pending or 0
        except _FAILURES as error:
            raise BrokerFailure(_words(error)) from error

    async def close(self) -> None:
        """End reading."""
        await self._client.close()


async def open_nats_source(address: QueueAddress, positions: Positions) -> NatsSource:
    """Open a subject for reading on from *positions*. Raises BrokerFailure."""
    client = await _connected(address)
    try:
        return NatsSource(client, await _subscribed(client.jetstream(), address.topic, positions.get(0, 1)))
    except NotFoundError as error:
        await client.close()
        raise BrokerFailure(f"no stream holds the subject {address.topic}") from error
    except _FAILURES as error:
        await client.close()
        raise BrokerFailure(_words(error)) from error
    except BaseException:
        await client.close()
        raise


async def _subscribed(stream: JetStreamContext, subject: str, start: int) -> JetStreamContext.PullSubscription:
    """Return what gives the messages of *subject* from the position *start* on. Raises BrokerFailure."""
    name = await stream.find_stream_name_by_subject(subject)
    last = (await stream.stream_info(name)).state.last_seq
    if start > last + 1:
        raise BrokerFailure(f"the stream {name} ends at {last}, before the position {start}; rewind the queue")
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=start,
        inactive_threshold=FORGOTTEN_SECONDS,
        mem_storage=True,
    )
    return await stream.pull_subscribe(subject, stream=name, config=config)


class NatsDestination:
    """A subject that is written; a stream has to hold it."""

    def __init__(self, client: Client, address: QueueAddress) -> None:
        """Write to the subject of *address* over the connection *client*."""
        self._client = client
        self._address = address
        self._stream = client.jetstream()

    async def publish(self, parcel: Parcel, seconds: int) -> str:
        """Publish *parcel*; return where it is. Raises BrokerFailure, also when *seconds* are over."""
        headers = {**parcel.headers, MESSAGE_ID: parcel.message_id}
        try:
            found = await self._stream.publish(self._address.topic, parcel.body, timeout=seconds, headers=headers)
        except _FAILURES as error:
            raise BrokerFailure(_words(error)) from error
        return f"{found.stream}/{found.seq}{' (known)' if found.duplicate else ''}"

    async def close(self) -> None:
        """End writing."""
        await self._client.close()


async def open_nats_destination(address: QueueAddress) -> NatsDestination:
    """Open a subject for writing. Raises BrokerFailure."""
    return NatsDestination(await _connected(address), address)


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
