"""Encodes stored values: standings and progress as msgpack arrays, events and definitions as JSON (decision 0004)."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from milepost.model.commands.customer_merge import AbsorbCustomer, LoseIdentifiers, MergeIntoSurvivor
from milepost.model.commands.vendor_import import ImportProgress
from milepost.model.customer import Customer
from milepost.model.definitions.communication import Communication
from milepost.model.event import (
    ABSORB_CUSTOMER,
    AUTHORISE_AWARD,
    BILL,
    CURRENCY,
    ENROL,
    GRANT_FREEZES,
    IMPORT_PROGRESS,
    LOSE_IDENTIFIERS,
    MERGE_INTO_SURVIVOR,
    NOWHERE,
    PAUSE_STREAK,
    PERIOD_ROLLOVER,
    POINTS,
    RETURN,
    UNENROL,
    Activity,
    AuthoriseAward,
    Award,
    Bill,
    CustomerProfile,
    Enrol,
    Event,
    EventKey,
    GrantFreezes,
    PauseStreak,
    Payload,
    PeriodRollover,
    Place,
    Return,
    Unenrol,
)
from milepost.model.facts import NO_FACTS, Facts
from milepost.model.lazy import LazyJson, LazyRows, pack_rows, read_entries, read_outcomes
from milepost.model.organisation import RULES_FIRST, Settings
from milepost.model.standing import (
    NO_ANCHORS,
    NO_LINEAGE,
    NO_STREAKS,
    Enrolment,
    Entry,
    Lineage,
    Outcome,
    Progress,
    Standing,
    WaitingReturn,
)
from milepost.model.streak import Streak
from milepost.model.target import Author, TargetGroup
from milepost.model.time import Micros

PLACES_REMEMBERED_MAX = 10_000
"""The number of places whose stored texts are cached."""


class _StoredStanding(NamedTuple):
    seq: int
    latest_at: Micros
    archive_at: Micros
    bills: int
    purchases: int
    progress: msgspec.Raw
    enrolments: tuple[Enrolment, ...]
    waiting: tuple[WaitingReturn, ...]
    facts: Facts = NO_FACTS
    anchors: tuple[tuple[int, Micros], ...] = ()
    streaks: tuple[Streak, ...] = ()
    lineage: Lineage | None = None


class _StoredEvent(NamedTuple):
    place: Place
    member: CustomerProfile | None
    payload: msgspec.Raw


_packed = msgspec.msgpack.Encoder()
_standing = msgspec.msgpack.Decoder(_StoredStanding)
_progress = msgspec.msgpack.Decoder(Progress)
_text = msgspec.json.Encoder(order="deterministic", decimal_format="number")
_event = msgspec.json.Decoder(_StoredEvent, float_hook=Decimal)
_groups = msgspec.json.Decoder(TargetGroup, float_hook=Decimal)
_communications = msgspec.json.Decoder(Communication)
_settings = msgspec.json.Decoder(Settings)
_EDITION = '"rules_edition"'
_authors = msgspec.json.Decoder(Author)
_customers = msgspec.json.Decoder(Customer, float_hook=Decimal)
_payloads: Mapping[str, msgspec.json.Decoder[Any]] = {
    BILL: msgspec.json.Decoder(Bill, float_hook=Decimal),
    RETURN: msgspec.json.Decoder(Return, float_hook=Decimal),
    POINTS: msgspec.json.Decoder(Award, float_hook=Decimal),
    CURRENCY: msgspec.json.Decoder(Award, float_hook=Decimal),
    ENROL: msgspec.json.Decoder(Enrol, float_hook=Decimal),
    UNENROL: msgspec.json.Decoder(Unenrol),
    IMPORT_PROGRESS: msgspec.json.Decoder(ImportProgress, float_hook=Decimal),
    ABSORB_CUSTOMER: msgspec.json.Decoder(AbsorbCustomer),
    MERGE_INTO_SURVIVOR: msgspec.json.Decoder(MergeIntoSurvivor),
    LOSE_IDENTIFIERS: msgspec.json.Decoder(LoseIdentifiers),
    PERIOD_ROLLOVER: msgspec.json.Decoder(PeriodRollover),
    GRANT_FREEZES: msgspec.json.Decoder(GrantFreezes),
    PAUSE_STREAK: msgspec.json.Decoder(PauseStreak),
    AUTHORISE_AWARD: msgspec.json.Decoder(AuthoriseAward, float_hook=Decimal),
}
_activity = msgspec.json.Decoder(Activity, float_hook=Decimal)


def encode_standing(standing: Standing) -> bytes:
    """Return the bytes of *standing*. Equal standings have equal bytes."""
    anchors, streaks, lineage = standing.anchors, standing.streaks, standing.lineage
    # A tuple is encoded like a _StoredStanding and is cheaper to make.
    return _packed.encode(
        (
            standing.seq,
            standing.latest_at,
            standing.archive_at,
            standing.bills,
            standing.purchases,
            msgspec.Raw(pack_rows(standing.progress)),
            standing.enrolments,
            standing.waiting,
            standing.facts,
            sorted(anchors.items()) if anchors else (),
            [streaks[group_id] for group_id in sorted(streaks)] if streaks else (),
            None if lineage is NO_LINEAGE or lineage == NO_LINEAGE else lineage,
        )
    )


def decode_standing(body: bytes) -> Standing:
    """Return the standing in *body*."""
    stored = _standing.decode(body)
    return Standing(
        seq=stored.seq,
        latest_at=stored.latest_at,
        archive_at=stored.archive_at,
        bills=stored.bills,
        purchases=stored.purchases,
        progress=LazyRows(bytes(stored.progress)),
        enrolments=stored.enrolments,
        waiting=stored.waiting,
        facts=stored.facts,
        anchors=dict(stored.anchors) if stored.anchors else NO_ANCHORS,
        streaks={streak.group_id: streak for streak in stored.streaks} if stored.streaks else NO_STREAKS,
        lineage=stored.lineage or NO_LINEAGE,
    )


def encode_progress(progress: Progress) -> bytes:
    """Return the bytes of an archived progress."""
    return _packed.encode(progress)


def decode_progress(body: bytes) -> Progress:
    """Return the archived progress in *body*."""
    return _progress.decode(body)


def encode_payload(payload: Payload) -> bytes:
    """Return the JSON text of *payload*. It does not include the event's place and customer profile, which we add."""
    return _text.encode(payload)


