"""All that decides how an organisation's events are judged at one version: its compiled rules and its places."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from milepost.model.definitions.change import DefinitionChange
from milepost.model.event import NOWHERE, Place
from milepost.model.organisation import Concept, Organisation, Store, Till, Zone
from milepost.model.problem import Problem
from milepost.model.target import TargetGroup
from milepost.rules.compiled.index import RuleIndex, build_rule_index
from milepost.service.snapshot.wanted_outcomes import NOTHING_WANTED, WantedOutcomes, wanted_outcomes
from milepost.store import organisations, places
from milepost.store.database import Stale, Transaction
from milepost.store.delivery import webhooks
from milepost.store.drafts import changes

GROUPS_AT_ONCE = 20
"""Target groups whose rules are compiled on the event loop; more would keep other requests waiting."""

PLACES_AT_ONCE = 5_000
"""Stores and tills that are indexed on the event loop."""


class PlaceName(NamedTuple):
    """How an event names its place, by id or by code; `path` is the field that named it: till or store."""

    path: str
    id: int | None = None
    code: str | None = None


class Places:
    """The places of an organisation, found by id and by code."""

    def __init__(self, zones: list[Zone], concepts: list[Concept], stores: list[Store], tills: list[Till]) -> None:
        """Index the places."""
        self.zones = {zone.code: zone for zone in zones}
        self.concepts = {concept.code: concept for concept in concepts}
        self.stores = {store.code: store for store in stores}
        self.tills = {till.code: till for till in tills}
        self._stores_by_id = {store.id: store for store in stores}
        self._tills_by_id = {till.id: till for till in tills}
        self._cached: dict[PlaceName, Place] = {}

    def with_changes(
        self, zones: list[Zone], concepts: list[Concept], stores: list[Store], tills: list[Till]
    ) -> "Places":
        """Return these places with the given ones added or changed; the same object if there are none."""
        if not (zones or concepts or stores or tills):
            return self
        changed = Places([], [], [], [])
        changed.zones = self.zones | {zone.code: zone for zone in zones}
        changed.concepts = self.concepts | {concept.code: concept for concept in concepts}
        changed.stores = self.stores | {store.code: store for store in stores}
        changed.tills = self.tills | {till.code: till for till in tills}
        changed._stores_by_id = self._stores_by_id | {store.id: store for store in stores}
        changed._tills_by_id = self._tills_by_id | {till.id: till for till in tills}
        return changed

    def place(self, name: PlaceName | None) -> Place | Problem:
        """Return the place called *name*, or what is wrong with it."""
        if name is None:
            return NOWHERE
        place = self._cached.get(name)
        if place is None:
            looked_up = self._till(name) if name.path == "till" else self._store(name)
            if isinstance(looked_up, Problem):
                return looked_up
            place = self._cached[name] = looked_up
        return place

    def place_of_till(self, till_id: int | None) -> Place:
        """Return the place of a till that logged in; NOWHERE without a till, or for one that is unknown."""
        till = None if till_id is None else self._tills_by_id.get(till_id)
        return (
            NOWHERE
            if till is None
            else self._at(till, None if till.store_id is None else self._stores_by_id[till.store_id])
        )

    def _till(self, name: PlaceName) -> Place | Problem:
        till = self._tills_by_id.get(name.id) if name.id is not None else self.tills.get(name.code or "")
        if till is None:
            return _unknown(name)
        return self._at(till, None if till.store_id is None else self._stores_by_id[till.store_id])

    def _store(self, name: PlaceName) -> Place | Problem:
        store = self._stores_by_id.get(name.id) if name.id is not None else self.stores.get(name.code or "")
        return _unknown(name) if store is None else self._at(None, store)

    @staticmethod
    def _at(till: Till | None, store: Store | None) -> Place:
        till_id = None if till is None else till.id
        if store is None:
            return Place(till_id=till_id, store_id=None, store_code="", store_name="", zone_id=None, concept_id=None)
        return Place(
            till_id=till_id,
            store_id=store.id,
            store_code=store.code,
            store_name=store.name,
            zone_id=store.zone_id,
            concept_id=store.concept_id,
        )


def _unknown(name: PlaceName) -> Problem:
    field, value = ("id", str(name.id)) if name.id is not None else ("code", f'"{name.code}"')
    return Problem(f"{name.path}.{field}", f"there is no {name.path} with the {field} {value}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class OrganisationSnapshot:
    """All that decides how an organisation's events are judged at one version; `groups` are in the order of their ids.

    A snapshot equals itself alone, so what is derived from it can be found by it, and goes when it goes.

    `shared` are the groups that are not customers' own goals. `holders` maps each target's id to its group. With these
    two a customer's groups are found without a look at the goals that other customers set. `wanted` are the outcomes
    that somebody waits for today, whatever the version. `recomputing` are the changes of definitions whose customers
    are being recomputed: who is heard before is recomputed first.
    """

    organisation: Organisation
    groups: Mapping[int, TargetGroup]
    rule_index: RuleIndex
    places: Places
    shared: tuple[TargetGroup, ...]
    holders: Mapping[int, TargetGroup]
    wanted: WantedOutcomes = NOTHING_WANTED
    recomputing: tuple[DefinitionChange, ...] = ()

    def groups_around(self, target_ids: Iterable[int]) -> list[TargetGroup]:
        """Return the shared groups, and the groups of the targets *target_ids*, in the order of ids."""
        holding = {id_: self.holders[id_] for id_ in target_ids if id_ in self.holders}
        customer_goals = {group.id: group for group in holding.values() if group.user_created}
        return (
            sorted((*self.shared, *customer_goals.values()), key=lambda group: group.id)
            if customer_goals
            else list(self.shared)
        )


async def snapshot_at(
    transaction: Transaction, org_id: int, version: int, earlier: OrganisationSnapshot | None = None
) -> OrganisationSnapshot:
    """Return the snapshot of an organisation at *version*; its places are always today's.

    Where an *earlier* snapshot is given, only the groups and the places that changed since are read from the database.
    """
    organisation = await organisations.at_version(transaction, org_id, version)
    if earlier is None or earlier.organisation.version > version:
        groups = {group.id: group for group in await organisations.groups_at(transaction, org_id, version)}
    else:
        changed = await organisations.groups_at(transaction, org_id, version, since=earlier.organisation.version)
        merged = {**earlier.groups, **{group.id: group for group in changed}}
        groups = {group_id: merged[group_id] for group_id in sorted(merged)}
    return OrganisationSnapshot(
        organisation=organisation,
        groups=groups,
        rule_index=await _rule_index(organisation, groups.values()),
        places=await _places(transaction, org_id, earlier),
        shared=tuple(group for group in groups.values() if not group.user_created),
        holders={target.id: group for group in groups.values() for target in group.targets},
        wanted=wanted_outcomes(await webhooks.of_organisation(transaction, org_id), organisation.settings.outcome_feed),
        recomputing=await changes.recomputing(transaction, org_id),
    )


async def _places(transaction: Transaction, org_id: int, earlier: OrganisationSnapshot | None) -> Places:
    """Return the places of an organisation: those of an *earlier* snapshot, with what changed since."""
    since = places.EVER if earlier is None else earlier.organisation.version
    known = Places([], [], [], []) if earlier is None else earlier.places
    zones, concepts = await places.zones(transaction, org_id, since), await places.concepts(transaction, org_id, since)
    stores, tills = await places.stores(transaction, org_id, since), await places.tills(transaction, org_id, since)
    if len(stores) + len(tills) > PLACES_AT_ONCE:
        return await asyncio.to_thread(known.with_changes, zones, concepts, stores, tills)
    return known.with_changes(zones, concepts, stores, tills)


async def _rule_index(organisation: Organisation, groups: Collection[TargetGroup]) -> RuleIndex:
    """Return the rule index; that of many groups is built in a thread, so that other requests go on."""
    if len(groups) > GROUPS_AT_ONCE:
        return await asyncio.to_thread(build_rule_index, organisation, groups)
    return build_rule_index(organisation, groups)


class Snapshots:
    """The snapshots that this process remembers. Each use asks the database whether they are still current."""

    def __init__(self, *, tells_outcomes: bool = True) -> None:
        """Remember nothing yet; *tells_outcomes* says whether outcomes are written for those who wait for them."""
        self._known: dict[int, OrganisationSnapshot] = {}
        self._tells_outcomes = tells_outcomes

    async def current(self, transaction: Transaction, org_ids: Iterable[int]) -> dict[int, OrganisationSnapshot]:
        """Return the snapshots of organisations as this transaction sees them, by id."""
        snapshots: dict[int, OrganisationSnapshot] = {}
        for org_id, version in (await organisations.versions(transaction, org_ids)).items():
            snapshots[org_id] = await self.at(transaction, org_id, version)
        return snapshots

    async def check(self, transaction: Transaction, snapshots: Mapping[int, OrganisationSnapshot]) -> None:
        """Raise Stale if an organisation of *snapshots* has another version by now.

        Customers who are locked by *transaction* can then not have been recomputed for a definition that it missed.
        """
        versions = await organisations.versions(transaction, snapshots)
        if any(versions.get(org_id) != known.organisation.version for org_id, known in snapshots.items()):
            raise Stale

    def remembered(self, org_id: int) -> OrganisationSnapshot | None:
        """Return the latest snapshot of an organisation that this process has seen; None if it has seen none."""
        return self._known.get(org_id)

    async def at(self, transaction: Transaction, org_id: int, version: int) -> OrganisationSnapshot:
        """Return the snapshot of an organisation that was seen at *version*."""
        remembered = self._known.get(org_id)
        if remembered is not None and remembered.organisation.version == version:
            return remembered
        snapshot = await snapshot_at(transaction, org_id, version, remembered)
        if not self._tells_outcomes:
            snapshot = replace(snapshot, wanted=NOTHING_WANTED)
        # A transaction may see an older version than others do; it must not replace the newer one that they use.
        if remembered is None or remembered.organisation.version < version:
            self._known[org_id] = snapshot
        return snapshot

    async def of_organisation(self, transaction: Transaction, org_id: int) -> OrganisationSnapshot:
        """Return the current snapshot of one organisation, which exists."""
        return (await self.current(transaction, [org_id]))[org_id]
