"""Receiving events: lock, drop what is known, step, keep; one transaction for a batch of any customers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from milepost.engine.living import live
from milepost.model.customer import IdentifierKind
from milepost.model.event import Bill, Event, EventKey, Member, Payload, Place, Return
from milepost.model.problem import Problem
from milepost.model.standing import NO_LINEAGE, Progress, Standing
from milepost.service.brand import Brand, Brands
from milepost.service.joining import Forwards, ask_names_again, forward, forwarded, sift_merged
from milepost.service.offer import Answer, Offer, Status, refused
from milepost.service.recalling import NO_PAST, Past, ask, nothing_asked, past_of
from milepost.service.registering import CODE_UNKNOWN_CUSTOMER, Named, customers_of, remember
from milepost.service.repeats import Heard, repeated, sift
from milepost.service.scoring import Scores, scored
from milepost.store import boards, codec, customers, log
from milepost.store.bucket import bucket_of_customer, bucket_of_identifier
from milepost.store.database import Database, Transaction
from milepost.store.log import Appended, Who, who_is

_APPLIED = Status.APPLIED
"""Said once: to look a member of an enumeration up costs as much as to make an answer."""

DAY_US = 86_400_000_000
AHEAD_MAX_US = DAY_US
"""How far ahead of the server's clock an event may be dated."""


class Ingest:
    """Receives batches; remembers between them only what never changes or can be asked again."""

    def __init__(self, database: Database, brands: Brands) -> None:
        """Receive into *database*."""
        self._database = database
        self._brands = brands
        self._names: dict[Named, Who] = {}
        self._forwards: Forwards = {}
        self.scored = 0
        """How many batches may have written scores of boards."""

    def bucket(self, offer: Offer) -> int:
        """Give the bucket whose customers *offer* concerns, as far as that is known without asking."""
        name = offer.customer
        if name.kind is IdentifierKind.ID and not self._forwards:
            return bucket_of_customer(offer.org_id, int(name.value))
        if name.kind is IdentifierKind.ID:
            return forwarded(self._forwards, who_is(offer.org_id, int(name.value))).bucket
        known = self._names.get((offer.org_id, name))
        return (
            bucket_of_identifier(offer.org_id, name.kind.value, name.value)
            if known is None
            else (forwarded(self._forwards, known).bucket)
        )

    async def __call__(self, offers: Sequence[Offer]) -> list[Answer]:
        """Receive *offers*; give what became of each, after the commit."""

        async def work(transaction: Transaction) -> tuple[list[Answer], dict[Named, Who]]:
            return await _receive(transaction, self._brands, self._names, self._forwards, offers)

        answers, names = await self._database.attempt(work)
        self.scored += 1
        remember(self._names, names)
        return answers

    async def inside(self, transaction: Transaction, offers: Sequence[Offer]) -> list[Answer]:
        """Receive *offers* as a part of *transaction*, with whatever else it does: all of it or nothing."""
        answers, _ = await _receive(transaction, self._brands, self._names, self._forwards, offers)
        self.scored += 1
        return answers


async def _receive(
    transaction: Transaction, brands: Brands, names: dict[Named, Who], forwards: Forwards, offers: Sequence[Offer]
) -> tuple[list[Answer], dict[Named, Who]]:
    """Give what became of each offer, and the customers' names that were not remembered before.

    Raises Stale where one of them was merged or lost a name meanwhile; that is noted, so that it goes well next time.
    """
    known_brands = await brands.current(transaction, {offer.org_id for offer in offers})
    placed = [_placed(offer, known_brands[offer.org_id]) for offer in offers]
    found = await customers_of(transaction, offers, [isinstance(place, Place) for place in placed], names)
    if forwards:
        found.customers[:] = [forwarded(forwards, one) if isinstance(one, Who) else one for one in found.customers]
    who = sorted({one for one in found.customers if isinstance(one, Who)})
    standings = await log.lock_bodies(transaction, who)
    members = await _members(transaction, known_brands, who)
    answers: list[Answer | None] = [None] * len(offers)
    heard: list[Heard] = []
    for position, (offer, place, customer) in enumerate(zip(offers, placed, found.customers, strict=True)):
        if isinstance(place, Place) and isinstance(customer, Who) and customer in standings:
            heard.append(_hear(position, offer, place, customer, members.get(customer) if members else None))
        else:
            named = _no_customer(customer) if isinstance(customer, Who) and customer not in standings else customer
            wrong = () if isinstance(place, Place) else place
            answers[position] = refused(offer, *((named,) if isinstance(named, Problem) else ()), *wrong)
    sifted = await sift(transaction, heard, answers)
    joined = _Joined(names, forwards, offers, [])
    await _live(transaction, known_brands, standings, sifted.fresh, answers, joined)
    for position, first in sifted.repeats.items():
        answers[position] = repeated(_given(answers[first]))
    return [_given(answer) for answer in answers], found.names


def _no_customer(who: Who) -> Problem:
    return Problem("customer.id", f"there is no customer {who.customer_id}", CODE_UNKNOWN_CUSTOMER)


def _given(answer: Answer | None) -> Answer:
    assert answer is not None, "every offer is answered"
    return answer


async def _members(transaction: Transaction, brands: Mapping[int, Brand], who: Sequence[Who]) -> dict[Who, Member]:
    """Give the profiles of the customers whose organisation's rules ask for them."""
    asked = [one for one in who if brands[one.org_id].catalogue.needs.member]
    if not asked:
        return {}
    members: dict[Who, Member] = {}
    for one, customer in (await customers.profiles(transaction, asked)).items():
        needs = brands[one.org_id].catalogue.needs
        named = {identifier.kind: identifier.value for identifier in reversed(customer.identifiers)}
        members[one] = Member(
            customer.first_name,
            customer.last_name,
            named.get(IdentifierKind.EMAIL, ""),
            named.get(IdentifierKind.MOBILE, ""),
            named.get(IdentifierKind.EXTERNAL_ID, ""),
            customer.registered_at,
            {name: field for name, field in customer.known_fields().items() if name in needs.fields},
        )
    return members


