"""Changes and shows an organisation's settings; each change makes a new version (facts 8.1)."""

from collections.abc import Mapping
from dataclasses import replace

from milepost.model.organisation import EventIdentity, Organisation, SettingsVersion
from milepost.model.problem import Problem, Refused
from milepost.model.scheduled.job import JobKind, JobScope
from milepost.model.target import Author
from milepost.model.time import EPOCH, Micros
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.settings import changed_settings
from milepost.store import claims, organisations
from milepost.store.database import Transaction
from milepost.store.scheduled import jobs

UNCLAIMED = (
    "cannot be ORGANISATION before the events that are stored are looked through for duplicates; "
    "milepost org claim does that and changes the setting"
)

LATEST = 2**62
"""A version number above all others."""


async def change_settings(runtime: Runtime, caller: Caller, changes: Mapping[str, str]) -> Organisation:
    """Change settings by name, all or none. They apply to events received from now on. Raises Refused."""

    async def work(transaction: Transaction) -> Organisation:
        return await change_in(transaction, caller.org_id, changes, caller.author, runtime.clock())

    return await runtime.database.attempt(work)


async def change_in(
    transaction: Transaction,
    org_id: int,
    changes: Mapping[str, str],
    author: Author,
    now: Micros | None,
    *,
    are_events_claimed: bool = False,
) -> Organisation:
    """Change settings as a part of *transaction*. If nothing differs, no new version is made.

    *now* is in epoch microseconds; None where the time of the change is not recorded. Raises Refused, also if events
    are to be named in the organisation while those that it holds are not claimed yet (*are_events_claimed*).
    """
    owner = await organisations.lock(transaction, org_id)
    settings = changed_settings(owner.settings, changes)
    if settings == owner.settings:
        return owner
    is_widened = settings.event_identity is not owner.settings.event_identity is EventIdentity.CUSTOMER
    if is_widened and not are_events_claimed and await claims.has_events(transaction, org_id):
        raise Refused(Problem("eventIdentity", UNCLAIMED))
    version = await organisations.raise_version(transaction, org_id)
    changed = replace(owner, settings=settings, version=version)
    await organisations.save_settings(transaction, changed, now, author)
    if settings.phone_region not in {None, owner.settings.phone_region}:
        # A job for each such change, so that one that runs already does not stand for the numbers behind it.
        scope = JobScope(group_id=0, version_id=version)
        await jobs.request(transaction, org_id, JobKind.NORMALISE_IDENTIFIERS, scope, now or EPOCH)
    return changed


async def organisation_now(runtime: Runtime, org_id: int) -> tuple[Organisation, SettingsVersion]:
    """Return an organisation, and its settings in force with their author and time."""
    async with runtime.database.transaction() as transaction:
        version = (await organisations.versions(transaction, [org_id]))[org_id]
        organisation = await organisations.at_version(transaction, org_id, version)
        (latest,) = await organisations.settings_before(transaction, org_id, version + 1, 1)
    return organisation, latest


async def settings_history(runtime: Runtime, org_id: int, before: int, limit: int) -> list[SettingsVersion]:
    """Return at most *limit* versions of the settings that are older than version *before*, latest first."""
    async with runtime.database.reading() as reading:
        return await organisations.settings_before(reading, org_id, before, limit)
