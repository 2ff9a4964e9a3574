"""`POST /v3/oauth/token/generate` (facts 3.8, 7)."""

from fastapi import APIRouter, Request

from milepost.api.capillary.envelope import answer, failure
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.model.problem import Problem, Refused

TEXT_CHARACTERS_MAX = 200

router = APIRouter(tags=["authentication"])


@router.post("/v3/oauth/token/generate", response_model=None)
async def generate_token(request: Request, runtime: RunningRuntime) -> JsonResponse:
    """Return an access token to a client that shows its key and secret."""
    value = read_json(await read_body(request))
    pair = (value.get("key"), value.get("secret")) if isinstance(value, dict) else (None, None)
    problems = [
        Problem(name, f"must be text of at most {TEXT_CHARACTERS_MAX} characters")
        for name, text in zip(("key", "secret"), pair, strict=True)
        if not isinstance(text, str) or len(text) > TEXT_CHARACTERS_MAX
    ]
    if problems:
        raise Refused(*problems)
    try:
        token = await runtime.access.issue_token(str(pair[0]), str(pair[1]))
    except Refused as refused:
        return JsonResponse(failure(refused.problems), status_code=401)
    return JsonResponse(answer({"accessToken": token.text, "ttlSeconds": token.seconds}))
