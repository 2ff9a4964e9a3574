"""Whatever stands where something else is expected, in bodies, queries, addresses, headers: no failure of ours."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.client import PASSWORD, ApiClient
from tests.api.route_parameters import PARAMETERS
from tests.api.route_rules import RULES, filled
from tests.api.route_world import World

ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**63,
    10**40,
    "",
    "\0",
    "x" * 5_000,
    "٣",
    [],
    [[]],
    {},
    {"x": {}},
    "1e999999",
)
FEW: tuple[Any, ...] = (None, -1, 10**40, "\0", [[]], {"x": {}})
"""What is tried each time; the rest is tried by `python3 dev.py test --slow`."""

ODD_TEXTS = ("", "%00", "-1", "x" * 500, "9" * 40, "%F0%9F%A6%AD", "%ff", "1e9", "null")
NEVER = {500, 501, 502, 504}


@pytest.fixture(scope="module")
def world(front: ApiClient) -> World:
    """Return an organisation with one of everything."""
    return World(front.organisation(), "osprey")


def oddities(value: Any, odds: tuple[Any, ...]) -> Iterator[Any]:
    """Return *value* with something odd in each place of it, one at a time."""
    yield from odds
    if isinstance(value, dict):
        for name, part in value.items():
            yield from ({**value, name: odd} for odd in oddities(part, odds))
            yield {one: other for one, other in value.items() if one != name}
        yield {**value, "odd": 1}
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from ([*value[:place], odd, *value[place + 1 :]] for odd in oddities(part, odds))


def requests(
    method: str, path: str, ids: dict[str, object], odds: tuple[Any, ...]
) -> Iterator[tuple[str, bytes | None, dict[str, str]]]:
    """Return odd requests of a route: address, body and headers."""
    rule = RULES[method, path]
    address, query = path, filled(rule.query, ids)
    for parameter, kind in PARAMETERS.items():
        address = address.replace(f"{{{parameter}}}", quote(str(ids[kind])))
    headers = {name: filled(text, ids) for name, text in rule.headers.items()} | {"content-type": rule.media}
    body = None if rule.body is None else filled(rule.body, ids)
    if body is not None and rule.media == "application/json":
        for odd in oddities(json.loads(body), odds):
            yield f"{address}?{query}", json.dumps(odd).encode(), headers
    for text in ODD_TEXTS if odds is ODD else ODD_TEXTS[1:4]:
        content = None if body is None else body.encode()
        yield f"{address}?{query}&odd={text}", None if content is None else text.encode(), headers
        for pair in query.split("&") if query else ():
            yield f"{address}?{query.replace(pair, pair.partition('=')[0] + '=' + text)}", content, headers
        for parameter in PARAMETERS:
            if f"{{{parameter}}}" in path:
                odd_path = path.replace(f"{{{parameter}}}", text or "0")
                for other, kind in PARAMETERS.items():
                    odd_path = odd_path.replace(f"{{{other}}}", quote(str(ids[kind])))
                yield f"{odd_path}?{query}", content, headers
        for name in headers if text.isascii() else ():
            yield f"{address}?{query}", content, headers | {name: text}


ROUTES = pytest.mark.parametrize("method, path", [route for route in RULES if route[0] != "delete"])


@ROUTES
def test_odd_requests_are_answered(front: ApiClient, world: World, method: str, path: str) -> None:
    """Each request is refused with its problems, or done; none is an internal error."""
    assert [] == failures(front, world, method, path, FEW)


@pytest.mark.slow
@ROUTES
def test_all_odd_requests_are_answered(front: ApiClient, world: World, method: str, path: str) -> None:
    """The same with every odd value that we know."""
    assert [] == failures(front, world, method, path, ODD)


def failures(front: ApiClient, world: World, method: str, path: str, odds: tuple[Any, ...]) -> list[Any]:
    """Send odd requests; return those that fail by our fault."""
    failed = []
    login = (world.organisation.till_code, PASSWORD)
    for address, body, headers in requests(method, path, world.ids, odds):
        answered = front.send(method.upper(), address, content=body, headers=headers, auth=login)
        if answered.status_code in NEVER:
            failed.append((address[:200], (body or b"")[:200], headers, answered.text[:200]))
    return failed
