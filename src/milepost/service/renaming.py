"""Changing the names by which a customer is known: some are added, some taken away (semantics 3.8)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from milepost.model.customer import Customer, Identifier, IdentifierKind
from milepost.model.event import LOSE_NAMES, EventKey
from milepost.model.merging import LosingNames
from milepost.model.problem import Problem, Refused
from milepost.model.standing import Standing
from milepost.service.access import Caller
from milepost.service.customers import NO_CUSTOMER
from milepost.service.following import followed, present
from milepost.service.installation import Installation
from milepost.service.offer import Offer
from milepost.store import customers, log
from milepost.store.database import Transaction
from milepost.store.log import Who, who_is

SOURCE = "milepost/names"
NAMES_MAX = 50
"""Names of one customer."""

NOT_THEIRS = 9012
TAKEN: Mapping[IdentifierKind, int] = {
    IdentifierKind.EMAIL: 9002,
    IdentifierKind.EXTERNAL_ID: 9003,
    IdentifierKind.MOBILE: 9005,
}
"""The vendor's codes for a name that is somebody else's; for other kinds it publishes none."""
TAKEN_OTHERWISE = 9049


async def change_names(
    here: Installation,
    caller: Caller,
    customer_id: int,
    added: Sequence[Identifier],
    removed: Sequence[Identifier],
) -> Customer:
    """Let a customer be known by other names, all of it or nothing; doing it again changes nothing. Raises Refused.

    A name that was taken away leads nowhere from then on, and may be given to somebody else.
    """

    async def work(transaction: Transaction) -> Customer:
        leads = await followed(transaction, caller.org_id, [customer_id])
        who = who_is(caller.org_id, leads[customer_id])
        standing = present(await log.lock_standings(transaction, [who])).get(who)
        if standing is None:
            raise Refused(NO_CUSTOMER)
        known = (await customers.profiles(transaction, [who]))[who]
        await _refuse(transaction, who, known, added, removed)
        changed = await _renamed(transaction, who, known, added, removed)
        if any(name in known.identifiers for name in removed):
            await here.ingest.inside(transaction, [_offer(caller, who, standing, removed, here.clock())])
        changed = replace(changed, updated_at=here.clock(), updated_by=caller.till_id)
        await customers.change(transaction, caller.org_id, changed)
        return changed

    return await here.database.attempt(work)


async def _refuse(
    transaction: Transaction, who: Who, known: Customer, added: Sequence[Identifier], removed: Sequence[Identifier]
) -> None:
    """Raise Refused with all that stands against it."""
    names = [(who.org_id, name) for name in (*added, *removed)]
    holders = {name: id_ for (_, name), id_ in (await customers.known(transaction, names)).items()} if names else {}
    problems = [
        Problem(
            f"add[{place}]", f"Requested new {name.kind.value} already exists", TAKEN.get(name.kind, TAKEN_OTHERWISE)
        )
        for place, name in enumerate(added)
        if holders.get(name, who.customer_id) != who.customer_id
    ]
    problems += [
        Problem(f"remove[{place}]", "Old value is invalid: it leads to another customer", NOT_THEIRS)
        for place, name in enumerate(removed)
        if holders.get(name, who.customer_id) != who.customer_id
    ]
    problems += [
        Problem(f"remove[{place}]", "is to be added as well") for place, name in enumerate(removed) if name in added
    ]
    if len({*known.identifiers, *added} - {*removed}) > NAMES_MAX:
        problems.append(Problem("add", f"a customer may have {NAMES_MAX} names"))
    if problems:
        raise Refused(*problems)


async def _renamed(
    transaction: Transaction, who: Who, known: Customer, added: Sequence[Identifier], removed: Sequence[Identifier]
) -> Customer:
    """Take and give the names; give the customer who has them."""
    await customers.take(transaction, _ordered(who, removed), who.customer_id)
    wanted = _ordered(who, (name for name in added if name not in known.identifiers))
    won = await customers.claim(transaction, wanted, [who.customer_id] * len(wanted)) if wanted else set()
    if len(won) < len(wanted):
        raise Refused(Problem("add", "is being taken by another request; send it again"))
    kept = [name for name in known.identifiers if name not in removed]
    return replace(known, identifiers=tuple(dict.fromkeys((*kept, *added))))


def _ordered(who: Who, names: Iterable[Identifier]) -> list[customers.Named]:
    ordered = sorted(set(names), key=lambda name: (name.kind.value, name.value))
    return [(who.org_id, name) for name in ordered]


def _offer(caller: Caller, who: Who, standing: Standing, removed: Sequence[Identifier], now: int) -> Offer:
    return Offer(
        org_id=caller.org_id,
        customer=Identifier(IdentifierKind.ID, str(who.customer_id)),
        key=EventKey(SOURCE, str(standing.seq)),
        name=LOSE_NAMES,
        occurred_at=now,
        received_at=now,
        place=None,
        till_id=caller.till_id,
        payload=LosingNames(kinds=tuple(sorted({name.kind.value for name in removed}))),
    )
