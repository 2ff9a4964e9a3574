"""Audiences, their versions and their members."""

from collections.abc import Sequence

from milepost.model.definitions.audience import Audience, AudienceMember, AudienceVersion
from milepost.model.time import Micros
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey


async def add(transaction: Transaction, org_id: int, name: str, now: Micros) -> Audience | None:
    """Add an audience with its first version. Return None if its name is taken."""
    row = await transaction.row("fresh_audience_id")
    assert row is not None
    values = {"org_id": org_id, "audience_id": row[0], "name": name, "now": now}
    if await transaction.row("add_audience", values) is None:
        return None
    version = await add_version(transaction, org_id, row[0], now)
    return Audience(id=row[0], name=name, created_at=now, versions=(version,))


async def add_version(transaction: Transaction, org_id: int, audience_id: int, now: Micros) -> AudienceVersion:
    """Add a version of an audience, without members."""
    row = await transaction.row("fresh_audience_version_id")
    assert row is not None
    values = {"org_id": org_id, "audience_id": audience_id, "version_id": row[0], "now": now}
    await transaction.run("add_audience_version", values)
    return AudienceVersion(row[0], now)


async def id_by_name(transaction: Transaction, org_id: int, name: str) -> int | None:
    """Return the id of the audience with this name, in any case; None if there is none."""
    row = await transaction.row("audience_by_name", {"org_id": org_id, "name": name})
    return None if row is None else int(row[0])


async def rename(transaction: Transaction, org_id: int, audience_id: int, name: str) -> None:
    """Rename an audience. The caller has checked that the name is free."""
    await transaction.run("rename_audience", {"org_id": org_id, "audience_id": audience_id, "name": name})


async def delete(transaction: Transaction, org_id: int, audience_id: int, now: Micros) -> None:
    """Mark an audience as deleted at *now* (epoch microseconds), so that it is not found any more."""
    await transaction.run("delete_audience", {"org_id": org_id, "audience_id": audience_id, "now": now})


async def lock_shared(transaction: Transaction, org_id: int, audience_id: int) -> bool:
    """Lock an audience against changes until the transaction ends; others may still read it.

    Return whether it exists.
    """
    return await transaction.row("lock_audience_shared", {"org_id": org_id, "audience_id": audience_id}) is not None


async def lock(transaction: Transaction, org_id: int, audience_ids: Sequence[int]) -> None:
    """Lock these audiences, so that no other transaction adds members to them."""
    await transaction.run("lock_audiences", {"org_id": org_id, "audiences": list(audience_ids)})


async def read_page(transaction: Transaction, org_id: int, after: int, limit: int) -> list[Audience]:
    """Return at most *limit* audiences with ids greater than *after*, in the order of ids."""
    rows = await transaction.rows("audiences_after", {"org_id": org_id, "after": after, "limit": limit})
    versions = await _versions(transaction, org_id, [audience_id for audience_id, _, _ in rows])
    return [
        Audience(id=audience_id, name=name, created_at=created_at, versions=versions[audience_id])
        for audience_id, name, created_at in rows
    ]


async def find(transaction: Transaction, org_id: int, audience_id: int) -> Audience | None:
    """Return the audience with this id, None if there is none."""
    audiences = await read_page(transaction, org_id, audience_id - 1, 1)
    return audiences[0] if audiences and audiences[0].id == audience_id else None


async def count_members(transaction: Transaction, org_id: int, version_ids: Sequence[int]) -> dict[int, int]:
    """Return the number of members of each of these versions. Versions without members are left out."""
    return dict(await transaction.rows("member_counts", {"org_id": org_id, "versions": list(version_ids)}))


async def add_members(
    transaction: Transaction, version_id: int, customer_keys: Sequence[CustomerKey], now: Micros
) -> set[int]:
    """Add customers of one organisation to a version. Return the ids of the customers who were not members before."""
    if not customer_keys:
        return set()
    values = {
        "buckets": [key.bucket for key in customer_keys],
        "customers": [key.customer_id for key in customer_keys],
        "org_id": customer_keys[0].org_id,
        "version_id": version_id,
        "now": now,
    }
    return {customer_id for (customer_id,) in await transaction.rows("add_members", values)}


async def remove_member(transaction: Transaction, version_id: int, customer_key: CustomerKey) -> bool:
    """Remove a customer from a version. Return whether the customer was a member."""
    values = {
        "bucket": customer_key.bucket,
        "org_id": customer_key.org_id,
        "customer_id": customer_key.customer_id,
        "version_id": version_id,
    }
    return await transaction.row("remove_member", values) is not None


async def move_memberships(transaction: Transaction, customer_key: CustomerKey, into: CustomerKey, now: Micros) -> None:
    """Make the customer *into* a member wherever *customer_key* is, and remove *customer_key* everywhere."""
    versions = [version_id for (version_id,) in await transaction.rows("versions_of", customer_key._asdict())]
    if versions:
        await transaction.run("add_member_to_versions", into._asdict() | {"versions": versions, "now": now})
        await transaction.run("remove_member_everywhere", customer_key._asdict())


async def read_members(
    transaction: Transaction, org_id: int, version_id: int, after: tuple[int, int], limit: int
) -> list[AudienceMember]:
    """Return at most *limit* members of a version behind *after* (bucket and customer id), in that order."""
    bucket, customer_id = after
    values = {"org_id": org_id, "version_id": version_id, "bucket": bucket, "customer_id": customer_id, "limit": limit}
    return [AudienceMember(*row) for row in await transaction.rows("members_after", values)]


async def _versions(
    transaction: Transaction, org_id: int, audience_ids: Sequence[int]
) -> dict[int, tuple[AudienceVersion, ...]]:
    versions: dict[int, tuple[AudienceVersion, ...]] = dict.fromkeys(audience_ids, ())
    rows = await transaction.rows("audience_versions", {"org_id": org_id, "audiences": list(audience_ids)})
    for audience_id, version_id, created_at in rows:
        versions[audience_id] += (AudienceVersion(version_id, created_at),)
    return versions
