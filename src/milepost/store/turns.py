"""Turns that are due: written down once, claimed by one server at a time, fenced by their epoch."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.model.standing import Progress, Standing
from milepost.model.turn import Turn, TurnKind
from milepost.store import codec
from milepost.store.database import Transaction
from milepost.store.log import Who

LEASE_SECONDS = 30
"""How long a turn stays with a server that says nothing of it, by the clock of the database."""

SILENCE_SECONDS = 10
"""How long a page's transaction may say nothing before the database ends it: who stands still holds nobody up."""


class Claim(NamedTuple):
    """A turn that a server works on; it is the server's as long as the epoch is the turn's.

    Customers up to *bucket* and *customer_id* have been told.
    """

    org_id: int
    turn: Turn
    epoch: int
    bucket: int
    customer_id: int


class Told(NamedTuple):
    """A customer who may have to be told, with the settled progress in the turn's group."""

    who: Who
    standing: Standing
    settled: tuple[Progress, ...]


async def plan(transaction: Transaction, turns: Sequence[tuple[int, Turn]]) -> None:
    """Write down turns, each with its organisation; those that are known stay as they are."""
    values = {
        "orgs": [org_id for org_id, _ in turns],
        "groups": [turn.group_id for _, turn in turns],
        "periods": [turn.period_id for _, turn in turns],
        "kinds": [turn.kind.value for _, turn in turns],
        "due": [turn.due_at for _, turn in turns],
        "sinces": [turn.since for _, turn in turns],
    }
    await transaction.run("plan_turns", values)


async def claim(transaction: Transaction, now: int, windows_until: int) -> Claim | None:
    """Claim what has been due longest at *now*; a new look through windows goes up to *windows_until* at least."""
    row = await transaction.row("claim_turn", {"now": now, "windows": windows_until, "lease": LEASE_SECONDS})
    if row is None:
        return None
    org_id, group_id, period_id, kind, due_at, since, epoch, bucket, customer_id = row
    turn = Turn(group_id, period_id, TurnKind(kind), due_at, since)
    return Claim(org_id, turn, epoch, bucket, customer_id)


async def is_held(transaction: Transaction, held: Claim) -> bool:
    """Lock a claimed turn to the end of the transaction; tell whether it is still the claim's."""
    values = _key(held) | {"silence": str(SILENCE_SECONDS * 1000)}
    return await transaction.row("hold_turn", values) is not None


async def customers_to_tell(transaction: Transaction, held: Claim, targets: Sequence[int], limit: int) -> list[Told]:
    """Give the next customers of the claim's organisation, in key order, with settled progress in *targets*."""
    values = {"org_id": held.org_id, "bucket": held.bucket, "customer": held.customer_id, "limit": limit}
    rows = await transaction.rows("customers_to_tell", values | {"targets": list(targets)})
    return [
        Told(
            Who(bucket, held.org_id, customer_id),
            codec.decode_standing(body),
            tuple(codec.decode_progress(one) for one in settled or ()),
        )
        for bucket, customer_id, body, settled in rows
    ]


async def advance(transaction: Transaction, held: Claim, last: Who) -> Claim:
    """Say that customers up to *last* were told; give the claim that goes on from there."""
    values = {"bucket": last.bucket, "customer": last.customer_id, "lease": LEASE_SECONDS}
    await transaction.run("advance_turn", _key(held) | values)
    return held._replace(bucket=last.bucket, customer_id=last.customer_id)


async def finish(transaction: Transaction, held: Claim, now: int) -> None:
    """Say that everybody was told."""
    await transaction.run("finish_turn", _key(held) | {"now": now})


async def repeat(transaction: Transaction, held: Claim, due_at: int) -> None:
    """Say that everybody was told up to now, and that there is more from *due_at* on."""
    await transaction.run("repeat_turn", _key(held) | {"due": due_at})


async def leave(transaction: Transaction, held: Claim) -> None:
    """Give a lease back, so that another server need not wait for its end."""
    await transaction.run("leave_turn", _key(held))


def _key(held: Claim) -> dict[str, object]:
    return {
        "org_id": held.org_id,
        "group_id": held.turn.group_id,
        "period_id": held.turn.period_id,
        "kind": held.turn.kind.value,
        "epoch": held.epoch,
    }
