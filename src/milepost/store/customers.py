"""Customers and their identifiers."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.bucket import bucket_of_identifier
from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.event_key import EventKey
from milepost.model.standing import Entry, Progress, Standing
from milepost.store import codec
from milepost.store.database import Transaction
from milepost.store.log import EMPTY_BODY, CustomerKey, LoggedRow, key_of_customer, keys_of, logged_row
from milepost.store.wire.arrays import int8s

IdentifierKey = tuple[int, Identifier]
"""An organisation's id and an identifier of one of its customers."""


async def ids_by_identifier(transaction: Transaction, identifiers: Sequence[IdentifierKey]) -> dict[IdentifierKey, int]:
    """Return the customer ids of *identifiers*. Unknown identifiers are left out."""
    rows = await transaction.rows("ids_by_identifier", _identifier_columns(identifiers))
    return {(org_id, Identifier(IdentifierKind(kind), value)): id_ for org_id, kind, value, id_ in rows}


async def fresh_ids(transaction: Transaction, count: int) -> list[int]:
    """Return *count* new ids for customers."""
    return [id_ for (id_,) in await transaction.rows("fresh_customer_ids", {"count": count})]


async def reserve_identifiers(
    transaction: Transaction, identifiers: Sequence[IdentifierKey], customer_ids: Sequence[int]
) -> set[IdentifierKey]:
    """Reserve *identifiers*, each for the customer at the same position. Return those that were free."""
    rows = await transaction.rows(
        "reserve_identifiers", _identifier_columns(identifiers) | {"customers": list(customer_ids)}
    )
    return {(org_id, Identifier(IdentifierKind(kind), value)) for org_id, kind, value, _ in rows}


async def move_identifiers(
    transaction: Transaction, identifiers: Sequence[IdentifierKey], customer_id: int, into: int
) -> None:
    """Move *identifiers* from *customer_id* to the customer *into*."""
    if identifiers:
        await transaction.run(
            "move_identifiers", _identifier_columns(identifiers) | {"customer_id": customer_id, "into": into}
        )


async def release_identifiers(
    transaction: Transaction, identifiers: Sequence[IdentifierKey], customer_id: int
) -> set[IdentifierKey]:
    """Release *identifiers* of a customer. Return those that the customer had."""
    rows = (
        await transaction.rows("release_identifiers", _identifier_columns(identifiers) | {"customer_id": customer_id})
        if identifiers
        else []
    )
    return {(org_id, Identifier(IdentifierKind(kind), value)) for org_id, kind, value in rows}


async def add(transaction: Transaction, added: Sequence[tuple[int, Customer]]) -> None:
    """Add newly registered customers, each with an empty standing; *added* pairs them with their organisation's id."""
    customer_keys = [key_of_customer(org_id, customer.id) for org_id, customer in added]
    keys = keys_of(customer_keys)
    await transaction.run(
        "add_customers", keys | {"bodies": [codec.encode_customer(customer) for _, customer in added]}
    )
    await transaction.run("add_standings", keys | {"body": EMPTY_BODY})


async def profiles(transaction: Transaction, customer_keys: Sequence[CustomerKey]) -> dict[CustomerKey, Customer]:
    """Return the profiles of *customer_keys*. Unknown customers are left out."""
    rows = await transaction.rows("profiles", keys_of(customer_keys))
    return {key_of_customer(org_id, customer_id): codec.decode_customer(body) for org_id, customer_id, body in rows}


async def save_profile(transaction: Transaction, org_id: int, customer: Customer) -> None:
    """Replace the profile of a customer."""
    customer_key = key_of_customer(org_id, customer.id)
    values = {"bucket": customer_key.bucket, "org_id": org_id, "customer_id": customer.id}
    await transaction.run("save_profile", values | {"body": codec.encode_customer(customer), "hidden": customer.hidden})


