"""The demo: load a year of real bills, show the progress of three households in thirteen target groups, and serve."""

from dataclasses import dataclass
from pathlib import Path

import httpx2
from rich.console import Console
from whenever import OffsetDateTime

from milepost.demo.account import Account, claim, recall
from milepost.demo.arrival import show_arrival
from milepost.demo.client import TIMEOUT_SECONDS, progress
from milepost.demo.display import Household, choose, print_json, show, tries
from milepost.demo.fill import fill
from milepost.demo.groceries import HOUSEHOLDS, numbers
from milepost.demo.parquet import folder
from milepost.demo.person import welcome_link
from milepost.demo.progress_bar import print_message
from milepost.demo.server import check_port, serving
from milepost.model.time import Seconds

MID_DECEMBER = "2017-12-15T12:00:00-05:00"
"""The time on the clock while progress is shown, so that the last periods of the year are running."""

HOUSEHOLDS_SHARE = 1_000
"""Households that are loaded without --households or --all: 63,738 of 157,950 events, in less than a minute on two
cores. All of them take the one server process some 80 seconds."""

CANDIDATES_MAX = 60
"""Households whose progress is read, to choose the three that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command.

    If `households` is None, whatever is loaded already is enough; if nothing is, `HOUSEHOLDS_SHARE` are loaded.
    """

    data: Path
    port: int
    households: int | None = None
    whole_year: bool = False
    serve: bool = True
    json: bool = False


def run(options: Options) -> None:
    """Load what is not loaded yet, show three households, and serve until the user stops it.

    Raises Failed with a sentence for the user.
    """
    folder()  # raises if a package is missing, before anything is created
    if options.serve:
        check_port(options.port)
    claim(options.data)
    account = recall(options.data)
    count = options.households or (account.households if account and account.loaded else HOUSEHOLDS_SHARE)
    if account is not None and account.holds(count, whole_year=options.whole_year):
        print_message(f"The bills of {account.households:,} households are loaded already, in {options.data}.")
    else:
        print_message(
            f"Loading {count:,} of {HOUSEHOLDS:,} households{'' if count == HOUSEHOLDS else '; --all loads all'}."
        )
        until = None if options.whole_year else Seconds(OffsetDateTime.parse_iso(MID_DECEMBER).timestamp())
        account = fill(options.data, account, count, until)
    with serving(options.data, options.port if options.serve else 0, MID_DECEMBER) as server:
        shown = look(server.address, account)
        later = "loaded already" if account.whole_year else "not loaded: they have not happened yet"
        print_message(f"The clock starts at noon on 15 December 2017. The bills of the rest of the year are {later}.")
        if options.json:
            print_json(shown)
        else:
            show(Console(), shown)
            print_message(show_arrival(server.address, account))
        if options.serve:
            print_message(
                f"\nOpen the console by this link, which works once: {welcome_link(server.address, options.data)}"
            )
            print_message(tries(server.address, account.login, shown))
            server.process.wait()


def look(address: str, account: Account) -> list[Household]:
    """Read the progress of some households, evenly spread, and return three of them to show."""
    loaded = numbers(account.households)
    candidates = loaded[:: max(1, len(loaded) // CANDIDATES_MAX)][:CANDIDATES_MAX]
    with httpx2.Client(base_url=address, auth=account.login, timeout=TIMEOUT_SECONDS) as client:
        return choose([progress(client, number) for number in candidates])
