"""Why a progress has its value: as data, or as text for a chat."""

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import PlainTextResponse

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.api.http.body import JsonResponse, id_of
from milepost.api.http.route import READ, READING_ONE, Route
from milepost.api.native.explanations.answer import Explanation
from milepost.api.native.explanations.rendering import explanation_item
from milepost.api.native.instants import past_instant
from milepost.api.native.path import path_id
from milepost.model.problem import Problem, Refused
from milepost.service.explanations.progress import ExplanationQuery, explain_progress
from milepost.service.explanations.text import explanation_text
from milepost.wording.catalogue import Language

router = APIRouter(prefix="/api/v1", tags=["customers"])

LANGUAGES = {language.value: language for language in Language}


@router.get("/customers/{customer_id}/targets/{target_id}/explanation", response_model=None)
async def get_explanation(
    customer_id: str,
    target_id: str,
    runtime: RunningRuntime,
    caller: CurrentCaller,
    period: str | None = None,
    at: str | None = None,
    format: str = "json",  # noqa: A002 - the name of the parameter
    language: str = "en",
    cursor: str = "",
) -> Response:
    """Return why a progress has its value: what counted, and why each other event of the period did not."""
    problems = []
    instant, problem = past_instant("at", at, runtime.clock())
    if problem is not None:
        problems.append(problem)
    if format not in {"json", "text"}:
        problems.append(Problem("format", "must be json or text"))
    if language not in LANGUAGES:
        problems.append(Problem("language", f"must be one of {', '.join(LANGUAGES)}"))
    skipped = id_of(cursor) if cursor else 0
    if skipped is None:
        problems.append(Problem("cursor", "must be the nextCursor of an earlier answer"))
    if problems or skipped is None:
        raise Refused(*problems)
    query = ExplanationQuery(
        customer_id=path_id(customer_id, "customer"),
        target_id=path_id(target_id, "target"),
        period=period,
        at=instant,
        skipped=skipped,
    )
    explained = await explain_progress(runtime, caller.org_id, query)
    if explained is None:
        raise HTTPException(404, f"there is no customer {query.customer_id}")
    if format == "text":
        return PlainTextResponse(explanation_text(explained, LANGUAGES[language]))
    return JsonResponse(explanation_item(explained, LANGUAGES[language], skipped))


ROUTES: Mapping[tuple[str, str], Route] = {
    ("get", "/api/v1/customers/{customer_id}/targets/{target_id}/explanation"): Route(
        READ, Explanation, statuses=READING_ONE
    ),
}
"""An explanation; with `format=text` the answer is plain text."""
