"""Organisations, their versions, and the definitions in force at a version."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from milepost.model.organisation import Organisation, Settings, SettingsVersion
from milepost.model.target import Author, TargetGroup
from milepost.model.time import Micros
from milepost.store import codec
from milepost.store.database import Row, Transaction


class Family(NamedTuple):
    """The organisations connected with an organisation: its parent, if it has one, and its children."""

    parent_id: int | None
    children: tuple[int, ...]


class ListedOrganisation(NamedTuple):
    """An organisation as it is listed."""

    id: int
    name: str
    zone: str
    parent_id: int | None


async def add(
    transaction: Transaction, *, name: str, zone: str, webhook_id: str, now: Micros, parent_id: int | None = None
) -> Organisation | None:
    """Add an organisation, perhaps as a child of another. Return None if its name is taken."""
    fresh = await transaction.row("fresh_organisation_id")
    assert fresh is not None
    (org_id,) = fresh
    values = {"org_id": org_id, "name": name, "zone": zone, "webhook_id": webhook_id, "now": now}
    values["parent_id"] = parent_id
    if await transaction.row("add_organisation", values) is None:
        return None
    organisation = Organisation(id=org_id, name=name, zone=zone, version=1, settings=Settings())
    await save_settings(transaction, organisation, now, None)
    return organisation


async def save_settings(
    transaction: Transaction, organisation: Organisation, now: Micros | None, author: Author | None
) -> None:
    """Store the settings of *organisation* as in force from its version on."""
    values = {
        "org_id": organisation.id,
        "version": organisation.version,
        "settings": codec.encode_settings(organisation.settings),
        "changed_at": now,
        "changed_by": None if author is None else codec.encode_author(author),
    }
    await transaction.run("add_organisation_version", values)


async def settings_before(transaction: Transaction, org_id: int, version: int, limit: int) -> list[SettingsVersion]:
    """Return at most *limit* settings from before *version*, latest first."""
    values = {"org_id": org_id, "before": version, "limit": limit}
    return [
        SettingsVersion(
            version=version,
            settings=codec.decode_settings(settings),
            changed_at=changed_at,
            changed_by=None if changed_by is None else codec.decode_author(changed_by),
        )
        for version, settings, changed_at, changed_by in await transaction.rows("settings_before", values)
    ]


async def id_by_name(transaction: Transaction, name: str) -> int | None:
    """Return the id of the organisation with this *name*, in any case; None if there is none."""
    return _first(await transaction.row("organisation_by_name", {"name": name}))


async def id_by_webhook(transaction: Transaction, webhook_id: str) -> int | None:
    """Return the id of the organisation whose webhook has this secret address, None if there is none."""
    return _first(await transaction.row("organisation_by_webhook", {"webhook_id": webhook_id}))


async def webhook_of(transaction: Transaction, org_id: int) -> str:
    """Return the secret address of an organisation's webhook."""
    row = await transaction.row("organisation_webhook", {"org_id": org_id})
    assert row is not None
    return str(row[0])


async def family(transaction: Transaction, org_id: int) -> Family:
    """Return the parent and the children of an organisation."""
    rows: list[tuple[int, int | None]] = [
        (relative_id, parent_id)
        for relative_id, parent_id in await transaction.rows("organisation_family", {"org_id": org_id})
    ]
    parents = dict(rows)
    return Family(parents[org_id], tuple(relative_id for relative_id, parent_id in rows if parent_id == org_id))


async def all_ids(transaction: Transaction) -> list[int]:
    """Return the ids of all organisations."""
    return [org_id for (org_id,) in await transaction.rows("organisation_ids")]


async def versions(transaction: Transaction, org_ids: Iterable[int]) -> dict[int, int]:
    """Return the present version of each organisation."""
    return dict(await transaction.rows("versions", {"orgs": list(org_ids)}))


async def listed(transaction: Transaction) -> list[ListedOrganisation]:
    """Return all organisations."""
    return [ListedOrganisation(*row) for row in await transaction.rows("organisation_list")]


