"""`milepost chain`: signed roots over the chains of all logs, which are kept elsewhere (decision 0047)."""

from pathlib import Path
from typing import Annotated

import typer

from milepost.cli.in_process import run_inside
from milepost.cli.options import Data, DatabaseUrl
from milepost.cli.output import print_message, print_struct, print_table
from milepost.model.problem import Problem, Refused

_REPORTED = ("customers", "events", "checked", "broken", "recomputed", "differing")

chain = typer.Typer(help="Make and export signed roots over the chains of all logs.", no_args_is_help=True)


@chain.command("root")
def make_root(data: Data = None, database_url: DatabaseUrl = None) -> None:
    """Check all chains, replay a sample of logs, and sign the ends of all chains; print the root.

    A server with workers does this once a day. The exit code is 1 if a chain is broken, or a standing differs.
    """
    from milepost.service.chain.kept_roots import kept
    from milepost.service.chain.root import make_root as make

    root = run_inside({"data": data, "database_url": database_url}, make)
    if root is None:
        print_message("Another server has made a root meanwhile.")
        return
    print_struct(kept(root))
    if not root.is_consistent:
        print_message("The log or a standing was changed: run `milepost verify --chain` and `milepost verify`.")
        raise typer.Exit(1)


@chain.command("reports")
def reports(
    last: Annotated[int, typer.Option(min=1, help="how many of the latest reports are printed")] = 30,
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print what the daily checks found, and since when all was consistent or was not.

    Each root carries a report: how many chains were checked and are broken, and how many standings were recomputed and
    differ. The exit code is 1 if the latest report found something.
    """
    from milepost.api.native.answer import iso
    from milepost.service.chain.reports import consistency_history

    found = run_inside({"data": data, "database_url": database_url}, consistency_history)
    if found.since is None:
        print_message("There is no report yet: servers make one a day, and `milepost chain root` makes one now.")
        return
    rows = [
        (iso(report.made_at), *(f"{getattr(report, name):,}" for name in _REPORTED)) for report in found.reports[-last:]
    ]
    print_table([("made", *_REPORTED), *rows])
    print_message(f"{'Consistent' if found.is_consistent else 'NOT consistent'} since {iso(found.since)}.")
    if not found.is_consistent:
        raise typer.Exit(1)


@chain.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="file that is written; keep it where the database's owner cannot write")],
    data: Data = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Write all roots, and the key that checks their signatures, into a file for `milepost verify --chain --roots`."""
    if file.exists():
        raise Refused(Problem(str(file), "exists already"))
    from milepost.api.http.body import write_json
    from milepost.service.chain.kept_roots import export_roots

    exported = run_inside({"data": data, "database_url": database_url}, export_roots)
    file.write_bytes(write_json(exported))
    print_message(f"wrote {len(exported.roots)} roots")
