"""The organisation that asks, and its settings: `GET` and `PATCH /api/v1/organisation`, and their earlier versions."""

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from msgspec import Struct

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, holds_nul, id_of, read_body, read_json
from milepost.api.native.structure import structure_problems
from milepost.model.organisation import Organisation, SettingsVersion
from milepost.model.problem import Problem, Refused
from milepost.rules.calendar import calendar_of
from milepost.service.organisations.settings_changes import LATEST, change_settings, organisation_now, settings_history
from milepost.service.snapshot.settings import setting_text, shown_settings

PAGE_MAX = 200

router = APIRouter(prefix="/api/v1", tags=["organisation"])


class SettingsBody(Struct, forbid_unknown_fields=True):
    """Settings to change, by name; those that are not named stay as they are."""

    settings: dict[str, Any]


class ChangerItem(Struct, forbid_unknown_fields=True):
    """Who changed settings: a till, a key, or a command."""

    id: int
    code: str
    name: str
    type: str


class SettingsItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """Settings in force from a version on; when and by whom they were changed, null where that is not known."""

    version: int
    settings: dict[str, Any]
    changed_at: str | None
    changed_by: ChangerItem | None


class OrganisationItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """An organisation; `version` grows with each change of what its events mean, `settings` are those in force."""

    id: int
    name: str
    zone: str
    version: int
    settings: SettingsItem


@router.get("/organisation", response_model=None)
async def get_organisation(runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return the organisation that asks, with its settings in force."""
    return JsonResponse(_organisation(*await organisation_now(runtime, caller.org_id)))


@router.patch("/organisation", response_model=None)
async def patch_organisation(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Change settings, all that are named or none; events are judged by them from now on."""
    value = read_json(await read_body(request))
    problems = structure_problems(value, SettingsBody)
    if not problems and holds_nul(value):
        problems = [Problem("settings", "a text holds the character U+0000")]
    if problems:
        raise Refused(*problems)
    given = msgspec.convert(value, SettingsBody).settings
    await change_settings(runtime, caller, {name: setting_text(one) for name, one in given.items()})
    return JsonResponse(_organisation(*await organisation_now(runtime, caller.org_id)))


@router.get("/organisation/versions", response_model=None)
async def get_settings_versions(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """Return the settings in force and those before them, latest first; `cursor` is a version that was told."""
    before = id_of(cursor) if cursor else LATEST
    problems = [] if 1 <= limit <= PAGE_MAX else [Problem("limit", f"must be from 1 to {PAGE_MAX}")]
    if before is None:
        problems.append(Problem("cursor", "is none that was given"))
    if problems or before is None:
        raise Refused(*problems)
    found = await settings_history(runtime, caller.org_id, before, limit + 1)
    more = str(found[limit - 1].version) if len(found) > limit else None
    return JsonResponse({"items": [_settings(one) for one in found[:limit]], "nextCursor": more})


def _organisation(organisation: Organisation, settings: SettingsVersion) -> OrganisationItem:
    return OrganisationItem(
        organisation.id, organisation.name, organisation.zone, organisation.version, _settings(settings)
    )


def _settings(found: SettingsVersion) -> SettingsItem:
    author = found.changed_by
    return SettingsItem(
        found.version,
        shown_settings(found.settings),
        None if found.changed_at is None else calendar_of("UTC").iso(found.changed_at),
        None if author is None else ChangerItem(author.id, author.code, author.name, author.kind),
    )
