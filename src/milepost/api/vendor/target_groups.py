"""`POST /v3/targetGroups`: a brand defines a target group (S0, S1, S2)."""

from fastapi import APIRouter, Request

from milepost.api.authentication import Asking, Here
from milepost.api.body import JsonResponse, read_body
from milepost.api.vendor.definition_body import read_definition
from milepost.api.vendor.envelope import answer
from milepost.api.vendor.rendering import created_group
from milepost.rules.calendar import calendar_of
from milepost.service.definitions import Asked, define

router = APIRouter(tags=["target groups"])


@router.post("/v3/targetGroups")
async def create_target_group(request: Request, here: Here, asking: Asking) -> JsonResponse:
    """Define a target group with its periods, targets and streak levels; 200 with the whole of it (semantics 8 #3)."""
    draft, problems = read_definition(await read_body(request))
    now = here.clock()
    defined = await define(here.database, asking.org_id, asking.author, Asked(draft, problems), now)
    shown = created_group(defined.group, calendar_of(defined.organisation.zone), now)
    return JsonResponse(answer(shown, defined.warnings))
