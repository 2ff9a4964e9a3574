"""The headers by which a client sends a request on behalf of another till or of a store (facts 7)."""

from typing import Annotated

from fastapi import Depends, Request

from milepost.api.http.authentication import CurrentCaller, RunningRuntime
from milepost.model.problem import Problem, Refused
from milepost.service.organisations.attribution import ENTITY_CODE, AttributedCaller, AttributionKind, attributed_caller

ENTITY_TYPE = "X-CAP-API-ATTRIBUTION-ENTITY-TYPE"
LOOKUP_TYPE = "X-CAP-API-ATTRIBUTION-LOOKUP-TYPE"
LOOKUP = "X-CAP-API-ATTRIBUTION-LOOKUP"
HEADERS = (ENTITY_TYPE, ENTITY_CODE, LOOKUP_TYPE, LOOKUP)
CODE_INCOMPLETE = 1061
VALUE_CHARACTERS_MAX = 200


async def posting_as(request: Request, runtime: RunningRuntime, caller: CurrentCaller) -> AttributedCaller:
    """Return the caller on whose behalf the request is sent.

    Raises Refused for an unknown till or store, and with code 1061 if only one of the two look-up headers is there.
    """
    lookup_type, lookup = request.headers.get(LOOKUP_TYPE), request.headers.get(LOOKUP)
    if (lookup_type is None) != (lookup is None):
        reason = f"{LOOKUP_TYPE} and {LOOKUP} go together; one of them is missing"
        raise Refused(Problem(LOOKUP, reason, CODE_INCOMPLETE))
    if lookup is not None:
        # The vendor has several types of look-up. Here each of them finds a till by its code, case-sensitive.
        return await attributed_caller(runtime, caller, AttributionKind.TILL, _value(LOOKUP, lookup))
    word, code = request.headers.get(ENTITY_TYPE, AttributionKind.TILL.value), request.headers.get(ENTITY_CODE)
    kinds = {kind.value: kind for kind in AttributionKind}
    if word not in kinds:
        raise Refused(Problem(ENTITY_TYPE, f"must be one of {', '.join(kinds)}"))
    if code is None:
        return AttributedCaller(caller)
    return await attributed_caller(runtime, caller, kinds[word], _value(ENTITY_CODE, code))


Posting = Annotated[AttributedCaller, Depends(posting_as)]


def _value(name: str, text: str) -> str:
    if not 0 < len(text) <= VALUE_CHARACTERS_MAX or "\0" in text:
        raise Refused(Problem(name, f"must have 1 to {VALUE_CHARACTERS_MAX} characters"))
    return text
