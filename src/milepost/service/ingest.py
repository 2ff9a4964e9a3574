"""Receiving events: lock, drop what is known, step, keep; one transaction for a batch of any customers."""

from collections.abc import Sequence
from typing import NamedTuple

from milepost.engine.log import Logged
from milepost.engine.replay import relive
from milepost.model.customer import IdentifierKind
from milepost.model.event import Bill, Event, EventKey, Member, Place, Return
from milepost.model.problem import Problem
from milepost.model.standing import Entry, Progress, ProgressKey, Standing
from milepost.service.brand import Brand, Brands
from milepost.service.offer import Answer, Offer, Status, refused
from milepost.service.recalling import NO_PAST, Past, past_of
from milepost.service.registering import CODE_UNKNOWN_CUSTOMER, Named, customers_of, remember
from milepost.service.repeats import Heard, repeated, sift
from milepost.service.scoring import Scores, scored
from milepost.store import boards, codec, customers, log
from milepost.store.bucket import bucket_of_customer, bucket_of_identifier
from milepost.store.database import Database, Transaction
from milepost.store.log import Appended, Who, who_is

DAY_US = 86_400_000_000
AHEAD_MAX_US = DAY_US
"""How far ahead of the server's clock an event may be dated."""


class Ingest:
    """Receives batches; remembers between them only what never changes or can be asked again."""

    def __init__(self, database: Database, brands: Brands) -> None:
        """Receive into *database*."""
        self._database = database
        self._brands = brands
        self._names: dict[Named, int] = {}
        self.scored = 0
        """How many batches may have written scores of boards."""

    def bucket(self, offer: Offer) -> int:
        """Give the bucket whose customers *offer* concerns, as far as that is known without asking."""
        name = offer.customer
        known = int(name.value) if name.kind is IdentifierKind.ID else self._names.get((offer.org_id, name))
        if known is not None:
            return bucket_of_customer(offer.org_id, known)
        return bucket_of_identifier(offer.org_id, name.kind.value, name.value)

    async def __call__(self, offers: Sequence[Offer]) -> list[Answer]:
        """Receive *offers*; give what became of each, after the commit."""

        async def work(transaction: Transaction) -> tuple[list[Answer], dict[Named, int]]:
            return await _receive(transaction, self._brands, self._names, offers)

        answers, names = await self._database.attempt(work)
        self.scored += 1
        remember(self._names, names.items())
        return answers

    async def inside(self, transaction: Transaction, offers: Sequence[Offer]) -> list[Answer]:
        """Receive *offers* as a part of *transaction*, with whatever else it does: all of it or nothing."""
        answers, _ = await _receive(transaction, self._brands, self._names, offers)
        self.scored += 1
        return answers


async def _receive(
    transaction: Transaction, brands: Brands, names: dict[Named, int], offers: Sequence[Offer]
) -> tuple[list[Answer], dict[Named, int]]:
    known_brands = await brands.current(transaction, {offer.org_id for offer in offers})
    placed = [_placed(offer, known_brands[offer.org_id]) for offer in offers]
    sound = {
        (offer.org_id, offer.customer) for offer, place in zip(offers, placed, strict=True) if isinstance(place, Place)
    }
    found = await customers_of(transaction, offers, sound, names)
    who = sorted({who_is(name[0], id_) for name, id_ in found.items() if isinstance(id_, int)})
    standings = await log.lock_standings(transaction, who)
    members = await _members(transaction, known_brands, list(standings))
    answers: dict[int, Answer] = {}
    heard: list[Heard] = []
    for position, (offer, place) in enumerate(zip(offers, placed, strict=True)):
        taken = _hear(position, offer, place, found.get((offer.org_id, offer.customer)), standings, members)
        if isinstance(taken, Answer):
            answers[position] = taken
        else:
            heard.append(taken)
    sifted = await sift(transaction, heard, answers)
    await _live(transaction, known_brands, standings, sifted.fresh, answers)
    answers |= {place: repeated(answers[first]) for place, first in sifted.repeats.items()}
    names = {name: id_ for name, id_ in found.items() if isinstance(id_, int) and name[1].kind is not IdentifierKind.ID}
    return [answers[position] for position in range(len(offers))], names


async def _members(transaction: Transaction, brands: dict[int, Brand], who: Sequence[Who]) -> dict[Who, Member]:
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


