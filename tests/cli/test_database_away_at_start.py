"""Servers and workers that start before their database is there wait for it; commands say so at once."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from tests.store.cutting_proxy import CuttingProxy, free_port
from tests.store.fixtures_db import run

STARTS = {
    "server": ("serve", "--port", "0"),
    "processes": ("serve", "--port", "0", "--processes", "2"),
    "worker": ("worker",),
}
AT_ONCE_SECONDS = 20
"""A command's whole time, of which most is its start: far less than servers wait."""


@asynccontextmanager
async def forwarding(proxy: CuttingProxy) -> AsyncIterator[None]:
    """Let the database be reached at the port of *proxy*."""
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", proxy.port)
    try:
        yield
    finally:
        server.close()


@asynccontextmanager
async def started(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start Milepost as a process of its own, and kill it at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "milepost", *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("words", STARTS.values(), ids=STARTS)
def test_a_start_waits_for_the_database(database_url: str, words: tuple[str, ...]) -> None:
    """It says that the database is away and why, starts once the database is there, and ends as asked."""

    async def life() -> tuple[str, int]:
        proxy = CuttingProxy(database_url)
        proxy.port = free_port()
        async with started(*words, "--database-url", proxy.url) as process:
            assert process.stderr is not None
            away = (await process.stderr.readline()).decode()
            async with forwarding(proxy):
                told = away
                while "ready" not in told:
                    told = (await process.stderr.readline()).decode()
                    assert told, "the process ended before it was ready"
                process.send_signal(signal.SIGTERM)
                return away, await process.wait()

    away, code = run(life)
    assert '"database_away"' in away
    assert "refused" in away
    assert code in {0, 128 + signal.SIGTERM, -signal.SIGTERM}


def test_a_command_says_at_once_that_the_database_is_away(database_url: str) -> None:
    """Whoever types a command is there to repair the address."""
    away = psycopg.conninfo.make_conninfo(database_url, host="127.0.0.1", port=free_port())
    command = [sys.executable, "-m", "milepost", "org", "add", "Acme", "--database-url", away]
    began = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (1, "") == (ended.returncode, ended.stdout)
    assert "The database cannot be reached" in ended.stderr
    assert time.monotonic() - began < AT_ONCE_SECONDS
