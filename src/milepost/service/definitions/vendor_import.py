"""Moving in from another system: definitions with the ids they had, customers with what was said of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.event import IMPORT_PROGRESS, EventKey
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import Attribution, Author, Period, Target, TargetGroup
from milepost.model.vendor_import import ImportProgress
from milepost.rules.definition.build import IdKind, build_group, ids_needed
from milepost.rules.definition.draft import GroupDraft
from milepost.rules.definition.validation import validate
from milepost.service.definitions.define import holders_of, wanted_names
from milepost.service.definitions.ids import fresh_ids
from milepost.service.definitions.names import taken_problems
from milepost.service.ingest.incoming_event import Answer, IncomingEvent
from milepost.service.runtime.runtime import Runtime
from milepost.store import customers, definitions, organisations
from milepost.store.database import Transaction
from milepost.store.log import key_of_customer

SOURCE = "milepost/move-in"
NOBODY = Author(id=0, code="", name="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedGroup:
    """A definition as another system showed it: what it asks for, and the ids and authors that it had."""

    draft: GroupDraft
    ids: Mapping[IdKind, Sequence[int]]
    attribution: Attribution | None = None
    target_attributions: Mapping[int, Attribution] = field(default_factory=dict)
    period_attributions: Mapping[int, Attribution] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCustomer:
    """A customer as another system showed them."""

    customer: Customer
    imported: ImportProgress


async def import_group(runtime: Runtime, org_id: int, moved: ImportedGroup) -> TargetGroup | None:
    """Define a group with the ids it had; None if it is here already. Raises Refused with all that is wrong with it."""
    now = runtime.clock()

    async def work(transaction: Transaction) -> TargetGroup | None:
        organisation = await organisations.lock(transaction, org_id)
        group_id = moved.ids[IdKind.GROUP][0]
        if await definitions.newest(transaction, org_id, group_id) is not None:
            return None
        examined = validate(moved.draft, organisation, now)
        problems = examined.problems + await taken_problems(transaction, org_id, wanted_names(moved.draft))
        if problems:
            raise Refused(*problems)
        group = await _drafted(transaction, moved, organisation, now)
        await definitions.reserve_names(transaction, org_id, dict(holders_of(group)))
        version = await organisations.raise_version(transaction, org_id)
        await definitions.add(transaction, org_id, group, version)
        for kind, ids in moved.ids.items():
            if ids:
                await definitions.advance_ids_beyond(transaction, kind.value, max(ids))
        return group

    return await runtime.database.attempt(work)


async def _drafted(transaction: Transaction, moved: ImportedGroup, organisation: Organisation, now: int) -> TargetGroup:
    needed = ids_needed(moved.draft)
    missing = {kind: max(count - len(moved.ids.get(kind, ())), 0) for kind, count in needed.items()}
    fresh = await fresh_ids(transaction, missing)
    known = {kind: iter(ids) for kind, ids in moved.ids.items()}

    def ids(kind: IdKind) -> int:
        return next(known.get(kind, iter(())), None) or fresh(kind)

    author = moved.attribution.created_by if moved.attribution is not None else NOBODY
    return _signed(build_group(moved.draft, organisation, ids, author, now), moved)


def _signed(group: TargetGroup, moved: ImportedGroup) -> TargetGroup:
    """Return the group with the authors that it, its targets and its periods had."""
    own = moved.attribution or group.attribution

    def target_of(target: Target) -> Target:
        made = moved.target_attributions.get(target.id)
        return target if made is None or made == own else replace(target, attribution=made)

    def period_of(period: Period) -> Period:
        made = moved.period_attributions.get(period.id)
        return period if made is None or made == own else replace(period, attribution=made)

    return replace(
        group,
        attribution=own,
        targets=tuple(target_of(target) for target in group.targets),
        periods=tuple(period_of(period) for period in group.periods),
    )


async def import_customers(runtime: Runtime, org_id: int, moved: Sequence[ImportedCustomer]) -> list[Answer]:
    """Register customers under the ids they had, and take over what was said of them; return what became of each.

    Doing it again changes nothing. Raises Refused where an id or a name belongs to somebody else.
    """

    async def work(transaction: Transaction) -> None:
        customer_keys = [key_of_customer(org_id, one.customer.id) for one in moved]
        known = await customers.profiles(transaction, customer_keys)
        added = [one.customer for one, key in zip(moved, customer_keys, strict=True) if key not in known]
        await _register(transaction, org_id, added)
        if moved:
            await definitions.advance_ids_beyond(transaction, "customer", max(one.customer.id for one in moved))

    await runtime.database.attempt(work)
    return await runtime.lanes.receive([_incoming_event(runtime, org_id, one) for one in moved])


async def _register(transaction: Transaction, org_id: int, added: Sequence[Customer]) -> None:
    if not added:
        return
    named = list(_named(org_id, added))
    won = await customers.reserve_identifiers(transaction, [name for name, _ in named], [id_ for _, id_ in named])
    lost = [name for name, _ in named if name not in won]
    if lost:
        raise Refused(*(Problem(f"customer.{one.kind.value}", f'"{one.value}" is known already') for _, one in lost))
    await customers.add(transaction, [(org_id, customer) for customer in added])


def _named(org_id: int, added: Iterable[Customer]) -> Iterator[tuple[customers.IdentifierKey, int]]:
    for customer in added:
        for identifier in customer.identifiers:
            yield (org_id, identifier), customer.id


def _incoming_event(runtime: Runtime, org_id: int, moved: ImportedCustomer) -> IncomingEvent:
    now = runtime.clock()
    return IncomingEvent(
        org_id=org_id,
        customer=Identifier(IdentifierKind.ID, str(moved.customer.id)),
        key=EventKey(SOURCE, str(moved.customer.id)),
        name=IMPORT_PROGRESS,
        occurred_at=now,
        received_at=now,
        place=None,
        till_id=None,
        payload=moved.imported,
    )
