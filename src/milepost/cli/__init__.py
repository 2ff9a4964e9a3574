"""The command line. Results go to standard output, messages to standard error.

Each command is a function in a module of its own and is registered here. Commands import slow libraries inside their
functions, so that `milepost --help` is fast.
"""

import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from milepost.cli.adjust import adjust
from milepost.cli.backtest import backtest
from milepost.cli.backup import backup, restore
from milepost.cli.compat.comparison import compare
from milepost.cli.compat.vendor_import import compat
from milepost.cli.config import config
from milepost.cli.customers import customer
from milepost.cli.demo import demo
from milepost.cli.doctor import doctor
from milepost.cli.explain import explain
from milepost.cli.imports.import_customers import import_customers
from milepost.cli.imports.import_declarations import (
    import_concepts,
    import_fields,
    import_stores,
    import_tills,
    import_zones,
)
from milepost.cli.imports.import_enrolments import import_enrolments
from milepost.cli.imports.import_events import import_
from milepost.cli.openapi import openapi
from milepost.cli.organisations.credentials import audit
from milepost.cli.organisations.provisioning import key, org, till
from milepost.cli.organisations.users import user
from milepost.cli.output import print_message
from milepost.cli.queues import queues
from milepost.cli.sandbox.commands import sandbox
from milepost.cli.sandbox.scenarios import scenario
from milepost.cli.serve import serve
from milepost.cli.targets.commands import targets
from milepost.cli.top import top
from milepost.cli.upgrade import upgrade
from milepost.cli.verification.chain import chain
from milepost.cli.verification.verify import verify
from milepost.cli.version import print_version, version
from milepost.cli.webhooks import webhooks
from milepost.cli.worker import worker
from milepost.files.encoding import UnreadableFile
from milepost.model.problem import Refused, Unavailable, Unfit
from milepost.operation.deadline import begin_deadline
from milepost.postgres.account import NotStarted

EXIT_FAILED = 1
EXIT_REFUSED = 2
"""The exit code that the command line parser has for a wrong option, too."""

app = typer.Typer(
    name="milepost",
    help="Milepost, a self-hosted engine for loyalty targets.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # the boxes cost a tenth of a second at each `--help`
    pretty_exceptions_enable=False,
)
compat.command("compare")(compare)
import_.command("customers")(import_customers)
import_.command("enrolments")(import_enrolments)
import_.command("zones")(import_zones)
import_.command("concepts")(import_concepts)
import_.command("stores")(import_stores)
import_.command("tills")(import_tills)
import_.command("fields")(import_fields)
app.command()(config)
app.command()(version)
app.command()(openapi)
app.command()(demo)
app.command()(serve)
app.command()(worker)
app.command()(verify)
app.command()(explain)
app.command()(adjust)
app.command()(backtest)
app.command()(audit)
app.command()(doctor)
app.command()(backup)
app.command()(restore)
app.command()(upgrade)
app.command()(top)
app.add_typer(org, name="org")
app.add_typer(chain, name="chain")
app.add_typer(till, name="till")
app.add_typer(key, name="key")
app.add_typer(user, name="user")
app.add_typer(customer, name="customer")
app.add_typer(import_, name="import")
app.add_typer(compat, name="compat")
app.add_typer(webhooks, name="webhooks")
app.add_typer(queues, name="queues")
app.add_typer(targets, name="targets")
app.add_typer(sandbox, name="sandbox")
app.add_typer(scenario, name="scenario")


@app.callback()
def _program(
    version_: Annotated[
        bool, typer.Option("--version", help="print the version and end", is_eager=True, callback=print_version)
    ] = False,
) -> None:
    """Milepost, a self-hosted engine for loyalty targets."""
    del version_


def main() -> None:
    """Run the command that the arguments name; print its problems as sentences and exit with a code."""
    if not __debug__:
        print_message("Milepost relies on assertions: run Python without -O.")
        sys.exit(EXIT_FAILED)
    signal.signal(signal.SIGTERM, _end)
    try:
        app()
    except UnreadableFile as unreadable:
        for problem in unreadable.problems:
            print_message(f"{problem.path} {problem.reason}".strip())
        sys.exit(EXIT_FAILED)
    except Refused as refused:
        for problem in refused.problems:
            print_message(f"{problem.path} {problem.reason}".strip())
        sys.exit(EXIT_REFUSED)
    except (NotStarted, Unavailable, Unfit) as error:
        print_message(str(error))
        sys.exit(EXIT_FAILED)


def _end(number: int, _: FrameType | None) -> None:
    """Exit by an exception, so that the embedded database is stopped and its socket removed."""
    begin_deadline()
    sys.exit(128 + number)
