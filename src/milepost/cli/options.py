"""Options that several commands share; an option that sets a setting has the meaning and the default of the setting."""

from pathlib import Path
from typing import Annotated, Any

import typer

from milepost.setting_meanings import MEANINGS
from milepost.settings import ServerSettings, describe

_DEFAULTS = {setting.name: setting.value for setting in describe(ServerSettings())}


def _setting(name: str) -> Any:
    """Return the option of the setting called *name*. It has no default itself, so that a variable can be seen."""
    flag = "--" + name.replace("_", "-")
    default = _DEFAULTS[name]
    return typer.Option(flag, help=MEANINGS[name] if default is None else f"{MEANINGS[name]} [default: {default}]")


Data = Annotated[Path | None, _setting("data")]
DatabaseUrl = Annotated[str | None, _setting("database_url")]
Host = Annotated[str | None, _setting("host")]
Port = Annotated[int | None, _setting("port")]
Processes = Annotated[int | None, _setting("processes")]
Clock = Annotated[str | None, _setting("clock")]
Org = Annotated[str, typer.Option("--org", help="name of the organisation")]
Json = Annotated[bool, typer.Option("--json", help="print the result as JSON")]
