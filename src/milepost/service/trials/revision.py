"""What a changed definition makes of a customer's progress: the event that says so, and who gains and loses by it.

Preview, recomputation and the ingestion of a customer who is heard before the recomputation comes call this alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from milepost.engine.apply import Replayed, apply_batch
from milepost.engine.fold import Fold
from milepost.engine.step import AppliedEvent
from milepost.model.commands.revision import ReviseProgress
from milepost.model.definitions.change import ChangePolicy, DefinitionChange
from milepost.model.event import NOWHERE, REVISE_PROGRESS, Event, EventKey
from milepost.model.standing import NOT_ACHIEVED, OutcomeKind, Progress, ProgressKey, Standing
from milepost.model.target import Evaluation
from milepost.model.time import Micros, Seconds
from milepost.rules.compiled.index import RuleIndex
from milepost.rules.compiled.rule import Rule
from milepost.service.trials.customer_trial import LoadLog, Log, LogEvent, logged_events, rows_of, try_log
from milepost.service.trials.revised_amounts import TriedCustomer, revised_amounts
from milepost.service.trials.tried_rules import Tried, TriedRules, load_definitions, load_organisations
from milepost.store import customers
from milepost.store.database import Transaction
from milepost.store.drafts import trials
from milepost.store.log import CustomerKey, key_of_customer

SOURCE = "milepost/change"
RECOMPUTING = frozenset({ChangePolicy.RECOMPUTE_RUNNING, ChangePolicy.RECOMPUTE_ALL})
GAINS = frozenset(
    {
        OutcomeKind.ACHIEVED,
        OutcomeKind.CAP_REACHED,
        OutcomeKind.UNIFIED_ACHIEVED,
        OutcomeKind.STREAK_LEVEL_ACHIEVED,
    }
)
LOSSES = frozenset({OutcomeKind.UNACHIEVED, OutcomeKind.UNIFIED_UNACHIEVED, OutcomeKind.STREAK_LEVEL_UNACHIEVED})
_ACHIEVES = Seconds(1), 1
"""What marks a row that the changed definition achieves; the fold stamps it with the change."""


class RevisedCustomer(NamedTuple):
    """A customer whom a change concerns: the event that revises the progress, and what it leads to."""

    customer_key: CustomerKey
    event: Event
    applied: AppliedEvent

    def outcomes(self, kinds: frozenset[OutcomeKind]) -> Iterator[tuple[int, int]]:
        """Yield target (0 for the whole group) and period of the outcomes of these *kinds*."""
        return ((one.target_id, one.period_id) for one in self.applied.outcomes if one.kind in kinds)


class Revision:
    """A change that is applied to customers, or tried on them."""

    def __init__(self, change: DefinitionChange, rule_index: RuleIndex, rules: TriedRules | None) -> None:
        """Revise by *rule_index*, in which the changed group is in force; *rules* try the log, if the policy asks."""
        self.change = change
        self.rule_index = rule_index
        self._rules = rules
        self.key = EventKey(SOURCE, str(change.id))

    async def of_customers(
        self,
        transaction: Transaction,
        standings: Mapping[CustomerKey, Standing],
        histories: Mapping[CustomerKey, Sequence[Progress]],
        now: Micros,
    ) -> list[RevisedCustomer]:
        """Return those of the customers whom the change concerns at *now* (epoch microseconds)."""
        present = {key: one for key, one in standings.items() if one.lineage.survivor is None}
        logs: dict[int, Log] = {}
        if self._rules is not None and present:
            read = await trials.logs_of_customers(transaction, self.change.org_id, list(present))
            logs = {customer_id: [LogEvent(*one) for one in events] for customer_id, events in read}
        found: list[RevisedCustomer] = []
        for key, standing in present.items():
            tried = None
            if self._rules is not None:
                log, load = logs.get(key.customer_id, ()), _loader(transaction, self.change.org_id)
                tried = TriedCustomer(await logged_events(log, load), await try_log(log, self._rules, load))
            revised = self.of_customer(key, standing, histories.get(key, ()), tried, now)
            if revised is not None:
                found.append(revised)
        return found

    def of_customer(
        self,
        key: CustomerKey,
        standing: Standing,
        history: Sequence[Progress],
        tried: TriedCustomer | None,
        now: Micros,
    ) -> RevisedCustomer | None:
        """Return the customer if the change concerns them; *tried* is where their log leads under the change."""
        archived = {row.key: row for row in history}
        rows = archived | dict(standing.progress)
        payload = self._payload(standing, rows, tried, now)
        event = Event(
            key=self.key,
            name=REVISE_PROGRESS,
            occurred_at=now,
            received_at=now,
            place=NOWHERE,
            member=None,
            payload=payload,
        )
        result = apply_batch(self.rule_index, standing, archived, (), [event])
        after = result.history | dict(result.standing.progress)
        (applied,) = result.applied
        whole = (-self.change.group_id,)
        is_moved = any(rows.get(known) != row for known, row in after.items() if known.target_id in whole)
        if not (applied.entries or applied.outcomes or is_moved):
            return None
        return RevisedCustomer(key, event, applied)

    def _payload(
        self, standing: Standing, rows: Mapping[ProgressKey, Progress], tried: TriedCustomer | None, now: Micros
    ) -> ReviseProgress:
        fold = Fold(self.rule_index, standing)
        replayed = None if tried is None else tried.replayed
        wanted = rows if replayed is None else rows_of(replayed)
        revised: list[Progress] = []
        for target in self.change.group.targets:
            rule = self.rule_index.rules.get(target.id)
            for position, key in enumerate(() if rule is None else rule.keys):
                if rule is None or not self._is_open(fold, rule, position, now) or not {key} & {*rows, *wanted}:
                    continue
                row = wanted.get(key) or replace(rows[key], value=0, days=(), achieved_at=Seconds(0), achieved_by=0)
                achieved_at, achieved_by = _ACHIEVES if _achieves(fold, rule, position, row, replayed) else NOT_ACHIEVED
                revised.append(replace(row, achieved_at=achieved_at, achieved_by=achieved_by, triggers=0))
        anchors = () if replayed is None else _anchors(self.change, standing, replayed)
        amounts = () if tried is None else revised_amounts(fold, {row.key for row in revised}, tried)
        return ReviseProgress(
            group_id=self.change.group_id,
            change_id=self.change.id,
            rows=tuple(revised),
            revokes=self.change.revokes,
            anchors=anchors,
            amounts=amounts or UNSET,
        )

    def _is_open(self, fold: Fold, rule: Rule, position: int, now: Micros) -> bool:
        """Whether the policy revises the period at *position*: every one, or one that runs."""
        if self.change.policy is ChangePolicy.RECOMPUTE_ALL:
            return True
        if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
            return False
        return fold.position(rule, now) == position


def _achieves(fold: Fold, rule: Rule, position: int, row: Progress, tried: Replayed | None) -> bool:
    """Whether the changed definition achieves *row*: the value is at the goal, or the log reached it on the way."""
    goal = fold.goal(rule, position)
    is_over = goal is not None and row.value >= goal
    if rule.frame.evaluation is Evaluation.PERIOD_AGNOSTIC_WINDOW:
        return row.is_achieved
    return is_over or (tried is not None and row.is_achieved)


def _anchors(change: DefinitionChange, standing: Standing, tried: Replayed) -> tuple[tuple[int, Micros], ...]:
    ids = {target.id for target in change.group.targets}
    known = tried.standing.anchors
    return tuple(sorted((id_, at) for id_, at in known.items() if id_ in ids and standing.anchors.get(id_) != at))


def _loader(transaction: Transaction, org_id: int) -> LoadLog:
    async def load(customer_id: int) -> Log:
        rows = await customers.full_log(transaction, key_of_customer(org_id, customer_id))
        return [LogEvent(version, row.seq, row.event(), row.entries) for version, row in rows]

    return load


async def revision_of(transaction: Transaction, change: DefinitionChange, rule_index: RuleIndex) -> Revision:
    """Return *change* ready to revise customers; its definitions are read if the policy tries the log."""
    if change.policy not in RECOMPUTING:
        return Revision(change, rule_index, None)
    history = await load_definitions(transaction, change.org_id)
    versions = await trials.versions_of(transaction, change.org_id)
    await load_organisations(transaction, change.org_id, history, versions)
    return Revision(change, rule_index, TriedRules(history, Tried(group_id=change.group_id, draft=change.group)))
