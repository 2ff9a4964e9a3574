"""Audiences: made, given new versions, entered and left. Entering enrols in the targets that name the version."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from milepost.model.audience import Audience, AudienceMember, AudienceVersion
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Problem, Refused
from milepost.rules.definition.naming import name_problems
from milepost.service.enrolments.audience_enrolment import aims_of, enrol_members
from milepost.service.ingest.survivor_lookup import resolve_survivors, surviving
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import audiences, customers, log, organisations
from milepost.store.database import Transaction
from milepost.store.log import key_of_customer

CHUNK = 200
"""Customers that enter in one transaction."""

VERSIONS_MAX = 1_000
"""Versions of one audience."""

UNKNOWN_AUDIENCE = Problem("audienceId", "there is no audience with this id")
UNKNOWN_VERSION = Problem("versionId", "is no version of this audience")


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceView:
    """An audience, and how many customers are in each of its versions."""

    audience: Audience
    members: dict[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What became of those who were to enter: how many did, how many were in before, the places of unknown ones."""

    version: AudienceVersion
    entered: int
    already: int
    unknown: tuple[int, ...]


async def make_audience(runtime: Runtime, caller: Caller, name: str) -> AudienceView:
    """Make an audience with its first version; raises Refused."""
    problems = tuple(name_problems("name", name))
    if problems:
        raise Refused(*problems)
    async with runtime.database.transaction() as transaction:
        # The lock keeps an audience that is renamed meanwhile from taking the name.
        await organisations.lock(transaction, caller.org_id)
        made = await audiences.add(transaction, caller.org_id, name, runtime.clock())
    if made is None:
        raise Refused(Problem("name", f'an audience called "{name}" exists already'))
    return AudienceView(audience=made, members={})


async def list_audiences(runtime: Runtime, caller: Caller, after: int, limit: int) -> list[AudienceView]:
    """Return at most *limit* audiences whose ids come after *after*."""
    async with runtime.database.transaction() as transaction:
        found = await audiences.read_page(transaction, caller.org_id, after, limit)
        version_ids = [version.id for audience in found for version in audience.versions]
        counts = await audiences.count_members(transaction, caller.org_id, version_ids)
    return [
        AudienceView(audience=one, members={version.id: counts.get(version.id, 0) for version in one.versions})
        for one in found
    ]


async def view_audience(runtime: Runtime, caller: Caller, audience_id: int) -> AudienceView:
    """Return one audience; raises Refused."""
    found = await list_audiences(runtime, caller, audience_id - 1, 1)
    if not found or found[0].audience.id != audience_id:
        raise Refused(UNKNOWN_AUDIENCE)
    return found[0]


async def renew_audience(runtime: Runtime, caller: Caller, audience_id: int) -> AudienceView:
    """Return an audience a new version, without members; targets that name an earlier one go on with that."""
    async with runtime.database.transaction() as transaction:
        await audiences.lock(transaction, caller.org_id, [audience_id])
        audience = await found_audience(transaction, caller, audience_id)
        if len(audience.versions) >= VERSIONS_MAX:
            raise Refused(Problem("audienceId", f"an audience may have {VERSIONS_MAX} versions"))
        await audiences.add_version(transaction, caller.org_id, audience_id, runtime.clock())
    return await view_audience(runtime, caller, audience_id)


async def enter_audience(
    runtime: Runtime, caller: Caller, audience_id: int, version_id: int | None, names: Sequence[Identifier]
) -> Entered:
    """Let those called *names* be in an audience and enrol them; what was done stays done if a later part fails.

    Sending it again does the rest. Raises Refused for an unknown audience or version.
    """
    async with runtime.database.transaction() as transaction:
        version = _version(await found_audience(transaction, caller, audience_id), version_id)
    entered, unknown = 0, []
    places = iter(range(len(names)))
    while chunk := list(islice(places, CHUNK)):
        let_in, strangers = await _enter(
            runtime, caller, audience_id, version, [(place, names[place]) for place in chunk]
        )
        entered += let_in
        unknown += strangers
    return Entered(
        version=version, entered=entered, already=len(names) - entered - len(unknown), unknown=tuple(unknown)
    )


async def leave_audience(
    runtime: Runtime, caller: Caller, audience_id: int, version_id: int | None, customer_id: int
) -> bool:
    """Let a customer be in an audience no more; enrolments stay. Tell whether the customer was in."""
    async with runtime.database.transaction() as transaction:
        version = _version(await found_audience(transaction, caller, audience_id), version_id)
        leads = await resolve_survivors(transaction, caller.org_id, [customer_id])
        return await audiences.remove_member(
            transaction, version.id, key_of_customer(caller.org_id, leads[customer_id])
        )


async def list_members(
    runtime: Runtime, caller: Caller, audience_id: int, version_id: int | None, after: tuple[int, int], limit: int
) -> list[AudienceMember]:
    """Return at most *limit* members after one, by bucket and id; raises Refused."""
    async with runtime.database.transaction() as transaction:
        version = _version(await found_audience(transaction, caller, audience_id), version_id)
        return await audiences.read_members(transaction, caller.org_id, version.id, after, limit)


async def _enter(
    runtime: Runtime,
    caller: Caller,
    audience_id: int,
    version: AudienceVersion,
    named: Sequence[tuple[int, Identifier]],
) -> tuple[int, list[int]]:
    """Let a chunk enter in one transaction; return how many did, and the places of those who are not known."""

    async def work(transaction: Transaction) -> tuple[int, list[int]]:
        # Held while they enter: a target that comes to name this version either is there now and enrols them, or is
        # defined after they are in and finds them there.
        if not await audiences.lock_shared(transaction, caller.org_id, audience_id):
            raise Refused(UNKNOWN_AUDIENCE)
        ids = await ids_of(transaction, caller.org_id, [name for _, name in named])
        customer_keys = sorted({key_of_customer(caller.org_id, id_) for id_ in ids.values()})
        standings = surviving(await log.lock_standings(transaction, customer_keys))
        entered = await audiences.add_members(transaction, version.id, list(standings), runtime.clock())
        aims = aims_of(await runtime.snapshots.one(transaction, caller.org_id), version.id)
        new = {one: standing for one, standing in standings.items() if one.customer_id in entered}
        await enrol_members(runtime, transaction, caller, aims, new, runtime.clock(), anew=True)
        known = {one.customer_id for one in standings}
        return len(entered), [place for place, name in named if ids.get(name) not in known]

    return await runtime.database.attempt(work)


async def ids_of(transaction: Transaction, org_id: int, names: Sequence[Identifier]) -> dict[Identifier, int]:
    """Return the ids of the customers called *names*; ids of nobody are taken at their word, unknown names left out."""
    asked = [(org_id, name) for name in dict.fromkeys(names) if name.kind is not IdentifierKind.ID]
    known = await customers.ids_by_identifier(transaction, asked) if asked else {}
    found = {name: id_ for (_, name), id_ in known.items()}
    found |= {name: int(name.value) for name in names if name.kind is IdentifierKind.ID}
    leads = await resolve_survivors(transaction, org_id, found.values())
    return {name: leads[id_] for name, id_ in found.items()}


async def found_audience(transaction: Transaction, caller: Caller, audience_id: int) -> Audience:
    """Return an audience; raises Refused where there is none, or none any more."""
    audience = await audiences.find(transaction, caller.org_id, audience_id)
    if audience is None:
        raise Refused(UNKNOWN_AUDIENCE)
    return audience


def _version(audience: Audience, version_id: int | None) -> AudienceVersion:
    version = audience.version(version_id)
    if version is None:
        raise Refused(UNKNOWN_VERSION)
    return version
