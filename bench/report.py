"""The result of a run: tables for the person at the terminal, one JSON file for everybody else."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.plan import Finding

RESULTS = Path(__file__).resolve().parent.parent / "bench-results"
_terminal = Console(stderr=True, width=200)


def print_finding(finding: Finding) -> None:
    """Print the table of one workload, and the facts that belong to it."""
    table = Table(title=finding.name, title_justify="left")
    for place, column in enumerate(finding.columns):
        table.add_column(column, justify="left" if place == 0 else "right", no_wrap=True)
    for row in finding.table:
        table.add_row(*row)
    _terminal.print(table)
    for name, value in finding.facts.items():
        _terminal.print(f"  {name}: {json.dumps(value)}", soft_wrap=True, highlight=False)


def print_machine(result: dict[str, Any]) -> None:
    """Print what the figures depend on besides the code."""
    for name in ("conditions", "seed", "before", "after"):
        _terminal.print(f"{name}: {json.dumps(result[name])}", soft_wrap=True, highlight=False)


def write(names: list[str], result: dict[str, Any], findings: dict[str, Finding]) -> Path:
    """Write everything that was found to `bench-results/<names>.json`; return that path, below the project."""
    workloads = {
        name: {"name": finding.name, "facts": finding.facts, "figures": finding.figures}
        for name, finding in findings.items()
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{'-'.join(names)}.json"
    path.write_text(json.dumps(result | {"workloads": workloads}, indent=2) + "\n", encoding="utf-8")
    return path.relative_to(RESULTS.parent)
