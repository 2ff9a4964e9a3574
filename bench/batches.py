"""W2: sustained batches of 1,000 events over 50 targets, ours beside set-based SQL and the bare batch upsert."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from bench import baseline, packed_rows
from bench.audit import Audit, audit_ours, audit_peer
from bench.background_load import beside
from bench.contestants import Contestant, Round, Spread, hide_from_collector, measured, wait_for_rest
from bench.event_receivers import Server, Service, SetBased
from bench.events import Happened, Stream, Users
from bench.hosts import ORGANISATION, Postgres, make_organisation, milepost_server, server_settings
from bench.plan import Failed, Finding, Plan, say
from bench.rules import BILL, RETURN, Rule, typical_rules
from milepost.model.organisation import EventIdentity
from milepost.service.organisations.provisioning import change_settings, organisation_id_by_name
from milepost.wiring import running

OURS_ONE, OURS_TWO, OURS_HTTP = "ours, 1 lane", "ours, 2 lanes", "ours, HTTP, 4 clients"
OURS_PROCESSES = "ours, HTTP, 4 clients, 2 processes"
OURS_BESIDE = "ours, 2 processes"
SQL_ONE, SQL_TWO = "set-based SQL, 1 connection", "set-based SQL, 2 connections"
PAIRS = (
    (OURS_ONE, SQL_ONE),
    (OURS_BESIDE, SQL_ONE),
    (OURS_BESIDE, SQL_TWO),
    (OURS_TWO, SQL_TWO),
    (OURS_HTTP, SQL_TWO),
    (OURS_PROCESSES, SQL_TWO),
)
WITHOUT_CLAIMS = {1: f"{OURS_ONE}, eventIdentity CUSTOMER", 2: f"{OURS_TWO}, eventIdentity CUSTOMER"}
"""Ours by the number of lanes; two customers may then have events of one name, so no event is claimed."""

CLAIMING_PAIRS = ((OURS_ONE, WITHOUT_CLAIMS[1]), (OURS_TWO, WITHOUT_CLAIMS[2]))
UPSERT = "bare upsert of packed rows"
GOAL_BESIDE = "W2, 2 processes / SQL over 2 connections"
GOAL_HTTP = "W2 over HTTP, 2 processes / SQL over 2 connections"
HTTP_CLIENTS, BATCHES_UNDER_WAY, BARE_BATCHES = 4, 4, 8
RATIO_MIN = 1.5
"""How many times the rate of the set-based SQL ours is meant to have."""


class Field(NamedTuple):
    """The contestants, and what they have received so far."""

    contestants: list[Contestant]
    sent: list[Happened]


async def run(server: Postgres, plan: Plan) -> Finding:
    """Run W2 and return its findings."""
    rules, stream = typical_rules(plan.seed), Stream(plan.seed, customers=plan.customers, events=plan.stream_events)
    say("W2: making the brand and the baseline's tables …")
    template = server.database("w2_ours")
    await make_organisation(template, rules, customers=plan.customers)
    template = server.database("w2_sql")
    await asyncio.to_thread(baseline.prepare, template, rules, customers=plan.customers)
    sets = [[(users, stream.take(plan.batch_events, users)) for users in Users] for _ in range(plan.rounds + 1)]
    hide_from_collector()
    rounds: list[Round] = []
    bare: list[float] = []
    async with _contestants(server, plan) as contestants:
        field = Field(contestants, [])
        for users, events in sets[0]:
            await _all_receive(server, field, events, users, turn=0)
        limit = await asyncio.to_thread(_packed, server, plan, contestants)
        for contestant in contestants:
            server.vacuum(contestant.url)
        for turn, pair in enumerate(sets[1:]):
            say(f"W2: round {turn + 1} of {plan.rounds} …")
            for users, events in pair:
                rounds += await _all_receive(server, field, events, users, turn)
            bare.append(await asyncio.to_thread(limit.rate, BARE_BATCHES))
        limit.close()
        for contestant in contestants:
            if isinstance(contestant, SetBased):
                contestant.close()
    say("W2: auditing …")
    audits = _audits(server, contestants, rules, field.sent, plan.seed)
    return _finding(server, plan, rules, field, rounds, bare, audits)


async def _all_receive(server: Postgres, field: Field, events: list[Happened], users: Users, turn: int) -> list[Round]:
    """Have every contestant receive *events*; each round begins with another contestant."""
    contestants = field.contestants
    first = turn % len(contestants)
    rounds = []
    for contestant in contestants[first:] + contestants[:first]:
        await wait_for_rest(server)
        rounds.append(await measured(server, contestant, users, events))
    field.sent.extend(events)
    return rounds


@asynccontextmanager
async def _contestants(server: Postgres, plan: Plan) -> AsyncIterator[list[Contestant]]:
    """Return the contestants, each with a database of its own, copied from the same one."""
    async with AsyncExitStack() as stack:
        ours: list[Contestant] = []
        for name, lanes, under_way in ((OURS_ONE, 1, 1), (OURS_TWO, 2, BATCHES_UNDER_WAY)):
            url = server.database(f"w2_ours_{lanes}", "w2_ours")
            runtime = await stack.enter_async_context(running(url, server_settings(lanes=lanes)))
            org_id = await organisation_id_by_name(runtime.database, ORGANISATION)
            ours.append(Service(name, url, runtime, org_id, under_way=under_way))
            if plan.identities:
                url = server.database(f"w2_ours_{lanes}_customer", "w2_ours")
                runtime = await stack.enter_async_context(running(url, server_settings(lanes=lanes)))
                changes = {"eventIdentity": EventIdentity.CUSTOMER.value}
                await change_settings(runtime.database, organisation=ORGANISATION, changes=changes)
                ours.append(Service(WITHOUT_CLAIMS[lanes], url, runtime, org_id, under_way=under_way))
        url = server.database("w2_ours_beside", "w2_ours")
        ours.append(await stack.enter_async_context(beside(OURS_BESIDE, url, processes=2)))
        for name, processes in ((OURS_HTTP, 1), (OURS_PROCESSES, 2)):
            url = server.database(f"w2_ours_http_{processes}", "w2_ours")
            address = await stack.enter_async_context(milepost_server(url, processes=processes))
            ours.append(Server(name, url, address, clients=HTTP_CLIENTS))
        for name, connections in ((SQL_ONE, 1), (SQL_TWO, 2)):
            ours.append(SetBased(name, server.database(f"w2_sql_{connections}", "w2_sql"), connections=connections))
        yield ours


def _packed(server: Postgres, plan: Plan, contestants: Sequence[Contestant]) -> packed_rows.Packed:
    """Return the bare upsert, with rows as large as our standings are by now."""
    sql = next(one.url for one in contestants if one.name == SQL_ONE)
    ours = next(one.url for one in contestants if one.name == OURS_ONE)
    size = server.rows("select avg(length(body))::int from standing where length(body) > 100", ours)[0][0]
    return packed_rows.Packed(sql, customers=plan.customers, size=size, seed=plan.seed)


def _audits(
    server: Postgres, contestants: Sequence[Contestant], rules: Sequence[Rule], sent: Sequence[Happened], seed: int
) -> dict[str, Audit]:
    """Compute again what every contestant has stored. Raises Failed where it differs."""
    audits = {}
    for one in contestants:
        check = audit_peer if isinstance(one, SetBased) else audit_ours
        audits[one.name] = check(server, one.url, rules, sent, seed)
    wrong = [f"{name}: {audit}" for name, audit in audits.items() if not audit.is_clean]
    if wrong:
        raise Failed("W2: what is stored is wrong: " + "; ".join(wrong))
    return audits


def _finding(
    server: Postgres,
    plan: Plan,
    rules: Sequence[Rule],
    field: Field,
    rounds: Sequence[Round],
    bare: Sequence[float],
    audits: dict[str, Audit],
) -> Finding:
    figures: dict[str, Any] = {}
    table = []
    for users in Users:
        for one in field.contestants:
            mine = [each for each in rounds if (each.contestant, each.users) == (one.name, users)]
            figures[f"{one.name}, {users.value}"] = _figures(mine)
            table.append(_row(f"{one.name}, {users.value}", mine))
    size = server.rows("select avg(length(body))::int from standing where length(body) > 100", field.contestants[0].url)
    table.append([UPSERT + f" of {size[0][0]} bytes, rows/s", Spread(bare).shown(), "", "", "", ""])
    pairs = PAIRS + CLAIMING_PAIRS if plan.identities else PAIRS
    ratios = {
        f"{one} / {other}, {users.value}": _ratio(rounds, one, other, users) for one, other in pairs for users in Users
    }
    table += [[name, ratio.shown(2), "", "", "", ""] for name, ratio in ratios.items()]
    facts = _facts(server, plan, rules, field, size[0][0]) | {
        "audit": {n: audit._asdict() for n, audit in audits.items()}
    }
    return Finding(
        name="W2: batches of 1,000 events",
        columns=["contestant", "events/s: median (range)", "Python µs", "server µs", "wall µs", "log B"],
        table=table,
        facts=facts,
        figures=figures
        | {UPSERT: Spread(bare).kept()}
        | {"ratios": {name: ratio.kept(2) for name, ratio in ratios.items()}},
        ratios={
            goal: ratios[f"{one} / {SQL_TWO}, {Users.UNIFORM.value}"].middle
            for goal, one in ((GOAL_BESIDE, OURS_BESIDE), (GOAL_HTTP, OURS_PROCESSES))
        },
    )


def _facts(server: Postgres, plan: Plan, rules: Sequence[Rule], field: Field, size: int) -> dict[str, Any]:
    return {
        "targets": len(rules),
        "customers": plan.customers,
        "events": len(field.sent),
        "matchedTargetsPerEvent": matches_per_event(rules, field.sent),
        "rowsWrittenPerEvent": {one.name: _rows_written(server, one.url, len(field.sent)) for one in field.contestants},
        "standingBytes": size,
        "ratioAsked": RATIO_MIN,
    }


def _figures(rounds: Sequence[Round]) -> dict[str, Any]:
    return {
        "eventsPerSecond": Spread([each.rate for each in rounds]).kept(),
        "pythonMicrosecondsPerEvent": Spread([each.python_seconds * 1e6 / each.events for each in rounds]).kept(),
        "postgresMicrosecondsPerEvent": Spread([each.postgres_seconds * 1e6 / each.events for each in rounds]).kept(),
        "logBytesPerEvent": Spread([each.log_bytes / each.events for each in rounds]).kept(),
    }


def _row(name: str, rounds: Sequence[Round]) -> list[str]:
    events = rounds[0].events
    return [
        name,
        Spread([each.rate for each in rounds]).shown(),
        f"{Spread([each.python_seconds * 1e6 / events for each in rounds]).middle:.0f}",
        f"{Spread([each.postgres_seconds * 1e6 / events for each in rounds]).middle:.0f}",
        f"{Spread([each.seconds * 1e6 / events for each in rounds]).middle:.0f}",
        f"{Spread([each.log_bytes / events for each in rounds]).middle:,.0f}",
    ]


def _ratio(rounds: Sequence[Round], ours: str, sql: str, users: Users) -> Spread:
    """Return how many times faster ours was, round by round: neighbours share the machine's mood."""
    rates = {name: [e.rate for e in rounds if (e.contestant, e.users) == (name, users)] for name in (ours, sql)}
    return Spread([mine / theirs for mine, theirs in zip(rates[ours], rates[sql], strict=True)])


def matches_per_event(rules: Sequence[Rule], events: Sequence[Happened]) -> float:
    """Return how many targets an event counts for; a return counts where its bill did."""
    names = [(BILL if event.name == RETURN else event.name, event.store, event.cents) for event in events]
    return round(sum(rule.matches(*one) for one in names for rule in rules) / len(events), 2)


def _rows_written(server: Postgres, url: str, events: int) -> dict[str, float]:
    """Return rows inserted and updated for an event, by table; rows that were there before any event are left out."""
    written = server.rows("select relname, n_tup_ins, n_tup_upd from pg_stat_user_tables", url)
    found = {}
    for table, inserted, updated in written:
        if table in {"event", "event_claim", "history", "outbox", "progress"}:
            found[table] = round((inserted + updated) / events, 2)
        elif table == "standing":
            found[table] = round(updated / events, 2)
    return found
