"""Replaying the log and comparing it with what is kept: the standing is a cache, and this shows it (law 7)."""

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from milepost.engine.apply import START, Replayed, replay
from milepost.engine.progress.history import Logged
from milepost.model.standing import MergedCustomer
from milepost.rules.compiled.index import RuleIndex
from milepost.service.snapshot.organisation_snapshot import snapshot_at
from milepost.store import codec, customers, organisations
from milepost.store.database import Database
from milepost.store.log import CustomerKey, key_of_customer, lock_standings

PAGE = 500


class Verified(NamedTuple):
    """One customer whose log was replayed: whether it leads to what is kept, and how many events and rows that were."""

    customer_key: CustomerKey
    events: int
    progress: int
    agrees: bool


async def verify(database: Database) -> AsyncIterator[Verified]:
    """Replay every customer's log and compare what it leads to with what is kept, byte for byte."""
    async with database.reading() as reading:
        org_ids = await organisations.all_ids(reading)
    for org_id in org_ids:
        catalogues: dict[int, RuleIndex] = {}
        after = 0
        while True:
            async with database.reading() as reading:
                page = await customers.ids_after(reading, org_id, after, PAGE)
            for customer_id in page:
                yield await _verify_one(database, key_of_customer(org_id, customer_id), catalogues)
            if len(page) < PAGE:
                break
            after = page[-1]


async def _verify_one(database: Database, customer_key: CustomerKey, catalogues: dict[int, RuleIndex]) -> Verified:
    async with database.transaction() as transaction:
        # Locked first: what is read next is all of one moment, however busy the customer is.
        await lock_standings(transaction, [customer_key])
        kept = await customers.stored_bytes(transaction, customer_key)
        log = await customers.full_log(transaction, customer_key)
        merged = codec.decode_standing(kept[0]).lineage.merged
        others = {one.under: await customers.full_log(transaction, _who(customer_key, one)) for one in merged}
        for version in {version for version, _ in log} - catalogues.keys():
            catalogues[version] = (await snapshot_at(transaction, customer_key.org_id, version)).rule_index
    start = START._replace(
        log=tuple(Logged(row.event(), row.seq, row.entries, under) for under, rows in others.items() for _, row in rows)
    )
    replayed = replay(_at(catalogues), [(version, row.event()) for version, row in log], start)
    relived = replayed.log[len(start.log) :]
    agrees = encoded(replayed) == kept and all(
        row.entries == logged.entries for (_, row), logged in zip(log, relived, strict=True)
    )
    return Verified(customer_key, len(log), len(replayed.standing.progress) + len(replayed.history), agrees)


def _who(survivor: CustomerKey, merged: MergedCustomer) -> CustomerKey:
    return key_of_customer(survivor.org_id, merged.customer_id)


def encoded(replayed: Replayed) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the bytes that a replayed customer is kept as: the standing's, and the history's in order."""
    history = (codec.encode_progress(replayed.history[key]) for key in sorted(replayed.history))
    return codec.encode_standing(replayed.standing), tuple(history)


def _at(catalogues: dict[int, RuleIndex]) -> Callable[[int], RuleIndex]:
    return catalogues.__getitem__
