"""A small shop for examples of the engine: January and February in Berlin, one customer, amounts written as text."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import structs

from milepost.engine.apply import Replayed, replay
from milepost.engine.progress.history import Logged
from milepost.model.event import (
    BILL,
    ENROL,
    NOWHERE,
    RETURN,
    Activity,
    Bill,
    Enrol,
    Event,
    EventKey,
    Line,
    Payload,
    Return,
    ReturnedLine,
    ReturnKind,
    Scalar,
)
from milepost.model.organisation import Organisation, Settings
from milepost.model.standing import OutcomeKind, Progress, ProgressKey
from milepost.model.target import (
    Attribution,
    Author,
    EnrolmentMethod,
    Entity,
    Evaluation,
    Goal,
    Kpi,
    Period,
    Target,
    TargetGroup,
    Tracking,
)
from milepost.model.time import EPOCH, SECOND_US, Micros
from milepost.rules.compiled.index import RuleIndex, build_rule_index

ZONE = "Europe/Berlin"
JANUARY, FEBRUARY = ProgressKey(1, 1), ProgressKey(1, 2)
"""Progress of the first target."""

TILL = Author(id=1, code="till", name="till")


def at(text: str) -> Micros:
    """Return a moment in the shop's zone in epoch microseconds, such as `01-31 23:59`, of 2017."""
    moment = datetime.fromisoformat(f"2017-{text}").replace(tzinfo=ZoneInfo(ZONE))
    return Micros(int(moment.timestamp()) * SECOND_US)


PERIODS = tuple(
    Period(id=number, ref_code=name, starts_on=first, ends_on=last, opens_at=at(opens), closes_at=at(closes))
    for number, name, first, last, opens, closes in (
        (1, "January", "2017-01-01", "2017-01-31", "01-01 00:00", "02-01 00:00"),
        (2, "February", "2017-02-01", "2017-02-28", "02-01 00:00", "03-01 00:00"),
    )
)

TARGET = Target(
    id=1,
    name="spend",
    entity=Entity.TRANSACTION,
    kpi=Kpi.SALES,
    event_name=BILL,
    expression="true",
    enrolment=EnrolmentMethod.TRANSACTION,
    goals=(Goal(1, 1, Decimal(1000)), Goal(2, 2, Decimal(1000))),
)
"""Spend 1000 in a month; the examples change what they are about."""

GROUP = TargetGroup(
    id=1,
    name="months",
    preferred_till_id=1,
    tracking=Tracking.DEFAULT,
    evaluation=Evaluation.FIXED_CALENDAR_WINDOW,
    total_periods=2,
    cycle_opens_at=PERIODS[0].opens_at,
    cycle_closes_at=PERIODS[1].closes_at,
    periods=PERIODS,
    targets=(TARGET,),
    attribution=Attribution(created_at=EPOCH, updated_at=EPOCH, created_by=TILL, updated_by=TILL),
)

SHOP = Organisation(id=1, name="shop", zone=ZONE, version=1, settings=Settings())


def rules(target: Target = TARGET, settings: Settings | None = None, group: TargetGroup = GROUP) -> RuleIndex:
    """Return the rule index of a shop with this one target."""
    return build_rule_index(replace(SHOP, settings=settings or Settings()), [replace(group, targets=(target,))])


def live(known: RuleIndex, *events: Event) -> Replayed:
    """Apply the events in this order."""
    return replay(lambda _version: known, [(1, event) for event in events])


def progress(replayed: Replayed, key: ProgressKey = JANUARY) -> Progress | None:
    """Return the customer's progress, live or archived; None if there is none."""
    return {**replayed.history, **replayed.standing.progress}.get(key)


def value(replayed: Replayed, key: ProgressKey = JANUARY) -> Decimal | None:
    """Return the value of the customer's progress; None if there is none."""
    found = progress(replayed, key)
    return None if found is None else Decimal(found.value) / 10_000


def event(name: str, id_: str, when: str, payload: Payload, heard: str | None = None, source: str = "till") -> Event:
    """Make an event that is received when it happens, unless said otherwise."""
    return Event(
        key=EventKey(source, id_),
        name=name,
        occurred_at=at(when),
        received_at=at(heard or when),
        place=NOWHERE,
        member=None,
        payload=payload,
    )


def line(code: str, quantity: str, net: str, **attributes: Scalar) -> Line:
    """Make a line of a bill without discount."""
    amount = Decimal(net)
    return Line(
        code=code,
        quantity=Decimal(quantity),
        rate=amount,
        gross=amount,
        discount=Decimal(0),
        net=amount,
        attributes=attributes,
        extended_fields=attributes,
    )


def bill(
    id_: str,
    when: str,
    net: str,
    lines: Sequence[Line] = (),
    *,
    heard: str | None = None,
    source: str = "till",
    number: str | None = None,
    **fields: Scalar,
) -> Event:
    """Make a bill with number N and its id, unless said otherwise."""
    amount = Decimal(net)
    payload = Bill(
        number=number or f"N{id_}",
        net=amount,
        gross=amount,
        discount=Decimal(0),
        lines=tuple(lines),
        extended_fields=fields,
    )
    return event(BILL, id_, when, payload, heard, source)


def back(id_: str, when: str, original: str, kind: ReturnKind = ReturnKind.FULL, source: str = "till") -> Event:
    """Make a full return of a bill."""
    return event(RETURN, id_, when, Return(kind=kind, original=original, extended_fields={}), source=source)


def amount_back(id_: str, when: str, original: str, amount: str) -> Event:
    """Make a return of an amount."""
    payload = Return(kind=ReturnKind.AMOUNT, original=original, amount=Decimal(amount), extended_fields={})
    return event(RETURN, id_, when, payload)


def lines_back(id_: str, when: str, original: str, *lines: ReturnedLine) -> Event:
    """Make a return of some lines."""
    payload = Return(kind=ReturnKind.LINE_ITEM, original=original, lines=lines, extended_fields={})
    return event(RETURN, id_, when, payload)


def pieces(code: str, quantity: str, net: str | None = None) -> ReturnedLine:
    """Make pieces that come back, with what was paid back for them if that is said."""
    amount = None if net is None else Decimal(net)
    return ReturnedLine(code=code, quantity=Decimal(quantity), net=amount, gross=amount)


def run(id_: str, when: str, **attributes: Scalar) -> Event:
    """Make a behavioural event."""
    return event("Run", id_, when, Activity(attributes))


def enrol(id_: str, when: str, period_id: int = 1, balance: str | None = None) -> Event:
    """Make an enrolment in the first target."""
    given = None if balance is None else Decimal(balance)
    return event(ENROL, id_, when, Enrol(target_id=1, period_id=period_id, balance=given))


def explained(logged: Logged) -> list[tuple[object, ...]]:
    """Return the entries of an event as plain tuples."""
    return [structs.astuple(entry) for entry in logged.entries]


def told(target: Target, *events: Event) -> list[tuple[OutcomeKind, int]]:
    """Return the kinds of outcomes that *events* lead to, and the triggers they name."""
    return [(one.kind, one.about) for one in live(rules(target), *events).outcomes]
