"""W3: how the cost of an event grows with the number of active targets, while about five of them match."""

import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from bench.audit import audit_ours
from bench.batches import matches_per_event
from bench.contestants import Round, Spread, hide_from_collector, measured
from bench.event_receivers import Service, decoded
from bench.events import Happened, Mix, Stream, Users
from bench.hosts import ORGANISATION, Postgres, make_organisation, server_settings
from bench.plan import Failed, Finding, Plan, say
from bench.rules import Rule, spread_rules
from milepost.engine.apply import apply
from milepost.model.event import Event, Place
from milepost.model.standing import EMPTY_STANDING, Standing
from milepost.service.ingest.incoming_event import IncomingEvent
from milepost.service.organisations.provisioning import organisation_id_by_name
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.wiring import running

COUNTS = (1, 10, 50, 200, 1_000)
MATCHES = 5
RATIO_OF = (1_000, 10)
EVENTS_SHARE = 0.4
"""Events of one round, as a share of those of W2."""

CUSTOMERS_MAX = 5_000
BATCH_EVENTS = 1_000


class Lane(NamedTuple):
    """An organisation with so many targets, and what receives for it."""

    targets: int
    rules: list[Rule]
    runtime: Runtime
    service: Service
    organisation: OrganisationSnapshot


class Cost(NamedTuple):
    """One round with so many targets: processor microseconds of a step, and what the whole path needed."""

    targets: int
    step_microseconds: float
    whole: Round

    @property
    def python_microseconds(self) -> float:
        """Return Python's processor time of an event on the whole path."""
        return self.whole.python_seconds * 1e6 / self.whole.events

    @property
    def wall_microseconds(self) -> float:
        """Return the time that passed for an event on the whole path."""
        return self.whole.seconds * 1e6 / self.whole.events


async def run(server: Postgres, plan: Plan) -> Finding:
    """Run W3 and return its findings; bills only, customers drawn evenly."""
    count = max(BATCH_EVENTS, int(plan.batch_events * EVENTS_SHARE) // BATCH_EVENTS * BATCH_EVENTS)
    customers = min(plan.customers, CUSTOMERS_MAX)
    stream = Stream(plan.seed, customers=customers, events=count * (plan.rounds + 1), mix=Mix(0, 0, 0))
    sets = [stream.take(count, Users.UNIFORM) for _ in range(plan.rounds + 1)]
    hide_from_collector()
    costs: list[Cost] = []
    async with AsyncExitStack() as stack:
        lanes = [await _lane(server, stack, number, customers) for number in COUNTS]
        for turn, events in enumerate(sets):
            say(f"W3: round {turn} of {plan.rounds} …" if turn else "W3: warming up …")
            found = [await _cost(server, lane, events) for lane in (lanes if turn % 2 == 0 else lanes[::-1])]
            costs += found if turn else []
        sent = [event for events in sets for event in events]
        audits = {lane.targets: audit_ours(server, lane.service.url, lane.rules, sent, plan.seed) for lane in lanes}
    if not all(audit.is_clean for audit in audits.values()):
        raise Failed(f"W3: what is stored is wrong: {audits}")
    size = "select avg(length(body))::int from standing"
    facts = {
        "customers": customers,
        "events": len(sent),
        "matchedTargetsPerEvent": {lane.targets: matches_per_event(lane.rules, sent) for lane in lanes},
        "standingBytes": {lane.targets: server.rows(size, lane.service.url)[0][0] for lane in lanes},
        "audit": {number: audit._asdict() for number, audit in audits.items()},
    }
    return _finding(costs, facts)


async def _lane(server: Postgres, stack: AsyncExitStack, count: int, customers: int) -> Lane:
    say(f"W3: defining {count} targets …")
    rules = spread_rules(count, MATCHES)
    url = server.database(f"w3_{count}")
    await make_organisation(url, rules, customers=customers)
    runtime = await stack.enter_async_context(running(url, server_settings(lanes=1)))
    org_id = await organisation_id_by_name(runtime.database, ORGANISATION)
    async with runtime.database.transaction() as transaction:
        organisation = await runtime.snapshots.of_organisation(transaction, org_id)
    service = Service(f"{count} targets", url, runtime, org_id, under_way=1)
    return Lane(count, rules, runtime, service, organisation)


async def _cost(server: Postgres, lane: Lane, events: Sequence[Happened]) -> Cost:
    """Measure the pure step and the whole path over the same *events*."""
    pure = _step_microseconds(lane, events)
    return Cost(lane.targets, pure, await measured(server, lane.service, Users.UNIFORM, events))


def _step_microseconds(lane: Lane, events: Sequence[Happened]) -> float:
    """Return the processor time of one step, each customer beginning with nothing."""
    body = b"[" + b",".join(event.body for event in events) + b"]"
    incoming_events = decoded(body, lane.organisation.organisation.id, lane.runtime.clock())
    made = [
        (incoming_event.customer.value, _event(incoming_event, lane.organisation)) for incoming_event in incoming_events
    ]
    standings: dict[str, Standing] = {}
    rule_index = lane.organisation.rule_index
    began = time.thread_time()
    for customer, event in made:
        standings[customer] = apply(rule_index, standings.get(customer, EMPTY_STANDING), event).standing
    return (time.thread_time() - began) * 1e6 / len(made)


def _event(incoming_event: IncomingEvent, organisation: OrganisationSnapshot) -> Event:
    place = organisation.places.place(incoming_event.place)
    assert isinstance(place, Place)
    return Event(
        key=incoming_event.key,
        name=incoming_event.name,
        occurred_at=incoming_event.occurred_at,
        received_at=incoming_event.received_at,
        place=place,
        member=None,
        payload=incoming_event.payload,
    )


def _finding(costs: Sequence[Cost], facts: dict[str, Any]) -> Finding:
    table, figures = [], {}
    spreads: dict[int, tuple[Spread, Spread, Spread]] = {}
    for count in COUNTS:
        mine = [cost for cost in costs if cost.targets == count]
        spreads[count] = (
            Spread([cost.step_microseconds for cost in mine]),
            Spread([cost.python_microseconds for cost in mine]),
            Spread([cost.wall_microseconds for cost in mine]),
        )
        table.append([f"{count} targets", *(spread.shown(1) for spread in spreads[count])])
        names = ("stepMicroseconds", "pythonMicroseconds", "wallMicroseconds")
        figures[f"{count} targets"] = {name: spread.kept() for name, spread in zip(names, spreads[count], strict=True)}
    many, few = (spreads[count] for count in RATIO_OF)
    ratios = [Spread([a / b for a, b in zip(x.values, y.values, strict=True)]) for x, y in zip(many, few, strict=True)]
    title = f"cost({RATIO_OF[0]}) / cost({RATIO_OF[1]})"
    table.append([title, *(ratio.shown(2) for ratio in ratios)])
    figures[title] = {name: r.kept(2) for name, r in zip(("step", "python", "wall"), ratios, strict=True)}
    return Finding(
        name="W3: µs of one event with N targets of which about 5 match",
        columns=["targets", "step, processor", "whole path, Python's processor", "whole path, wall"],
        table=table,
        facts=facts,
        figures=figures,
        ratios={f"W3, {title}": ratios[1].middle},
    )
