"""Who may ask what, route by route: logins (roles) and organisations (tenants), from the OpenAPI document.

A route without a rule in `cells.py` fails; so does a rule without a route.
"""

from typing import Any

import pytest

from milepost.api.http.app import routed_app
from milepost.model.access.role import Role
from milepost.service.organisations.provisioning import AddedKey, add_key
from tests.api.client import PASSWORD, ApiClient, json_of, let_in
from tests.api.route_rules import NOTHING, RULES, Rule, asked, kinds_of, role_of
from tests.api.route_world import World

DOCUMENT = routed_app().openapi()
ROUTES = [(method, path) for path, of in DOCUMENT["paths"].items() for method in of]
GUARDED = [(method, path) for (method, path), rule in RULES.items() if not rule.is_open]
NOBODY: dict[str, object] = dict.fromkeys(
    (
        *("customer", "group", "target", "period", "audience", "version", "job"),
        *("organisation", "store", "program", "goal", "template", "endpoint", "delivery", "person"),
        *("backtest", "group version", "queue", "dead letter"),
    ),
    NOTHING,
) | {
    "webhook": "nobody",
    "inspector": "nobody",
    "name": "nobody",
    "event": "Nothing",
    "till code": "nothing",
    "group name": "nothing",
    "event source": "nothing",
    "adjustment": "nothing",
    "event key": "nothing",
}


def test_every_route_has_a_rule() -> None:
    """A new route needs a rule in `route_rules.py`: how it is called about an organisation's things."""
    assert [] == sorted(set(ROUTES) - set(RULES)), "these routes have no rule in tests/api/route_rules.py"
    assert [] == sorted(set(RULES) - set(ROUTES)), "these rules in tests/api/route_rules.py have no route"


@pytest.fixture(scope="module")
def worlds(front: ApiClient) -> tuple[World, World]:
    """Return two organisations with one of everything each; they are sandboxes, whose clocks run with the server's."""
    organisations = front.organisation(), front.organisation()
    for one in organisations:
        front.connection.execute("insert into sandbox (org_id) values (%s)", [one.organisation.id])
    return World(organisations[0], "walrus"), World(organisations[1], "zebra")


@pytest.fixture(scope="module")
def token(front: ApiClient, worlds: tuple[World, World]) -> str:
    """Return a token of a key of the first organisation."""
    name = worlds[0].organisation.organisation.name
    added = front.run(lambda: add_key(front.runtime.database, name="key", organisation=name, now=front.clock()))
    answered = front.send("POST", "/v3/oauth/token/generate", json={"key": added.key, "secret": added.secret})
    return str(json_of(answered)["data"]["accessToken"])


def status(front: ApiClient, method: str, path: str, **login: Any) -> int:
    """Call a route about unknown ids, with a login; return the status."""
    verb, address, options = asked(method, path, RULES[method, path], NOBODY)
    headers = options.pop("headers") | login.pop("headers", {})
    return front.send(verb, address, headers=headers, **options, **login).status_code


@pytest.mark.parametrize("method, path", GUARDED)
def test_a_route_needs_a_login(
    front: ApiClient, worlds: tuple[World, World], token: str, method: str, path: str
) -> None:
    """A till, and a key by either header, are logins; nothing else is."""
    code = worlds[0].organisation.till_code
    allowed: list[dict[str, Any]] = [
        {"auth": (code, PASSWORD)},
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"headers": {"X-CAP-API-OAUTH-TOKEN": token}},
    ]
    refused: list[dict[str, Any]] = [
        {},
        {"auth": (code, "wrong password")},
        {"auth": ("nobody", PASSWORD)},
        {"headers": {"Authorization": f"Bearer {token}x"}},
        {"headers": {"X-CAP-API-OAUTH-TOKEN": PASSWORD}},
        {"headers": {"Authorization": f"Digest {token}"}},
    ]
    answers = [status(front, method, path, **login) for login in allowed]
    assert not {401, 403, 405, 500, 503} & set(answers), answers
    assert {401} == {status(front, method, path, **login) for login in refused}


@pytest.fixture(scope="module")
def logins(front: ApiClient, worlds: tuple[World, World]) -> dict[Role, list[dict[str, Any]]]:
    """Return a till and a key of each role, of the first organisation."""
    organisation, database = worlds[0].organisation.organisation, front.runtime.database
    found: dict[Role, list[dict[str, Any]]] = {}
    for role in Role:
        code, name = f"{role.value} of {organisation.name}", organisation.name

        async def added(code: str = code, name: str = name, role: Role = role) -> AddedKey:
            await let_in(database, organisation.id, code, role)
            return await add_key(database, name="key", organisation=name, now=front.clock(), role=role)

        key = front.run(added)
        answered = front.send("POST", "/v3/oauth/token/generate", json={"key": key.key, "secret": key.secret})
        token = str(json_of(answered)["data"]["accessToken"])
        found[role] = [{"auth": (code, PASSWORD)}, {"headers": {"X-CAP-API-OAUTH-TOKEN": token}}]
    return found


