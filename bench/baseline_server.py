"""The baseline's server: FastAPI, one transaction a request, `python -m bench.baseline_server URL psycopg|asyncpg`."""

import hmac
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import uvicorn
import uvloop
from fastapi import FastAPI, HTTPException, Request, Response

from bench.baseline import Decoded, unknown_names
from bench.baseline_database import DRIVERS, Pool
from bench.baseline_reading import page
from bench.client import basic
from bench.hosts import PASSWORD, TILL

_AUTHORIZATION = basic(TILL, PASSWORD)


def create_app(pool: Pool) -> FastAPI:
    """Return the application over the database of *pool*."""
    known: dict[str, int] = {}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        yield
        await pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.post("/api/v1/events", response_model=None)
    async def receive(request: Request) -> Response:
        """Receive one event or an array of events, durably."""
        _check(request)
        body = await request.body()
        decoded = Decoded(body if body.startswith(b"[") else b"[" + body + b"]")
        if unknown := unknown_names(decoded, known):
            known.update(await pool.known(unknown))
        row = await pool.receive(decoded.values(known))
        return _json({"fresh": row[0], "changed": row[1]})

    @app.get("/v3/users/{customer_id}/targetGroups", response_model=None)
    async def read(customer_id: int, request: Request) -> Response:
        """Return a customer's progress, a row for each target."""
        _check(request)
        return _json(page(customer_id, await pool.progress(customer_id)))

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
    config = uvicorn.Config(create_app(DRIVERS[sys.argv[2]](sys.argv[1])), port=0, log_config=None, access_log=False)
    uvloop.run(_Server(config).serve())
