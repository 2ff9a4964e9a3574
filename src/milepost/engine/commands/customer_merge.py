"""Merging two customers: the victim's progress is added to the survivor's (docs/rules.md, merging).

No event is counted again. A goal that either of the two had achieved is not rewarded again. A goal that only both
together reach is achieved by the merge: 60 and 50 achieve a goal of 100.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import UNSET
from msgspec.structs import replace

from milepost.engine.commands.enrolment import matters
from milepost.engine.fold import Fold
from milepost.engine.progress.change import Cause, Change, extreme
from milepost.engine.progress.composite import update_composite
from milepost.engine.progress.count import change_row
from milepost.engine.progress.lineage import own_window_of
from milepost.engine.progress.sequential import days_of, move_total
from milepost.engine.progress.streaks import reevaluate, update_streak
from milepost.model.commands.customer_merge import AbsorbCustomer
from milepost.model.progress.streak import EarnedLevel, Streak
from milepost.model.standing import (
    MATCHED_MAX,
    NOT_ACHIEVED,
    NOT_LEFT,
    NOTHING_REPLACED,
    Day,
    Enrolment,
    MergedCustomer,
    Progress,
    Reason,
    Standing,
    StoredEvents,
)
from milepost.model.target import Evaluation
from milepost.model.time import Micros
from milepost.rules.compiled.measure import Aggregate
from milepost.rules.compiled.rule import Rule


def absorb(fold: Fold, payload: AbsorbCustomer) -> None:
    """Add the progress of the victim; targets and periods that no longer exist are left out."""
    fold.bills += payload.bills
    fold.purchases += payload.purchases
    fold.waiting = (*fold.waiting, *payload.waiting)
    if payload.matched:
        fold.matched = (*fold.matched, *payload.matched)[-MATCHED_MAX:]
    _remember(fold, payload)
    _unite_enrolments(fold, payload)
    for theirs in payload.streaks:
        fold.streaks = {**fold.streaks, theirs.group_id: _joined_streaks(fold.streaks.get(theirs.group_id), theirs)}
    moved: dict[tuple[int, int], Rule] = {}
    for target_id, rows in _by_target(payload.rows).items():
        rule = fold.rule_index.rules.get(target_id)
        if rows[0].key.composite_group is not None:
            _keep_wholes(fold, rows)
        elif rule is not None and rule.keys:
            _take(fold, rule, rows, dict(payload.anchors))
            moved.update({(rule.group_id, row.period_id): rule for _, row in _placed(rule, rows)})
    for (_, period_id), rule in moved.items():
        update_composite(fold, rule, period_id, _change(0), fold.cause)
    for theirs in payload.streaks:
        reevaluate(fold, fold.streaks[theirs.group_id])


def absorbed_progress(customer_id: int, standing: Standing, history: Iterable[Progress]) -> AbsorbCustomer:
    """Return the command that gives the survivor a standing, with its archived progress (*history*)."""
    rows = {(row.target_id, row.period_id): row for row in history} | dict(standing.progress)
    return AbsorbCustomer(
        customer_id=customer_id,
        rows=tuple(sorted(rows.values())),
        enrolments=standing.enrolments,
        waiting=standing.waiting,
        facts=standing.facts,
        anchors=tuple(sorted(standing.anchors.items())),
        streaks=tuple(standing.streaks[group_id] for group_id in sorted(standing.streaks)),
        bills=standing.bills,
        purchases=standing.purchases,
        merged=standing.lineage.merged,
        zone_days=tuple(standing.zone_days[zone] for zone in sorted(standing.zone_days)) or UNSET,
        matched=standing.matched or UNSET,
    )


def _remember(fold: Fold, payload: AbsorbCustomer) -> None:
    """Note the customers whose logs belong to this customer from now on."""
    number = fold.seq + 1
    said = tuple(one for one in payload.enrolments if matters(one))
    merged = (
        MergedCustomer(payload.customer_id, (number,), said, payload.anchors),
        *(one._replace(under=(number, *one.under)) for one in payload.merged),
    )
    fold.lineage = fold.lineage._replace(merged=(*fold.lineage.merged, *merged))


def _by_target(rows: Iterable[Progress]) -> dict[int, list[Progress]]:
    """Return rows by target; composites come first, since their target ids are negative."""
    found: dict[int, list[Progress]] = {}
    for row in sorted(rows):
        found.setdefault(row.target_id, []).append(row)
    return found


def _take(fold: Fold, rule: Rule, rows: list[Progress], anchors: Mapping[int, Micros]) -> None:
    """Add *rows* of one target."""
    match rule.frame.evaluation:
        case Evaluation.PERIOD_AGNOSTIC_WINDOW:
            _pour(fold, rule, rows)
        case Evaluation.FIXED_CALENDAR_WINDOW:
            for position, row in _placed(rule, rows):
                _add(fold, rule, position, row)
        case Evaluation.CYCLIC_WINDOW:
            if rule.target_id in anchors and rule.target_id not in fold.anchors:
                fold.anchors = {**fold.anchors, rule.target_id: anchors[rule.target_id]}
            for position, row in _placed(rule, rows):
                _add(fold, rule, own_window_of(rule, fold.anchors, anchors, position), row)


def _change(moved: int) -> Change:
    return Change(old=None, new=moved, day=0, reason=Reason.MERGED, amount=moved)


def _add(fold: Fold, rule: Rule, position: int, row: Progress) -> None:
    """Add *row* to the row of the period at *position*, and update the streak; the caller updates composites."""
    key = rule.keys[position]
    known = fold.progress.get(key) or _begun(fold, rule, position, row)
    days = _joined_days(known.days, row.days)
    moved = row.value + _sum(rule, days) - _sum(rule, known.days) - _sum(rule, row.days)
    before = fold.progress[key] = _rewarded(known, row, days)
    change_row(fold, rule, position, _change(moved), fold.cause)
    update_streak(fold, rule, before, fold.progress[key], fold.cause)


def _begun(fold: Fold, rule: Rule, position: int, row: Progress) -> Progress:
    """Return a new row to add *row* to. There is no outcome: the victim had it already."""
    fold.archive_after(fold.closes_at(rule, position))
    return Progress(
        target_id=rule.target_id,
        period_id=rule.period_ids[position],
        value=0,
        enrolled_at=row.enrolled_at,
        updated_at=row.updated_at,
    )


def _rewarded(known: Progress, row: Progress, days: tuple[Day, ...]) -> Progress:
    """Return *known* with the history of both: the earlier beginning and achievement, and all triggers."""
    achieved = [(one.achieved_at, one.achieved_by) for one in (known, row) if one.is_achieved]
    achieved_at, achieved_by = min(achieved, default=NOT_ACHIEVED)
    return replace(
        known,
        enrolled_at=min(known.enrolled_at, row.enrolled_at),
        achieved_at=achieved_at,
        achieved_by=achieved_by,
        triggers=known.triggers | row.triggers,
        days=days,
    )


def _joined_days(ours: tuple[Day, ...], theirs: tuple[Day, ...]) -> tuple[Day, ...]:
    amounts: dict[int, tuple[int, ...]] = {}
    for day, counted in (*ours, *theirs):
        amounts[day] = tuple(sorted((*amounts.get(day, ()), *counted)))
    return tuple(sorted(amounts.items()))


def _sum(rule: Rule, days: tuple[Day, ...]) -> int:
    """Return the value of *days*: the sum of their extremes."""
    return 0 if rule.aggregate is Aggregate.SUM else sum(extreme(amounts, rule.aggregate) for _, amounts in days)


def _pour(fold: Fold, rule: Rule, rows: list[Progress]) -> None:
    """Add the total of *rows* to the total that fills the periods. As many periods stay rewarded as both had."""
    ordered = [row for _, row in sorted(_placed(rule, rows), key=lambda placed: placed[0])]
    if not ordered:
        return
    rewarded = sum(1 for key in rule.keys if key in fold.progress and fold.progress[key].is_achieved)
    last = len(rule.keys) - 1
    ours, theirs = days_of(fold, rule), ordered[0].days
    for row in sorted(ordered, key=lambda row: not row.is_achieved):
        position = min(rewarded, last)
        known = fold.progress.get(rule.keys[position]) or _begun(fold, rule, position, row)
        fold.progress[rule.keys[position]] = _rewarded(known, row, known.days)
        rewarded += row.is_achieved
    days = _joined_days(ours, theirs)
    moved = sum(row.value for row in ordered) + _sum(rule, days) - _sum(rule, ours) - _sum(rule, theirs)

    def begin(fold: Fold, rule: Rule, position: int, _cause: Cause) -> Progress:
        return _begun(fold, rule, position, ordered[0])

    move_total(fold, rule, _change(moved), days, fold.cause, begin)


def _placed(rule: Rule, rows: Iterable[Progress]) -> Iterator[tuple[int, Progress]]:
    """Yield the *rows* of periods that *rule* knows, each with the position of its period."""
    for row in rows:
        position = rule.position_of(row.period_id)
        if position is not None:
            yield position, row


def _keep_wholes(fold: Fold, rows: Iterable[Progress]) -> None:
    """Keep what composites had achieved; the values follow from the members."""
    for row in rows:
        group_id = row.key.composite_group
        composite = None if group_id is None else fold.rule_index.composites.get(group_id)
        if composite is None or row.period_id not in composite.closes:
            continue
        key = composite.key(row.period_id)
        known = fold.progress.get(key)
        if known is None:
            fold.archive_after(composite.closes[row.period_id])
            known = Progress(
                target_id=key.target_id,
                period_id=key.period_id,
                value=0,
                enrolled_at=row.enrolled_at,
                updated_at=row.updated_at,
            )
        fold.progress[key] = _rewarded(known, row, ())


def _unite_enrolments(fold: Fold, payload: AbsorbCustomer) -> None:
    """Unite the enrolments of both customers; where both have one, the survivor's own goals win."""
    in_force = {enrolment.target_id: enrolment for enrolment in payload.enrolments}
    for target_id, theirs in in_force.items():
        rule = fold.rule_index.rules.get(target_id)
        joined = None if rule is None else _joined(rule, fold.enrolment(target_id), theirs)
        if joined is not None:
            known = (one for one in fold.enrolments if one.target_id != target_id or matters(one))
            is_bounded = joined.counts_since is not None
            stored = StoredEvents.LATER_SINCE_ENROLMENT if is_bounded else StoredEvents.NONE
            taken = joined._replace(seq=fold.seq + 1, stored=stored, replaced_period_id=NOTHING_REPLACED)
            fold.enrolments = (*known, taken)


