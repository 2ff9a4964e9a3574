"""`milepost config`: the settings in force, and where they come from."""

import os

from milepost.cli.options import Clock, Data, DatabaseUrl, Host, Json, Port
from milepost.cli.output import print_json, print_table
from milepost.settings import describe, read_settings


def config(
    data: Data = None,
    database_url: DatabaseUrl = None,
    host: Host = None,
    port: Port = None,
    clock: Clock = None,
    json: Json = False,
) -> None:
    """Print the settings of this server.

    Each setting has its value, the source of the value (flag, environment or default) and its meaning.
    """
    flags = {"data": data, "database_url": database_url, "host": host, "port": port, "clock": clock}
    described = describe(read_settings(os.environ, flags))
    if json:
        print_json([{**setting._asdict(), "source": setting.source.value} for setting in described])
        return
    rows = [(s.variable, "-" if s.value is None else s.value, s.source.value, s.meaning) for s in described]
    print_table([("setting", "value", "source", "meaning"), *rows])
