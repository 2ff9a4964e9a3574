"""Audiences, their versions and their members."""

from collections.abc import Sequence

from milepost.model.audience import Audience, AudienceMember, AudienceVersion
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey


async def add(transaction: Transaction, org_id: int, name: str, now: int) -> Audience | None:
    """Write a new audience with its first version; None if the name is taken."""
    row = await transaction.row("fresh_audience_id")
    assert row is not None
    values = {"org_id": org_id, "audience_id": row[0], "name": name, "now": now}
    if await transaction.row("add_audience", values) is None:
        return None
    version = await add_version(transaction, org_id, row[0], now)
    return Audience(id=row[0], name=name, created_at=now, versions=(version,))


async def add_version(transaction: Transaction, org_id: int, audience_id: int, now: int) -> AudienceVersion:
    """Write a new version of an audience, without members."""
    row = await transaction.row("fresh_audience_version_id")
    assert row is not None
    values = {"org_id": org_id, "audience_id": audience_id, "version_id": row[0], "now": now}
    await transaction.run("add_audience_version", values)
    return AudienceVersion(row[0], now)


async def called(transaction: Transaction, org_id: int, name: str) -> int | None:
    """Return the id of the audience that has this name, whatever its case."""
    row = await transaction.row("audience_called", {"org_id": org_id, "name": name})
    return None if row is None else int(row[0])


async def rename(transaction: Transaction, org_id: int, audience_id: int, name: str) -> None:
    """Call an audience otherwise; whoever asks for it has looked that the name is free."""
    await transaction.run("rename_audience", {"org_id": org_id, "audience_id": audience_id, "name": name})


async def delete(transaction: Transaction, org_id: int, audience_id: int, now: int) -> None:
    """Let an audience be found no more, from *now* on (epoch microseconds)."""
    await transaction.run("delete_audience", {"org_id": org_id, "audience_id": audience_id, "now": now})


async def hold(transaction: Transaction, org_id: int, audience_id: int) -> bool:
    """Keep an audience as it is, beside others who look at it; return whether there is one."""
    return await transaction.row("hold_audience", {"org_id": org_id, "audience_id": audience_id}) is not None


async def lock(transaction: Transaction, org_id: int, audience_ids: Sequence[int]) -> None:
    """Keep everybody else from entering these audiences."""
    await transaction.run("lock_audiences", {"org_id": org_id, "audiences": list(audience_ids)})


async def page(transaction: Transaction, org_id: int, after: int, limit: int) -> list[Audience]:
    """Return at most *limit* audiences whose ids come after *after*, in order."""
    rows = await transaction.rows("audiences_after", {"org_id": org_id, "after": after, "limit": limit})
    versions = await _versions(transaction, org_id, [audience_id for audience_id, _, _ in rows])
    return [
        Audience(id=audience_id, name=name, created_at=created_at, versions=versions[audience_id])
        for audience_id, name, created_at in rows
    ]


async def one(transaction: Transaction, org_id: int, audience_id: int) -> Audience | None:
    """Return the audience with this id."""
    found = await page(transaction, org_id, audience_id - 1, 1)
    return found[0] if found and found[0].id == audience_id else None


async def counts(transaction: Transaction, org_id: int, version_ids: Sequence[int]) -> dict[int, int]:
    """Return how many customers are in each of these versions; those without any are left out."""
    return dict(await transaction.rows("member_counts", {"org_id": org_id, "versions": list(version_ids)}))


async def enter(transaction: Transaction, version_id: int, customer_keys: Sequence[CustomerKey], now: int) -> set[int]:
    """Let customers of one organisation be in a version; return the ids of those who were not."""
    if not customer_keys:
        return set()
    values = {
        "buckets": [one.bucket for one in customer_keys],
        "customers": [one.customer_id for one in customer_keys],
        "org_id": customer_keys[0].org_id,
        "version_id": version_id,
        "now": now,
    }
    return {customer_id for (customer_id,) in await transaction.rows("enter_audience", values)}


async def leave(transaction: Transaction, version_id: int, customer_key: CustomerKey) -> bool:
    """Let a customer be in a version no more; return whether the customer was."""
    values = {
        "bucket": customer_key.bucket,
        "org_id": customer_key.org_id,
        "customer_id": customer_key.customer_id,
        "version_id": version_id,
    }
    return await transaction.row("leave_audience", values) is not None


async def move(transaction: Transaction, customer_key: CustomerKey, into: CustomerKey, now: int) -> None:
    """Let a customer be where another is, and that one nowhere."""
    versions = [version_id for (version_id,) in await transaction.rows("versions_of", customer_key._asdict())]
    if versions:
        await transaction.run("enter_versions", into._asdict() | {"versions": versions, "now": now})
        await transaction.run("leave_versions", customer_key._asdict())


async def members(
    transaction: Transaction, org_id: int, version_id: int, after: tuple[int, int], limit: int
) -> list[AudienceMember]:
    """Return at most *limit* members of a version after one, by bucket and id, in that order."""
    bucket, customer_id = after
    values = {"org_id": org_id, "version_id": version_id, "bucket": bucket, "customer_id": customer_id, "limit": limit}
    return [AudienceMember(*row) for row in await transaction.rows("members_after", values)]


async def _versions(
    transaction: Transaction, org_id: int, audience_ids: Sequence[int]
) -> dict[int, tuple[AudienceVersion, ...]]:
    found: dict[int, tuple[AudienceVersion, ...]] = dict.fromkeys(audience_ids, ())
    rows = await transaction.rows("audience_versions", {"org_id": org_id, "audiences": list(audience_ids)})
    for audience_id, version_id, created_at in rows:
        found[audience_id] += (AudienceVersion(version_id, created_at),)
    return found
