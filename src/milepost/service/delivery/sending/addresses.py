"""Which addresses may be sent to: those of the internet, and of private networks only if the operator says so."""

import asyncio
import ipaddress
import socket
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from milepost.model.problem import Problem

URL_CHARACTERS_MAX = 2_000
PORTS = {"http": 80, "https": 443}

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.ip_network("::/96")


class Forbidden(Exception):
    """The address may not be sent to; the message says why."""


class Destination(NamedTuple):
    """Where a URL leads: the scheme, the name for Host and TLS, and the port."""

    scheme: str
    host: str
    port: int


def url_problems(url: str, *, allows_private: bool) -> list[Problem]:
    """Return what is wrong with the URL of a webhook. Its name is looked up only when something is sent."""
    try:
        destination = destination_of(url)
    except ValueError as error:
        return [Problem("url", str(error))]
    if destination.scheme == "http" and not allows_private:
        return [Problem("url", "must begin with https://, unless MILEPOST_WEBHOOKS_PRIVATE is set")]
    try:
        literal = ipaddress.ip_address(destination.host)
    except ValueError:
        return []
    reason = reason_against(literal, allows_private=allows_private)
    return [] if reason is None else [Problem("url", reason)]


def destination_of(url: str) -> Destination:
    """Return where *url* leads; raises ValueError with the reason if it is no URL for a webhook."""
    if len(url) > URL_CHARACTERS_MAX:
        raise ValueError(f"must have at most {URL_CHARACTERS_MAX} characters")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("must be printable ASCII without blanks and backslashes")
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not a URL such as https://example.com/hook") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("must begin with https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("may not hold a user name or a password; use a header")
    if port == 0:
        raise ValueError("may not have the port 0")
    return Destination(parts.scheme, parts.hostname, port or PORTS[parts.scheme])


async def addresses_of(destination: Destination, *, allows_private: bool) -> list[str]:
    """Look the name up once and return its addresses.

    Raises Forbidden if one of them may not be sent to, and OSError if there is no such name.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(destination.host, destination.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        reason = reason_against(ipaddress.ip_address(address.split("%")[0]), allows_private=allows_private)
        if reason is not None:
            raise Forbidden(f"{destination.host} {reason}")
    return addresses


def reason_against(address: _Address, *, allows_private: bool) -> str | None:
    """Return why nothing may be sent to *address*; None if it may.

    An IPv6 address that carries an IPv4 address is judged by that one, too.
    """
    for one in (address, *_carried(address)):
        if one.is_multicast or one.is_unspecified or one.is_link_local or _is_broadcast(one):
            return f"has the address {address}, which is no host's"
        if not allows_private and (not one.is_global or _is_site_local(one)):
            return f"has the address {address}, which is not global; MILEPOST_WEBHOOKS_PRIVATE would allow it"
    return None


def _is_broadcast(address: _Address) -> bool:
    return isinstance(address, ipaddress.IPv4Address) and (
        address.is_reserved or address in ipaddress.ip_network("0.0.0.0/8")
    )


def _is_site_local(address: _Address) -> bool:
    return isinstance(address, ipaddress.IPv6Address) and address.is_site_local


def _carried(address: _Address) -> list[_Address]:
    """Return the IPv4 addresses inside an IPv6 address: mapped, compatible, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    carried: list[_Address] = [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
    if address.teredo is not None:
        carried += address.teredo
    is_loopback_or_none = int(address) <= 1
    if any(address in network for network in _NAT64) or (address in _COMPATIBLE and not is_loopback_or_none):
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return carried
