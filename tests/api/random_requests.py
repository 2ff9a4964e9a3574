"""Requests made from our OpenAPI document: sound ones, ones that it forbids, and ones that are nearly sound.

Schemathesis draws a request; addresses and bodies that it made at random would seldom get past the first look, so each
second id is one that is known, and each second body a sound one in which something was exchanged for what was drawn.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx2
import requests
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.client import PASSWORD, ApiClient, OrganisationClient
from tests.api.random_stage import Stage

NEAR = 0.6
"""How much of what is sent is nearly sound."""

STAGE_LASTS = 50
"""Requests after which a fresh organisation comes in: by then groups are deleted and passwords unknown."""

UNKNOWN_CALLER = 0.03
UNHEARD_OF = 0.03
"""How often a parameter is sent that no route has."""

LOGIN_HEADERS = ("authorization", "x-cap-api-oauth-token")
ODD: tuple[Any, ...] = (
    *(None, True, "", " ", "\0", "true", "é\u2028😀", "x" * 300, "2026-02-30", "9999-12-31T23:59:59Z", "0001-01-01"),
    *(0, -1, 1.5, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**25, 1e300, 0.00001, "1e5", "-0", "NaN"),
    *([], {}, [[]], [{}], [None], {"": ""}, [1, 1], "ALL", "-2026-01-01", "2026-01-31T10:00:00+14:00", "a,b", "%s"),
)
"""What stands where something else is meant."""

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


def lasting(times: int) -> settings:
    """Return the settings by which something is drawn and done that many times, and not again."""
    return settings(
        max_examples=times,
        phases=[Phase.generate],  # an organisation has changed by the time that a request is sent again
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class Talk:
    """Requests of one operation, sent to organisations of its own."""

    def __init__(self, client: ApiClient) -> None:
        """Prepare to speak with the runtime behind *client*."""
        self._door = client
        self._stage: Stage | None = None
        self._stage_until = 0
        self.sent = 0

    def stage(self) -> Stage:
        """Return the organisation to speak with, a fresh one now and then; what it asked for is done before it goes."""
        if self._stage is None or self.sent >= self._stage_until:
            if self._stage is not None:
                self._stage.organisation.work()
            self._stage = Stage(self._door.organisation())
            self._stage_until = self.sent + STAGE_LASTS
        return self._stage

    def ask(self, case: Case[Any], drawn: int) -> None:
        """Send a drawn request, with what is known put in by chance; raises if the answer is not documented."""
        stage, chance = self.stage(), Random(f"{drawn} {self.sent}")
        _make_known(case, stage, chance)
        self._judged(case, stage, known=chance.random() >= UNKNOWN_CALLER)

    def follow(self, case: Case[Any], told: Mapping[str, Mapping[str, Any]]) -> Response:
        """Send a request with what an earlier answer *told*, and else with what is known; raises as `ask` does."""
        stage = self._stage or self.stage()
        _come_near(case, stage, Random(f"{self.sent}"))
        for part, values in told.items():
            _fill(case, part, values)
        return self._judged(case, stage, known=True)

    def _judged(self, case: Case[Any], stage: Stage, *, known: bool) -> Response:
        """Send a request and look whether its answer is documented."""
        self.sent += 1
        answered = Response.from_httpx(self._send(case, stage.organisation, known=known), verify=False)
        case.validate_response(answered, checks=list(CHECKS))
        return answered

    def _send(self, case: Case[Any], organisation: OrganisationClient, *, known: bool) -> httpx2.Response:
        """Send the request; whatever the app raises comes out, with a note of what was asked."""
        told = requests.Request(**case.as_transport_kwargs("http://milepost")).prepare()
        parts = urlsplit(told.url or "")
        address = httpx2.URL("http://milepost", raw_path=f"{parts.path}?{parts.query}".rstrip("?").encode())
        left_out = {"content-length", *(LOGIN_HEADERS if known else ())}
        headers: Any = [(name, value) for name, value in told.headers.items() if name.lower() not in left_out]
        content: Any = told.body
        auth = (organisation.till_code, PASSWORD) if known else None
        client = self._door.client()

        async def sent() -> httpx2.Response:
            async with client:
                return await client.request(str(told.method), address, headers=headers, content=content, auth=auth)

        try:
            return self._door.run(sent)
        except Exception as error:
            error.add_note(f"asked: {told.method} {address} {headers} {content!r}")
            raise


def _fill(case: Case[Any], part: str, values: Mapping[str, Any]) -> None:
    """Put values into a part of a request, by their names; into the first of a list."""
    found: Any = getattr(case, part)
    if isinstance(found, list) and found:
        found = found[0]
    if isinstance(found, dict):
        found.update(values)
    elif part != "body":
        setattr(case, part, dict(values))


def _make_known(case: Case[Any], stage: Stage, chance: Random) -> None:
    """Put something of what is known into the request, all of it or some of it."""
    if chance.random() < NEAR:
        _come_near(case, stage, chance)
        return
    for part in (case.path_parameters, case.query):
        for name in part or ():
            if name in stage.known and chance.random() < 0.7:
                part[name] = str(chance.choice(stage.known[name]))
    case.body = _known_within(case.body, stage, chance)


def _come_near(case: Case[Any], stage: Stage, chance: Random) -> None:
    """Make a request that the route takes, but for one thing here or there."""
    place = stage.somewhere(case.operation.path, chance)
    known = {name: str(place.get(name, chance.choice(values))) for name, values in stage.known.items()}
    case.path_parameters = {name: known.get(name, value) for name, value in (case.path_parameters or {}).items()}
    drawn = case.query or {}
    case.query = {
        name: known[name] for name in sorted({*drawn, *stage.asked(case.method, case.operation.path)}) if name in known
    }
    if drawn and chance.random() < 0.3:
        name = chance.choice(sorted(drawn))
        case.query[name] = drawn[name]
    if chance.random() < UNHEARD_OF:
        case.query["unheard_of"] = "1"
    if chance.random() < 0.8:
        case.headers.clear()
    sound = stage.sound(case.operation.method.upper(), case.operation.path)
    if sound is None:
        case.body = _known_within(case.body, stage, chance)
    elif isinstance(sound, str):
        case.body, case.media_type = sound, "text/csv"
    else:
        case.body = _blended(sound, case.body, chance) if chance.random() < 0.5 else _with_odd(sound, chance)


def _with_odd(sound: Any, chance: Random) -> Any:
    """Return *sound* with none, one or two of its parts exchanged for something odd."""
    for _ in range(chance.choice((0, 0, 1, 1, 2))):
        places = list(_places(sound))
        if places:
            place, key = chance.choice(places)
            place[key] = deepcopy(chance.choice(ODD))
    return sound


def _known_within(value: Any, stage: Stage, chance: Random) -> Any:
    """Return *value* with some of its ids and names exchanged for known ones."""
    if isinstance(value, list):
        return [_known_within(inner, stage, chance) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        name: chance.choice(stage.known[name])
        if name in stage.known and chance.random() < 0.5
        else _known_within(inner, stage, chance)
        for name, inner in value.items()
    }


def _blended(sound: Any, made: Any, chance: Random) -> Any:
    """Return *sound* with something of *made* in it, the deeper the better."""
    if isinstance(made, list) and isinstance(sound, list) and made and sound:
        return [_blended(sound[0], chance.choice(made), chance), *sound[1:]]
    if isinstance(made, list) and made and isinstance(sound, dict):
        made = chance.choice(made)
    if not (isinstance(made, dict) and isinstance(sound, dict)):
        return sound
    exchanged = chance.sample(sorted(made), min(len(made), chance.choice((1, 1, 2, 3))))
    return sound | {
        name: _blended(sound[name], made[name], chance)
        if isinstance(sound.get(name), dict | list) and sound[name] and chance.random() < 0.7
        else made[name]
        for name in exchanged
    }


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Return every place within *value* where something stands."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, dict | list):
            yield from _places(inner)
