"""`milepost openapi`: the document of both HTTP faces, for clients and for the check that it is up to date."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from milepost.cli.output import tell

DIFFERENT = 1
"""The exit code of a check that found another document."""


def openapi(
    output: Annotated[Path | None, typer.Option("--output", help="write the document to this file")] = None,
    check: Annotated[Path | None, typer.Option("--check", help="compare the document with this file")] = None,
) -> None:
    """Print the OpenAPI document, write it to a file, or check that a file holds it."""
    text = document()
    if check is not None:
        known = check.read_text(encoding="utf-8") if check.exists() else None
        if known != text:
            tell(f"{check} is not the document of today; write it anew: milepost openapi --output {check}")
            raise typer.Exit(DIFFERENT)
    elif output is not None:
        output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def document() -> str:
    """Return the document as JSON text, the same for the same routes and shapes."""
    from milepost.api.http.app import routed_app

    return json.dumps(routed_app().openapi(), ensure_ascii=False, indent=2) + "\n"
