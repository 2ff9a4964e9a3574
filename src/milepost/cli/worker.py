"""`milepost worker`: do what time brings, beside servers that do not."""

import asyncio
import os
import signal
import sys
from types import FrameType

from milepost.cli.options import Clock, Data, DatabaseUrl
from milepost.cli.output import tell
from milepost.settings import read_settings


def worker(data: Data = None, database_url: DatabaseUrl = None, clock: Clock = None) -> None:
    """Tell customers that periods opened and closed, until told to stop; any number may run at once."""
    # Before anything slow: a worker that is told to stop while it starts has ended as asked.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    settings = read_settings(os.environ, {"data": data, "database_url": database_url, "clock": clock})
    from milepost import wiring

    wiring.log_to_stderr(settings)
    with wiring.database_url(settings) as url:
        asyncio.run(wiring.run_workers(url, settings, lambda: tell("milepost worker ready")))


def _end(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
