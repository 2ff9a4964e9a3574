"""`/api/v1/targetGroups/…/draft`: change a running target, with a look at who gains and who loses before."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import StreamingResponse

from milepost.api.capillary.definitions.target_groups.body import GroupBody, read_definition
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.route import ADMIN, READ, READING, Body, Route
from milepost.api.native.answer import Items, Page
from milepost.api.native.path import id_or_refuse
from milepost.api.native.structure import struct_of
from milepost.api.native.table import write_table
from milepost.api.trials.changes.answer import (
    DiffItem,
    DraftItem,
    GroupVersionItem,
    PreviewItem,
    diff_item,
    draft_item,
    preview_item,
    version_item,
)
from milepost.api.trials.changes.body import PreviewBody, PublishAllBody, PublishBody, RevertBody, ReviewBody
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.rules.calendar import Unreadable, calendar_of
from milepost.service.changes import drafts
from milepost.service.changes.drafts import UNKNOWN_VERSION, SavedDraft
from milepost.service.changes.previews import (
    START,
    effects_page,
    latest_preview,
    preview,
    view_change,
)
from milepost.service.changes.publishing import Publication, publish
from milepost.service.changes.reviews import review
from milepost.service.changes.versions import list_versions, two_versions
from milepost.service.definitions.define import DefinitionRequest
from milepost.service.definitions.participation import UNKNOWN_GROUP
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.service.snapshot.access import Caller
from milepost.wording.catalogue import Language

router = APIRouter(prefix="/api/v1/targetGroups", tags=["changes of target groups"])

Spoken = Annotated[str, Query(alias="language")]
EFFECTS_READ = 1_000


@router.post("/drafts", response_model=None)
async def post_draft(
    request: Request, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Keep a draft of a target group that is new. It counts nothing before it is published."""
    spoken = language_of(language)
    return await _saved(runtime, caller, await _save(request, runtime, caller, None), spoken)


