"""Replays the log and compares the result with the stored standing, which is only a cache of it (law 7)."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import structlog

from milepost.engine.apply import Replayed
from milepost.model.problem import DatabaseFault, Unavailable
from milepost.rules.compiled.index import RuleIndex
from milepost.service.delivery.replayed_customer import replay_customer
from milepost.store import codec, customers, organisations
from milepost.store.database import Database
from milepost.store.log import CustomerKey, key_of_customer, lock_standings
from milepost.store.stored_payloads import UnreadableEvent

_log = structlog.get_logger()

PAGE = 500
"""Customers whose ids are read at once."""


class VerifiedCustomer(NamedTuple):
    """The result of replaying one customer's log: the number of events and progress rows, and whether it agrees.

    `failure` is the reason why what is stored of the customer cannot be read or replayed; None if it can.
    """

    customer_key: CustomerKey
    events: int
    progress: int
    agrees: bool
    failure: str | None = None


async def verify(database: Database, *, org_id: int | None = None) -> AsyncIterator[VerifiedCustomer]:
    """Replay every customer's log and compare the result with the stored standing and history, byte for byte.

    With *org_id* only the customers of that organisation are replayed.
    """
    async with database.reading() as reading:
        org_ids = await organisations.all_ids(reading) if org_id is None else [org_id]
    for each_id in org_ids:
        rule_indexes: dict[int, RuleIndex] = {}
        after = 0
        while True:
            async with database.reading() as reading:
                page = await customers.ids_after(reading, each_id, after, PAGE)
            for customer_id in page:
                yield await _verify_or_report(database, key_of_customer(each_id, customer_id), rule_indexes)
            if len(page) < PAGE:
                break
            after = page[-1]


async def verify_customers(database: Database, count: int) -> AsyncIterator[VerifiedCustomer]:
    """Replay the logs of *count* customers, drawn anew each time from all organisations."""
    rule_indexes: dict[int, dict[int, RuleIndex]] = {}
    async with database.reading() as reading:
        drawn = await customers.drawn(reading, count)
    for customer_key in drawn:
        yield await _verify_or_report(database, customer_key, rule_indexes.setdefault(customer_key.org_id, {}))


async def _verify_or_report(
    database: Database, customer_key: CustomerKey, rule_indexes: dict[int, RuleIndex]
) -> VerifiedCustomer:
    """Verify a customer; what cannot be read or replayed is a result too, so that the others are verified."""
    try:
        return await _verify_customer(database, customer_key, rule_indexes)
    except (Unavailable, DatabaseFault):
        raise
    except UnreadableEvent as error:
        return VerifiedCustomer(customer_key, 0, 0, agrees=False, failure=str(error))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one customer must not hide the others
        _log.exception("customer_not_verified", org=customer_key.org_id, customer=customer_key.customer_id)
        return VerifiedCustomer(customer_key, 0, 0, agrees=False, failure=f"{type(error).__name__}: {error}")


async def _verify_customer(
    database: Database, customer_key: CustomerKey, rule_indexes: dict[int, RuleIndex]
) -> VerifiedCustomer:
    async with database.transaction() as transaction:
        # Locked first, so that standing, history and log are read as of one moment.
        await lock_standings(transaction, [customer_key])
        stored = await customers.stored_bytes(transaction, customer_key)
        lineage = codec.decode_standing(stored[0]).lineage
        log, replayed, first = await replay_customer(transaction, customer_key, lineage, rule_indexes)
    replayed_log = replayed.log[first:]
    agrees = encoded(replayed) == stored and all(
        row.entries == logged.entries for (_, row), logged in zip(log, replayed_log, strict=True)
    )
    return VerifiedCustomer(customer_key, len(log), len(replayed.standing.progress) + len(replayed.history), agrees)


def encoded(replayed: Replayed) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the bytes in which a replayed customer would be stored: the standing, and the history in order."""
    history = (codec.encode_progress(replayed.history[key]) for key in sorted(replayed.history))
    return codec.encode_standing(replayed.standing), tuple(history)
