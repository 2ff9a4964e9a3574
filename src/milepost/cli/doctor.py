"""`milepost doctor`: what is wrong, or will be, with an installation, in sentences and without changing anything."""

import asyncio
import os
import resource
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import typer

from milepost.cli.options import Data, DatabaseUrl, Json
from milepost.cli.output import print_json
from milepost.model.problem import Unavailable
from milepost.settings import ServerSettings, read_settings

if TYPE_CHECKING:
    from milepost.store.database import RowSecurityState

FILES_MIN = 4_096
"""Files that a process should be allowed to have open: each connection of a client is one."""

ANSWER_SECONDS = 5
"""How long a database may take to answer; one that takes longer is reported as away."""


class Finding(NamedTuple):
    """The result of one check: whether it is fine, a warning or wrong, and a sentence."""

    level: str
    text: str


def doctor(data: Data = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """Check settings, database, schema, disk, clock and limits of this machine.

    Nothing is changed, and no migration is applied; but the embedded database is started if it does not run. The exit
    code is 1 if something is wrong that keeps events from being received.
    """
    settings = read_settings(os.environ, {"data": data, "database_url": database_url})
    from milepost import wiring

    wiring.log_to_stderr(settings)
    findings = [*_of_machine(settings)]
    with wiring.database_url(settings) as url:
        findings += asyncio.run(_of_database(url, settings))
    if json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{finding.level:<8} {finding.text}")
    if any(finding.level == "wrong" for finding in findings):
        raise typer.Exit(1)


def _of_machine(settings: ServerSettings) -> Iterator[Finding]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    level = "fine" if most >= FILES_MIN else "warning"
    yield Finding(level, f"a process may have {most} files and connections open")
    if settings.unsafe_durability:
        yield Finding("warning", "MILEPOST_UNSAFE_DURABILITY accepts a database that may lose confirmed events")
    if settings.clock is not None:
        yield Finding("warning", "MILEPOST_CLOCK is set: this installation does not live by the real time")
    if settings.host not in {"127.0.0.1", "::1", "localhost"}:
        yield Finding("warning", f"it listens on {settings.host}, without TLS: only a proxy should reach it")
    if settings.database_url is None:
        yield Finding("fine", f"the embedded database is in {settings.data.absolute()}")


async def _of_database(url: str, settings: ServerSettings) -> Sequence[Finding]:
    from milepost.service.runtime.health import Health
    from milepost.store.database import Database, UnsafeServer
    from milepost.wiring import clock_from

    database = Database(url, connections_max=2, row_security=settings.row_security)
    try:
        await database.open(unsafe_durability=settings.unsafe_durability, seconds=ANSWER_SECONDS)
        health = Health()
        health.data = settings.data if settings.database_url is None else None
        health.clock = clock_from(None) if settings.clock is None else None
        readiness = await health.readiness(database)
        wall = _of_row_security(await database.row_security_state(), settings)
    except (Unavailable, UnsafeServer) as error:
        return [Finding("wrong", str(error))]
    finally:
        await database.close()
    level = "warning" if readiness.receives_events else "wrong"
    if not readiness.problems:
        return [Finding("fine", "the database can be reached, is whole, and keeps what it confirms"), wall]
    return [*(Finding(level, problem.text) for problem in readiness.problems), wall]


def _of_row_security(state: "RowSecurityState", settings: ServerSettings) -> Finding:
    """Return whether the database itself keeps organisations apart (decision 0046)."""
    if not settings.row_security:
        return Finding("warning", "MILEPOST_ROW_SECURITY is 0: the database does not keep organisations apart")
    if state.unguarded or not state.tables:
        reason = "it is a superuser, or no policies are there yet: see docs/production.md, Two roles"
        where = f"for the role {state.role} in {state.unguarded} of {state.tables} tables"
        return Finding("warning", f"row-level security is off {where}; {reason}")
    return Finding("fine", f"row-level security guards {state.tables} tables against the role {state.role}")
