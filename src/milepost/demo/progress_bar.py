"""How the demo speaks to the person: on standard error; how far it is, by a bar on a terminal or by plain lines."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

SECONDS_PER_LINE = 5

Advance = Callable[[int], None]
"""Takes how many more are done."""


class _Rate(ProgressColumn):
    """How many are done per second."""

    def render(self, task: Task) -> Text:
        """Write the rate; nothing before there is one."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


def tell(message: str) -> None:
    """Say *message* to the person at the terminal."""
    sys.stderr.write(f"{message}\n")


@contextmanager
def bar(total: int, what: str) -> Iterator[Advance]:
    """Show how many of *total* are done, with rate and remaining time, while the block runs."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(total, what)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)


def _lines(total: int, what: str) -> Advance:
    """Write a line now and then, and one at the end."""
    began = told = monotonic()
    done = 0

    def advance(count: int) -> None:
        nonlocal done, told
        done += count
        now = monotonic()
        if now - told < SECONDS_PER_LINE and done < total:
            return
        told = now
        rate = done / max(now - began, 0.001)
        remaining = (total - done) / rate
        tell(f"{what}: {done:,} of {total:,}, {rate:,.0f}/s, {remaining:.0f} s to go")

    return advance
