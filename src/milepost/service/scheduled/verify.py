"""Replays the log and compares the result with the stored standing, which is only a cache of it (law 7)."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from milepost.engine.apply import Replayed
from milepost.rules.compiled.index import RuleIndex
from milepost.service.delivery.replayed_customer import replay_customer
from milepost.store import codec, customers, organisations
from milepost.store.database import Database
from milepost.store.log import CustomerKey, key_of_customer, lock_standings
from milepost.store.stored_payloads import UnreadableEvent

PAGE = 500
"""Customers whose ids are read at once."""


class VerifiedCustomer(NamedTuple):
    """The result of replaying one customer's log: the number of events and progress rows, and whether it agrees.

    `unreadable` says which stored event cannot be read, None if each can.
    """

    customer_key: CustomerKey
    events: int
    progress: int
    agrees: bool
    unreadable: str | None = None


async def verify(database: Database) -> AsyncIterator[VerifiedCustomer]:
    """Replay every customer's log and compare the result with the stored standing and history, byte for byte."""
    async with database.reading() as reading:
        org_ids = await organisations.all_ids(reading)
    for org_id in org_ids:
        rule_indexes: dict[int, RuleIndex] = {}
        after = 0
        while True:
            async with database.reading() as reading:
                page = await customers.ids_after(reading, org_id, after, PAGE)
            for customer_id in page:
                yield await _verify_customer(database, key_of_customer(org_id, customer_id), rule_indexes)
            if len(page) < PAGE:
                break
            after = page[-1]


async def _verify_customer(
    database: Database, customer_key: CustomerKey, rule_indexes: dict[int, RuleIndex]
) -> VerifiedCustomer:
    async with database.transaction() as transaction:
        # Locked first, so that standing, history and log are read as of one moment.
        await lock_standings(transaction, [customer_key])
        stored = await customers.stored_bytes(transaction, customer_key)
        lineage = codec.decode_standing(stored[0]).lineage
        try:
            log, replayed, first = await replay_customer(transaction, customer_key, lineage, rule_indexes)
        except UnreadableEvent as error:
            return VerifiedCustomer(customer_key, 0, 0, agrees=False, unreadable=str(error))
    replayed_log = replayed.log[first:]
    agrees = encoded(replayed) == stored and all(
        row.entries == logged.entries for (_, row), logged in zip(log, replayed_log, strict=True)
    )
    return VerifiedCustomer(customer_key, len(log), len(replayed.standing.progress) + len(replayed.history), agrees)


def encoded(replayed: Replayed) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the bytes in which a replayed customer would be stored: the standing, and the history in order."""
    history = (codec.encode_progress(replayed.history[key]) for key in sorted(replayed.history))
    return codec.encode_standing(replayed.standing), tuple(history)
