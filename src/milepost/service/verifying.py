"""Replaying the log and comparing it with what is kept: the standing is a cache, and this shows it (law 7)."""

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from milepost.engine.replay import Replayed, replay
from milepost.rules.matching import Catalogue
from milepost.service.brand import brand_at
from milepost.store import codec, customers, organisations
from milepost.store.database import Database
from milepost.store.log import Who, lock_standings, who_is

PAGE = 500


class Verified(NamedTuple):
    """One customer whose log was replayed: whether it leads to what is kept, and how many events and rows that were."""

    who: Who
    events: int
    progress: int
    agrees: bool


async def verify(database: Database) -> AsyncIterator[Verified]:
    """Replay every customer's log and compare what it leads to with what is kept, byte for byte."""
    async with database.reading() as reading:
        org_ids = await organisations.all_ids(reading)
    for org_id in org_ids:
        catalogues: dict[int, Catalogue] = {}
        after = 0
        while True:
            async with database.reading() as reading:
                page = await customers.ids_from(reading, org_id, after, PAGE)
            for customer_id in page:
                yield await _verify_one(database, who_is(org_id, customer_id), catalogues)
            if len(page) < PAGE:
                break
            after = page[-1]


async def _verify_one(database: Database, who: Who, catalogues: dict[int, Catalogue]) -> Verified:
    async with database.transaction() as transaction:
        # Locked first: what is read next is all of one moment, however busy the customer is.
        await lock_standings(transaction, [who])
        kept = await customers.kept(transaction, who)
        log = await customers.whole_log(transaction, who)
        for version in {version for version, _ in log} - catalogues.keys():
            catalogues[version] = (await brand_at(transaction, who.org_id, version)).catalogue
    replayed = replay(_at(catalogues), [(version, row.event()) for version, row in log])
    agrees = encoded(replayed) == kept and all(
        row.entries == logged.entries for (_, row), logged in zip(log, replayed.log, strict=True)
    )
    return Verified(who, len(log), len(replayed.standing.progress) + len(replayed.history), agrees)


def encoded(replayed: Replayed) -> tuple[bytes, tuple[bytes, ...]]:
    """Give the bytes that a replayed customer is kept as: the standing's, and the history's in order."""
    history = (codec.encode_progress(replayed.history[key]) for key in sorted(replayed.history))
    return codec.encode_standing(replayed.standing), tuple(history)


def _at(catalogues: dict[int, Catalogue]) -> Callable[[int], Catalogue]:
    return catalogues.__getitem__
