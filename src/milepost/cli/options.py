"""Options that several commands share; an option that sets a setting has the meaning of the setting as its help."""

from pathlib import Path
from typing import Annotated

import typer

from milepost.settings import MEANINGS

Data = Annotated[Path | None, typer.Option("--data", help=MEANINGS["data"])]
DatabaseUrl = Annotated[str | None, typer.Option("--database-url", help=MEANINGS["database_url"])]
Host = Annotated[str | None, typer.Option("--host", help=MEANINGS["host"])]
Port = Annotated[int | None, typer.Option("--port", help=MEANINGS["port"])]
Processes = Annotated[int | None, typer.Option("--processes", help=MEANINGS["processes"])]
Clock = Annotated[str | None, typer.Option("--clock", help=MEANINGS["clock"])]
Json = Annotated[bool, typer.Option("--json", help="print the result as JSON")]
