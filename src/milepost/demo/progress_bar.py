"""Messages and progress on standard error: a bar if that is a terminal, plain lines if not."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

SECONDS_PER_LINE = 5

Advance = Callable[[int], None]
"""A function that is called with the number of items done since the last call."""


class _Rate(ProgressColumn):
    """The number of items done per second."""

    def render(self, task: Task) -> Text:
        """Return the rate; empty until there is one."""
        return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")


def print_message(message: str) -> None:
    """Print *message* to standard error."""
    sys.stderr.write(f"{message}\n")


@contextmanager
def bar(total: int, what: str) -> Iterator[Advance]:
    """Show how many of *total* items are done, with rate and remaining time, while the block runs."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(total, what)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)


def _lines(total: int, what: str) -> Advance:
    """Return a function that prints a line every few seconds, and one at the end."""
    began = printed = monotonic()
    done = 0

    def advance(count: int) -> None:
        nonlocal done, printed
        done += count
        now = monotonic()
        if now - printed < SECONDS_PER_LINE and done < total:
            return
        printed = now
        rate = done / max(now - began, 0.001)
        remaining = (total - done) / rate
        print_message(f"{what}: {done:,} of {total:,}, {rate:,.0f}/s, {remaining:.0f} s to go")

    return advance
