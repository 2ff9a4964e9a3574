"""The answer of `answer.py`, byte for byte, written by filling compiled texts (`templates.py`).

A law holds the two ways equal, and the server setting `answer_templates` switches this one off.
"""

from collections.abc import Iterator
from hashlib import sha256

from msgspec import Raw
from msgspec.structs import replace

from milepost.api.capillary.answer import thousandths
from milepost.api.capillary.envelope import answer
from milepost.api.capillary.users.target_groups.answer import UserAnswer, streak_answers
from milepost.api.capillary.users.target_groups.customer_answer import customer_answer
from milepost.api.capillary.users.target_groups.row_answer import RowBuilder, goal_shown
from milepost.api.capillary.users.target_groups.selection import (
    RowQuery,
    SelectedRows,
    is_stored,
    selected_groups,
    selected_rows,
)
from milepost.api.capillary.users.target_groups.templates import PlainGroup, PlainPeriod, StampTexts, templates_of
from milepost.api.http.body import write_json
from milepost.model.amount import UNITS_PER_ONE
from milepost.model.standing import Progress
from milepost.model.target import Evaluation, Target, TargetGroup
from milepost.model.time import Micros, to_micros
from milepost.service.customers.periods import CustomerPeriod, relevance_test
from milepost.service.customers.streaks import streak_standing
from milepost.service.customers.view import CustomerView

_NULL, _TRUE, _FALSE = b"null", b"true", b"false"
_NO_STAMP = StampTexts(_NULL, _NULL)

_PLAIN_UNITS_MAX = 10**22
"""Up to here a decimal is written with all its digits, and without an exponent."""


def written_answer(view: CustomerView, query: RowQuery, now: Micros) -> bytes:
    """Return the JSON of `answer(user_answer(view, query, now))`; *now* is in epoch microseconds."""
    groups = b",".join(_Writer(view, query, now).groups())
    shown = UserAnswer(user_id=view.customer.id, customer=customer_answer(view), target_groups=[])
    return write_json(answer(replace(shown, target_groups=Raw(b"[%b]" % groups))))


class _Writer:
    """Writes the groups of one customer for one request."""

    def __init__(self, view: CustomerView, query: RowQuery, now: Micros) -> None:
        self._templates = templates_of(view.snapshot)
        self._view = view
        self._query = query
        self._now = now
        self._builder = RowBuilder(view, now)
        self._of_customer = sha256(b"%d:%d:" % (view.snapshot.organisation.id, view.customer.id))

    def groups(self) -> Iterator[bytes]:
        """Return the groups that have rows to show."""
        query = self._query
        if self._view.standing.enrolments or query.every_period or query.every_target or query.rule_ids is not None:
            for group, rows in selected_groups(self._view, query, self._now):
                yield self._group(group, rows)
            return
        # Most customers never enrolled, and most groups are plain: their rows need no more than the progress.
        view, concerns, at = self._view, relevance_test(self._view), self._now if query.at is None else query.at
        for group, plain in self._templates.plain_groups(view):
            if plain is None:
                rows = selected_rows(view, group, query, self._now, concerns)
                if rows:
                    yield self._group(group, rows)
                continue
            period = plain.running(at)
            progress = None if period is None else view.progress.get(period.key)
            if period is not None and progress is not None:
                yield self._plain_group(plain, period, progress)

    def _plain_group(self, plain: PlainGroup, period: PlainPeriod, progress: Progress) -> bytes:
        stamps = self._templates.stamps
        enrolled, updated = stamps(to_micros(progress.enrolled_at)), stamps(to_micros(progress.updated_at))
        achieved, log_id = _NO_STAMP, _NULL
        if progress.is_achieved:
            achieved, log_id = stamps(to_micros(progress.achieved_at)), b"%d" % progress.achieved_by
        return self._templates.plain_text(self._view, plain, period, self._now) % (
            self._row_id(period.id_suffix),
            amount_text(progress.value),
            enrolled.stamp,
            updated.stamp,
            achieved.stamp,
            enrolled.iso,
            updated.iso,
            achieved.iso,
            log_id,
            _TRUE if period.opens_at <= self._now < period.closes_at else _FALSE,
        )

    def _group(self, group: TargetGroup, rows: SelectedRows) -> bytes:
        """Return *group* with its *rows*."""
        parts = [b"[%b]" % b",".join([self._row(group, target, own) for target, own in rows])]
        streak = streak_standing(self._view, group, self._now)
        if streak is not None:
            parts.append(write_json(streak_answers(self._view, group, streak)))
        return self._templates.group(self._view, group, self._now) % tuple(parts)

    def _row(self, group: TargetGroup, target: Target, own: CustomerPeriod) -> bytes:
        if group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
            # Windows of a customer's own have bounds of their own, so little of such a row can be kept.
            return write_json(self._builder.row(group, target, own))
        templates, progress = self._templates, own.progress
        template = templates.row(self._builder, group, target, own)
        enrolled_at, updated_at, achieved_at = self._builder.stamps(progress, own.enrolment)
        enrolled, updated = templates.stamps(enrolled_at), templates.stamps(updated_at)
        achieved, log_id = _NO_STAMP, _NULL
        if achieved_at is not None and progress is not None:
            achieved, log_id = templates.stamps(achieved_at), b"%d" % progress.achieved_by
        return template.text % (
            self._row_id(b"%d:%d" % (target.id, own.period.id)) if is_stored(own) else _NULL,
            _NULL if target.metadata is None else write_json(self._builder.currency_name(target)),
            template.goal_text if own.goal == template.goal else write_json(goal_shown(own)),
            amount_text(0 if progress is None else progress.value),
            enrolled.stamp,
            updated.stamp,
            achieved.stamp,
            enrolled.iso,
            updated.iso,
            achieved.iso,
            log_id,
            _TRUE if self._builder.is_current(group, own) else _FALSE,
            _TRUE if own.has_left else _FALSE,
            templates.milestones(target, own) if target.triggers else _NULL,
        )

    def _row_id(self, suffix: bytes) -> bytes:
        """Return what `row_answer.row_id` returns; the beginning of what is hashed is the same for all rows."""
        hashed = self._of_customer.copy()
        hashed.update(suffix)
        return b"%d" % (int.from_bytes(hashed.digest()[:7], "big") >> 4)


def amount_text(units: int) -> bytes:
    """Return the JSON of `thousandths(units)`."""
    whole, rest = divmod(abs(units), UNITS_PER_ONE)
    if rest % 10 or not -_PLAIN_UNITS_MAX < units < _PLAIN_UNITS_MAX:
        return write_json(thousandths(units))
    return (b"-%d.%03d" if units < 0 else b"%d.%03d") % (whole, rest // 10)
