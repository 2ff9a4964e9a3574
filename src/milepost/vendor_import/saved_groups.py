"""From a saved group to the definition it was: the same request as any, with the ids and authors it had."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from milepost.api.capillary.definitions.target_groups.body import GroupBody
from milepost.api.capillary.document import read
from milepost.api.capillary.envelope import Json
from milepost.model.problem import Problem
from milepost.model.target import Attribution, Author
from milepost.rules.calendar import Calendar, Unreadable
from milepost.rules.definition.build import IdKind
from milepost.service.definitions.vendor_import import ImportedGroup
from milepost.vendor_import.saved_answers import Saved

_NOT_KNOWN = "is not a field that is known here"


class ImportedGroupFile(NamedTuple):
    """A group as the answers tell it, and what in it could not be read."""

    group: ImportedGroup
    problems: tuple[Problem, ...]


def told_group(saved: Saved, raw: Json, calendar: Calendar) -> ImportedGroupFile:
    """Return the group that *raw* shows; fields that are not known are counted and left out."""
    body, found = read(GroupBody, {name: value for name, value in raw.items() if value is not None})
    unknown = [problem for problem in found if problem.reason == _NOT_KNOWN]
    saved.unknown.update(f"group.{_plain(problem.path)}" for problem in unknown)
    saved.known.update(f"group.{name}" for name in raw if name not in {problem.path for problem in unknown})
    moved = ImportedGroup(
        draft=body.draft(),
        ids=_ids(raw),
        attribution=_attribution(raw.get("attribution"), calendar),
        target_attributions=_attributions(raw.get("targets", []), calendar),
        period_attributions=_attributions(raw.get("periods", []), calendar),
    )
    return ImportedGroupFile(moved, tuple(problem for problem in found if problem.reason != _NOT_KNOWN))


def _plain(path: str) -> str:
    """Return a path without the places in its lists."""
    return "".join(part if place == 0 else part.partition("]")[2] for place, part in enumerate(path.split("[")))


def _ids(raw: Json) -> Mapping[IdKind, list[int]]:
    targets = raw.get("targets", [])
    return {
        IdKind.GROUP: [raw["id"]],
        IdKind.PERIOD: _of(raw.get("periods")),
        IdKind.TARGET: _of(targets),
        IdKind.GOAL: [id_ for target in targets for id_ in _of(target.get("defaultValues"))],
        IdKind.TRIGGER: [id_ for target in targets for id_ in _of(target.get("targetMilestoneTriggers"))],
        IdKind.STREAK_LEVEL: _of(raw.get("streaks")),
        IdKind.RULE_SET: [target["emfRuleSetId"] for target in targets if target.get("emfRuleSetId")],
    }


def _of(items: Any) -> list[int]:
    return [item["id"] for item in items or () if isinstance(item, dict) and isinstance(item.get("id"), int)]


def _attributions(items: Any, calendar: Calendar) -> dict[int, Attribution]:
    found = {item["id"]: _attribution(item.get("attribution"), calendar) for item in items if "id" in item}
    return {id_: made for id_, made in found.items() if made is not None}


def _attribution(raw: Any, calendar: Calendar) -> Attribution | None:
    """Return who made and changed something, and when; None where it is not told."""
    if not isinstance(raw, dict):
        return None
    created, updated = (stamp_of(raw, name, calendar) for name in ("createdOn", "lastUpdatedOn"))
    if created is None:
        return None
    made = _author(raw.get("createdBy"))
    return Attribution(
        created_at=created,
        updated_at=created if updated is None else updated,
        created_by=made,
        updated_by=_author(raw.get("lastUpdatedBy")) if raw.get("lastUpdatedBy") else made,
    )


def stamp_of(raw: Json, name: str, calendar: Calendar) -> int | None:
    """Return the instant that a stamp of *raw* names, by its ISO twin if there is one; None where there is none."""
    for text in (raw.get(f"{name}ISO"), raw.get(name)):
        if isinstance(text, str):
            try:
                return calendar.read(text).instant
            except Unreadable:
                continue
    return None


def _author(raw: Any) -> Author:
    """Return the till or person that *raw* names; what is not told is empty."""
    told = raw if isinstance(raw, dict) else {}
    return Author(
        id=told.get("id") or 0,
        code=told.get("code") or "",
        description=told.get("description") or "",
        name=told.get("name") or "",
        kind=told.get("type") or "TILL",
    )
