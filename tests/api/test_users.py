"""People who sign in: one-time links, sessions with their tokens, roles as scopes, and what ends a session."""

import pytest

from milepost.api.http.routes import ROUTES, scope_needed
from milepost.model.access.role import Role
from milepost.model.access.scope import AccessScope
from milepost.model.access.user import SCOPES_OF_ROLE, UserRole
from milepost.model.time import SECOND_US
from milepost.service.organisations import credentials, users
from milepost.service.organisations.provisioning import add_key
from milepost.service.organisations.sessions import FAILURES_MAX, SESSION_SECONDS
from milepost.service.organisations.users import LINK_SECONDS
from tests.api.client import Json, OrganisationClient, json_of
from tests.api.person import NUMBERS, PASSWORD, SESSION, Person
from tests.api.route_parameters import PARAMETERS
from tests.api.route_rules import NOTHING, RULES, asked
from tests.api.test_matrix import NOBODY


@pytest.fixture
def owner(organisation: OrganisationClient) -> Person:
    """Return an owner who is signed in."""
    return Person(organisation, UserRole.OWNER)


def look(organisation: OrganisationClient) -> None:
    """Let the server notice what changed, as it does each second."""
    organisation.client.runtime.access.forget()


def test_a_user_signs_in_and_out(organisation: OrganisationClient) -> None:
    """A cookie that scripts cannot read, a token for what changes something, and an end."""
    person = Person(organisation, UserRole.MARKETER)
    answered = person.sign_in()
    cookie = answered.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={SESSION_SECONDS}"))
    assert "Secure" not in cookie, "the test's address has no TLS"
    known = json_of(person.send("GET", "/api/v1/session"))
    assert known["csrfToken"] == person.token
    assert (known["kind"], known["login"], known["userId"]) == ("USER", person.email, person.user.id)
    assert known["scopes"] == [scope.value for scope in AccessScope if scope in SCOPES_OF_ROLE[UserRole.MARKETER]]
    assert {"signedOut": True} == json_of(person.send("DELETE", "/api/v1/session"))
    look(organisation)
    assert 401 == person.status()


def test_a_session_over_tls_is_sent_over_tls_only(organisation: OrganisationClient) -> None:
    """Behind a proxy with TLS the cookie is marked so."""
    person = Person(organisation, UserRole.ANALYST)
    body = {"email": person.email, "password": PASSWORD}
    answered = organisation.client.send("POST", "https://milepost/api/v1/session", json=body)
    assert "Secure" in answered.headers["set-cookie"]


def test_a_forged_request_changes_nothing(owner: Person) -> None:
    """A page of another origin makes the browser send the cookie, but does not know the token."""
    path, body = "/api/v1/zones", b'[{"code": "forged"}]'
    told = [owner.status("POST", path, token=token, content=body) for token in ("", "x", owner.token[:-1])]
    origin = {"origin": "https://evil.example"}
    told.append(owner.status("POST", path, content=body, headers=origin))
    assert [403] * 4 == told
    assert 200 == owner.status("GET", path, token="")
    assert "forged" not in owner.send("GET", path).text
    assert 200 == owner.status("POST", path, content=body)


def test_another_login_wins_over_a_cookie(owner: Person) -> None:
    """Whoever says who they are is that, and wrong words are not mended by a session."""
    assert (
        401
        == owner.client.send(
            "GET", "/api/v1/session", auth=("nobody", "x"), headers={"cookie": f"{SESSION}={owner.session}"}
        ).status_code
    )


@pytest.mark.parametrize("role", UserRole)
def test_a_role_reaches_its_scopes_and_nothing_else(organisation: OrganisationClient, role: UserRole) -> None:
    """Each route, by each role: 403 exactly where the role's scopes do not hold what the route needs."""
    person = Person(organisation, role)
    organisation.client.connection.execute(
        "insert into sandbox (org_id) values (%s) on conflict do nothing", [organisation.organisation.id]
    )
    wrong = []
    for method, path in (route for route, rule in RULES.items() if not rule.is_open):
        if (method, path) == ("delete", "/api/v1/session"):
            continue
        verb, address, options = asked(method, path, RULES[method, path], NOBODY)
        refused = person.status(verb, address, **options) == 403
        scope = scope_needed(method, path)
        if refused != (scope is not None and scope not in SCOPES_OF_ROLE[role]):
            wrong.append((method, path))
    assert [] == wrong


def test_each_scope_is_needed_somewhere() -> None:
    """No scope is there for nothing, but for reading users, customers' events and requests: these have no writing."""
    needed = {scope_needed(*route) for route in ROUTES}
    assert {AccessScope.REQUESTS_READ} | {*needed} == {*needed}
    assert set() == set(AccessScope) - needed


