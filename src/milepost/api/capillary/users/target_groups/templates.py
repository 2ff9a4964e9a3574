"""The texts of rows and groups, compiled once for a version of the definitions, with holes where customers differ.

Most of a row says what the definition says. So the plain builders write each row of a target and period once, with
holes; `written_answer.py` fills the holes.
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from msgspec import UNSET, Raw
from msgspec.structs import replace

from milepost.api.capillary.users.target_groups.answer import group_answer
from milepost.api.capillary.users.target_groups.row_answer import RowBuilder, goal_shown, milestones_of
from milepost.api.http.body import write_json
from milepost.model.standing import ProgressKey
from milepost.model.target import EnrolmentMethod, Evaluation, Period, Target, TargetGroup
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar
from milepost.service.customers.periods import CustomerPeriod, running_period
from milepost.service.customers.view import CustomerView
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot

TEMPLATES_MAX = 20_000
"""Rows, groups and milestones that are kept as texts for a snapshot: about a kilobyte each."""

STAMPS_MAX = 50_000
"""Instants whose texts are kept for a snapshot. Progress is stamped by the second, so many rows share one."""

_HOLE = b"\x01"
_HOLES = Raw(_HOLE)
"""What stands where customers differ. JSON never holds this character, because texts escape it."""

_OFTEN_VARIED = (
    "target_id",
    "target_achieved_value",
    "enrolled_on",
    "last_updated_on",
    "target_achieved_date_time",
    "enrolled_on_iso",
    "last_updated_on_iso",
    "target_achieved_date_time_iso",
    "target_achieved_event_log_id",
    "current_period",
)
"""The fields of a row in which customers differ who never enrolled, in the order of the row."""

_VARIED = (*_OFTEN_VARIED, "alternate_currency_name", "target_value", "un_enrolled", "milestones")
"""The fields of any row in which customers differ; the places of a text are in the order of the row."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class RowTemplate(NamedTuple):
    """The text of a row with a place for each of `_VARIED`, and the text of its usual `goal` (in units)."""

    text: bytes
    goal: int | None
    goal_text: bytes


class StampTexts(NamedTuple):
    """An instant as JSON in the vendor's two notations."""

    stamp: bytes
    iso: bytes


class PlainPeriod(NamedTuple):
    """A period of a plain group: its bounds, the key of its progress, and the end of what its row's id is made from."""

    opens_at: Micros
    closes_at: Micros
    key: ProgressKey
    id_suffix: bytes


class PlainGroup(NamedTuple):
    """An active group of one target that everybody takes part in, with periods of the calendar and nothing else.

    To a customer who never enrolled it shows a row where there is progress in the running period.
    """

    group: TargetGroup
    target: Target
    periods: tuple[PlainPeriod, ...]

    def running(self, at: Micros) -> PlainPeriod | None:
        """Return the period that runs *at* an instant (epoch microseconds), or None."""
        for period in self.periods:
            if period.opens_at <= at < period.closes_at:
                return period
        return None


class Templates:
    """The texts that are compiled from one snapshot, as they are asked for."""

    def __init__(self, calendar: Calendar) -> None:
        """Begin without texts; stamps are in the zone of *calendar*."""
        self._calendar = calendar
        self._rows: dict[tuple[int, int], RowTemplate] = {}
        self._groups: dict[int, bytes] = {}
        self._plain_groups: dict[int, PlainGroup | None] = {}
        self._plain_texts: dict[ProgressKey, bytes] = {}
        self._milestones: dict[tuple[int, int | None, int], bytes] = {}
        self._stamps: dict[Micros, StampTexts] = {}

    def row(self, builder: RowBuilder, group: TargetGroup, target: Target, own: CustomerPeriod) -> RowTemplate:
        """Return the template of the rows of *target* in the period of *own*."""
        key = target.id, own.period.id
        template = self._rows.get(key)
        if template is None:
            row = replace(builder.row(group, target, own), **dict.fromkeys(_VARIED, _HOLES))
            template = RowTemplate(_compiled(write_json(row)), own.goal, write_json(goal_shown(own)))
            _keep(self._rows, key, template, TEMPLATES_MAX)
        return template

    def group(self, view: CustomerView, group: TargetGroup, now: Micros) -> bytes:
        """Return the template of *group*, with a place for its rows and, in a streak group, one for its levels."""
        text = self._groups.get(group.id)
        if text is None:
            text = _compiled(_group_text(view, group, now))
            _keep(self._groups, group.id, text, TEMPLATES_MAX)
        return text

    def plain_groups(self, view: CustomerView) -> Iterator[tuple[TargetGroup, PlainGroup | None]]:
        """Return the groups of *view*, each with its plain form if it has one."""
        known = self._plain_groups
        for group in view.groups:
            if group.id not in known:
                _keep(known, group.id, _plain_group(view, group), TEMPLATES_MAX)
            yield group, known[group.id]

    def plain_text(self, view: CustomerView, plain: PlainGroup, period: PlainPeriod, now: Micros) -> bytes:
        """Return the text of a plain group with its one row, with a place for each of `_OFTEN_VARIED`."""
        text = self._plain_texts.get(period.key)
        if text is None:
            own = running_period(view, plain.group, plain.target, period.opens_at)
            assert own is not None, "a period runs at its first instant"
            row = RowBuilder(view, now).row(plain.group, plain.target, own)
            row = replace(row, un_enrolled=False, **dict.fromkeys(_OFTEN_VARIED, _HOLES))
            text = _compiled(_group_text(view, plain.group, now).replace(_HOLE, b"[%b]" % write_json(row)))
            _keep(self._plain_texts, period.key, text, TEMPLATES_MAX)
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


def templates_of(snapshot: OrganisationSnapshot) -> Templates:
    """Return the texts of *snapshot*, which live as long as it does."""
    templates = _templates.get(snapshot)
    if templates is None:
        templates = _templates[snapshot] = Templates(snapshot.rule_index.calendar)
    return templates


def _plain_group(view: CustomerView, group: TargetGroup) -> PlainGroup | None:
    """Return *group* as a plain one; None if it is not plain."""
    if not group.active or len(group.targets) != 1 or group.evaluation is not Evaluation.FIXED_CALENDAR_WINDOW:
        return None
    target = group.targets[0]
    is_open = target.active and target.enrolment is EnrolmentMethod.TRANSACTION
    counts_currency = target.metadata is not None and target.metadata.currency is not None
    if not is_open or target.triggers or counts_currency or group.id in view.snapshot.rule_index.streaks:
        return None
    return PlainGroup(group, target, tuple(_plain_period(target, period) for period in group.periods))


def _plain_period(target: Target, period: Period) -> PlainPeriod:
    return PlainPeriod(
        period.opens_at, period.closes_at, ProgressKey(target.id, period.id), b"%d:%d" % (target.id, period.id)
    )


def _group_text(view: CustomerView, group: TargetGroup, now: Micros) -> bytes:
    """Return *group* as JSON with a hole for its rows and, in a streak group, one for its levels."""
    shown = group_answer(view, group, [], now)
    return write_json(replace(shown, targets=_HOLES, streaks=UNSET if shown.streaks is UNSET else _HOLES))


def _compiled(json: bytes) -> bytes:
    """Return *json* as a format of bytes, with a place for each hole."""
    return json.replace(b"%", b"%%").replace(_HOLE, b"%b")


def _keep(texts: dict[Key, Value], key: Key, text: Value, most: int) -> None:
    """Keep *text*; when there are *most*, begin anew."""
    if len(texts) >= most:
        texts.clear()
    texts[key] = text
