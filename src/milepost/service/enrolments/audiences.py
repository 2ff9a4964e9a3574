"""Creates audiences and their versions, and adds and removes members.

Adding a customer to a version also enrols the customer in the targets that name that version.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.definitions.audience import Audience, AudienceMember, AudienceVersion
from milepost.model.problem import Problem, Refused
from milepost.rules.definition.naming import name_problems
from milepost.service.enrolments.audience_enrolment import audience_targets, enrol_members
from milepost.service.ingest.lookup.identifier_lookup import ids_of_names
from milepost.service.ingest.lookup.survivor_lookup import resolve_survivors, surviving
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.access import Caller
from milepost.store import audiences, log, organisations
from milepost.store.database import Transaction
from milepost.store.log import key_of_customer

CHUNK = 200
"""Customers that are added in one transaction."""

VERSIONS_MAX = 1_000
"""Versions of one audience."""

UNKNOWN_AUDIENCE = Problem("audienceId", "there is no audience with this id")
UNKNOWN_VERSION = Problem("versionId", "is no version of this audience")


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceView:
    """An audience, and the number of members of each of its versions by the version's id."""

    audience: Audience
    members: dict[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedMembers:
    """The result of adding members.

    `added` counts the new members, `already` those who were members before. `unknown` are the positions of names in the
    request that no customer has.
    """

    version: AudienceVersion
    added: int
    already: int
    unknown: tuple[int, ...]


async def create_audience(runtime: Runtime, caller: Caller, name: str) -> AudienceView:
    """Create an audience with its first version. Raises Refused."""
    problems = tuple(name_problems("name", name))
    if problems:
        raise Refused(*problems)
    async with runtime.database.transaction() as transaction:
        # The lock prevents an audience that is renamed meanwhile from taking the name.
        await organisations.lock(transaction, caller.org_id)
        audience = await audiences.add(transaction, caller.org_id, name, runtime.clock())
    if audience is None:
        raise Refused(Problem("name", f'an audience called "{name}" exists already'))
    return AudienceView(audience=audience, members={})


async def list_audiences(runtime: Runtime, caller: Caller, after: int, limit: int) -> list[AudienceView]:
    """Return at most *limit* audiences with ids above *after*."""
    async with runtime.database.transaction() as transaction:
        page = await audiences.read_page(transaction, caller.org_id, after, limit)
        version_ids = [version.id for audience in page for version in audience.versions]
        counts = await audiences.count_members(transaction, caller.org_id, version_ids)
    return [
        AudienceView(
            audience=audience, members={version.id: counts.get(version.id, 0) for version in audience.versions}
        )
        for audience in page
    ]


async def view_audience(runtime: Runtime, caller: Caller, audience_id: int) -> AudienceView:
    """Return one audience. Raises Refused if there is none with this id."""
    page = await list_audiences(runtime, caller, audience_id - 1, 1)
    if not page or page[0].audience.id != audience_id:
        raise Refused(UNKNOWN_AUDIENCE)
    return page[0]


async def add_audience_version(runtime: Runtime, caller: Caller, audience_id: int) -> AudienceView:
    """Add a version without members to an audience. Targets that name an earlier version keep it. Raises Refused."""
    async with runtime.database.transaction() as transaction:
        await audiences.lock(transaction, caller.org_id, [audience_id])
        audience = await find_audience(transaction, caller, audience_id)
        if len(audience.versions) >= VERSIONS_MAX:
            raise Refused(Problem("audienceId", f"an audience may have {VERSIONS_MAX} versions"))
        await audiences.add_version(transaction, caller.org_id, audience_id, runtime.clock())
    return await view_audience(runtime, caller, audience_id)


async def add_members(
    runtime: Runtime, caller: Caller, audience_id: int, version_id: int | None, names: Sequence[Identifier]
) -> AddedMembers:
    """Add the customers called *names* to a version of an audience, and enrol them in the targets that name it.

    They are added in chunks: if one fails, the chunks before it stay, and sending the request again does the rest.
    Raises Refused for an unknown audience or version.
    """
    async with runtime.database.transaction() as transaction:
        version = _version(await find_audience(transaction, caller, audience_id), version_id)
    added, unknown = 0, []
    positions = iter(range(len(names)))
    while chunk := list(islice(positions, CHUNK)):
        chunk_added, chunk_unknown = await _add_chunk(
            runtime, caller, audience_id, version, [(position, names[position]) for position in chunk]
        )
        added += chunk_added
        unknown += chunk_unknown
    return AddedMembers(version=version, added=added, already=len(names) - added - len(unknown), unknown=tuple(unknown))


async def remove_member(
    runtime: Runtime, caller: Caller, audience_id: int, version_id: int | None, customer_id: int
) -> bool:
    """Remove a customer from a version of an audience; enrolments stay. Return whether the customer was a member."""
    async with runtime.database.transaction() as transaction:
        version = _version(await find_audience(transaction, caller, audience_id), version_id)
        survivors = await resolve_survivors(transaction, caller.org_id, [customer_id])
        return await audiences.remove_member(
            transaction, version.id, key_of_customer(caller.org_id, survivors[customer_id])
        )


async def list_members(
    runtime: Runtime, caller: Caller, audience_id: int, version_id: int | None, after: tuple[int, int], limit: int
) -> list[AudienceMember]:
    """Return at most *limit* members that follow *after* (bucket and customer id). Raises Refused."""
    async with runtime.database.transaction() as transaction:
        version = _version(await find_audience(transaction, caller, audience_id), version_id)
        return await audiences.read_members(transaction, caller.org_id, version.id, after, limit)


async def _add_chunk(
    runtime: Runtime,
    caller: Caller,
    audience_id: int,
    version: AudienceVersion,
    named: Sequence[tuple[int, Identifier]],
) -> tuple[int, list[int]]:
    """Add a chunk of members in one transaction; return how many are new, and the positions of unknown names."""

    async def work(transaction: Transaction) -> tuple[int, list[int]]:
        # The lock orders this against definitions: a target that names this version is either in force now, and enrols
        # these customers here, or comes into force later, and finds them as members.
        if not await audiences.lock_shared(transaction, caller.org_id, audience_id):
            raise Refused(UNKNOWN_AUDIENCE)
        ids = await ids_of(transaction, caller.org_id, [name for _, name in named])
        customer_keys = sorted({key_of_customer(caller.org_id, id_) for id_ in ids.values()})
        standings = surviving(await log.lock_standings(transaction, customer_keys))
        entered_ids = await audiences.add_members(transaction, version.id, list(standings), runtime.clock())
        targets = audience_targets(await runtime.snapshots.of_organisation(transaction, caller.org_id), version.id)
        new = {key: standing for key, standing in standings.items() if key.customer_id in entered_ids}
        await enrol_members(runtime, transaction, caller, targets, new, runtime.clock(), again=True)
        known_ids = {key.customer_id for key in standings}
        return len(entered_ids), [position for position, name in named if ids.get(name) not in known_ids]

    return await runtime.database.attempt(work)


async def ids_of(transaction: Transaction, org_id: int, names: Sequence[Identifier]) -> dict[Identifier, int]:
    """Return the survivors' ids of the customers called *names*, without unknown names.

    A name that is an id is not checked: it is returned even if no customer has it.
    """
    unresolved = [(org_id, name) for name in dict.fromkeys(names) if name.kind is not IdentifierKind.ID]
    resolved = await ids_of_names(transaction, unresolved)
    ids = {name: id_ for (_, name), id_ in resolved.items()}
    ids |= {name: int(name.value) for name in names if name.kind is IdentifierKind.ID}
    survivors = await resolve_survivors(transaction, org_id, ids.values())
    return {name: survivors[id_] for name, id_ in ids.items()}


async def find_audience(transaction: Transaction, caller: Caller, audience_id: int) -> Audience:
    """Return an audience. Raises Refused if it does not exist or was deleted."""
    audience = await audiences.find(transaction, caller.org_id, audience_id)
    if audience is None:
        raise Refused(UNKNOWN_AUDIENCE)
    return audience


def _version(audience: Audience, version_id: int | None) -> AudienceVersion:
    version = audience.version(version_id)
    if version is None:
        raise Refused(UNKNOWN_VERSION)
    return version