def test_an_analyst_sees_no_customer(organisation: OrganisationClient) -> None:
    """Not one route whose address or body names a customer."""
    person = Person(organisation, UserRole.ANALYST)
    naming = [
        route
        for route, rule in RULES.items()
        if not rule.is_open and ("customer" in {PARAMETERS.get(part.strip("{}")) for part in route[1].split("/")})
    ]
    assert naming
    for method, path in naming:
        verb, address, options = asked(method, path, RULES[method, path], NOBODY)
        assert (403, path) == (person.status(verb, address, **options), path)


def test_a_link_works_once(organisation: OrganisationClient, owner: Person) -> None:
    """It is void once it was used, once another was made, and after three days."""
    owner.send("POST", "/api/v1/users", json={"email": "Sade@Brand.example ", "name": "Sade", "role": "SUPPORT"})
    (sade,) = [user for user in json_of(owner.send("GET", "/api/v1/users"))["items"] if user["name"] == "Sade"]
    assert ("sade@brand.example", False) == (sade["email"], sade["hasPassword"])
    path = f"/api/v1/users/{sade['id']}/link"
    first, second = (json_of(owner.send("POST", path))["link"] for _ in range(2))
    assert [400, 200, 400] == [owner.choose(link).status_code for link in (first, second, second)]
    third = json_of(owner.send("POST", path))["link"]
    organisation.client.clock.advance(LINK_SECONDS * SECOND_US)
    assert 400 == owner.choose(third).status_code


def test_a_short_password_is_refused(owner: Person) -> None:
    """It has 15 to 200 characters, and the link can still be used."""
    link = json_of(owner.send("POST", f"/api/v1/users/{owner.user.id}/link"))["link"]
    told = [owner.choose(link, "x" * length).status_code for length in (14, 201, 15)]
    assert [400, 400, 200] == told


def test_choosing_a_password_ends_all_sessions(organisation: OrganisationClient, owner: Person) -> None:
    """Whoever stole a session loses it."""
    link = json_of(owner.send("POST", f"/api/v1/users/{owner.user.id}/link"))["link"]
    assert 200 == owner.status()
    owner.choose(link, "another long password")
    look(organisation)
    assert 401 == owner.status()
    assert [401, 200] == [owner.sign_in(word).status_code for word in (PASSWORD, "another long password")]


def test_a_session_ends_by_itself(organisation: OrganisationClient, owner: Person) -> None:
    """After twelve hours, however busy it was."""
    organisation.client.logins.advance(SESSION_SECONDS * SECOND_US - 1)
    assert 200 == owner.status()
    organisation.client.logins.advance(1)
    assert 401 == owner.status()


def test_a_disabled_user_is_out_within_a_second(organisation: OrganisationClient, owner: Person) -> None:
    """And cannot sign in, nor use a link that is still open, until enabled again."""
    person = Person(organisation, UserRole.SUPPORT)
    link = json_of(owner.send("POST", f"/api/v1/users/{person.user.id}/link"))["link"]
    path = f"/api/v1/users/{person.user.id}"
    assert 200 == owner.status("PATCH", path, json={"disabled": True})
    look(organisation)
    assert [401, 401, 400] == [person.status(), person.sign_in().status_code, person.choose(link).status_code]
    assert 400 == owner.status("POST", f"{path}/link")
    assert 200 == owner.status("PATCH", path, json={"disabled": False})
    assert 200 == person.sign_in().status_code


def test_a_new_role_is_in_force_within_a_second(organisation: OrganisationClient, owner: Person) -> None:
    """In sessions that run, too."""
    person = Person(organisation, UserRole.MARKETER)
    assert 200 == person.status("POST", "/api/v1/zones", content=b'[{"code": "N"}]')
    owner.send("PATCH", f"/api/v1/users/{person.user.id}", json={"role": "ANALYST"})
    look(organisation)
    assert 403 == person.status("POST", "/api/v1/zones", content=b'[{"code": "S"}]')


def test_only_owners_change_owners(organisation: OrganisationClient, owner: Person) -> None:
    """An admin, and a till, make and change others, but no owner; and one owner remains."""
    admin = Person(organisation, UserRole.ADMIN)
    added = {"email": "new@brand.example", "name": "New", "role": "OWNER"}
    path = f"/api/v1/users/{owner.user.id}"
    assert [400, 400, 400] == [
        admin.status("POST", "/api/v1/users", json=added),
        admin.status("PATCH", path, json={"disabled": True}),
        admin.status("POST", f"{path}/link"),
    ]
    assert 400 == organisation.post("/api/v1/users", added).status_code
    assert 400 == admin.status("PATCH", f"/api/v1/users/{admin.user.id}", json={"role": "OWNER"})
    assert [400, 400] == [owner.status("PATCH", path, json=body) for body in ({"role": "ADMIN"}, {"disabled": True})]
    assert 200 == owner.status("POST", "/api/v1/users", json=added)
    assert 200 == owner.status("PATCH", path, json={"role": "ADMIN"})


