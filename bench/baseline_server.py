"""The baseline's server: FastAPI and psycopg, one transaction a request, `python -m bench.baseline_server URL`."""

import asyncio
import hmac
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import psycopg
import uvicorn
from fastapi import FastAPI, HTTPException, Request, Response
from psycopg_pool import AsyncConnectionPool

from bench.baseline import BATCH, NAMES, Decoded, unknown_names
from bench.baseline_reading import ROWS, page
from bench.client import basic
from bench.hosts import PASSWORD, TILL

CONNECTIONS = 8
"""As many as Milepost uses."""

_AUTHORIZATION = basic(TILL, PASSWORD)
_Pool = AsyncConnectionPool[psycopg.AsyncConnection[tuple[Any, ...]]]


def create_app(url: str) -> FastAPI:
    """Return the application over the database at *url*."""
    options = {"autocommit": True, "prepare_threshold": 1}
    pool: _Pool = AsyncConnectionPool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False, kwargs=options)
    known: dict[str, int] = {}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await pool.open(wait=True)
        yield
        await pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/api/v1/events", response_model=None)
    async def receive(request: Request) -> Response:
        """Receive one event or an array of events, durably."""
        _check(request)
        body = await request.body()
        decoded = Decoded(body if body.startswith(b"[") else b"[" + body + b"]")
        async with pool.connection() as connection:
            if unknown := unknown_names(decoded, known):
                known.update(await (await connection.execute(NAMES, [unknown])).fetchall())
            cursor = await connection.execute(BATCH, decoded.values(known), binary=True)
            row = await cursor.fetchone()
        assert row is not None
        return _json({"fresh": row[0], "changed": row[1]})

    @app.get("/v3/users/{customer_id}/targetGroups", response_model=None)
    async def read(customer_id: int, request: Request) -> Response:
        """Return a customer's progress, a row for each target."""
        _check(request)
        async with pool.connection() as connection:
            rows = await (await connection.execute(ROWS, [customer_id], binary=True)).fetchall()
        return _json(page(customer_id, rows))

    return app


def _check(request: Request) -> None:
    if not hmac.compare_digest(request.headers.get("authorization", ""), _AUTHORIZATION):
        raise HTTPException(401)


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


class _Server(uvicorn.Server):
    """Prints its address."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        sys.stderr.write(f"ready on http://{host}:{port}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    config = uvicorn.Config(create_app(sys.argv[1]), port=0, log_config=None, access_log=False)
    asyncio.run(_Server(config).serve())
