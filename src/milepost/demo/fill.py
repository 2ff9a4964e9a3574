"""Filling an empty Milepost with the data: shops, target groups, then all that happened."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic

import httpx

from milepost.demo.account import Account, open_account, remember
from milepost.demo.client import TIMEOUT_SECONDS, define, place
from milepost.demo.definitions import definitions, request
from milepost.demo.groceries import Occurrences, occurrences
from milepost.demo.load import load
from milepost.demo.places import CONCEPTS, stores, zones
from milepost.demo.progress_bar import bar, tell
from milepost.demo.server import serving

AFTER_THE_YEAR = "2018-01-02T12:00:00-05:00"
"""Where the clock stands while the bills are loaded: each of them lies in the past."""


def fill(data: Path, account: Account | None, households: int) -> Account:
    """Load what happened to so many *households* and remember that; without an *account* open one."""
    tell("Starting the server and reading the bills ...")
    with ThreadPoolExecutor(1) as beside, serving(data, 0, AFTER_THE_YEAR) as server:
        reading = beside.submit(occurrences, households)
        account = replace(account or open_account(data), loaded=False, households=households)
        remember(data, account)
        prepare(server.address, account)
        events = reading.result()
        began = monotonic()
        statuses = asyncio.run(send(server.address, account, events))
        seconds = monotonic() - began
    counts = ", ".join(f"{count:,} {status}" for status, count in sorted(statuses.items()))
    tell(f"Loaded in {seconds:.0f} s, {len(events) / seconds:,.0f} events per second: {counts}.")
    filled = replace(account, loaded=True)
    remember(data, filled)
    return filled


def prepare(address: str, account: Account) -> None:
    """Make the shops and define the target groups; what exists stays."""
    with httpx.Client(base_url=address, auth=account.login, timeout=TIMEOUT_SECONDS) as door:
        ids = {
            "ZONE": place(door, "zones", zones()),
            "CONCEPT": place(door, "concepts", CONCEPTS),
            "STORE": place(door, "stores", stores()),
        }
        groups = definitions()
        for group in groups:
            define(door, request(group, ids, account.till_id))
    tell(f"{len(ids['STORE'])} stores and {len(groups)} target groups are defined.")


async def send(address: str, account: Account, events: Occurrences) -> Counter[str]:
    """Send all *events*, showing how far that is; counts the answers by status."""
    async with httpx.AsyncClient(base_url=address, auth=account.login, timeout=TIMEOUT_SECONDS) as door:
        with bar(len(events), "Loading bills") as advance:
            return await load(door, events, advance)
