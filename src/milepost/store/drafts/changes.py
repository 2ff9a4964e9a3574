"""Drafts and changes of definitions, and the customers whom a change concerns."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from milepost.model.definitions.change import ChangeEffect, ChangePolicy, ChangeState, DefinitionChange
from milepost.model.target import TargetGroup
from milepost.model.time import Micros
from milepost.store import codec
from milepost.store.database import Row, Transaction

NO_VERSION = 0
"""The version of a group that is not in force yet."""


class StoredDraft(NamedTuple):
    """A draft: its revision, the group that it defines, when it was saved (epoch microseconds) and by whom."""

    revision: int
    group: TargetGroup
    saved_at: Micros
    saved_by: str


_names = msgspec.json.Decoder(tuple[str, ...])


async def save_draft(transaction: Transaction, org_id: int, group: TargetGroup, now: Micros, saved_by: str) -> int:
    """Keep the draft of a group and return its revision."""
    values = {"org_id": org_id, "group_id": group.id, "body": codec.encode_group(group), "now": now}
    row = await transaction.row("save_draft", values | {"saved_by": saved_by})
    assert row is not None
    return int(row[0])


async def find_draft(transaction: Transaction, org_id: int, group_id: int) -> StoredDraft | None:
    """Return the draft of a group; None if it has none."""
    row = await transaction.row("draft", {"org_id": org_id, "group_id": group_id})
    return None if row is None else StoredDraft(row[0], codec.decode_group(row[1]), row[2], row[3])


async def drafts(transaction: Transaction, org_id: int) -> list[StoredDraft]:
    """Return the drafts of an organisation."""
    rows = await transaction.rows("drafts", {"org_id": org_id})
    return [StoredDraft(row[0], codec.decode_group(row[1]), row[2], row[3]) for row in rows]


async def delete_draft(transaction: Transaction, org_id: int, group_id: int) -> None:
    """Delete the draft of a group."""
    await transaction.run("delete_draft", {"org_id": org_id, "group_id": group_id})


async def live_version(transaction: Transaction, org_id: int, group_id: int) -> int:
    """Return the version from which on a group is as it is; NO_VERSION if it is not in force."""
    row = await transaction.row("newest_group_version", {"org_id": org_id, "group_id": group_id})
    return NO_VERSION if row is None or row[0] is None else int(row[0])


async def group_versions(transaction: Transaction, org_id: int, group_id: int) -> list[tuple[int, TargetGroup]]:
    """Return every version of a group."""
    rows = await transaction.rows("group_versions", {"org_id": org_id, "group_id": group_id})
    return [(version, codec.decode_group(body)) for version, body in rows]


async def add(transaction: Transaction, change: DefinitionChange) -> int:
    """Keep a new change and return its id."""
    row = await transaction.row("add_change", {**_columns(change), "now": change.asked_at})
    assert row is not None
    return int(row[0])


async def find(transaction: Transaction, org_id: int, change_id: int) -> DefinitionChange | None:
    """Return a change; None if there is none with this id."""
    return _one(await transaction.row("change", {"org_id": org_id, "change_id": change_id}))


async def latest(transaction: Transaction, org_id: int, group_id: int) -> DefinitionChange | None:
    """Return the change of a group that was previewed last; None if there is none."""
    return _one(await transaction.row("latest_change", {"org_id": org_id, "group_id": group_id}))


async def published(transaction: Transaction, org_id: int, group_id: int) -> list[DefinitionChange]:
    """Return the published changes of a group."""
    rows = await transaction.rows("changes_of_group", {"org_id": org_id, "group_id": group_id})
    return [_change(row) for row in rows]


async def recomputing(transaction: Transaction, org_id: int) -> tuple[DefinitionChange, ...]:
    """Return the changes whose customers are being recomputed."""
    return tuple(_change(row) for row in await transaction.rows("changes_recomputing", {"org_id": org_id}))


async def due(transaction: Transaction, now: Micros) -> list[DefinitionChange]:
    """Return the changes of the batch that is due first, locked until *transaction* ends."""
    return [_change(row) for row in await transaction.rows("changes_due", {"now": now})]


async def save(transaction: Transaction, change: DefinitionChange) -> None:
    """Store the state of a change."""
    await transaction.run("save_change", _columns(change))


async def mark_from_files(transaction: Transaction, change: DefinitionChange) -> None:
    """Note that a change was published from files."""
    await transaction.run("mark_from_files", {"org_id": change.org_id, "change_id": change.id})


async def versions_from_files(transaction: Transaction, org_id: int, group_id: int) -> list[int]:
    """Return the versions of a group that were published from files, latest last."""
    rows = await transaction.rows("versions_from_files", {"org_id": org_id, "group_id": group_id})
    return [version for (version,) in rows]


async def add_effects(transaction: Transaction, change: DefinitionChange, effects: Sequence[ChangeEffect]) -> None:
    """Keep who gains and who loses."""
    if effects:
        columns = {
            "buckets": [one.bucket for one in effects],
            "customers": [one.customer_id for one in effects],
            "gains": [msgspec.json.encode(one.gains).decode() for one in effects],
            "losses": [msgspec.json.encode(one.losses).decode() for one in effects],
        }
        await transaction.run("add_effects", {"org_id": change.org_id, "change_id": change.id} | columns)


async def effects(
    transaction: Transaction, org_id: int, change_id: int, after: tuple[int, int], limit: int
) -> list[ChangeEffect]:
    """Return at most *limit* customers behind *after* (bucket and customer id) who gain or lose."""
    values = {"org_id": org_id, "change_id": change_id, "bucket": after[0], "customer_id": after[1], "limit": limit}
    return [
        ChangeEffect(bucket, customer_id, _names.decode(gains), _names.decode(losses))
        for bucket, customer_id, gains, losses in await transaction.rows("effects_after", values)
    ]


def _columns(change: DefinitionChange) -> Mapping[str, object]:
    return {
        "org_id": change.org_id,
        "change_id": change.id,
        "group_id": change.group_id,
        "batch": change.batch,
        "state": change.state.value,
        "policy": change.policy.value,
        "revokes": change.revokes,
        "draft_revision": change.draft_revision,
        "live_version": change.live_version,
        "settings": change.settings,
        "body": codec.encode_group(change.group),
        "looked_at": change.looked_at,
        "gain": change.gain,
        "lose": change.lose,
        "asked_by": change.asked_by,
        "reviewed_by": change.reviewed_by,
        "comment": change.comment,
        "starts_at": change.starts_at,
        "published_at": change.published_at,
        "version": change.version,
    }


def _one(row: Row | None) -> DefinitionChange | None:
    return None if row is None else _change(row)


def _change(row: Row) -> DefinitionChange:
    org_id, change_id, group_id, batch, state, policy, revokes, revision, live, settings, body, *rest = row
    looked_at, gain, lose, asked_at, asked_by, reviewed_by, comment, starts_at, published_at, version = rest
    return DefinitionChange(
        org_id=org_id,
        id=change_id,
        group_id=group_id,
        batch=batch,
        state=ChangeState(state),
        policy=ChangePolicy(policy),
        revokes=revokes,
        draft_revision=revision,
        live_version=live,
        settings=settings,
        group=codec.decode_group(body),
        looked_at=looked_at,
        gain=gain,
        lose=lose,
        asked_at=asked_at,
        asked_by=asked_by,
        reviewed_by=reviewed_by,
        comment=comment,
        starts_at=starts_at,
        published_at=published_at,
        version=version,
    )
