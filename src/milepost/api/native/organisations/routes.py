"""The caller's organisation and its settings: `GET` and `PATCH /api/v1/organisation`, and the earlier settings."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.api.native.answer import Page
from milepost.api.native.organisations.answer import (
    OrganisationItem,
    SettingsItem,
    organisation_item,
    settings_item,
)
from milepost.api.native.organisations.body import SettingsBody
from milepost.api.native.paging import PAGE_MAX, after_id, page_of
from milepost.api.native.structure import struct_of
from milepost.service.organisations.settings_changes import LATEST, change_settings, organisation_now, settings_history
from milepost.service.runtime.runtime import Runtime
from milepost.service.sandboxes.moving import find_clock
from milepost.service.snapshot.settings import setting_text

router = APIRouter(prefix="/api/v1", tags=["organisation"])


@router.get("/organisation", response_model=None)
async def get_organisation(runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Return the caller's organisation, with its settings in force."""
    return await _answer(runtime, caller.org_id)


@router.patch("/organisation", response_model=None)
async def patch_organisation(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """Change settings, all of those named or none; they apply to events received from now on."""
    body = struct_of(read_json(await read_body(request)), SettingsBody, "settings")
    changes = {name: setting_text(value) for name, value in body.settings.items()}
    await change_settings(runtime, caller, changes)
    return await _answer(runtime, caller.org_id)


async def _answer(runtime: Runtime, org_id: int) -> JsonResponse:
    organisation, settings = await organisation_now(runtime, org_id)
    is_sandbox = await find_clock(runtime, org_id) is not None
    return JsonResponse(organisation_item(organisation, settings, runtime.clock(), is_sandbox=is_sandbox))


@router.get("/organisation/versions", response_model=None)
async def get_settings_versions(
    runtime: RunningRuntime, caller: CurrentCaller, cursor: str = "", limit: int = PAGE_MAX
) -> JsonResponse:
    """List the settings in force and the earlier ones, the latest first; `cursor` is a version."""
    before = after_id(cursor, limit, first=LATEST)
    versions = await settings_history(runtime, caller.org_id, before, limit + 1)
    return JsonResponse(page_of(versions, limit, settings_item, lambda settings: settings.version))


ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/organisation"): Route(READ, OrganisationItem, statuses=READING),
    ("patch", "/api/v1/organisation"): Route(ADMIN, OrganisationItem, Body((SettingsBody,))),
    ("get", "/api/v1/organisation/versions"): Route(READ, Page[SettingsItem], statuses=READING),
}
