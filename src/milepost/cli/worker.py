"""`milepost worker`: period boundaries, jobs and deliveries, beside servers with MILEPOST_WORKER=false."""

import os
import signal
import sys
from types import FrameType

import uvloop

from milepost.cli.options import Clock, Data, DatabaseUrl
from milepost.cli.output import print_message
from milepost.operation.deadline import begin_deadline
from milepost.settings import read_settings


def worker(data: Data = None, database_url: DatabaseUrl = None, clock: Clock = None) -> None:
    """Run the background work of a server: period boundaries, jobs and deliveries.

    When a period opens or closes, the worker stores an outcome for each customer concerned. Jobs are long work over
    many customers, such as counting stored events. Deliveries tell webhooks what customers reached. A server does all
    this itself unless MILEPOST_WORKER is false. Several workers may run on one database and share the work. Ctrl-C
    stops a worker.
    """
    # Before anything slow: a worker that is asked to stop while it starts has ended as asked.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    settings = read_settings(os.environ, {"data": data, "database_url": database_url, "clock": clock})
    from milepost import serving, wiring

    wiring.log_to_stderr(settings)
    with wiring.database_url(settings) as url:
        uvloop.run(serving.run_workers(url, settings, lambda: print_message("milepost worker ready")))


def _end(_number: int, _frame: FrameType | None) -> None:
    begin_deadline()
    sys.exit(0)
