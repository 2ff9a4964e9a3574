"""`POST /v3/oauth/token/generate`: a client logs in (facts 3.8, 7)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request

from milepost.api.capillary.envelope import Envelope, answer, failure
from milepost.api.capillary.v2.login.answer import TokenAnswer
from milepost.api.capillary.v2.login.body import TokenRequest, read_token_request
from milepost.api.http.authentication import RunningRuntime
from milepost.api.http.body import JsonResponse, read_body, read_json
from milepost.api.http.parameters import check_parameters
from milepost.api.http.route import Body, Route
from milepost.model.problem import Refused

GENERATE = "/v3/oauth/token/generate"

router = APIRouter(tags=["authentication"])

ROUTES: Mapping[tuple[str, str], Route] = {
    ("post", GENERATE): Route(None, Envelope[TokenAnswer], Body((TokenRequest,))),
}


@router.post(GENERATE, response_model=None)
async def generate_token(request: Request, runtime: RunningRuntime) -> JsonResponse:
    """Return an access token to a client that shows its key and secret."""
    check_parameters(request)
    pair = read_token_request(read_json(await read_body(request)))
    try:
        token = await runtime.access.issue_token(pair.key, pair.secret)
    except Refused as refused:
        return JsonResponse(failure(refused.problems), status_code=401)
    return JsonResponse(answer(TokenAnswer(access_token=token.text, ttl_seconds=token.seconds)))
