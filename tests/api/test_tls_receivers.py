"""Receivers whose TLS is wrong: nothing of a message leaves for them, and the log of the attempt says why."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from milepost.model.delivery.webhook import Attempt, ErrorClass
from milepost.model.time import Micros
from milepost.service.delivery.sending.transport import Letter, Transport

SECRET = b"what the customer reached"
NOW = datetime.now(UTC)
CLOSING_SECONDS = 0.1
"""Sockets of a handshake that was broken off are closed by the loop a little later."""


def certificate(folder: Path, name: str, ends: datetime) -> tuple[Path, ssl.SSLContext]:
    """Write a certificate that signs itself; return its file, and a context of a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=10))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, private = folder / f"{name}.pem", folder / f"{name}.key"
    shown.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, private)
    return shown, context


class Heard:
    """What a server heard, after TLS where it has a context."""

    def __init__(self) -> None:
        """Have heard nothing."""
        self.text = b""
        self.connections: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hear a request and answer it."""
        self.connections.append(writer)
        try:
            self.text += await reader.readuntil(b"\r\n\r\n")
            self.text += await reader.readexactly(len(SECRET))
            writer.write(b"HTTP/1.1 204 Fine\r\n\r\n")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def hearing(context: ssl.SSLContext | None) -> AsyncIterator[tuple[Heard, int]]:
    """Run a server; return what it hears, and its port."""
    heard = Heard()
    server = await asyncio.start_server(heard.serve, "127.0.0.1", 0, ssl=context)
    try:
        yield heard, server.sockets[0].getsockname()[1]
    finally:
        for connection in heard.connections:
            connection.transport.abort()
        server.close()
        await asyncio.sleep(CLOSING_SECONDS)


def sent(context: ssl.SSLContext | None, trusted: Path | None, host: str = "localhost") -> tuple[Heard, Attempt]:
    """Send a message to a server; return what it heard, and what the sender says happened."""

    async def life() -> tuple[Heard, Attempt]:
        async with hearing(context) as (heard, port):
            tls = ssl.create_default_context(cafile=trusted)
            transport = Transport(lambda: Micros(0), allows_private=True, tls=tls)
            attempt = await transport.send(Letter(f"https://{host}:{port}/", {}, SECRET, 2))
            await transport.close()
            return heard, attempt

    return asyncio.run(life())


def test_a_certificate_that_is_trusted_and_names_the_host_is_taken(tmp_path: Path) -> None:
    """The control of the refusals below."""
    shown, context = certificate(tmp_path, "localhost", NOW + timedelta(days=10))
    heard, attempt = sent(context, shown)
    assert (None, 204) == (attempt.error, attempt.status)
    assert SECRET in heard.text


@pytest.mark.parametrize(
    "name, days, is_trusted, reason",
    [
        ("localhost", 10, False, "self-signed"),
        ("other.example", 10, True, "mismatch"),
        ("localhost", -1, True, "expired"),
    ],
)
def test_a_wrong_certificate_is_refused(tmp_path: Path, name: str, days: int, *, is_trusted: bool, reason: str) -> None:
    """Of an unknown issuer, for another name, of the past."""
    shown, context = certificate(tmp_path, name, NOW + timedelta(days=days))
    heard, attempt = sent(context, shown if is_trusted else None)
    assert (ErrorClass.TLS, None, b"") == (attempt.error, attempt.status, heard.text)
    assert attempt.reason is not None
    assert reason in attempt.reason


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the connection and say nothing, until the other side leaves."""
    await reader.read()
    writer.close()


async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer without TLS."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
    await never(reader, writer)


def sockets() -> set[str]:
    """Return the sockets that this process has open."""
    links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
    return {link for link in links if link.startswith("socket:")}


async def _left(serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> Attempt:
    """Send to a server that does not finish the handshake; assert that no socket of ours stays open."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport = Transport(lambda: Micros(0), allows_private=True)
    before = sockets()
    attempt = await transport.send(Letter(f"https://localhost:{port}/", {}, SECRET, 1))
    await asyncio.sleep(CLOSING_SECONDS)
    assert set() == sockets() - before, "before the transport is closed: its process lives for months"
    await transport.close()
    server.close()
    return attempt


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "serve, error", [(never, ErrorClass.TIME), (plain, ErrorClass.TLS)], ids=["stalled", "without TLS"]
)
def test_a_handshake_that_does_not_end_leaves_no_socket(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    error: ErrorClass,
    run: Callable[[Coroutine[None, None, Attempt]], Attempt],
) -> None:
    """Neither one that is stalled until the time limit, nor one with a server that does not know TLS."""
    attempt = run(_left(serve))
    assert (error, None) == (attempt.error, attempt.status), attempt.reason