def _joined(rule: Rule, ours: Enrolment | None, theirs: Enrolment) -> Enrolment | None:
    """Return the united enrolment; None where the enrolment of the survivor stays as it is."""
    if ours is None:
        if not rule.open_to_all or not rule.period_ids:
            return theirs
        return theirs._replace(period_id=rule.period_ids[0], left_period_id=NOT_LEFT, stored=StoredEvents.NONE)
    if theirs.has_left:
        return None
    if ours.has_left:
        return theirs
    first, our_first = rule.position_of(theirs.period_id), rule.position_of(ours.period_id)
    if first is None or our_first is None or first >= our_first:
        return None
    earlier = tuple(goal for goal in theirs.goals if _is_before(rule, goal[0], our_first))
    # The earlier one of two bounds holds; where either has none, there is none.
    return ours._replace(
        period_id=theirs.period_id,
        goals=(*earlier, *ours.goals),
        enrolled_at=min(ours.enrolled_at, theirs.enrolled_at) if ours.counts_since is not None else ours.enrolled_at,
        stored=StoredEvents.NONE if theirs.counts_since is None else ours.stored,
    )


def _is_before(rule: Rule, period_id: int, position: int) -> bool:
    """Return whether a period lies before the one at *position*; a period that the rule does not know does."""
    place = rule.position_of(period_id)
    return place is None or place < position


def _joined_streaks(ours: Streak | None, theirs: Streak) -> Streak:
    """Return the streak of both together; counting starts where the streak of the survivor starts."""
    if ours is None:
        return theirs
    levels: dict[int, EarnedLevel] = {level.level_id: level for level in ours.levels}
    for level in theirs.levels:
        known = levels.get(level.level_id)
        levels[level.level_id] = level if known is None or level.earned_at < known.earned_at else known
    return Streak(
        group_id=ours.group_id,
        achieved=tuple(sorted({*ours.achieved, *theirs.achieved})),
        levels=tuple(levels.values()),
        since_period_id=ours.since_period_id,
        freezes=tuple(sorted((*ours.freezes, *theirs.freezes))),
        pauses=tuple(sorted({*ours.pauses, *theirs.pauses})),
    )
