"""One part of a back-test: the customers of some buckets, replayed under the draft and under the live definition."""

import csv
import gzip
from collections.abc import Iterator
from decimal import Decimal
from io import StringIO
from typing import NamedTuple

from milepost.engine.apply import Replayed
from milepost.files.table import neutral
from milepost.model.amount import to_units
from milepost.model.commands.customer_merge import AbsorbCustomer, MergeIntoSurvivor
from milepost.model.organisation import Organisation
from milepost.model.target import TargetGroup
from milepost.rules.compiled.composites import composite_of, streak_rule
from milepost.service.backtests.customer_rows import (
    WHOLE,
    ReachedRow,
    ReachedRows,
    longest_streak,
    reached_rows,
)
from milepost.service.backtests.request import PART_BUCKETS, BacktestRequest
from milepost.service.backtests.tally import Example, PartTally, SideTallies, Tally, selected
from milepost.service.trials.customer_trial import Log, LogEvent, try_log, try_own_log
from milepost.service.trials.tried_rules import DefinitionHistory, Tried, TriedRules
from milepost.store import codec, customers
from milepost.store.database import Transaction
from milepost.store.drafts import trials
from milepost.store.log import key_of_customer

UNITS = Decimal(10_000)
NOTHING = ReachedRow(enrolled=False, value=0, reached=0, goal=0, achieved=False)


class Side(NamedTuple):
    """One of the two definitions: the group as it is reported, and the rules by which events are judged."""

    group: TargetGroup
    rules: TriedRules


class PartResult(NamedTuple):
    """The tally of a part, and the rows of its customers as compressed CSV without a heading."""

    tally: PartTally
    differences: bytes


class BacktestPlan:
    """What every part of a back-test needs: the definitions as they were, compiled once for all customers."""

    def __init__(self, request: BacktestRequest, history: DefinitionHistory, organisation: Organisation) -> None:
        """Compile the sides of *request*."""
        self.request = request
        self.span = request.since, request.until
        self._organisation = organisation
        self._goals = [to_units(goal) for goal in request.goals]
        self._only = frozenset(request.customers)
        self.draft = self._draft_side(history)
        self.live = self._live_side(history)

    def _draft_side(self, history: DefinitionHistory) -> Side | None:
        if self.request.draft is None:
            return None
        group = codec.decode_group(self.request.draft)
        tried = Tried(group_id=group.id, draft=group, since=self.request.since, until=self.request.until)
        return Side(group, TriedRules(history, tried))

    def _live_side(self, history: DefinitionHistory) -> Side | None:
        if self.request.live is None:
            return None
        group = history.groups[self.request.live][-1][1]
        return Side(group, TriedRules(history, Tried(group_id=group.id)))

    async def run(self, transaction: Transaction, part: int) -> PartResult:
        """Replay the customers of *part*."""
        request, tally, out = self.request, PartTally(), StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        buckets = part * PART_BUCKETS, (part + 1) * PART_BUCKETS
        logs = await trials.logs_of_buckets(transaction, request.org_id, buckets, request.position)
        for customer_id, read in logs:
            tally.events += len(read)
            if isinstance(read[-1].event.payload, MergeIntoSurvivor) or (self._only and customer_id not in self._only):
                continue
            log = [LogEvent(*one) for one in read]
            draft = await self.replayed(transaction, self.draft, log)
            live = await self.replayed(transaction, self.live, log)
            tally.customers += 1
            for row in self._counted(tally, customer_id, draft, live):
                writer.writerow(row)
        return PartResult(tally, gzip.compress(out.getvalue().encode(), compresslevel=1, mtime=0))

    async def replayed(self, transaction: Transaction, side: Side | None, log: Log) -> Replayed | None:
        """Return where *log* leads on one side; None without that side."""
        if side is None:
            return None
        if not any(isinstance(one.event.payload, AbsorbCustomer) for one in log):
            return try_own_log(log, side.rules)

        async def load(customer_id: int) -> Log:
            rows = await customers.full_log(transaction, key_of_customer(self.request.org_id, customer_id))
            return [LogEvent(version, row.seq, row.event()) for version, row in rows]

        return await try_log(log, side.rules, load)

    def rows(self, side: Side | None, replayed: Replayed | None) -> ReachedRows:
        """Return what a customer reached on one side."""
        if side is None or replayed is None:
            return {}
        composite, settings = composite_of(side.group), self._organisation.settings
        return reached_rows(side.group, composite, replayed, self.span, settings)

    def _counted(
        self, tally: PartTally, customer_id: int, draft: Replayed | None, live: Replayed | None
    ) -> Iterator[tuple[str, ...]]:
        """Count a customer, and yield the rows of the file."""
        drafted, lived = self.rows(self.draft, draft), self.rows(self.live, live)
        for rows, side in ((drafted, tally.draft), (lived, tally.live)):
            for (ref_code, name), row in rows.items():
                self._count(side, ref_code, name, row)
        self._count_streak(tally.draft_streaks, self.draft, draft)
        self._count_streak(tally.live_streaks, self.live, live)
        for ref_code, name in sorted({*drafted, *lived}):
            if name == WHOLE:
                continue
            ours, theirs = drafted.get((ref_code, name), NOTHING), lived.get((ref_code, name), NOTHING)
            _keep_example(tally, customer_id, ref_code, name, ours, theirs)
            tally.differing += (ours.value, ours.achieved) != (theirs.value, theirs.achieved)
            yield (str(customer_id), neutral(ref_code), neutral(name), *_cells(theirs), *_cells(ours))

    def _count(self, side: SideTallies, ref_code: str, name: str, row: ReachedRow) -> None:
        tally = side.setdefault(ref_code, {}).setdefault(name, Tally())
        tally.enrolled += 1
        tally.started += row.value > 0
        tally.achieved += row.achieved
        if name == WHOLE:
            return
        tally.note_reached(row.reached)
        for goal in self._goals:
            reaches = row.achieved if row.has_own_goal else row.reached >= goal
            tally.goals[str(goal)] = tally.goals.get(str(goal), 0) + reaches

    def _count_streak(self, lengths: dict[int, int], side: Side | None, replayed: Replayed | None) -> None:
        if side is None or replayed is None:
            return
        longest = longest_streak(streak_rule(side.group, self._organisation.settings), replayed)
        if longest is not None:
            lengths[longest] = lengths.get(longest, 0) + 1


def _cells(row: ReachedRow) -> tuple[str, str]:
    return f"{Decimal(row.value) / UNITS:f}" if row.enrolled else "", str(row.achieved).lower() if row.enrolled else ""


def _keep_example(
    tally: PartTally, customer_id: int, ref_code: str, name: str, draft: ReachedRow, live: ReachedRow
) -> None:
    example = Example(
        customer_id=customer_id,
        ref_code=ref_code,
        target=name,
        draft=draft.value,
        live=live.value,
        goal=draft.goal,
        draft_achieved=draft.achieved,
        live_achieved=live.achieved,
    )
    kinds = ["top", "median"] if draft.enrolled else []
    if draft.enrolled and not draft.achieved and draft.value:
        kinds.append("justMissed")
    if draft.achieved is not live.achieved:
        kinds.append("gained" if draft.achieved else "lost")
    for kind in kinds:
        tally.examples[kind] = selected(kind, [*tally.examples.get(kind, ()), example])
