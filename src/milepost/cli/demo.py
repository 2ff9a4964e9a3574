"""`milepost demo`: a year of real grocery bills, loaded, shown and served."""

import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from milepost.cli.options import Data, Json, Port
from milepost.cli.output import tell
from milepost.settings import read_settings

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130

Households = Annotated[
    int | None,
    typer.Option("--households", min=1, help="load this many households only, those with the lowest numbers"),
]
Everybody = Annotated[bool, typer.Option("--all", help="load all 2,469 households, not only 1,000")]
Serve = Annotated[bool, typer.Option("--serve/--no-serve", help="serve when the progress has been shown")]


def demo(
    households: Households = None,
    everybody: Everybody = False,
    serve: Serve = True,
    data: Data = None,
    port: Port = None,
    json: Json = False,
) -> None:
    """Load a year of real grocery bills, show three households' progress, and serve."""
    from milepost.demo.failure import Failed
    from milepost.demo.groceries import HOUSEHOLDS
    from milepost.demo.run import Chosen, run

    settings = read_settings(os.environ, {"data": data, "port": port})
    wanted = HOUSEHOLDS if everybody else households and min(households, HOUSEHOLDS)
    chosen = Chosen(data=settings.data, port=settings.port, households=wanted, serve=serve, json=json)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        run(chosen)
    except Failed as failed:
        tell(str(failed))
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        tell("\nStopped.")
        sys.exit(EXIT_INTERRUPTED)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Take a request to end like Ctrl-C, so that the server that was started is stopped too."""
    raise KeyboardInterrupt
