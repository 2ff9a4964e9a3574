"""Reads what is stored of one customer beside profile, standing and log."""

from typing import NamedTuple

from milepost.model.time import Micros
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey


class Membership(NamedTuple):
    """An audience of which a customer is a member, and since when (epoch microseconds)."""

    audience_id: int
    name: str
    entered_at: Micros


class StoredMessage(NamedTuple):
    """A message about a customer for a webhook; `created_at` is in epoch microseconds, `body` the text that is sent."""

    webhook_id: int
    message_id: str
    type: str
    state: str
    created_at: Micros
    body: str


async def memberships(transaction: Transaction, customer_key: CustomerKey) -> list[Membership]:
    """Return the audiences of which a customer is a member."""
    return [Membership(*row) for row in await transaction.rows("audiences_of", customer_key._asdict())]


async def messages(transaction: Transaction, customer_key: CustomerKey) -> list[StoredMessage]:
    """Return the messages about a customer that are kept."""
    return [StoredMessage(*row) for row in await transaction.rows("messages_of", customer_key._asdict())]
