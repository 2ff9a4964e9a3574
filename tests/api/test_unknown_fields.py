"""S03: no body sets what a client may not set: a field that nobody knows is refused by name, or means nothing.

The document says which routes have bodies, so a new route is tried by itself.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.api.client import ApiClient, Json
from tests.api.provoked_statuses import Asked, Provoker

Spot = tuple[str | int, ...]

SERVER_OWNED: Json = {
    "unheardOf": 1,
    "orgId": 1_001,
    "organisationId": 1_001,
    "seq": 99,
    "bucket": 7,
    "receivedAt": "2001-01-01T00:00:00Z",
    "createdBy": "somebody else",
    "isAdmin": True,
    "passwordHash": "x",
    "__proto__": {"isAdmin": True},
}
"""Names that no body knows: of the database, of other organisations, of rights."""

IGNORED = (
    "/v2/",
    "/v3/oauth/token/generate",
    "/webhooks/",
    "/api/v1/inspector/",
)
"""Bodies of the vendor, and of other senders, have fields that Milepost has no use for: they mean nothing."""

ANY_NAME: dict[str, Spot] = {
    "/api/v1/events": ("data",),
    "/v2/events": ("fields", "attributes"),
    "/webhooks/{webhook_id}": (),
}
"""Where names are values: attributes of events that an organisation defines itself, which are kept as they come."""

ONLY_SHOWN = {"orgId"}
"""Fields of definitions in answers, which clients send back with the rest: they set nothing."""


class Tried(NamedTuple):
    """A body with one more field, where the field stands, and the answer."""

    what: str
    name: str
    status: int
    text: str


def spots(value: object, at: Spot = ()) -> Iterator[Spot]:
    """Return where the objects in a JSON value are, outermost first; of a list only the first item's."""
    if isinstance(value, dict):
        yield at
        for name, inner in value.items():
            yield from spots(inner, (*at, name))
    elif isinstance(value, list) and value:
        yield from spots(value[0], (*at, 0))


def with_field(body: Any, spot: Spot, name: str, value: object) -> Any:
    """Return a copy of *body* whose object at *spot* has one more field."""
    copied = json.loads(json.dumps(body))
    inner = copied
    for step in spot:
        inner = inner[step]
    inner[name] = value
    return copied


def bodies(provoker: Provoker, document: Json) -> Iterator[tuple[Asked, Any]]:
    """Return a sound request for each route with a body in JSON, and that body."""
    for path, of in document["paths"].items():
        for method in of:
            sound = provoker.sound(method, path)
            if sound.body is not None and sound.media == "application/json":
                yield sound, json.loads(sound.body)


def tried(provoker: Provoker, sound: Asked, body: Any, names: Json) -> Iterator[Tried]:
    """Send *body* with each of *names* in each of its objects whose fields have fixed names."""
    free = ANY_NAME.get(sound.path, ())
    for spot in spots(body):
        if sound.path in ANY_NAME and all(step in spot for step in free):
            continue
        for name, value in names.items():
            answered = provoker.told(sound._replace(body=json.dumps(with_field(body, spot, name, value)).encode()))
            yield Tried(f"{sound.method} {sound.path} {spot}", name, answered.status_code, answered.text)


def is_ignored(path: str) -> bool:
    """Whether unknown fields in bodies of this route mean nothing."""
    return path.startswith(IGNORED) and not path.startswith("/v2/targetGroups")


def is_refused(one: Tried) -> bool:
    """Whether a request, or the only event of a batch, was refused for a field that is named."""
    return one.name in one.text and (one.status == 400 or '"status":"refused"' in one.text)


def test_unknown_fields_are_refused_by_name(front: ApiClient) -> None:
    """Each object of each body of our own API and of definitions; nothing is changed by what was refused."""
    document = front.app.openapi()
    provoker = Provoker(front, document)
    strict = [(sound, body) for sound, body in bodies(provoker, document) if not is_ignored(sound.path)]
    own, other = provoker.stage.organisation, front.organisation()
    before = own.stored(), other.stored()
    names = {name: value for name, value in SERVER_OWNED.items() if name not in ONLY_SHOWN}
    found = [one for sound, body in strict for one in tried(provoker, sound, body, names)]
    assert [] == [one for one in found if not is_refused(one)]
    assert before == (own.stored(), other.stored())
    for sound, body in strict:
        [*tried(provoker, sound, body, dict.fromkeys(ONLY_SHOWN, other.organisation.id))]
    assert before[1] == other.stored()
    assert 30 <= len(strict)


def test_ignored_fields_mean_nothing(front: ApiClient) -> None:
    """The answers are those without the field, and nobody else's things change; no such name is kept anywhere."""
    document = front.app.openapi()
    provoker = Provoker(front, document)
    other = front.organisation()
    names = SERVER_OWNED | {"orgId": other.organisation.id, "organisationId": other.organisation.id}
    before = other.stored()
    lenient = [(sound, body) for sound, body in bodies(provoker, document) if is_ignored(sound.path)]
    plain = {sound.path: provoker.told(sound).status_code for sound, _ in lenient}
    found = [(sound.path, one) for sound, body in lenient for one in tried(provoker, sound, body, names)]
    assert [] == [one for path, one in found if one.status not in {plain[path], 400}]
    assert before == other.stored()
    kept = front.connection.execute("select count(*) from event where body like '%unheardOf%'").fetchone()
    assert (0,) == kept
    assert 8 <= len(lenient)
