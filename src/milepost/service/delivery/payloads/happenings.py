"""What a row of the outbox tells: outcomes that the engine noted, and those that follow from entries and commands."""

from base64 import b32encode
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple

from milepost.model.delivery.outcome_type import OutcomeType
from milepost.model.event import ENROL, Enrol, Event
from milepost.model.standing import Entry, Outcome, OutcomeKind
from milepost.model.time import Micros, to_micros
from milepost.service.customers.side_effects import VALUE_REASONS
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.service.snapshot.wanted_outcomes import TYPE_OF_KIND
from milepost.store.log import CustomerKey

_WHOLE_GROUP = frozenset({OutcomeType.GROUP_ACHIEVED, OutcomeType.GROUP_UNACHIEVED})
ID_BYTES = 15


class Happening(NamedTuple):
    """One thing that an event led to. Amounts are in units; `about` is a trigger, a level or a mark of the kind.

    A change of a value goes from `before` to `value`, and `amount` is what the event added.
    """

    type: OutcomeType
    group_id: int
    target_id: int
    period_id: int
    at: Micros
    value: int
    about: int = 0
    before: int = 0
    amount: int = 0


def happenings_of(
    snapshot: OrganisationSnapshot, event: Event, entries: Iterable[Entry], outcomes: Iterable[Outcome]
) -> Iterator[Happening]:
    """Yield what *event* led to, of all types, whether or not somebody wants them."""
    noted = list(outcomes)
    for outcome in noted:
        type_ = TYPE_OF_KIND[outcome.kind]
        holder = snapshot.holders.get(outcome.target_id)
        group_id = outcome.about if type_ in _WHOLE_GROUP or holder is None else holder.id
        yield Happening(
            type=type_,
            group_id=group_id,
            target_id=outcome.target_id,
            period_id=outcome.period_id,
            at=to_micros(outcome.at),
            value=outcome.value,
            about=outcome.about,
        )
    yield from _changes(snapshot, event, entries)
    yield from _goals(snapshot, event, noted)


def _changes(snapshot: OrganisationSnapshot, event: Event, entries: Iterable[Entry]) -> Iterator[Happening]:
    """Yield one change for each progress that the event changed, however many entries that took."""
    changes: dict[tuple[int, int], tuple[int, int, int]] = {}
    for entry in entries:
        if entry.reason in VALUE_REASONS and entry.target_id in snapshot.holders:
            before, amount, _ = changes.get((entry.target_id, entry.period_id), (entry.before, 0, 0))
            changes[entry.target_id, entry.period_id] = before, amount + entry.amount, entry.after
    for (target_id, period_id), (before, amount, after) in changes.items():
        yield Happening(
            type=OutcomeType.TARGET_VALUE_CHANGED,
            group_id=snapshot.holders[target_id].id,
            target_id=target_id,
            period_id=period_id,
            at=event.occurred_at,
            value=after,
            before=before,
            amount=amount,
        )


def _goals(snapshot: OrganisationSnapshot, event: Event, noted: Iterable[Outcome]) -> Iterator[Happening]:
    """Yield the goals that an enrolment sets: a new goal of the customer's own, or another goal in a target."""
    payload = event.payload
    if event.name != ENROL or not isinstance(payload, Enrol) or payload.target_id not in snapshot.holders:
        return
    group = snapshot.holders[payload.target_id]
    enrolled = any(outcome.kind is OutcomeKind.ENROLLED for outcome in noted)
    if enrolled and not group.user_created:
        return
    for period_id, goal in payload.goals:
        yield Happening(
            type=OutcomeType.GOAL_CREATED if enrolled else OutcomeType.GOAL_CHANGED,
            group_id=group.id,
            target_id=payload.target_id,
            period_id=period_id,
            at=event.occurred_at,
            value=0,
            amount=int(goal * 10_000),
        )


def message_ids(customer_key: CustomerKey, event: Event, happenings: Iterable[Happening]) -> list[str]:
    """Return the id of each message: a digest of its cause, so that it is the same however often it is computed."""
    seen: Counter[tuple[object, ...]] = Counter()
    ids = []
    for one in happenings:
        about = 0 if one.type is OutcomeType.PERIOD_CLOSED else one.about
        name = (one.type.value, one.group_id, one.target_id, one.period_id, about)
        ids.append(digest_id(customer_key.org_id, customer_key.customer_id, *event.key, *name, seen[name]))
        seen[name] += 1
    return ids


def digest_id(*parts: object) -> str:
    """Return the id of a message that these *parts* determine."""
    text = "\0".join(map(str, parts)).encode()
    return "msg_" + b32encode(blake2b(text, digest_size=ID_BYTES).digest()).decode().lower()
