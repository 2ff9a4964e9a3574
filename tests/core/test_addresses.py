"""No request leaves for an address that is not global: neither written nor looked up, in no spelling."""

import asyncio
import ipaddress

import pytest

from milepost.model.delivery.webhook import ErrorClass
from milepost.service.delivery.sending.addresses import destination_of, reason_against, url_problems
from milepost.service.delivery.sending.transport import Letter, Transport

FORBIDDEN = (
    "0.0.0.0",  # noqa: S104 - an address that is refused
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.0.0.53",
    "127.255.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.0.1",
    "192.168.255.254",
    "198.18.0.1",
    "198.19.255.254",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:192.168.1.1",
    "::ffff:0.0.0.0",
    "::127.0.0.1",
    "::10.0.0.1",
    "::169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1::c0a8:1",
    "2001::7f00:1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "2002:a9fe:a9fe::",
    "2002:c0a8:101::1",
    "fc00::1",
    "fd00::1",
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "fec0::1",
    "ff02::1",
    "ff05::2",
    "100::1",
)
SPELLINGS = (
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://127.0.0.1.:{port}/",
    "http://localhost:{port}/",
    "http://LOCALHOST:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[0:0:0:0:0:ffff:7f00:1]:{port}/",
    "http://0:{port}/",
)
GLOBAL = ("1.1.1.1", "8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e")


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_global_is_refused(address: str) -> None:
    """Also where an IPv6 address carries an IPv4 address: mapped, compatible, 6to4, Teredo, NAT64."""
    assert reason_against(ipaddress.ip_address(address), allows_private=False) is not None
    host = f"[{address}]" if ":" in address else address
    assert ["url"] == [problem.path for problem in url_problems(f"https://{host}/", allows_private=False)]


@pytest.mark.parametrize("address", GLOBAL)
def test_a_global_address_is_not_refused(address: str) -> None:
    """Both of IPv4 and of IPv6."""
    assert reason_against(ipaddress.ip_address(address), allows_private=False) is None


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "224.0.0.1", "0.1.2.3", "fe80::1"])
def test_private_networks_do_not_open_what_is_no_host(address: str) -> None:
    """The addresses of a cloud's metadata, of many hosts, and of none, stay closed whatever the operator allows."""
    assert reason_against(ipaddress.ip_address(address), allows_private=True) is not None


def test_nothing_is_connected_to_in_any_spelling() -> None:
    """A listener on this machine counts connections: none comes, however its address is written."""

    async def life() -> tuple[int, list[ErrorClass | None]]:
        connections = 0

        def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport = Transport(lambda: 0, allows_private=False)  # type: ignore[arg-type, return-value]
        urls = [url.format(port=port) for url in SPELLINGS]
        urls += [f"http://{f'[{one}]' if ':' in one else one}:{port}/" for one in FORBIDDEN]
        attempts = [await transport.send(Letter(url, {}, b"{}", 2)) for url in urls]
        await transport.close()
        server.close()
        return connections, [attempt.error for attempt in attempts]

    connections, errors = asyncio.run(life())
    assert 0 == connections
    assert {ErrorClass.ADDRESS} >= set(errors) - {ErrorClass.DNS}
    assert 60 <= errors.count(ErrorClass.ADDRESS)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://user:password@example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com\\@127.0.0.1/",
        "https://exämple.com/",
        "https://example.com/\n",
        "https://example.com/" + "x" * 2_000,
    ],
)
def test_what_is_no_address_of_a_webhook_is_refused(url: str) -> None:
    """With the reason, when the webhook is added."""
    assert ["url"] == [problem.path for problem in url_problems(url, allows_private=True)]


def test_without_tls_only_private_networks_are_sent_to() -> None:
    """A message in clear on the internet would show customers to anybody on its way."""
    assert [] == url_problems("http://127.0.0.1:8080/hook", allows_private=True)
    assert ["url"] == [problem.path for problem in url_problems("http://example.com/hook", allows_private=False)]
    assert [] == url_problems("https://example.com/hook", allows_private=False)
    assert ("https", "example.com", 443) == destination_of("https://example.com/hook")