@pytest.mark.parametrize("method, path", GUARDED)
def test_a_route_needs_its_role(
    front: ApiClient, logins: dict[Role, list[dict[str, Any]]], method: str, path: str
) -> None:
    """Each role, by till and by key: 403 below the role that the route needs, and something else from it on."""
    needed = role_of(method, path)
    assert needed is not None
    for role in Role:
        refused = {status(front, method, path, **login) == 403 for login in logins[role]}
        assert {list(Role).index(role) < list(Role).index(needed)} == refused, role


def test_the_document_names_the_role_of_each_route() -> None:
    """As roles that its logins need, and with a 403 where a role may not be enough."""
    told = {(method, path): operation for path, of in DOCUMENT["paths"].items() for method, operation in of.items()}
    needed = {
        route: {role for way in one.get("security", ()) for of in way.values() for role in of}
        for route, one in told.items()
    }
    assert {route: {role.value} if (role := role_of(*route)) else set() for route in told} == needed
    may_fail = {route for route, one in told.items() if "403" in one["responses"]}
    signing_in = {("post", "/api/v1/session"), ("post", "/api/v1/password")}
    guarded = {route for route in told if role_of(*route) is not None} - {("get", "/api/v1/session")}
    assert guarded | signing_in == may_fail


def test_a_role_that_is_not_enough_is_refused(front: ApiClient, logins: dict[Role, list[dict[str, Any]]]) -> None:
    """In the words of each API; the vendor's code for it is 4000."""
    login = logins[Role.READ][0]
    reason = "access denied: this login has the role READ, and the request needs"
    ours = front.send("POST", "/api/v1/events", content=b"{", **login)
    assert (403, {"problems": [{"path": "", "reason": f"{reason} EVENTS"}]}) == (ours.status_code, json_of(ours))
    theirs = front.send("POST", "/v3/targetGroups", content=b"{", **login)
    errors = [{"code": 4000, "message": f"{reason} ADMIN"}]
    assert (403, {"data": None, "errors": errors, "warnings": None}) == (theirs.status_code, json_of(theirs))


@pytest.mark.parametrize("method, path", [route for route, rule in RULES.items() if rule.is_open])
def test_an_open_route_asks_for_no_login(front: ApiClient, method: str, path: str) -> None:
    """Health, tokens, and webhooks, whose address is secret."""
    told = status(front, method, path)
    assert 404 == told if "{webhook_id}" in path else told in {200, 401, 400}
    if told == 401:
        assert path in {"/v3/oauth/token/generate", "/api/v1/session"}


CELLS = [
    (method, path, kind) for (method, path), rule in RULES.items() for kind in kinds_of(path, rule) if kind != "webhook"
]


def answer(
    front: ApiClient, mine: World, rule: Rule, route: tuple[str, str], ids: dict[str, object]
) -> tuple[int, bytes]:
    """Ask as the first organisation; return status and body."""
    verb, address, options = asked(*route, rule, ids)
    send = front.send if rule.is_open else mine.organisation.send
    answered = send(verb, address, **options)
    return answered.status_code, answered.content


@pytest.mark.parametrize("method, path, kind", CELLS)
def test_another_organisations_things_are_answered_like_nothing(
    front: ApiClient, worlds: tuple[World, World], method: str, path: str, kind: str
) -> None:
    """Byte for byte, and nothing of the other organisation changes or shows."""
    mine, theirs = worlds
    rule = RULES[method, path]
    before = theirs.organisation.stored()
    told = []
    for id_ in (theirs.ids[kind], NOBODY[kind]):
        code, content = answer(front, mine, rule, (method, path), mine.ids | {kind: id_})
        told.append((code, content.replace(str(id_).encode(), b"#")))
    assert told[0] == told[1]
    assert theirs.word.encode() not in told[0][1]
    assert before == theirs.organisation.stored()


@pytest.mark.parametrize("method, path", [route for route in RULES if route[0] == "get"])
def test_nothing_of_another_organisation_is_read(
    front: ApiClient, worlds: tuple[World, World], method: str, path: str
) -> None:
    """A route about an organisation's own things shows nothing else; the other organisation gets an answer, too."""
    mine, theirs = worlds
    rule = RULES[method, path]
    code, content = answer(front, mine, rule, (method, path), mine.ids)
    assert 200 == code, content
    assert theirs.word.encode() not in content
    code, content = answer(front, theirs, rule, (method, path), theirs.ids)
    assert mine.word.encode() not in content
