"""Loading the data into an empty Milepost: stores, target groups, then the events."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic

import httpx2

from milepost.demo.account import Account, open_account, remember
from milepost.demo.client import TIMEOUT_SECONDS, define, place
from milepost.demo.definitions import definitions, request
from milepost.demo.groceries import Occurrences, occurrences
from milepost.demo.load import load
from milepost.demo.places import CONCEPTS, stores, zones
from milepost.demo.progress_bar import bar, print_message
from milepost.demo.server import serving
from milepost.model.time import Seconds

AFTER_THE_YEAR = "2018-01-02T12:00:00-05:00"
"""The time on the clock while the bills are loaded, later than every bill."""


def fill(data: Path, account: Account | None, households: int, until: Seconds | None) -> Account:
    """Load the events of this number of *households* before *until* (epoch seconds), of the whole year if it is None.

    Write the account, which is a new one if *account* is None.
    """
    print_message("Starting the server and reading the bills ...")
    with ThreadPoolExecutor(1) as threads, serving(data, 0, AFTER_THE_YEAR) as server:
        reading = threads.submit(occurrences, households, until)
        account = replace(account or open_account(data), loaded=False, households=households, whole_year=until is None)
        remember(data, account)
        prepare(server.address, account)
        events = reading.result()
        began = monotonic()
        statuses = asyncio.run(send(server.address, account, events))
        seconds = monotonic() - began
    counts = ", ".join(f"{count:,} {status}" for status, count in sorted(statuses.items()))
    print_message(f"Loaded in {seconds:.0f} s, {len(events) / seconds:,.0f} events per second: {counts}.")
    filled = replace(account, loaded=True)
    remember(data, filled)
    return filled


def prepare(address: str, account: Account) -> None:
    """Add the stores and define the target groups; those that exist are left as they are."""
    with httpx2.Client(base_url=address, auth=account.login, timeout=TIMEOUT_SECONDS) as client:
        ids = {
            "ZONE": place(client, "zones", zones()),
            "CONCEPT": place(client, "concepts", CONCEPTS),
            "STORE": place(client, "stores", stores()),
        }
        groups = definitions()
        for group in groups:
            define(client, request(group, ids, account.till_id))
    print_message(f"{len(ids['STORE'])} stores and {len(groups)} target groups are defined.")


async def send(address: str, account: Account, events: Occurrences) -> Counter[str]:
    """Send all *events* and show the progress; return the number of answers by status."""
    async with httpx2.AsyncClient(base_url=address, auth=account.login, timeout=TIMEOUT_SECONDS) as client:
        with bar(len(events), "Loading bills") as advance:
            return await load(client, events, advance)