def content_hash(name: str, occurred_at: Micros, payload: bytes) -> bytes:
    """Return the digest by which a repeated event is distinguished from a different event with the same key."""
    return blake2b(b"%s\0%d\0%s" % (name.encode(), occurred_at, payload), digest_size=16).digest()


def encode_event(event: Event, payload: bytes) -> bytes:
    """Return the stored text of *event*; *payload* is its payload, already encoded."""
    member = b"null" if event.member is None else _text.encode(event.member)
    return b"[%b,%b,%b]" % (_place_text(event.place), member, payload)


@lru_cache(maxsize=PLACES_REMEMBERED_MAX)
def _place_text(place: Place) -> bytes:
    """Return the stored text of *place*, cached because many events share it."""
    return _text.encode(place)


def decode_event(key: EventKey, name: str, occurred_at: Micros, received_at: Micros, body: str) -> Event:
    """Return the event of a row; instants are in epoch microseconds."""
    stored = _event.decode(body)
    try:
        payload: Payload = _payloads.get(name, _activity).decode(stored.payload)
    except msgspec.ValidationError:
        # A webhook once took behavioural events by the names of other kinds of event; what is stored stays readable.
        payload = _activity.decode(stored.payload)
    return Event(
        key=key,
        name=name,
        occurred_at=occurred_at,
        received_at=received_at,
        place=NOWHERE if stored.place == NOWHERE else stored.place,
        member=stored.member,
        payload=payload,
    )


def encode_entries(entries: Iterable[Entry]) -> bytes:
    """Return the stored text of *entries*."""
    return entries.text if isinstance(entries, LazyJson) else _text.encode(entries)


def decode_entries(body: str) -> tuple[Entry, ...]:
    """Return the entries in *body*."""
    return read_entries.decode(body)


def encode_outcomes(outcomes: Iterable[Outcome]) -> bytes:
    """Return the stored text of *outcomes*."""
    return outcomes.text if isinstance(outcomes, LazyJson) else _text.encode(outcomes)


def decode_outcomes(body: str) -> tuple[Outcome, ...]:
    """Return the outcomes in *body*."""
    return read_outcomes.decode(body)


def encode_group(group: TargetGroup) -> str:
    """Return the stored text of a definition."""
    return _text.encode(group).decode()


def decode_group(body: str) -> TargetGroup:
    """Return the definition in *body*."""
    return _groups.decode(body)


def encode_communication(communication: Communication) -> str:
    """Return the stored text of a communication."""
    return _text.encode(communication).decode()


def decode_communication(body: str) -> Communication:
    """Return the communication in *body*."""
    return _communications.decode(body)


def encode_settings(settings: Settings) -> str:
    """Return the stored text of an organisation's settings."""
    return _text.encode(settings).decode()


def decode_settings(body: str) -> Settings:
    """Return the settings in *body*; settings that were stored before there were editions have the first."""
    settings = _settings.decode(body)
    return settings if _EDITION in body else replace(settings, rules_edition=RULES_FIRST)


def encode_author(author: Author) -> str:
    """Return the stored text of an author."""
    return _text.encode(author).decode()


def decode_author(body: str) -> Author:
    """Return the author in *body*."""
    return _authors.decode(body)


def encode_customer(customer: Customer) -> str:
    """Return the stored text of a customer's profile."""
    return _text.encode(customer).decode()


def decode_customer(body: str) -> Customer:
    """Return the profile in *body*."""
    return _customers.decode(body)