def _hear(
    position: int,
    offer: Offer,
    place: Place | tuple[Problem, ...],
    customer_id: int | Problem | None,
    standings: dict[Who, Standing],
    members: dict[Who, Member],
) -> Heard | Answer:
    """Give *offer* as an event of a known customer at a known place, or the answer that says why not."""
    if isinstance(customer_id, int) and who_is(offer.org_id, customer_id) not in standings:
        customer_id = Problem("customer.id", f"there is no customer {customer_id}", CODE_UNKNOWN_CUSTOMER)
    if not isinstance(place, Place) or not isinstance(customer_id, int):
        wrong = () if isinstance(place, Place) else place
        return refused(offer, *((customer_id,) if isinstance(customer_id, Problem) else ()), *wrong)
    who = who_is(offer.org_id, customer_id)
    event = Event(
        key=offer.key,
        name=offer.name,
        occurred_at=offer.occurred_at,
        received_at=offer.received_at,
        place=place,
        member=members.get(who),
        payload=offer.payload,
    )
    payload = codec.encode_payload(offer.payload)
    return Heard(position, who, event, payload, codec.content_hash(offer.name, offer.occurred_at, payload))


async def _live(
    transaction: Transaction,
    brands: dict[int, Brand],
    standings: dict[Who, Standing],
    fresh: Sequence[Heard],
    answers: dict[int, Answer],
) -> None:
    """Step every customer through their events and keep what came of it."""
    by_customer: dict[Who, list[Heard]] = {}
    for one in fresh:
        by_customer.setdefault(one.who, []).append(one)
    for mine in by_customer.values():
        mine.sort(key=_in_time)
    past = await past_of(transaction, brands, standings, by_customer)
    kept: list[tuple[Who, Standing]] = []
    settled: list[tuple[Who, Progress]] = []
    appended: list[Appended] = []
    scores: Scores = {}
    for who, mine in by_customer.items():
        brand = brands[who.org_id]
        told = _tell(brand, who, standings[who], past.get(who, NO_PAST), mine, appended)
        kept.append((who, told.standing))
        if brand.catalogue.boards:
            scored(brand.catalogue, who, told.changes, scores)
        settled += [(who, progress) for progress in told.settled]
    await log.keep(transaction, sorted(kept, key=lambda one: one[0]), settled, appended)
    if scores:
        await boards.keep(transaction, list(scores.values()))
    entries = {(one.who, one.event.key): one.entries for one in appended}
    for one in fresh:
        answers[one.position] = Answer(
            key=one.event.key,
            status=Status.APPLIED,
            customer_id=one.who.customer_id,
            entries=entries[one.who, one.event.key],
            version=brands[one.who.org_id].organisation.version,
        )


def _in_time(one: Heard) -> tuple[int, EventKey]:
    return one.event.occurred_at, one.event.key


class _Told(NamedTuple):
    standing: Standing
    settled: list[Progress]
    changes: list[tuple[int, tuple[Entry, ...]]]


def _tell(
    brand: Brand, who: Who, standing: Standing, past: Past, mine: Sequence[Heard], appended: list[Appended]
) -> _Told:
    """Step one customer through *mine*; what is appended to the log is added to *appended*."""
    history, before = dict(past.history), past.history
    heard_log = list(past.log)
    changes: list[tuple[int, tuple[Entry, ...]]] = []
    for one in mine:
        taken = relive(brand.catalogue, standing, history, heard_log, one.event)
        standing = taken.standing
        history.update({ProgressKey(progress.target_id, progress.period_id): progress for progress in taken.settled})
        heard_log.append(Logged(one.event, standing.seq, taken.entries))
        changes.append((one.event.occurred_at, taken.entries))
        appended.append(
            Appended(
                who,
                one.event,
                _reference(one.event),
                standing.seq,
                brand.organisation.version,
                one.content_hash,
                codec.encode_event(one.event, one.payload),
                taken.entries,
                taken.outcomes,
            )
        )
    left = [progress for key, progress in history.items() if before.get(key) != progress]
    return _Told(standing, left, changes)


def _reference(event: Event) -> str | None:
    match event.payload:
        case Bill(number=number):
            return number
        case Return(original=original):
            return original
        case _:
            return None
