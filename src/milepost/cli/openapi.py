"""`milepost openapi`: the OpenAPI document of all routes, for clients; and the check that a file of it is current."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from milepost.cli.output import print_message

DIFFERENT = 1
"""The exit code if the file differs from the document."""


def openapi(
    output: Annotated[
        Path | None, typer.Option("--output", help="write the document to this file instead of printing it")
    ] = None,
    check: Annotated[
        Path | None, typer.Option("--check", help="exit with code 1 if this file differs from the document")
    ] = None,
) -> None:
    """Print, write or check the OpenAPI document."""
    text = document()
    if check is not None:
        checked = check.read_text(encoding="utf-8") if check.exists() else None
        if checked != text:
            print_message(f"{check} is not up to date. To update it, run: milepost openapi --output {check}")
            raise typer.Exit(DIFFERENT)
    elif output is not None:
        output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def document() -> str:
    """Return the document as JSON text; the same code always gives the same text."""
    from milepost.api.http.app import routed_app

    return json.dumps(routed_app().openapi(), ensure_ascii=False, indent=2) + "\n"
