"""Sends one request to a receiver, and reads no more of its answer than is worth keeping.

The request goes to the address that was checked; the name stays in Host and TLS. No redirect is followed, no proxy of
the environment is used, and nothing is decompressed.
"""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

import httpx2

from milepost.model.delivery.webhook import Attempt, ErrorClass
from milepost.model.time import Micros
from milepost.service.delivery.sending.addresses import Destination, Forbidden, addresses_of, destination_of

ANSWER_BYTES_MAX = 16 * 1024
HEADERS_KEPT_MAX = 50
HEADER_CHARACTERS_MAX = 1_000
CONNECTIONS_KEPT = 16
CLIENTS_MAX = 200
"""Destinations to which connections are kept open."""

ADDRESSES_TRIED_MAX = 3


class Letter(NamedTuple):
    """A request that is to be sent: its URL, headers, body, and the seconds that it may take."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    time_limit: int


class Closable(Protocol):
    """A connection, as far as its end goes."""

    async def aclose(self) -> None:
        """Close the connection."""


class Handshake:
    """Watches a connection until its TLS handshake is done, and closes it if that does not happen.

    The client closes a connection whose handshake fails, but not one whose handshake is cancelled, as our time limit
    does: until the pool has it, nobody else knows the connection.
    """

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._connection: Closable | None = None

    async def trace(self, happened: str, about: Mapping[str, Closable]) -> None:
        """Follow what the client tells about a request (its extension `trace`)."""
        if happened == "connection.connect_tcp.complete":
            self._connection = about["return_value"]
        elif happened == "connection.start_tls.complete":
            self._connection = None

    async def close(self) -> None:
        """Close the connection if its handshake is not done."""
        if self._connection is not None:
            await self._connection.aclose()


class Transport:
    """Sends requests. It keeps connections by destination: two names at one address never share a connection."""

    def __init__(self, now: Callable[[], Micros], *, allows_private: bool, tls: ssl.SSLContext | None = None) -> None:
        """Time by *now* (epoch microseconds); *tls* replaces the usual trust in certificates."""
        self._now = now
        self._allows_private = allows_private
        self._tls = tls or ssl.create_default_context()
        self._clients: OrderedDict[Destination, httpx2.AsyncClient] = OrderedDict()

    async def close(self) -> None:
        """Close every connection."""
        clients, self._clients = self._clients, OrderedDict()
        for client in clients.values():
            await client.aclose()

    async def send(self, letter: Letter) -> Attempt:
        """Send *letter*; return what happened. It never raises for what a receiver does."""
        at = self._now()
        try:
            async with asyncio.timeout(letter.time_limit):
                answered = await self._send(letter, at)
        except TimeoutError:
            answered = _failed(letter, at, ErrorClass.TIME, f"took longer than {letter.time_limit} seconds")
        except Forbidden as error:
            answered = _failed(letter, at, ErrorClass.ADDRESS, str(error))
        except (OSError, UnicodeError, ValueError) as error:
            answered = _failed(letter, at, ErrorClass.DNS, f"the name cannot be looked up: {error}")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            answered = _failed(letter, at, _class_of(error), f"{type(error).__name__}: {error}"[:HEADER_CHARACTERS_MAX])
        return answered(Micros(self._now() - at))

    async def _send(self, letter: Letter, at: Micros) -> "Finish":
        destination = destination_of(letter.url)
        addresses = (await addresses_of(destination, allows_private=self._allows_private))[:ADDRESSES_TRIED_MAX]
        for address in addresses[:-1]:
            try:
                return await self._send_to(address, destination, letter, at)
            except httpx2.ConnectError as error:
                if _class_of(error) is not ErrorClass.CONNECT:
                    raise
        return await self._send_to(addresses[-1], destination, letter, at)

    async def _send_to(self, address: str, destination: Destination, letter: Letter, at: Micros) -> "Finish":
        url = httpx2.URL(letter.url)
        headers = {**letter.headers, "host": url.netloc.decode(), "accept-encoding": "identity"}
        extensions: dict[str, object] = {"sni_hostname": destination.host}
        handshake = Handshake()
        if url.scheme == "https":
            extensions["trace"] = handshake.trace
        request = self._client(destination).build_request(
            "POST", url.copy_with(host=address), headers=headers, content=letter.body, extensions=extensions
        )
        try:
            response = await self._client(destination).send(request, stream=True)
        except BaseException:
            await handshake.close()
            raise
        try:
            answer = await _beginning(response)
        finally:
            await response.aclose()
        status = response.status_code
        is_success = 200 <= status < 300
        kept = response.headers.multi_items()[:HEADERS_KEPT_MAX]

        def finish(took: Micros) -> Attempt:
            return Attempt(
                at=at,
                took=took,
                address=address,
                request_headers=letter.headers,
                status=status,
                headers={name: value[:HEADER_CHARACTERS_MAX] for name, value in kept},
                answer=answer,
                error=None if is_success else ErrorClass.STATUS,
                reason=None if is_success else f"the receiver answered {status}",
            )

        return finish

    def _client(self, destination: Destination) -> httpx2.AsyncClient:
        client = self._clients.pop(destination, None)
        if client is None:
            # The sender bounds what is in flight; a letter that waited here would be late for its time limit.
            limits = httpx2.Limits(max_connections=None, max_keepalive_connections=CONNECTIONS_KEPT)
            client = httpx2.AsyncClient(
                verify=self._tls, trust_env=False, follow_redirects=False, limits=limits, timeout=None
            )
            while len(self._clients) >= CLIENTS_MAX:
                _, oldest = self._clients.popitem(last=False)
                self._closing = asyncio.create_task(oldest.aclose())
        self._clients[destination] = client
        return client


Finish = Callable[[Micros], Attempt]
"""Makes the attempt, once it is known how many microseconds it took."""


async def _beginning(response: httpx2.Response) -> str:
    """Return the beginning of an answer's body as text."""
    read = bytearray()
    async for part in response.aiter_raw():
        read += part
        if len(read) >= ANSWER_BYTES_MAX:
            break
    return bytes(read[:ANSWER_BYTES_MAX]).decode("utf-8", "replace")


def _failed(letter: Letter, at: Micros, error: ErrorClass, reason: str) -> Finish:
    return lambda took: Attempt(at=at, took=took, request_headers=letter.headers, error=error, reason=reason)


def _class_of(error: BaseException) -> ErrorClass:
    """Return where a request failed, by the first cause that says so."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return ErrorClass.TLS
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx2.TimeoutException):
        return ErrorClass.TIME
    return ErrorClass.CONNECT if isinstance(error, httpx2.ConnectError) else ErrorClass.PROTOCOL
