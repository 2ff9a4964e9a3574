"""The sockets at which a server listens, and their address."""

import socket
import sys
from asyncio.trsock import TransportSocket

from milepost.model.problem import Unavailable

BACKLOG = 2048
"""Connections that wait to be accepted by one of several processes."""


def shared_listeners(host: str, port: int, count: int) -> list[socket.socket]:
    """Return *count* listening sockets, all at one address: Linux spreads connections over them.

    With one socket for all processes, the process that wakes first would accept most of the connections that arrive
    together. Other systems do not spread connections, so there the processes share one socket.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without `reuse_port` first: else a second Milepost could start at this address and take half of the clients.
    try:
        exclusive = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        message = f"The address {host}:{port} cannot be listened at: {error.strerror}."
        raise Unavailable(message) from error
    if sys.platform != "linux":
        return [exclusive, *(exclusive.dup() for _ in range(1, count))]
    address = exclusive.getsockname()[:2]
    exclusive.close()
    return [socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=True) for _ in range(count)]


def address_of(listener: TransportSocket | socket.socket) -> str:
    """Return the URL of the address at which *listener* listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