@router.post("/publish", response_model=None)
async def post_publish_all(
    request: Request, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Bring the previewed drafts of several target groups in force, all or none."""
    spoken = language_of(language)
    body = struct_of(read_json(await read_body(request)), PublishAllBody)
    starts_at = await _instant(runtime, caller, body.starts_at)
    publication = Publication(
        group_ids=tuple(dict.fromkeys(body.target_groups)), comment=body.comment, starts_at=starts_at
    )
    done = await publish(runtime, caller, publication)
    return JsonResponse(Items([preview_item(await view_change(runtime, change), spoken) for change in done]))


@router.put("/{group_id}/draft", response_model=None)
async def put_draft(
    group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Keep a draft beside a target group, as a whole definition; what it does not list is switched off."""
    spoken = language_of(language)
    return await _saved(runtime, caller, await _save(request, runtime, caller, _id(group_id)), spoken)


@router.get("/{group_id}/draft", response_model=None)
async def get_draft(
    group_id: str, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Return the draft of a target group."""
    spoken = language_of(language)
    return await _saved(runtime, caller, await drafts.find_draft(runtime, caller.org_id, _id(group_id)), spoken)


@router.delete("/{group_id}/draft", response_model=None)
async def delete_draft(
    group_id: str, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Discard the draft of a target group, and return it."""
    spoken = language_of(language)
    return await _saved(runtime, caller, await drafts.discard_draft(runtime, caller, _id(group_id)), spoken)


@router.post("/{group_id}/draft/preview", response_model=None)
async def post_preview(
    group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Find out who gains and who loses by the draft. A large organisation is looked through in the background."""
    spoken = language_of(language)
    body = struct_of(read_json(await read_body(request) or b"{}"), PreviewBody)
    view = await preview(runtime, caller, _id(group_id), body.policy, body.below)
    return JsonResponse(preview_item(view, spoken))


@router.get("/{group_id}/draft/preview", response_model=None)
async def get_preview(
    group_id: str, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Return the latest change of a target group: its preview, and how far it has come since."""
    spoken = language_of(language)
    return JsonResponse(preview_item(await latest_preview(runtime, caller.org_id, _id(group_id)), spoken))


@router.get("/{group_id}/draft/preview/customers", response_model=None)
async def get_preview_customers(group_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> StreamingResponse:
    """Return a CSV file of the customers who gain or lose by the latest change."""
    view = await latest_preview(runtime, caller.org_id, _id(group_id))

    async def parts() -> AsyncIterator[bytes]:
        yield write_table(("customerId", "gains", "losses"), ())
        after = START
        while page := await effects_page(runtime, caller.org_id, view.change.id, after, EFFECTS_READ):
            after = (page[-1].bucket, page[-1].customer_id)
            rows = [(str(one.customer_id), "; ".join(one.gains), "; ".join(one.losses)) for one in page]
            yield write_table((), rows).partition(b"\r\n")[2]

    return StreamingResponse(parts(), media_type="text/csv; charset=utf-8")


@router.post("/{group_id}/draft/review", response_model=None)
async def post_review(
    group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Approve or reject a change that another login previewed."""
    spoken = language_of(language)
    body = struct_of(read_json(await read_body(request)), ReviewBody)
    change = await review(runtime, caller, _id(group_id), approves=body.approved, comment=body.comment)
    return JsonResponse(preview_item(await view_change(runtime, change), spoken))


@router.post("/{group_id}/draft/publish", response_model=None)
async def post_publish(
    group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Bring the previewed draft of a target group in force, now or at an instant to come."""
    spoken = language_of(language)
    body = struct_of(read_json(await read_body(request) or b"{}"), PublishBody)
    starts_at = await _instant(runtime, caller, body.starts_at)
    publication = Publication(group_ids=(_id(group_id),), comment=body.comment, starts_at=starts_at)
    (change,) = await publish(runtime, caller, publication)
    return JsonResponse(preview_item(await view_change(runtime, change), spoken))


@router.post("/{group_id}/revert", response_model=None)
async def post_revert(
    group_id: str, request: Request, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Make a draft of what a target group was at an earlier version; preview and publish it like any other."""
    spoken = language_of(language)
    body = struct_of(read_json(await read_body(request)), RevertBody)
    return await _saved(runtime, caller, await drafts.revert(runtime, caller, _id(group_id), body.version), spoken)


@router.get("/{group_id}/versions", response_model=None)
async def get_versions(group_id: str, runtime: RunningRuntime, caller: CurrentCaller) -> JsonResponse:
    """List the versions of a target group, latest first."""
    versions = await list_versions(runtime, caller.org_id, _id(group_id))
    return JsonResponse(Page([version_item(version) for version in versions], None))


@router.get("/{group_id}/versions/{version}/diff/{other}", response_model=None)
async def get_diff(
    group_id: str, version: str, other: str, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Return what differs between two versions of a target group."""
    spoken = language_of(language)
    before, after = (id_or_refuse(text, UNKNOWN_VERSION) for text in (version, other))
    return JsonResponse(diff_item(await two_versions(runtime, caller.org_id, _id(group_id), before, after), spoken))


async def _save(request: Request, runtime: Runtime, caller: Caller, group_id: int | None) -> SavedDraft:
    draft, problems = read_definition(await read_body(request))
    return await drafts.save_draft(runtime, caller, group_id, DefinitionRequest(draft, problems, caller.till_id))


async def _saved(runtime: Runtime, caller: Caller, draft: SavedDraft, language: Language) -> JsonResponse:
    organisation = (await current_snapshot(runtime, caller.org_id)).organisation
    return JsonResponse(draft_item(draft, organisation, language))


async def _instant(runtime: Runtime, caller: Caller, text: str | None) -> Micros | None:
    if text is None:
        return None
    organisation = (await current_snapshot(runtime, caller.org_id)).organisation
    try:
        return calendar_of(organisation.zone).read(text).instant
    except Unreadable as unreadable:
        raise Refused(Problem("startsAt", str(unreadable))) from None


def language_of(text: str) -> Language:
    """Return the language that a request names. Raises Refused for another one."""
    try:
        return Language(text)
    except ValueError:
        raise Refused(Problem("language", "must be en or de")) from None


def _id(text: str) -> int:
    return id_or_refuse(text, UNKNOWN_GROUP)


_ONE = "/api/v1/targetGroups/{group_id}"
_DRAFT = f"{_ONE}/draft"

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", "/api/v1/targetGroups/drafts"): Route(ADMIN, DraftItem, Body((GroupBody,))),
    ("post", "/api/v1/targetGroups/publish"): Route(ADMIN, Items[PreviewItem], Body((PublishAllBody,))),
    ("put", _DRAFT): Route(ADMIN, DraftItem, Body((GroupBody,))),
    ("get", _DRAFT): Route(READ, DraftItem, statuses=READING),
    ("delete", _DRAFT): Route(ADMIN, DraftItem, statuses=READING),
    ("post", f"{_DRAFT}/preview"): Route(ADMIN, PreviewItem, Body((PreviewBody,))),
    ("get", f"{_DRAFT}/preview"): Route(READ, PreviewItem, statuses=READING),
    ("get", f"{_DRAFT}/preview/customers"): Route(READ, media="text/csv", statuses=READING),
    ("post", f"{_DRAFT}/review"): Route(ADMIN, PreviewItem, Body((ReviewBody,))),
    ("post", f"{_DRAFT}/publish"): Route(ADMIN, PreviewItem, Body((PublishBody,))),
    ("post", f"{_ONE}/revert"): Route(ADMIN, DraftItem, Body((RevertBody,))),
    ("get", f"{_ONE}/versions"): Route(READ, Page[GroupVersionItem], statuses=READING),
    ("get", f"{_ONE}/versions/{{version}}/diff/{{other}}"): Route(READ, DiffItem, statuses=READING),
}