def _placed(offer: Offer, brand: Brand) -> Place | tuple[Problem, ...]:
    """Give where *offer* happened, or what is wrong with its place and time."""
    place = brand.places.place(offer.place) if offer.place else brand.places.place_of_till(offer.till_id)
    problems: tuple[Problem, ...] = (place,) if isinstance(place, Problem) else ()
    if offer.occurred_at > offer.received_at + AHEAD_MAX_US:
        problems += (Problem("time", "lies more than 24 hours ahead of the server's clock"),)
    return problems if problems or isinstance(place, Problem) else place


def _hear(position: int, offer: Offer, place: Place, who: Who, member: Member | None) -> Heard:
    """Give *offer* as an event of a known customer at a known place."""
    event = Event(
        key=offer.key,
        name=offer.name,
        occurred_at=offer.occurred_at,
        received_at=offer.received_at,
        place=place,
        member=member,
        payload=offer.payload,
    )
    payload = codec.encode_payload(offer.payload)
    return Heard(position, who, event, payload, codec.content_hash(offer.name, offer.occurred_at, payload))


class _Joined(NamedTuple):
    """Customers of a batch whose standing says that more has to be looked at, and what is needed for that."""

    names: dict[Named, Who]
    forwards: Forwards
    offers: Sequence[Offer]
    customers: list[tuple[Who, Standing]]

    async def left(
        self, transaction: Transaction, fresh: Mapping[Who, list[Heard]], answers: list[Answer | None]
    ) -> dict[Who, list[Heard]]:
        """Give what these customers have not heard yet as anybody; raises Stale where somebody else is meant."""
        forward(self.forwards, self.customers)
        await ask_names_again(transaction, self.forwards, self.names, self.offers, self.customers, fresh)
        return await sift_merged(transaction, self.customers, fresh, answers)


class _Kept(NamedTuple):
    """What a batch will write."""

    standings: list[tuple[Who, bytes]]
    settled: list[tuple[Who, Progress]]
    appended: list[Appended]
    scores: Scores


async def _live(
    transaction: Transaction,
    brands: Mapping[int, Brand],
    standings: Mapping[Who, bytes],
    fresh: Mapping[Who, list[Heard]],
    answers: list[Answer | None],
    joined: _Joined,
) -> None:
    """Step every customer through their events and keep what came of it.

    One customer after the other: what is made of a standing is done with while the processor still has it at hand.
    Those who ask for their past come last, when all of it was fetched at once.
    """
    kept, asked = _Kept([], [], [], {}), nothing_asked()
    asking: list[tuple[Who, Standing]] = []
    for who, mine in fresh.items():
        if len(mine) > 1:
            mine.sort(key=_in_time)
        standing, brand = codec.decode_standing(standings[who]), brands[who.org_id]
        if standing.lineage is not NO_LINEAGE:
            joined.customers.append((who, standing))
        elif ask(asked, brand.catalogue, who, standing, mine):
            asking.append((who, standing))
        else:
            _tell(brand, who, standing, NO_PAST, mine, kept, answers)
    if joined.customers:
        fresh = {**fresh, **await joined.left(transaction, fresh, answers)}
        for who, standing in joined.customers:
            ask(asked, brands[who.org_id].catalogue, who, standing, fresh[who])
        asking += joined.customers
    past = await past_of(transaction, asked, fresh) if asking else {}
    for who, standing in asking:
        _tell(brands[who.org_id], who, standing, past.get(who, NO_PAST), fresh[who], kept, answers)
    await log.keep(transaction, kept.standings, kept.settled, kept.appended)
    if kept.scores:
        await boards.keep(transaction, list(kept.scores.values()))


def _in_time(one: Heard) -> tuple[int, EventKey]:
    return one.event.occurred_at, one.event.key


def _tell(
    brand: Brand,
    who: Who,
    standing: Standing,
    past: Past,
    mine: Sequence[Heard],
    kept: _Kept,
    answers: list[Answer | None],
) -> None:
    """Step one customer through *mine*: answer them, and add to *kept* what came of it."""
    version, customer_id = brand.organisation.version, who.customer_id
    lived = live(brand.catalogue, standing, past.history, past.log, [one.event for one in mine])
    for one, (event, seq, entries, outcomes) in zip(mine, lived.told, strict=True):
        body = codec.encode_event(event, one.payload)
        reference = _reference(event.payload)
        kept.appended.append(Appended(who, event, reference, seq, version, one.content_hash, body, entries, outcomes))
        answers[one.position] = Answer(
            key=event.key, status=_APPLIED, customer_id=customer_id, entries=entries, version=version
        )
    kept.standings.append((who, codec.encode_standing(lived.standing)))
    if lived.history is not past.history:
        before = past.history
        kept.settled.extend((who, progress) for key, progress in lived.history.items() if before.get(key) != progress)
    if brand.catalogue.boards:
        scored(brand.catalogue, who, [(one.event.occurred_at, one.entries) for one in lived.told], kept.scores)


def _reference(payload: Payload) -> str | None:
    """Give the name of the bill that *payload* is or takes back from."""
    if isinstance(payload, Bill):
        return payload.number
    return payload.original if isinstance(payload, Return) else None
