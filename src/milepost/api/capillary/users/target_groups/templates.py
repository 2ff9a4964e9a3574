"""The answer of `answer.py`, byte for byte, written from texts that are compiled once for a version of the definitions.

Most of a row says what the definition says. So the plain builders write each row of a target and period once, with
holes where customers differ; after that only the holes are filled. A law holds the two ways equal, and the server
setting `answer_templates` switches this one off.
"""

from hashlib import sha256
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from msgspec import UNSET, Raw
from msgspec.structs import replace

from milepost.api.capillary.answer import AnswerStruct, thousandths
from milepost.api.capillary.envelope import answer
from milepost.api.capillary.users.target_groups.answer import UserAnswer, group_answer, streak_answers
from milepost.api.capillary.users.target_groups.customer_answer import customer_answer
from milepost.api.capillary.users.target_groups.row_answer import RowBuilder, goal_shown, milestones_of
from milepost.api.capillary.users.target_groups.selection import RowQuery, SelectedRows, is_stored, selected_groups
from milepost.api.http.body import write_json
from milepost.model.target import Evaluation, Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar
from milepost.service.customers.periods import CustomerPeriod
from milepost.service.customers.streaks import streak_standing
from milepost.service.customers.view import CustomerView
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot

TEMPLATES_MAX = 20_000
"""Rows, groups and milestones that are kept as texts for a snapshot: about a kilobyte each."""

STAMPS_MAX = 50_000
"""Instants whose texts are kept for a snapshot. Progress is stamped by the second, so many rows share one."""

_HOLE = b"\x01"
_HOLES = Raw(_HOLE)
"""What stands where customers differ. JSON never holds this character, because texts escape it."""

_NULL, _TRUE, _FALSE = b"null", b"true", b"false"

_VARIED_FIELDS = (
    "target_id",
    "alternate_currency_name",
    "target_value",
    "target_achieved_value",
    "enrolled_on",
    "last_updated_on",
    "target_achieved_date_time",
    "enrolled_on_iso",
    "last_updated_on_iso",
    "target_achieved_date_time_iso",
    "target_achieved_event_log_id",
    "current_period",
    "un_enrolled",
    "milestones",
)
"""The fields of a row in which customers differ, in the order of the row."""


Key = TypeVar("Key")
Value = TypeVar("Value")


class RowTemplate(NamedTuple):
    """The text of a row with a place for each of `_VARIED_FIELDS`, and the text of its usual `goal` (in units)."""

    text: bytes
    goal: int | None
    goal_text: bytes


class StampTexts(NamedTuple):
    """An instant as JSON in the vendor's two notations."""

    stamp: bytes
    iso: bytes


class Templates:
    """The texts that are compiled from one snapshot, as they are asked for."""

    def __init__(self, calendar: Calendar) -> None:
        """Begin without texts; stamps are in the zone of *calendar*."""
        self._calendar = calendar
        self._rows: dict[tuple[int, int], RowTemplate] = {}
        self._groups: dict[int, bytes] = {}
        self._milestones: dict[tuple[int, int | None, int], bytes] = {}
        self._stamps: dict[Micros, StampTexts] = {}

    def row(self, builder: RowBuilder, group: TargetGroup, target: Target, own: CustomerPeriod) -> RowTemplate:
        """Return the template of the rows of *target* in the period of *own*."""
        key = target.id, own.period.id
        template = self._rows.get(key)
        if template is None:
            text = _compiled(replace(builder.row(group, target, own), **dict.fromkeys(_VARIED_FIELDS, _HOLES)))
            template = RowTemplate(text, own.goal, write_json(goal_shown(own)))
            _keep(self._rows, key, template, TEMPLATES_MAX)
        return template

    def group(self, view: CustomerView, group: TargetGroup, now: Micros) -> bytes:
        """Return the template of *group*, with a place for its rows and, in a streak group, one for its levels."""
        text = self._groups.get(group.id)
        if text is None:
            shown = group_answer(view, group, [], now)
            shown = replace(shown, targets=_HOLES, streaks=UNSET if shown.streaks is UNSET else _HOLES)
            text = _compiled(shown)
            _keep(self._groups, group.id, text, TEMPLATES_MAX)
        return text

    def milestones(self, target: Target, own: CustomerPeriod) -> bytes:
        """Return the milestones of a row. They depend on the goal, and on which triggers are reached."""
        key = target.id, own.goal, 0 if own.progress is None else own.progress.triggers
        text = self._milestones.get(key)
        if text is None:
            text = write_json(milestones_of(target.triggers, own))
            _keep(self._milestones, key, text, TEMPLATES_MAX)
        return text

    def stamps(self, instant: Micros) -> StampTexts:
        """Return the texts of *instant*."""
        texts = self._stamps.get(instant)
        if texts is None:
            texts = StampTexts(write_json(self._calendar.stamp(instant)), write_json(self._calendar.iso(instant)))
            _keep(self._stamps, instant, texts, STAMPS_MAX)
        return texts


