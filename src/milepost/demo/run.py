"""The demo: a year of real bills of 2,469 households becomes progress in thirteen target groups, to be asked for."""

from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from milepost.demo.account import Account, recall
from milepost.demo.client import TIMEOUT_SECONDS, progress
from milepost.demo.display import Household, choose, give, show, tries
from milepost.demo.fill import fill
from milepost.demo.groceries import HOUSEHOLDS, numbers
from milepost.demo.parquet import folder
from milepost.demo.progress_bar import tell
from milepost.demo.server import serving

MID_DECEMBER = "2017-12-15T12:00:00-05:00"
"""Where the clock stands when the progress is shown: the last periods of the year run."""

HOUSEHOLDS_SHARE = 1_000
"""Households that are loaded when no number is asked for: 63,738 of 157,950 events, which take less than a minute on
two cores. All of them keep the server's one process busy for some 80 seconds."""

CANDIDATES_MAX = 60
"""Households among which those to be shown are chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the person asked for; without a number of `households` what is loaded is enough, or else a share is."""

    data: Path
    port: int
    households: int | None = None
    serve: bool = True
    json: bool = False


def run(chosen: Chosen) -> None:
    """Load what is not loaded yet, show three households, and serve until the person stops it.

    Raises Failed with a sentence for the person.
    """
    folder()  # better to hear of a missing package before anything is made
    chosen.data.mkdir(parents=True, exist_ok=True)
    account = recall(chosen.data)
    wanted = chosen.households or (account.households if account and account.loaded else HOUSEHOLDS_SHARE)
    if account is not None and account.holds(wanted):
        tell(f"The bills of {account.households:,} households are loaded already, in {chosen.data}.")
    else:
        tell(f"Loading {wanted:,} of {HOUSEHOLDS:,} households{'' if wanted == HOUSEHOLDS else '; --all loads all'}.")
        account = fill(chosen.data, account, wanted)
    with serving(chosen.data, chosen.port if chosen.serve else 0, MID_DECEMBER) as server:
        shown = look(server.address, account)
        tell("The clock stands at noon of 15 December 2017; the bills of the whole year are loaded already.")
        if chosen.json:
            give(shown)
        else:
            show(Console(), shown)
        if chosen.serve:
            tell(tries(server.address, account.login, shown))
            server.process.wait()


def look(address: str, account: Account) -> list[Household]:
    """Ask for some households, evenly spread, and choose three that are worth looking at."""
    loaded = numbers(account.households)
    some = loaded[:: max(1, len(loaded) // CANDIDATES_MAX)][:CANDIDATES_MAX]
    with httpx.Client(base_url=address, auth=account.login, timeout=TIMEOUT_SECONDS) as door:
        return choose([progress(door, number) for number in some])
