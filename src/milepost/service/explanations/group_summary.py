"""How far all customers are with a group of targets: counted from the standings themselves, bucket by bucket."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from milepost.model.bucket import BUCKETS
from milepost.model.problem import Unavailable
from milepost.model.standing import Progress, ProgressKey, Standing
from milepost.model.target import Period, Target, TargetGroup
from milepost.model.time import Micros
from milepost.service.customers.periods import customer_periods
from milepost.service.definitions.participation import latest
from milepost.service.runtime.runtime import Runtime
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import codec, customers

BINS = 20
KEPT_SECONDS = 10
PATIENCE_SECONDS = 5
COUNTING_SECONDS_MAX = 120
"""How long a count may take in all; it goes on in the background when nobody waits any more."""

_BUCKETS_AT_ONCE = 64


@dataclass(slots=True)
class PeriodCount:
    """How far the customers are with one target in one period; `total` is the sum of their values, in units.

    `bins` count those below their goal by the share of it that they have, a twentieth each; `over` are at it or over
    it, `without_goal` have none.
    """

    enrolled: int = 0
    started: int = 0
    half: int = 0
    achieved: int = 0
    total: int = 0
    over: int = 0
    without_goal: int = 0
    bins: list[int] = field(default_factory=lambda: [0] * BINS)

    def add(self, progress: Progress | None, goal: int | None) -> None:
        """Count a customer who takes part or has progress."""
        value = 0 if progress is None else progress.value
        self.enrolled += 1
        self.started += value > 0
        self.total += value
        self.achieved += progress is not None and progress.is_achieved
        if goal is None:
            self.without_goal += 1
            return
        self.half += 2 * value >= goal
        if value >= goal:
            self.over += 1
        else:
            self.bins[max(value * BINS // goal, 0)] += 1


class GroupSummary(NamedTuple):
    """The counts of a group by target and period, when they were made, and how many customers were looked at.

    `whole` has, of a unified group, how many customers have achieved it in each period.
    """

    group: TargetGroup
    counts: Mapping[ProgressKey, PeriodCount]
    whole: Mapping[int, int]
    customers: int
    made_at: Micros

    def of(self, target: Target, period: Period) -> PeriodCount:
        """Return the count of a target in a period."""
        return self.counts.get(ProgressKey(target.id, period.id)) or PeriodCount()


class _Holder(NamedTuple):
    """A customer as far as counting asks."""

    snapshot: OrganisationSnapshot
    standing: Standing
    progress: Mapping[ProgressKey, Progress]


async def summarise(runtime: Runtime, org_id: int, group_id: int) -> GroupSummary | None:
    """Return how far all customers are with a group, some seconds old at most; None if there is no such group.

    Raises Unavailable while many customers are still being counted.
    """
    async with runtime.database.reading() as reading:
        snapshot = await runtime.snapshots.of_organisation(reading, org_id)
    group = snapshot.groups.get(group_id)
    if group is None or group.deleted:
        return None

    async def counted() -> GroupSummary:
        return await _counted(runtime, snapshot, group)

    key = "group summary", org_id, group_id, snapshot.organisation.version
    return await runtime.remembered.get(key, counted, kept=KEPT_SECONDS, patience=PATIENCE_SECONDS)


async def _counted(runtime: Runtime, snapshot: OrganisationSnapshot, group: TargetGroup) -> GroupSummary:
    """Count customer by customer, each as stored when its bucket is read."""
    counting, deadline = _Counting(snapshot, group), time.monotonic() + COUNTING_SECONDS_MAX
    targets = [-group.id, *(target.id for target in group.targets)]
    for first in range(0, BUCKETS, _BUCKETS_AT_ONCE):
        if time.monotonic() > deadline:
            raise Unavailable("there are too many customers to count while somebody waits")
        async with runtime.database.reading() as reading:
            buckets = first, first + _BUCKETS_AT_ONCE
            rows = await customers.standings_of_buckets(reading, snapshot.organisation.id, buckets, targets)
        await asyncio.to_thread(counting.add_all, rows)
    return GroupSummary(
        group=group,
        counts=counting.counts,
        whole=counting.whole,
        customers=counting.customers,
        made_at=runtime.clock(),
    )


class _Counting:
    """A count in progress."""

    def __init__(self, snapshot: OrganisationSnapshot, group: TargetGroup) -> None:
        self._snapshot = snapshot
        self._group = group
        self._targets = {target.id: target for target in group.targets}
        self.counts: dict[ProgressKey, PeriodCount] = {}
        self.whole: dict[int, int] = {}
        self.customers = 0

    def add_all(self, rows: Iterable[tuple[bytes, Sequence[bytes]]]) -> None:
        for body, archived in rows:
            standing = codec.decode_standing(body)
            if standing.lineage.survivor is None:
                self.customers += 1
                history = {row.key: row for row in map(codec.decode_progress, archived)}
                self._add(standing, history | dict(standing.progress))

    def _add(self, standing: Standing, rows: Mapping[ProgressKey, Progress]) -> None:
        enrolled = {one.target_id for one in standing.enrolments} & self._targets.keys()
        for key, row in rows.items():
            if key.composite_group == self._group.id and row.is_achieved:
                self.whole[key.period_id] = self.whole.get(key.period_id, 0) + 1
            elif key.target_id in self._targets and key.target_id not in enrolled:
                self._count(key).add(row, self._goal(key))
        for target_id in enrolled:
            holder = _Holder(self._snapshot, standing, rows)
            for own in customer_periods(holder, self._group, self._targets[target_id]):
                if own.progress is not None or (own.takes_part and latest(standing, target_id) is not None):
                    self._count(ProgressKey(target_id, own.period.id)).add(own.progress, own.goal)

    def _count(self, key: ProgressKey) -> PeriodCount:
        return self.counts.setdefault(ProgressKey(*key), PeriodCount())

    def _goal(self, key: ProgressKey) -> int | None:
        rule = self._snapshot.rule_index.rules.get(key.target_id)
        position = None if rule is None else rule.position_of(key.period_id)
        return None if rule is None or position is None else rule.goals[position]
