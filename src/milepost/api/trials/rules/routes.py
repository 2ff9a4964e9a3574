"""`/api/v1/targetGroups/rules`: what target groups say in words, and what a definition would say."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.capillary.definitions.target_groups.body import GroupBody, read_definition
from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, read_body
from milepost.api.http.route import READ, READING, Body, Route
from milepost.api.native.answer import Page
from milepost.api.trials.changes.routes import Spoken, language_of
from milepost.api.trials.rules.answer import (
    GroupRulesItem,
    TriedRulesItem,
    group_rules_item,
    tried_rules_item,
)
from milepost.service.changes.rules_in_words import rules_of_groups, tried_rules
from milepost.service.definitions.define import DefinitionRequest

PATH = "/api/v1/targetGroups/rules"

router = APIRouter(tags=["changes of target groups"])


@router.get(PATH, response_model=None)
async def get_rules(runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en") -> JsonResponse:
    """List all target groups with their rules in words, those included that only have a draft."""
    rules = await rules_of_groups(runtime, caller.org_id, language_of(language))
    return JsonResponse(Page([group_rules_item(one) for one in rules], None))


@router.post(PATH, response_model=None)
async def post_rules(
    request: Request, runtime: RunningRuntime, caller: CurrentCaller, language: Spoken = "en"
) -> JsonResponse:
    """Say in words what a definition says, or everything that is wrong with it. Nothing is kept."""
    spoken = language_of(language)
    draft, problems = read_definition(await read_body(request))
    asked = DefinitionRequest(draft, problems, caller.till_id)
    return JsonResponse(tried_rules_item(await tried_rules(runtime, caller, asked, spoken, runtime.clock())))


ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", PATH): Route(READ, Page[GroupRulesItem], statuses=READING),
    ("post", PATH): Route(READ, TriedRulesItem, Body((GroupBody,))),
}