def _identifier_columns(identifiers: Sequence[IdentifierKey]) -> dict[str, object]:
    return {
        "buckets": [
            bucket_of_identifier(org_id, identifier.kind.value, identifier.value) for org_id, identifier in identifiers
        ],
        "orgs": [org_id for org_id, _ in identifiers],
        "kinds": [identifier.kind.value for _, identifier in identifiers],
        "values": [identifier.value for _, identifier in identifiers],
    }


class StoredCustomer(NamedTuple):
    """Everything stored about one customer except the log, and the organisation's present version."""

    version: int
    customer: Customer
    standing: Standing
    history: tuple[Progress, ...]


async def find(transaction: Transaction, customer_key: CustomerKey) -> StoredCustomer | None:
    """Return a customer with standing and archived progress, None if there is no such customer."""
    row = await transaction.row("find_customer", _key(customer_key))
    if row is None:
        return None
    version, customer, standing, history = row
    return StoredCustomer(
        version,
        codec.decode_customer(customer),
        codec.decode_standing(standing),
        tuple(codec.decode_progress(body) for body in history or ()),
    )


async def ids_after(transaction: Transaction, org_id: int, after: int, limit: int) -> list[int]:
    """Return at most *limit* customer ids of an organisation that are greater than *after*, ascending."""
    rows = await transaction.rows("customer_ids_after", {"org_id": org_id, "after": after, "limit": limit})
    return [customer_id for (customer_id,) in rows]


async def standings_of_buckets(
    transaction: Transaction, org_id: int, buckets: tuple[int, int], target_ids: Sequence[int]
) -> list[tuple[bytes, list[bytes]]]:
    """Return the bytes of standings in a half-open span of *buckets*, each with those of archived rows of targets."""
    values = {"org_id": org_id, "first": buckets[0], "last": buckets[1], "targets": int8s(target_ids)}
    rows = await transaction.rows("standings_of_buckets", values)
    return [(bytes(standing), [bytes(row) for row in archived or ()]) for standing, archived in rows]


async def drawn(transaction: Transaction, count: int) -> list[CustomerKey]:
    """Return at most *count* customers of all organisations, others each time."""
    rows = await transaction.rows("drawn_customers", {"count": count})
    return [CustomerKey(*row) for row in rows]


async def full_log(transaction: Transaction, customer_key: CustomerKey) -> list[tuple[int, LoggedRow]]:
    """Return all events of a customer in the order in which they were applied, each with its organisation version."""
    rows = await transaction.rows("log_of_customer", _key(customer_key))
    return [(row[-1], logged_row(row[:-1])) for row in rows]


async def stored_bytes(transaction: Transaction, customer_key: CustomerKey) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the stored bytes of a customer: the standing, and the archived progress in key order."""
    row = await transaction.row("stored_bytes", _key(customer_key))
    assert row is not None
    return bytes(row[0]), tuple(bytes(body) for body in row[1] or ())


class RewrittenEvent(NamedTuple):
    """An event that a replay explains otherwise: its key, its stored text, and its entries as they are now."""

    key: EventKey
    body: bytes
    entries: Sequence[Entry]


async def rewrite_events(transaction: Transaction, customer_key: CustomerKey, events: Sequence[RewrittenEvent]) -> None:
    """Replace the texts and entries of *events* in the log; only a change of the organisation's zone does that."""
    columns = {
        "sources": [one.key.source for one in events],
        "ids": [one.key.id for one in events],
        "bodies": [one.body.decode() for one in events],
        "entries": [codec.encode_entries(one.entries).decode() for one in events],
    }
    if events:
        await transaction.run("rewrite_events", _key(customer_key) | columns)


async def clear_history(transaction: Transaction, customer_key: CustomerKey) -> None:
    """Delete the archived progress of a customer, which is stored anew."""
    await transaction.run("clear_history", _key(customer_key))


def _key(customer_key: CustomerKey) -> dict[str, object]:
    return {"bucket": customer_key.bucket, "org_id": customer_key.org_id, "customer_id": customer_key.customer_id}
