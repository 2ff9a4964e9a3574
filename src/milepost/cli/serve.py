"""`milepost serve`: run the server until a signal stops it."""

import os

import uvloop

from milepost.cli.options import Clock, Data, DatabaseUrl, Host, Port, Processes
from milepost.cli.output import print_message
from milepost.settings import read_settings


def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    database_url: DatabaseUrl = None,
    clock: Clock = None,
    processes: Processes = None,
) -> None:
    """Run the server.

    It answers the vendor's API below /v2 and /v3 and Milepost's own API below /api/v1; /docs describes both. Without a
    database URL it starts the embedded PostgreSQL. Ctrl-C stops it.
    """
    flags = {
        "host": host,
        "port": port,
        "data": data,
        "database_url": database_url,
        "clock": clock,
        "processes": processes,
    }
    settings = read_settings(os.environ, flags)
    from milepost import serving, wiring

    wiring.log_to_stderr(settings)
    with wiring.database_url(settings) as url:
        if settings.processes > 1:
            serving.serve_together(url, settings, _report_ready)
        else:
            uvloop.run(serving.serve(url, settings, _report_ready))


def _report_ready(address: str) -> None:
    print_message(f"milepost ready on {address}")
