"""Imports from another system: definitions with the ids they had there, customers with the progress they had."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from milepost.model.commands.vendor_import import ImportProgress
from milepost.model.customer import Customer
from milepost.model.event import IMPORT_PROGRESS, EventKey
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import Attribution, Author, Period, Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.definition.build import IdKind, build_group, ids_needed
from milepost.rules.definition.draft import GroupDraft
from milepost.rules.definition.validation import validate
from milepost.service.definitions.define import holders_of, wanted_names
from milepost.service.definitions.ids import fresh_ids
from milepost.service.definitions.names import taken_problems
from milepost.service.definitions.pattern_limit import check_patterns
from milepost.service.ingest.incoming_event import Answer, IncomingEvent, own_event
from milepost.service.ingest.lookup.identifier_lookup import stored_identifiers
from milepost.service.runtime.runtime import Runtime
from milepost.store import customers, definitions, organisations
from milepost.store.database import Transaction
from milepost.store.log import key_of_customer

SOURCE = "milepost/move-in"
NOBODY = Author(id=0, code="", name="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedGroup:
    """A definition as another system showed it: its draft, and the ids and authors that it had there."""

    draft: GroupDraft
    ids: Mapping[IdKind, Sequence[int]]
    attribution: Attribution | None = None
    target_attributions: Mapping[int, Attribution] = field(default_factory=dict)
    period_attributions: Mapping[int, Attribution] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCustomer:
    """A customer as another system showed them, with their progress there."""

    customer: Customer
    imported: ImportProgress


async def import_group(runtime: Runtime, org_id: int, imported: ImportedGroup) -> TargetGroup | None:
    """Define a group with the ids it had; return None if it was imported before. Raises Refused with all problems."""
    now = runtime.clock()

    async def work(transaction: Transaction) -> TargetGroup | None:
        organisation = await organisations.lock(transaction, org_id)
        group_id = imported.ids[IdKind.GROUP][0]
        if await definitions.newest(transaction, org_id, group_id) is not None:
            return None
        validation = validate(imported.draft, organisation, now)
        problems = validation.problems + await taken_problems(transaction, org_id, wanted_names(imported.draft))
        if problems:
            raise Refused(*problems)
        group = await _built_group(transaction, imported, organisation, now)
        await check_patterns(transaction, organisation, group)
        await definitions.reserve_names(transaction, org_id, dict(holders_of(group)))
        version = await organisations.raise_version(transaction, org_id)
        await definitions.add(transaction, org_id, group, version)
        for kind, ids in imported.ids.items():
            if ids:
                await definitions.advance_ids_beyond(transaction, kind.value, max(ids))
        return group

    return await runtime.database.attempt(work)


async def _built_group(
    transaction: Transaction, imported: ImportedGroup, organisation: Organisation, now: Micros
) -> TargetGroup:
    needed = ids_needed(imported.draft)
    missing = {kind: max(count - len(imported.ids.get(kind, ())), 0) for kind, count in needed.items()}
    fresh = await fresh_ids(transaction, missing)
    supply = {kind: iter(ids) for kind, ids in imported.ids.items()}

    def ids(kind: IdKind) -> int:
        return next(supply.get(kind, iter(())), None) or fresh(kind)

    author = imported.attribution.created_by if imported.attribution is not None else NOBODY
    return _with_authors(build_group(imported.draft, organisation, ids, author, now), imported)


def _with_authors(group: TargetGroup, imported: ImportedGroup) -> TargetGroup:
    """Return *group* with the authors that it, its targets and its periods had in the other system."""
    own = imported.attribution or group.attribution

    def target_of(target: Target) -> Target:
        attribution = imported.target_attributions.get(target.id)
        return target if attribution is None or attribution == own else replace(target, attribution=attribution)

    def period_of(period: Period) -> Period:
        attribution = imported.period_attributions.get(period.id)
        return period if attribution is None or attribution == own else replace(period, attribution=attribution)

    return replace(
        group,
        attribution=own,
        targets=tuple(target_of(target) for target in group.targets),
        periods=tuple(period_of(period) for period in group.periods),
    )


async def import_customers(runtime: Runtime, org_id: int, imports: Sequence[ImportedCustomer]) -> list[Answer]:
    """Register customers under the ids they had and take over their progress; return the answer to each import.

    Importing a customer again changes nothing. Raises Refused if an identifier belongs to another customer.
    """

    async def work(transaction: Transaction) -> None:
        customer_keys = [key_of_customer(org_id, imported.customer.id) for imported in imports]
        registered = await customers.profiles(transaction, customer_keys)
        added = [
            imported.customer for imported, key in zip(imports, customer_keys, strict=True) if key not in registered
        ]
        await _register(transaction, org_id, [await _in_forms(transaction, org_id, customer) for customer in added])
        if imports:
            highest = max(imported.customer.id for imported in imports)
            await definitions.advance_ids_beyond(transaction, "customer", highest)

    await runtime.database.attempt(work)
    return await runtime.lanes.receive([_import_event(runtime, org_id, imported) for imported in imports])


async def _in_forms(transaction: Transaction, org_id: int, customer: Customer) -> Customer:
    """Return *customer* with each identifier in the form in which it is stored."""
    identifiers = await stored_identifiers(transaction, org_id, customer.identifiers)
    return replace(customer, identifiers=tuple(dict.fromkeys(identifiers)))


async def _register(transaction: Transaction, org_id: int, added: Sequence[Customer]) -> None:
    if not added:
        return
    names = list(_identifier_keys(org_id, added))
    won = await customers.reserve_identifiers(transaction, [name for name, _ in names], [id_ for _, id_ in names])
    lost = [name for name, _ in names if name not in won]
    if lost:
        raise Refused(*(Problem(f"customer.{name.kind.value}", f'"{name.value}" is known already') for _, name in lost))
    await customers.add(transaction, [(org_id, customer) for customer in added])


def _identifier_keys(org_id: int, added: Iterable[Customer]) -> Iterator[tuple[customers.IdentifierKey, int]]:
    for customer in added:
        for identifier in customer.identifiers:
            yield (org_id, identifier), customer.id


def _import_event(runtime: Runtime, org_id: int, imported: ImportedCustomer) -> IncomingEvent:
    customer_id = imported.customer.id
    key = EventKey(SOURCE, str(customer_id))
    return own_event(org_id, customer_id, key, IMPORT_PROGRESS, imported.imported, now=runtime.clock())
