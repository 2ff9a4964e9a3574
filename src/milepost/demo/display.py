"""What the demo prints at the end: the progress of three households, and commands to try next."""

import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

BAR_CELLS = 10


class Row(NamedTuple):
    """One target of one household in the running period."""

    target: str
    period: str
    value: Decimal
    goal: Decimal
    achieved_at: str | None
    is_cap: bool = False
    """Whether the goal is a cap: nobody wants to reach it."""

    @property
    def share(self) -> Decimal:
        """Return the value as a share of the goal, which may exceed one."""
        return self.value / self.goal


class Household(NamedTuple):
    """One household's progress; `customer_id` is its id in the API."""

    number: int
    customer_id: int
    rows: tuple[Row, ...]


def choose(households: Sequence[Household]) -> list[Household]:
    """Return up to three households: with most achieved, with most nearly achieved, and with most of both."""
    chosen: list[Household] = []
    for interest in (_achieved, _nearly, _mixed):
        rest = [household for household in households if household not in chosen]
        if rest:
            chosen.append(max(rest, key=interest))
    return chosen


def _achieved(household: Household) -> int:
    """Return the number of achieved rows."""
    return sum(row.achieved_at is not None and not row.is_cap for row in household.rows)


def _nearly(household: Household) -> int:
    """Return the number of rows that are not achieved, but at 80 % of the goal or more."""
    return sum(row.achieved_at is None and row.share >= Decimal("0.8") for row in household.rows)


def _mixed(household: Household) -> int:
    """Return the number of achieved or of nearly achieved rows, whichever is smaller."""
    return min(_achieved(household), _nearly(household))


def show(console: Console, households: Sequence[Household]) -> None:
    """Print each household as a table."""
    for household in households:
        title = f"Household {household.number} (customer {household.customer_id})"
        table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for heading in ("Target", "Period"):
            table.add_column(heading, no_wrap=True)
        for heading in ("Progress", "Goal"):
            table.add_column(heading, no_wrap=True, justify="right")
        for heading in ("", "Achieved"):
            table.add_column(heading, no_wrap=True)
        for row in household.rows:
            achieved = (row.achieved_at or "")[:10]
            if row.is_cap:
                achieved = "cap used up" if row.share >= 1 else f"cap, {_plain(row.goal - row.value)} left"
            table.add_row(row.target, row.period, _plain(row.value), _plain(row.goal), _bar(row), achieved)
        console.print(table)


def print_json(households: Sequence[Household]) -> None:
    """Print the households as JSON to standard output, amounts as text."""
    document = [household._asdict() | {"rows": [row._asdict() for row in household.rows]} for household in households]
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def tries(address: str, login: tuple[str, str], households: Sequence[Household]) -> str:
    """Return commands to paste: three read the first household, the last sends a bill of a new customer."""
    first = households[0]
    curl = f"curl -s -u {login[0]}:{login[1]}"
    bill = {
        "id": "my-first-bill",
        "source": "pos/367",
        "type": "TransactionAdd",
        "time": "2017-12-15T11:30:00-05:00",
        "customer": {"externalId": "you"},
        "store": {"code": "367"},
        "data": {"number": "1", "netAmount": 60, "grossAmount": 60, "discount": 0, "lines": []},
    }
    lines = [
        "",
        f"The server runs at {address}. Try:",
        "",
        f"  {curl} '{address}/v3/users/{first.customer_id}/targetGroups'",
        f"  {curl} '{address}/api/v1/customers/{first.customer_id}/progress'",
        f"  {curl} '{address}/api/v1/customers?externalId={first.number}'",
        f"  {curl} '{address}/api/v1/events' -H 'Content-Type: application/json' -d \\",
        f"    '{msgspec.json.encode(bill).decode()}'",
        "",
        f"Next: {address}/docs to try the API in a browser, docs/targets.md for each kind of target,",
        f"docs/install.md for your own data, and `{sys.argv[0]} --help`.",
        "",
        "Ctrl-C stops the server. Run the same command again to start it without loading.",
    ]
    return "\n".join(lines)


def _plain(amount: Decimal) -> str:
    """Return an amount as text without trailing zeros."""
    return f"{amount.normalize():f}"


def _bar(row: Row) -> str:
    """Return a bar that shows the share of the goal, for rich; a cap that is used up is red."""
    cells = int(min(max(row.share, Decimal(0)), Decimal(1)) * BAR_CELLS)
    full, rest = ("red", "cyan") if row.is_cap else ("green", "yellow")
    colour = full if row.share >= 1 else rest
    return f"[{colour}]{'━' * cells}[/][dim]{'─' * (BAR_CELLS - cells)}[/]"