async def replace_webhook(transaction: Transaction, org_id: int, webhook_id: str, overlap: int) -> None:
    """Give an organisation's webhook a new secret id; the one before is valid for *overlap* seconds."""
    await transaction.run("replace_webhook", {"org_id": org_id, "webhook_id": webhook_id, "overlap": overlap})


async def unusable_tables(transaction: Transaction) -> list[str]:
    """Return the tables of the schema that are missing, or that this login may not read and write."""
    return [name for (name,) in await transaction.rows("unusable_tables", {"tables": _tables()})]


class DatabaseState(NamedTuple):
    """What the database says about itself; instants are in epoch microseconds."""

    is_read_only: bool
    now: Micros
    boundary_due_at: Micros | None
    """When the period boundary that has waited longest was due; None if none waits."""
    open_jobs: int
    outcomes_waiting: int
    """Outcomes that wait to be relayed; of more than ten thousand it is only known that they are more."""
    outcomes_set_aside: int
    first_outcome: str | None
    """Which outcome is first in the outbox; a relay that works takes it away soon."""
    delivery_due_at: Micros | None
    """When the delivery that has waited longest was due, of webhooks that are sent to; None if none waits."""
    lock_waits: int


class DisabledWebhook(NamedTuple):
    """A webhook that was disabled because of its failures."""

    org_id: int
    webhook_id: int
    reason: str


async def disabled_webhooks(transaction: Transaction) -> list[DisabledWebhook]:
    """Return webhooks that were disabled because of their failures, twenty at most."""
    return [DisabledWebhook(*row) for row in await transaction.rows("disabled_webhooks")]


async def database_state(transaction: Transaction) -> DatabaseState:
    """Return what the database says about itself."""
    row = await transaction.row("database_state")
    assert row is not None
    return DatabaseState(*row)


@cache
def _tables() -> list[str]:
    """Return the names of the tables that the schema makes."""
    schema = files("milepost.store").joinpath("schema.sql").read_text(encoding="utf-8")
    return re.findall(r"^create table (\w+)", schema, re.MULTILINE)


async def lock(transaction: Transaction, org_id: int) -> Organisation:
    """Lock an organisation and return it, so that its definitions and settings change one after the other."""
    row = await transaction.row("lock_organisation", {"org_id": org_id})
    assert row is not None
    return await at_version(transaction, org_id, row[0])


async def raise_version(transaction: Transaction, org_id: int) -> int:
    """Begin a new version of an organisation, because a definition or a setting changes. Return its number."""
    row = await transaction.row("raise_version", {"org_id": org_id})
    assert row is not None
    return int(row[0])


async def has_events(transaction: Transaction, org_id: int) -> bool:
    """Return whether an organisation has received any event."""
    return await transaction.row("organisation_has_events", {"org_id": org_id}) is not None


async def set_zone(transaction: Transaction, org_id: int, zone: str) -> None:
    """Change the time zone of an organisation's calendar days, for all of its versions."""
    await transaction.run("set_organisation_zone", {"org_id": org_id, "zone": zone})


async def version_at(transaction: Transaction, org_id: int, at: Micros) -> int:
    """Return the version that was in force at the instant *at* (epoch microseconds); the first one before all."""
    row = await transaction.row("version_at", {"org_id": org_id, "at": at})
    assert row is not None
    return int(row[0])


async def at_version(transaction: Transaction, org_id: int, version: int) -> Organisation:
    """Return an organisation with the settings in force at *version*."""
    row = await transaction.row("organisation_at", {"org_id": org_id, "version": version})
    assert row is not None
    _, name, zone, settings = row
    return Organisation(id=org_id, name=name, zone=zone, version=version, settings=codec.decode_settings(settings))


async def groups_at(transaction: Transaction, org_id: int, version: int, *, since: int = 0) -> list[TargetGroup]:
    """Return the target groups in force at *version* that changed after the version *since*."""
    rows = await transaction.rows("groups_at", {"org_id": org_id, "version": version, "since": since})
    return [codec.decode_group(body) for (body,) in rows]


def _first(row: Row | None) -> int | None:
    return None if row is None else int(row[0])
