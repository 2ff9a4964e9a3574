"""Telling customers that a period opened or closed: planned from definitions, claimed, told in small transactions.

Any number of servers may do this at once. A turn is one row; who claims it holds a lease and raises its epoch. Each
page of customers is one transaction that locks the turn, looks whether its epoch is still the claim's, lets the events
happen and says up to where customers were told. So a server that was killed is taken over where it stopped, and one
that was held up finds that the turn is no longer its own: it can tell nobody anything (decision 0011).
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

import structlog

from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.event import TURN, EventKey, PeriodTurn
from milepost.model.organisation import PeriodEndOutcome
from milepost.model.problem import Unavailable
from milepost.model.turn import Turn, TurnKind
from milepost.rules.turns import WINDOWS_EVERY_US, last_look, next_look, turns_of
from milepost.service.boards import close_within
from milepost.service.brand import Brand
from milepost.service.concerning import Happening, happenings
from milepost.service.installation import Installation
from milepost.service.offer import Offer, Status
from milepost.store import organisations, turns
from milepost.store.boards import BoardName
from milepost.store.database import Transaction
from milepost.store.log import Who
from milepost.store.turns import Claim

SOURCE = "milepost/period"
PAGE = 200
"""Customers looked at in one transaction, whose standings it locks while it tells them."""

_log = structlog.get_logger()


class Turning:
    """Plans turns and tells customers of them; remembers what it planned, which costs nothing to forget."""

    def __init__(self, here: Installation, *, page: int = PAGE) -> None:
        """Turn the periods of *here*'s organisations, *page* customers at a time."""
        self._here = here
        self._page = page
        self._agendas: dict[int, _Agenda] = {}

    async def plan(self) -> None:
        """Write down the turns that are due by now."""
        now = self._here.clock()
        async with self._here.database.transaction() as transaction:
            org_ids = await organisations.all_ids(transaction)
            brands = await self._here.brands.current(transaction, org_ids)
            agendas = {org_id: self._agenda(org_id, brand) for org_id, brand in brands.items()}
            due = [(org_id, turn) for org_id, agenda in agendas.items() for turn in agenda.due(now)]
            if due:
                await turns.plan(transaction, due)
        for agenda in agendas.values():
            agenda.forget(now)
        self._agendas = agendas

    async def claim(self) -> Claim | None:
        """Claim the turn that has been due longest and that nobody works on."""
        now = self._here.clock()
        async with self._here.database.transaction() as transaction:
            return await turns.claim(transaction, now, next_look(now) - WINDOWS_EVERY_US)

    async def tell(self, claim: Claim) -> Claim | None:
        """Tell the next page of customers; give the claim that goes on, None when all were told or it is lost.

        A customer whose telling fails by our own mistake is left out, so that the others are told.
        """
        try:
            return await self._told(claim, self._page)
        except Unavailable:
            raise
        except Exception:  # noqa: BLE001 - around one page, so that one customer cannot keep the others from being told
            _log.warning("turn_page_failed", group=claim.turn.group_id, period=claim.turn.period_id)
        for _ in range(self._page):
            try:
                following = await self._told(claim, 1)
            except Unavailable:
                raise
            except Exception:  # noqa: BLE001 - as above; who it is stands in the log
                _log.exception("customer_not_told", group=claim.turn.group_id, after=claim.customer_id)
                following = await self._told(claim, 1, telling=False)
            if following is None:
                return None
            claim = following
        return claim

    async def leave(self, claim: Claim) -> None:
        """Give a claim back."""
        async with self._here.database.transaction() as transaction:
            await turns.leave(transaction, claim)

    def _agenda(self, org_id: int, brand: Brand) -> "_Agenda":
        known = self._agendas.get(org_id)
        return known if known is not None and known.version == brand.organisation.version else _Agenda(brand)

    async def _told(self, claim: Claim, limit: int, *, telling: bool = True) -> Claim | None:
        async def work(transaction: Transaction) -> Claim | None:
            if not await turns.is_held(transaction, claim):
                return None
            brand = await self._here.brands.one(transaction, claim.org_id)
            group = brand.catalogue.groups.get(claim.turn.group_id)
            nobody = brand.organisation.settings.period_end_outcome is PeriodEndOutcome.NONE
            if group is None or not group.active or group.deleted or nobody:
                await self._end(transaction, claim, brand)
                return None
            targets = [target.id for target in group.targets]
            page = await turns.customers_to_tell(transaction, claim, targets, limit)
            found = [(one.who, happening) for one in page for happening in happenings(brand, group, claim.turn, one)]
            if telling and found:
                await self._happen(transaction, claim.turn, found)
            if len(page) < limit:
                await self._end(transaction, claim, brand)
                return None
            return await turns.advance(transaction, claim, page[-1].who)

        return await self._here.database.attempt(work)

    async def _happen(self, transaction: Transaction, turn: Turn, found: Sequence[tuple[Who, Happening]]) -> None:
        now = self._here.clock()
        offers = [_offer(who, turn, happening, max(now, happening.at)) for who, happening in found]
        for answer in await self._here.ingest.inside(transaction, offers):
            if answer.status in {Status.REFUSED, Status.CONFLICT}:
                _log.warning("turn_refused", customer=answer.customer_id, id=answer.key.id, status=answer.status.value)

    async def _end(self, transaction: Transaction, claim: Claim, brand: Brand) -> None:
        """Say that all were told; windows are looked through again as long as one may be open."""
        group = brand.catalogue.groups.get(claim.turn.group_id)
        settings = brand.organisation.settings
        if group is not None and group.leaderboard and claim.turn.kind is TurnKind.CLOSED:
            for target in group.targets:
                name = BoardName(claim.org_id, target.id, claim.turn.period_id)
                await close_within(transaction, name, self._here.clock())
        is_open = group is not None and not group.deleted and claim.turn.due_at < last_look(group, settings)
        if claim.turn.kind is TurnKind.WINDOWS and is_open:
            await turns.repeat(transaction, claim, next_look(claim.turn.due_at))
        else:
            await turns.finish(transaction, claim, self._here.clock())


class _Agenda:
    """The turns of one organisation at one version that are yet to be written down, the next one last."""

    def __init__(self, brand: Brand) -> None:
        self.version = brand.organisation.version
        settings = brand.organisation.settings
        found = (turn for group in brand.catalogue.groups.values() for turn in turns_of(group, settings))
        self._turns = sorted(found, key=lambda turn: turn.due_at, reverse=True)

    def due(self, now: int) -> Iterator[Turn]:
        return takewhile(lambda turn: turn.due_at <= now, reversed(self._turns))

    def forget(self, now: int) -> None:
        while self._turns and self._turns[-1].due_at <= now:
            self._turns.pop()


def _offer(who: Who, turn: Turn, happening: Happening, now: int) -> Offer:
    """Give the event by which a customer is told; the same whoever tells it, so that it cannot happen twice."""
    return Offer(
        org_id=who.org_id,
        customer=Identifier(IdentifierKind.ID, str(who.customer_id)),
        key=EventKey(SOURCE, f"{turn.group_id}/{happening.period_id}/{'closed' if happening.closed else 'opened'}"),
        name=TURN,
        occurred_at=happening.at,
        received_at=now,
        place=None,
        till_id=None,
        payload=PeriodTurn(group_id=turn.group_id, period_id=happening.period_id, closed=happening.closed),
    )
