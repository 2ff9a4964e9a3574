"""`milepost serve`: run the server until it is told to stop."""

import asyncio
import os

from milepost.cli.options import Clock, Data, DatabaseUrl, Host, Port, Processes
from milepost.cli.output import tell
from milepost.settings import read_settings


def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    processes: Processes = None,
) -> None:
    """Run the server: both faces, on the embedded database unless one is named."""
    flags = {
        "host": host,
        "port": port,
        "data": data,
        "database_url": database_url,
        "clock": clock,
        "processes": processes,
    }
    settings = read_settings(os.environ, flags)
    from milepost import wiring

    wiring.log_to_stderr(settings)
    with wiring.database_url(settings) as url:
        if settings.processes > 1:
            wiring.serve_together(url, settings, _tell_ready)
        else:
            asyncio.run(wiring.serve(url, settings, _tell_ready))


def _tell_ready(address: str) -> None:
    tell(f"milepost ready on {address}")