def test_wrong_words_are_all_answered_alike(organisation: OrganisationClient, owner: Person) -> None:
    """An unknown address, a wrong password, a wrong organisation, a user without a password."""
    invited = {"email": "invited@brand.example", "name": "I", "role": "ANALYST"}
    owner.send("POST", "/api/v1/users", json=invited)
    send = organisation.client.send
    bodies: list[Json] = [
        {"email": "nobody@brand.example", "password": PASSWORD},
        {"email": owner.email, "password": "wrong"},
        {"email": owner.email, "password": PASSWORD, "organisation": "another"},
        {"email": "invited@brand.example", "password": PASSWORD},
    ]
    told = [send("POST", "/api/v1/session", json=body) for body in bodies]
    assert {401} == {answered.status_code for answered in told}
    assert 1 == len({answered.content for answered in told})


def test_an_address_may_have_users_in_two_organisations(organisation: OrganisationClient) -> None:
    """Each with a password of its own; then the organisation has to be named."""
    email = f"both{next(NUMBERS)}@brand.example"
    here = Person(organisation, UserRole.ANALYST, email)
    other = organisation.client.organisation()
    database = organisation.client.runtime.database
    _, link = organisation.client.run(
        lambda: users.add_user(
            database,
            users.COMMAND_LINE,
            org_id=other.organisation.id,
            email=email,
            name="Mira",
            role=UserRole.OWNER,
            now=organisation.client.clock(),
        )
    )
    here.choose(link.text, "another long password")
    names = organisation.organisation.name, other.organisation.name
    told = [here.sign_in("another long password", organisation=name).status_code for name in names]
    assert [401, 200] == told
    assert 401 == here.sign_in(PASSWORD).status_code
    assert 200 == here.sign_in(PASSWORD, organisation=names[0].upper()).status_code


def test_a_hundred_wrong_passwords_lock_a_user(organisation: OrganisationClient, owner: Person) -> None:
    """However many days they take; a one-time link lets the user in again, and a right password forgets the wrong."""
    connection = organisation.client.connection
    failures = "update user_account set failures = %s where user_id = %s"
    connection.execute(failures, [FAILURES_MAX - 1, owner.user.id])
    assert [200, 401] == [owner.sign_in(word).status_code for word in (PASSWORD, "wrong")]
    connection.execute(failures, [FAILURES_MAX - 1, owner.user.id])
    assert [401, 401] == [owner.sign_in(word).status_code for word in ("wrong", PASSWORD)]
    link = json_of(owner.send("POST", f"/api/v1/users/{owner.user.id}/link"))["link"]
    owner.choose(link)
    assert 200 == owner.sign_in().status_code


def test_only_digests_of_secrets_are_stored(organisation: OrganisationClient, owner: Person) -> None:
    """A dump of the database lets nobody in."""
    link = json_of(owner.send("POST", f"/api/v1/users/{owner.user.id}/link"))["link"]
    dumped = "".join(
        str(row)
        for table in ("user_account", "one_time_link", "user_session", "administrative_act")
        for row in organisation.client.connection.execute(f"select * from {table}".encode())
    )
    assert owner.email in dumped
    assert [] == [secret for secret in (link, owner.session, owner.token, PASSWORD) if secret in dumped]


def test_what_is_done_with_users_is_recorded(organisation: OrganisationClient, owner: Person) -> None:
    """By whom, and about whom."""
    owner.send("POST", "/api/v1/users", json={"email": "s@brand.example", "name": "S", "role": "SUPPORT"})
    name = organisation.organisation.name
    acts = organisation.client.run(lambda: credentials.acts(organisation.client.runtime.database, name, 100))
    assert (owner.email, "user add", "s@brand.example, SUPPORT") == acts[0][2:]
    assert (owner.email, "user password") == acts[1][2:4]


@pytest.fixture
def narrow(organisation: OrganisationClient) -> dict[str, str]:
    """Return the header of a key that may only write events."""
    runtime, name = organisation.client.runtime, organisation.organisation.name
    scopes = [AccessScope.EVENTS_WRITE]
    key = organisation.client.run(
        lambda: add_key(
            runtime.database, name="pos", organisation=name, now=runtime.clock(), role=Role.EVENTS, scopes=scopes
        )
    )
    answered = organisation.client.send("POST", "/v3/oauth/token/generate", json={"key": key.key, "secret": key.secret})
    return {"X-CAP-API-OAUTH-TOKEN": json_of(answered)["data"]["accessToken"]}


def test_scopes_narrow_a_key(organisation: OrganisationClient, narrow: dict[str, str]) -> None:
    """Within its role: a key for events reads nobody, and is told which scope it lacks."""
    send = organisation.client.send
    assert 400 == send("POST", "/api/v1/events", content=b"{", headers=narrow).status_code
    refused = send("GET", f"/api/v1/customers/{NOTHING}/progress", headers=narrow)
    reason = "access denied: the request needs the scope customers:read, which this login has not"
    assert (403, [{"path": "", "reason": reason}]) == (refused.status_code, json_of(refused)["problems"])
    above = send("POST", "/v2/events", content=b"{}", headers=narrow)
    assert 403 == above.status_code, "scopes give nothing that the role does not allow"
