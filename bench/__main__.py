"""`python -m bench`: run workloads, print their tables, write one JSON file; exit code 1 if an audit fails."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from bench import backtests, batches, boards, growth, month_end, profile, reading, singles
from bench.hosts import Postgres, postgres
from bench.machine import conditions, load, syncs_per_second
from bench.plan import Failed, Finding, Plan, say
from bench.report import print_finding, print_machine, write

WORKLOADS: dict[str, Callable[[Postgres, Plan], Awaitable[Finding]]] = {
    "w1": singles.run,
    "w2": batches.run,
    "w3": growth.run,
    "w4": reading.run,
    "w6": boards.run,
    "turn": month_end.run,
    "backtest": backtests.run,
}
PROFILE = "profile"
SIZES = {
    "small": Plan(rounds=5, customers=20_000, board_customers=100_000, batch_events=5_000, seconds=1.0),
    "full": Plan(rounds=7, customers=100_000, board_customers=1_000_000, batch_events=20_000, seconds=5.0),
}


def main(arguments: list[str]) -> int:
    """Run the benchmarks that *arguments* name and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("workload", nargs="*", help=f"{', '.join(WORKLOADS)} or {PROFILE}; none for all workloads")
    parser.add_argument("--rounds", type=int, help="how often each takes its turn; at least 5 to be believed")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--events", type=int, help="events of one round of W2, for each kind of users")
    parser.add_argument("--customers", type=int)
    parser.add_argument("--identities", action="store_true", help="W2: beside ours, ours with eventIdentity CUSTOMER")
    asked = parser.parse_args(arguments)
    size = SIZES[asked.size]
    plan = Plan(
        rounds=asked.rounds or size.rounds,
        customers=asked.customers or size.customers,
        board_customers=asked.customers or size.board_customers,
        batch_events=asked.events or size.batch_events,
        seconds=size.seconds,
        identities=asked.identities,
    )
    names = asked.workload or [*WORKLOADS]
    if unknown := set(names) - {*WORKLOADS, PROFILE}:
        parser.error(f"there is no workload {', '.join(sorted(unknown))}")
    try:
        asyncio.run(_run(names, plan))
    except Failed as failed:
        say(f"failed: {failed}")
        return 1
    return 0


async def _run(names: list[str], plan: Plan) -> None:
    with postgres() as server:
        result: dict[str, Any] = {"conditions": conditions(server), "seed": plan.seed, "rounds": plan.rounds}
        result["before"] = {"syncsPerSecond": syncs_per_second(server.folder), "load": load()}
        findings = {name: await (WORKLOADS | {PROFILE: profile.run})[name](server, plan) for name in names}
        result["after"] = {"syncsPerSecond": syncs_per_second(server.folder), "load": load()}
    for finding in findings.values():
        print_finding(finding)
    print_machine(result)
    write(names, result, findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
