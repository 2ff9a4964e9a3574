"""Customers and the names they are known by."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.standing import Progress, Standing
from milepost.store import codec
from milepost.store.bucket import bucket_of_identifier
from milepost.store.database import Transaction
from milepost.store.log import EMPTY_BODY, CustomerKey, LoggedRow, key_of_customer, keys_of, logged_row

IdentifierKey = tuple[int, Identifier]
"""An organisation's id and a name by which it knows a customer."""


async def known(transaction: Transaction, names: Sequence[IdentifierKey]) -> dict[IdentifierKey, int]:
    """Return the customers known by *names*."""
    rows = await transaction.rows("identities", _names(names))
    return {(org_id, Identifier(IdentifierKind(kind), value)): id_ for org_id, kind, value, id_ in rows}


async def fresh_ids(transaction: Transaction, count: int) -> list[int]:
    """Return *count* ids for customers to be registered."""
    return [id_ for (id_,) in await transaction.rows("fresh_customer_ids", {"count": count})]


async def reserve_identifiers(
    transaction: Transaction, names: Sequence[IdentifierKey], customer_ids: Sequence[int]
) -> set[IdentifierKey]:
    """Take *names*, each for the customer beside it; return those that nobody else had taken."""
    rows = await transaction.rows("claim_identities", _names(names) | {"customers": list(customer_ids)})
    return {(org_id, Identifier(IdentifierKind(kind), value)) for org_id, kind, value, _ in rows}


async def give(transaction: Transaction, names: Sequence[IdentifierKey], customer_id: int, into: int) -> None:
    """Let *names* of one customer lead to another."""
    if names:
        await transaction.run("give_identities", _names(names) | {"customer_id": customer_id, "into": into})


async def take(transaction: Transaction, names: Sequence[IdentifierKey], customer_id: int) -> set[IdentifierKey]:
    """Let *names* lead to a customer no more; return those that did."""
    rows = await transaction.rows("lose_identities", _names(names) | {"customer_id": customer_id}) if names else []
    return {(org_id, Identifier(IdentifierKind(kind), value)) for org_id, kind, value in rows}


async def add(transaction: Transaction, added: Sequence[tuple[int, Customer]]) -> None:
    """Write newly registered customers, each with an empty standing."""
    customer_keys = [key_of_customer(org_id, customer.id) for org_id, customer in added]
    keys = keys_of(customer_keys)
    await transaction.run(
        "add_customers", keys | {"bodies": [codec.encode_customer(customer) for _, customer in added]}
    )
    await transaction.run("add_standings", keys | {"body": EMPTY_BODY})


async def profiles(transaction: Transaction, customer_keys: Sequence[CustomerKey]) -> dict[CustomerKey, Customer]:
    """Return the profiles of *customer_keys*."""
    rows = await transaction.rows("members", keys_of(customer_keys))
    return {key_of_customer(org_id, customer_id): codec.decode_customer(body) for org_id, customer_id, body in rows}


async def change(transaction: Transaction, org_id: int, customer: Customer) -> None:
    """Write a customer's changed profile."""
    customer_key = key_of_customer(org_id, customer.id)
    values = {"bucket": customer_key.bucket, "org_id": org_id, "customer_id": customer.id}
    await transaction.run("change_customer", values | {"body": codec.encode_customer(customer)})


def _names(names: Sequence[IdentifierKey]) -> dict[str, object]:
    return {
        "buckets": [bucket_of_identifier(org_id, name.kind.value, name.value) for org_id, name in names],
        "orgs": [org_id for org_id, _ in names],
        "kinds": [name.kind.value for _, name in names],
        "values": [name.value for _, name in names],
    }


class CustomerNow(NamedTuple):
    """All of one customer as it is stored, and the version the organisation is at."""

    version: int
    customer: Customer
    standing: Standing
    history: tuple[Progress, ...]


async def customers_now(transaction: Transaction, customer_key: CustomerKey) -> CustomerNow | None:
    """Return all of one customer."""
    row = await transaction.row("customer_now", _key(customer_key))
    if row is None:
        return None
    version, customer, standing, history = row
    return CustomerNow(
        version,
        codec.decode_customer(customer),
        codec.decode_standing(standing),
        tuple(codec.decode_progress(body) for body in history or ()),
    )


async def ids_from(transaction: Transaction, org_id: int, after: int, limit: int) -> list[int]:
    """Return at most *limit* customers of an organisation whose ids come after *after*, in order."""
    rows = await transaction.rows("customers_from", {"org_id": org_id, "after": after, "limit": limit})
    return [customer_id for (customer_id,) in rows]


async def whole_log(transaction: Transaction, customer_key: CustomerKey) -> list[tuple[int, LoggedRow]]:
    """Return everything a customer did, in the order it was heard, each with the version that judged it."""
    rows = await transaction.rows("log_of_customer", _key(customer_key))
    return [(row[-1], logged_row(row[:-1])) for row in rows]


async def kept(transaction: Transaction, customer_key: CustomerKey) -> tuple[bytes, tuple[bytes, ...]]:
    """Return the bytes that are kept of a customer: the standing's, and the history's in order."""
    row = await transaction.row("kept_rows", _key(customer_key))
    assert row is not None
    return bytes(row[0]), tuple(bytes(body) for body in row[1] or ())


def _key(customer_key: CustomerKey) -> dict[str, object]:
    return {"bucket": customer_key.bucket, "org_id": customer_key.org_id, "customer_id": customer_key.customer_id}
