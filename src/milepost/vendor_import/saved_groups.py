"""Read a saved target group as a definition to import: a request like any other, with the ids and authors it had."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from milepost.api.capillary.definitions.target_groups.body import GroupBody
from milepost.api.capillary.document import UNKNOWN_FIELD, read
from milepost.api.capillary.envelope import Json
from milepost.model.problem import Problem
from milepost.model.target import Attribution, Author
from milepost.model.time import Micros
from milepost.rules.calendar import Calendar, Unreadable
from milepost.rules.definition.build import IdKind
from milepost.service.definitions.vendor_import import ImportedGroup
from milepost.vendor_import.saved_answers import SavedAnswers


class SavedGroup(NamedTuple):
    """A target group as the answers show it, and a problem for each value in it that cannot be read."""

    group: ImportedGroup
    problems: tuple[Problem, ...]


def read_group(saved: SavedAnswers, raw: Json, calendar: Calendar) -> SavedGroup:
    """Return the target group that *raw* shows; unknown fields are counted in *saved* and left out."""
    shown = {name: value for name, value in raw.items() if value is not None}
    body, problems = read(GroupBody, shown | {"targets": _targets_in_use(shown)})
    unknown = [problem for problem in problems if problem.reason == UNKNOWN_FIELD]
    saved.unknown.update(f"group.{_without_places(problem.path)}" for problem in unknown)
    saved.known.update(f"group.{name}" for name in raw if name not in {problem.path for problem in unknown})
    imported = ImportedGroup(
        draft=body.draft(),
        ids=_ids(raw),
        attribution=_attribution(raw.get("attribution"), calendar),
        target_attributions=_attributions(raw.get("targets", []), calendar),
        period_attributions=_attributions(raw.get("periods", []), calendar),
    )
    return SavedGroup(imported, tuple(problem for problem in problems if problem.reason != UNKNOWN_FIELD))


def _targets_in_use(shown: Json) -> list[Any]:
    """Return the targets of a group. A stopped group shows all of them inactive, so that is left out (facts 8 #94).

    Else none of them would count once the group is started again.
    """
    targets = shown.get("targets") or []
    if shown.get("active") is not False or any(isinstance(one, dict) and one.get("active") for one in targets):
        return list(targets)
    return [one | {"active": True} if isinstance(one, dict) else one for one in targets]


def _without_places(path: str) -> str:
    """Return a path without the places in its lists: `targets[0].name` becomes `targets.name`."""
    return "".join(part if place == 0 else part.partition("]")[2] for place, part in enumerate(path.split("[")))


def _ids(raw: Json) -> Mapping[IdKind, list[int]]:
    targets = raw.get("targets", [])
    return {
        IdKind.GROUP: [raw["id"]],
        IdKind.PERIOD: _ids_of(raw.get("periods")),
        IdKind.TARGET: _ids_of(targets),
        IdKind.GOAL: [id_ for target in targets for id_ in _ids_of(target.get("defaultValues"))],
        IdKind.TRIGGER: [id_ for target in targets for id_ in _ids_of(target.get("targetMilestoneTriggers"))],
        IdKind.STREAK_LEVEL: _ids_of(raw.get("streaks")),
        IdKind.RULE_SET: [target["emfRuleSetId"] for target in targets if target.get("emfRuleSetId")],
    }


def _ids_of(items: Any) -> list[int]:
    return [item["id"] for item in items or () if isinstance(item, dict) and isinstance(item.get("id"), int)]


def _attributions(items: Any, calendar: Calendar) -> dict[int, Attribution]:
    attributions = {item["id"]: _attribution(item.get("attribution"), calendar) for item in items if "id" in item}
    return {id_: attribution for id_, attribution in attributions.items() if attribution is not None}


def _attribution(raw: Any, calendar: Calendar) -> Attribution | None:
    """Return who made and changed something, and when; None where the answer does not say when it was made."""
    if not isinstance(raw, dict):
        return None
    created, updated = (stamp_of(raw, name, calendar) for name in ("createdOn", "lastUpdatedOn"))
    if created is None:
        return None
    creator = _author(raw.get("createdBy"))
    return Attribution(
        created_at=created,
        updated_at=created if updated is None else updated,
        created_by=creator,
        updated_by=_author(raw.get("lastUpdatedBy")) if raw.get("lastUpdatedBy") else creator,
    )


def stamp_of(raw: Json, name: str, calendar: Calendar) -> Micros | None:
    """Return the instant of a stamp of *raw* (epoch microseconds), by its ISO twin if it has one; None without a stamp.

    The ISO twin of `createdOn` is `createdOnISO`.
    """
    for text in (raw.get(f"{name}ISO"), raw.get(name)):
        if isinstance(text, str):
            try:
                return calendar.read(text).instant
            except Unreadable:
                continue
    return None


def _author(raw: Any) -> Author:
    """Return the till or person that *raw* names; a field that is missing is empty."""
    fields = raw if isinstance(raw, dict) else {}
    return Author(
        id=fields.get("id") or 0,
        code=fields.get("code") or "",
        description=fields.get("description") or "",
        name=fields.get("name") or "",
        kind=fields.get("type") or "TILL",
    )
