"""Encodes stored values: standings and progress as msgpack arrays, events and definitions as JSON (decision 0004)."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from milepost.model.customer import Customer
from milepost.model.definitions.communication import Communication
from milepost.model.event import (
    NOWHERE,
    CustomerProfile,
    Event,
    EventKey,
    Payload,
    Place,
)
from milepost.model.lazy import LazyJson, LazyRows, pack_rows, read_entries, read_outcomes
from milepost.model.organisation import RULES_FIRST, EventIdentity, Settings
from milepost.model.progress.facts import NO_FACTS, NO_ZONE_DAYS, Facts, ZoneDays
from milepost.model.progress.streak import Streak
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
from milepost.model.target import Author, TargetGroup
from milepost.model.time import Micros
from milepost.model.wide import pack
from milepost.store.stored_payloads import UnreadableEvent, read_payload

FIRST_FORM = ("[[", "[]")
"""How rows of the outbox begin that are older than webhooks: they are outcomes and nothing else."""

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
    zone_days: tuple[ZoneDays, ...] = ()
    matched: tuple[WaitingReturn, ...] = ()


class _StoredEvent(NamedTuple):
    place: Place
    member: CustomerProfile | None
    payload: msgspec.Raw
    given_at: Micros | None = None


# Lax decoders, because a number beyond 64 bits is stored as text (decision 0033).
_standing = msgspec.msgpack.Decoder(_StoredStanding, strict=False)
_progress = msgspec.msgpack.Decoder(Progress, strict=False)
_text = msgspec.json.Encoder(order="deterministic", decimal_format="number")
_event = msgspec.json.Decoder(_StoredEvent, float_hook=Decimal)
_groups = msgspec.json.Decoder(TargetGroup, float_hook=Decimal)
_communications = msgspec.json.Decoder(Communication)
_second_form = msgspec.json.Decoder(tuple[int, str, str, str, tuple[Outcome, ...]])
_settings = msgspec.json.Decoder(Settings)
_EDITION, _IDENTITY = '"rules_edition"', '"event_identity"'
_authors = msgspec.json.Decoder(Author)
_customers = msgspec.json.Decoder(Customer, float_hook=Decimal)


def encode_standing(standing: Standing) -> bytes:
    """Return the bytes of *standing*. Equal standings have equal bytes."""
    anchors, streaks, lineage = standing.anchors, standing.streaks, standing.lineage
    # A tuple is encoded like a _StoredStanding and is cheaper to make.
    return pack(
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
            *_later_fields(standing),
        )
    )


def _later_fields(standing: Standing) -> tuple[object, ...]:
    """Return the fields that standings have had since the second edition of the rules.

    They are left out where they are empty, so that an older standing keeps its bytes.
    """
    if not standing.zone_days and not standing.matched:
        return ()
    days = [standing.zone_days[zone] for zone in sorted(standing.zone_days)]
    return (days, standing.matched) if standing.matched else (days,)


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
        zone_days={days.zone: days for days in stored.zone_days} if stored.zone_days else NO_ZONE_DAYS,
        matched=stored.matched,
    )


def encode_progress(progress: Progress) -> bytes:
    """Return the bytes of an archived progress."""
    return pack(progress)


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
    given = b"" if event.given_at is None else b",%d" % event.given_at
    return b"[%b,%b,%b%b]" % (_place_text(event.place), member, payload, given)


@lru_cache(maxsize=PLACES_REMEMBERED_MAX)
def _place_text(place: Place) -> bytes:
    """Return the stored text of *place*, cached because many events share it."""
    return _text.encode(place)


def decode_event(key: EventKey, name: str, occurred_at: Micros, received_at: Micros, body: str) -> Event:
    """Return the event of a row; instants are in epoch microseconds. Raises UnreadableEvent."""
    try:
        stored = _event.decode(body)
        payload = read_payload(name, stored.payload)
    except msgspec.DecodeError as error:
        message = f"the event {key.id!r} of {key.source!r} ({name}) cannot be read: {error}"
        raise UnreadableEvent(message) from error
    return Event(
        key=key,
        name=name,
        occurred_at=occurred_at,
        received_at=received_at,
        place=NOWHERE if stored.place == NOWHERE else stored.place,
        member=stored.member,
        payload=payload,
        given_at=stored.given_at,
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
    """Return the outcomes in *body*, a row of the outbox in the first or in the second form."""
    return read_outcomes.decode(body) if body.startswith(FIRST_FORM) else _second_form.decode(body)[-1]


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
    """Return the settings in *body*; what they lack because they are older is as it was then."""
    settings = _settings.decode(body)
    if _EDITION not in body:
        settings = replace(settings, rules_edition=RULES_FIRST)
    return settings if _IDENTITY in body else replace(settings, event_identity=EventIdentity.CUSTOMER)


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
