"""`python -m bench`: run workloads, print their tables, write one JSON file; exit code 1 if an audit fails."""

import argparse
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import uvloop

from bench import (
    backfill,
    backtests,
    batches,
    boards,
    delivery,
    growth,
    month_end,
    neighbours,
    profile,
    reading,
    singles,
)
from bench.earlier import earlier_tree
from bench.goals import far_from_goal, goal_lines
from bench.hosts import Postgres, postgres
from bench.machine import conditions, load, syncs_per_second
from bench.plan import Failed, Finding, Plan, say
from bench.report import print_finding, print_machine, write

WORKLOADS: dict[str, Callable[[Postgres, Plan], Awaitable[Finding]]] = {
    "w1": singles.run,
    "w2": batches.run,
    "w3": growth.run,
    "w4": reading.run,
    "w5": backfill.run,
    "w6": boards.run,
    "turn": month_end.run,
    "delivery": delivery.run,
    "neighbours": neighbours.run,
    "backtest": backtests.run,
}
PROFILE = "profile"
SIZES = {
    "small": Plan(rounds=5, customers=20_000, board_customers=100_000, batch_events=5_000, seconds=1.0),
    "full": Plan(rounds=7, customers=100_000, board_customers=1_000_000, batch_events=20_000, seconds=5.0),
}

CI_SIZE = Plan(rounds=3, customers=2_000, board_customers=20_000, batch_events=4_000, seconds=0.5)
CI_WORKLOADS = ("w1", "w2", "w3", "w4")
"""The workloads that have goals as ratios; each takes about a minute in this size."""


def main(arguments: list[str]) -> int:
    """Run the benchmarks that *arguments* name and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("workload", nargs="*", help=f"{', '.join(WORKLOADS)} or {PROFILE}; none for all workloads")
    parser.add_argument("--rounds", type=int, help="how often each takes its turn; at least 5 to be believed")
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--events", type=int, help="events of one round of W2, for each kind of users")
    parser.add_argument("--customers", type=int)
    parser.add_argument("--identities", action="store_true", help="W2: beside ours, ours with eventIdentity CUSTOMER")
    parser.add_argument("--ci", action="store_true", help="a minute for each; fail where a ratio is far from its goal")
    parser.add_argument("--against", metavar="REV", help="an earlier commit as a contestant of W1 and W4")
    asked = parser.parse_args(arguments)
    size = CI_SIZE if asked.ci else SIZES[asked.size]
    plan = Plan(
        rounds=asked.rounds or size.rounds,
        customers=asked.customers or size.customers,
        board_customers=asked.customers or size.board_customers,
        batch_events=asked.events or size.batch_events,
        seconds=size.seconds,
        identities=asked.identities,
    )
    names = asked.workload or [*(CI_WORKLOADS if asked.ci else WORKLOADS)]
    if unknown := set(names) - {*WORKLOADS, PROFILE}:
        parser.error(f"there is no workload {', '.join(sorted(unknown))}")
    try:
        with earlier_tree(asked.against) as earlier:
            ratios = uvloop.run(_run(names, replace(plan, earlier=earlier)))
    except Failed as failed:
        say(f"failed: {failed}")
        return 1
    for line in goal_lines(ratios):
        say(line)
    far = far_from_goal(ratios) if asked.ci else []
    for name in far:
        say(f"failed: {name} misses its goal by more than a third")
    return 1 if far else 0


async def _run(names: list[str], plan: Plan) -> dict[str, float]:
    """Run the workloads *names* and return the ratios that have goals."""
    with postgres() as server:
        result: dict[str, Any] = {"conditions": conditions(server), "seed": plan.seed, "rounds": plan.rounds}
        result["before"] = {"syncsPerSecond": syncs_per_second(server.folder), "load": load()}
        findings: dict[str, Finding] = {}
        path = None
        for name in names:
            findings[name] = await (WORKLOADS | {PROFILE: profile.run})[name](server, plan)
            # Told and written at once: a later workload that fails takes no figure along.
            print_finding(findings[name])
            result["after"] = {"syncsPerSecond": syncs_per_second(server.folder), "load": load()}
            path = write(names, result, findings)
    print_machine(result)
    say(f"written to {path}")
    return {name: ratio for finding in findings.values() for name, ratio in finding.ratios.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
