"""The address of a queue: its broker, its servers, its topic or subject, and how to log in."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from milepost.model.problem import Problem

URL_CHARACTERS_MAX = 2_000
_SERVER = re.compile(r"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})$")
_KAFKA_TOPIC = re.compile(r"^[A-Za-z0-9._-]{1,249}$")
_NATS_SUBJECT = re.compile(r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")
_KAFKA_OPTION = re.compile(r"^(security\.protocol|(ssl|sasl)\.[a-z.]+)$")
_NATS_OPTIONS = frozenset({"ca"})


class Broker(Enum):
    """The kind of a broker, which is the scheme of an address; NATS_TLS is NATS with TLS."""

    KAFKA = "kafka"
    NATS = "nats"
    NATS_TLS = "nats+tls"


class QueueAddress(NamedTuple):
    """Where a queue is. `topic` is a subject for NATS; `options` are those that the client library is given."""

    broker: Broker
    servers: tuple[str, ...]
    topic: str
    user: str | None
    password: str | None
    options: Mapping[str, str]

    @property
    def shown(self) -> str:
        """The address without credentials and options."""
        return f"{self.broker.value}://{','.join(self.servers)}/{self.topic}"


def is_queue(url: str) -> bool:
    """Return whether *url* is the address of a queue, and not that of a receiver of webhooks."""
    return url.partition("://")[0] in {broker.value for broker in Broker}


def address_of(url: str) -> QueueAddress:
    """Return the queue at *url*; raises ValueError with the reason if it is no address of a queue."""
    if len(url) > URL_CHARACTERS_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(f"must be at most {URL_CHARACTERS_MAX} printable ASCII characters without blanks")
    if not is_queue(url):
        raise ValueError("must begin with kafka://, nats:// or nats+tls://")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("is not a URL such as kafka://broker:9092/topic") from None
    broker = Broker(parts.scheme)
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    servers = tuple(hosts.split(","))
    wrong = [server for server in servers if not _is_server(server)]
    if wrong:
        raise ValueError(f"must name each server as host:port, with commas between them; {wrong[0]!r} is none")
    topic = unquote(parts.path.removeprefix("/"))
    if (_KAFKA_TOPIC if broker is Broker.KAFKA else _NATS_SUBJECT).fullmatch(topic) is None:
        raise ValueError("must end with a topic (Kafka) or a subject without wildcards (NATS)")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = [name for name in options if not _is_option(broker, name)]
    if unknown or parts.fragment:
        raise ValueError(f"has an unknown option {unknown[0] if unknown else '#'}; there are {_options_of(broker)}")
    return QueueAddress(
        broker=broker,
        servers=servers,
        topic=topic,
        user=unquote(user) or None,
        password=unquote(password) or None,
        options=options,
    )


def address_problems(url: str) -> list[Problem]:
    """Return what is wrong with the address of a queue."""
    try:
        address_of(url)
    except ValueError as error:
        return [Problem("url", str(error))]
    return []


def _is_server(server: str) -> bool:
    found = _SERVER.fullmatch(server)
    return found is not None and 0 < int(found[2]) < 65_536


def _is_option(broker: Broker, name: str) -> bool:
    return _KAFKA_OPTION.fullmatch(name) is not None if broker is Broker.KAFKA else name in _NATS_OPTIONS


def _options_of(broker: Broker) -> str:
    return "security.protocol, ssl.… and sasl.… of librdkafka" if broker is Broker.KAFKA else "ca"