_templates: WeakKeyDictionary[OrganisationSnapshot, Templates] = WeakKeyDictionary()


def written_answer(view: CustomerView, query: RowQuery, now: Micros) -> bytes:
    """Return the JSON of `answer(user_answer(view, query, now))`; *now* is in epoch microseconds."""
    writer = _Writer(view, now)
    groups = b",".join([writer.group(group, rows) for group, rows in selected_groups(view, query, now)])
    shown = UserAnswer(user_id=view.customer.id, customer=customer_answer(view), target_groups=[])
    return write_json(answer(replace(shown, target_groups=Raw(b"[%b]" % groups))))


class _Writer:
    """Writes the rows of one customer."""

    def __init__(self, view: CustomerView, now: Micros) -> None:
        snapshot = view.snapshot
        templates = _templates.get(snapshot)
        if templates is None:
            templates = _templates[snapshot] = Templates(snapshot.rule_index.calendar)
        self._templates = templates
        self._view = view
        self._now = now
        self._builder = RowBuilder(view, now)
        self._of_customer = sha256(b"%d:%d:" % (snapshot.organisation.id, view.customer.id))

    def group(self, group: TargetGroup, rows: SelectedRows) -> bytes:
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
        achieved, log_id = StampTexts(_NULL, _NULL), _NULL
        if achieved_at is not None and progress is not None:
            achieved, log_id = templates.stamps(achieved_at), b"%d" % progress.achieved_by
        return template.text % (
            self._row_id(target, own) if is_stored(own) else _NULL,
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

    def _row_id(self, target: Target, own: CustomerPeriod) -> bytes:
        """Return what `row_answer.row_id` returns; the beginning of what is hashed is the same for all rows."""
        hashed = self._of_customer.copy()
        hashed.update(b"%d:%d" % (target.id, own.period.id))
        return b"%d" % (int.from_bytes(hashed.digest()[:7], "big") >> 4)


def amount_text(units: int) -> bytes:
    """Return the JSON of `thousandths(units)`."""
    whole, rest = divmod(abs(units), 10_000)
    if rest % 10 or not -_PLAIN_UNITS < units < _PLAIN_UNITS:
        return write_json(thousandths(units))
    return (b"-%d.%03d" if units < 0 else b"%d.%03d") % (whole, rest // 10)


_PLAIN_UNITS = 10**22
"""Up to here a decimal is written with all its digits, and without an exponent."""


def _compiled(shown: AnswerStruct) -> bytes:
    """Return the JSON of *shown* as a format of bytes, with a place for each hole."""
    return write_json(shown).replace(b"%", b"%%").replace(_HOLE, b"%b")


def _keep(texts: dict[Key, Value], key: Key, text: Value, most: int) -> None:
    """Keep *text*; when there are *most*, begin anew."""
    if len(texts) >= most:
        texts.clear()
    texts[key] = text
