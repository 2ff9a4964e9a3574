"""`milepost demo`: load a year of real grocery bills, show progress, and serve."""

import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from milepost.cli.options import Data, Json, Port
from milepost.cli.output import print_message
from milepost.settings import read_settings

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130

Households = Annotated[
    int | None,
    typer.Option("--households", min=1, help="load this many households, those with the lowest numbers"),
]
All = Annotated[bool, typer.Option("--all", help="load all 2,469 households instead of 1,000")]
WholeYear = Annotated[
    bool, typer.Option("--whole-year", help="load the bills after 15 December, too, which the clock has not reached")
]
Serve = Annotated[bool, typer.Option("--serve/--no-serve", help="keep serving after the progress is shown")]


def demo(
    households: Households = None,
    all_households: All = False,
    whole_year: WholeYear = False,
    serve: Serve = True,
    data: Data = None,
    port: Port = None,
    json: Json = False,
) -> None:
    """Load a year of real grocery bills, show progress, and serve.

    The bills are from the public data set "The Complete Journey". The progress of three households is shown; then the
    server runs until Ctrl-C. The next run serves the same data without loading it again.
    """
    # Not Python's own handler of Ctrl-C: asyncio would replace that by one whose cancellation a task may swallow.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    from milepost.demo.failure import Failed
    from milepost.demo.groceries import HOUSEHOLDS
    from milepost.demo.run import Options, run

    settings = read_settings(os.environ, {"data": data, "port": port})
    count = HOUSEHOLDS if all_households else households and min(households, HOUSEHOLDS)
    options = Options(
        data=settings.data, port=settings.port, households=count, whole_year=whole_year, serve=serve, json=json
    )
    try:
        run(options)
    except Failed as failed:
        print_message(str(failed))
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        print_message("\nStopped.")
        sys.exit(EXIT_INTERRUPTED)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End the demo, so that its server is stopped, too."""
    raise KeyboardInterrupt
