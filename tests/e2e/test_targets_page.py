"""Pages are true: the requests that they show are sent, and each shown answer is part of the real one."""

import re
import shlex
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from milepost.service.backtests.run import run_now
from tests.api.client import ApiClient, Json, OrganisationClient, json_of, opened

DOCS = Path(__file__).parents[2] / "docs"
CLOCK = "2026-03-25T12:00:00Z"
BLOCK = re.compile(r"```(?P<kind>sh|json|text)\n(?P<text>.*?)```", re.DOTALL)
exact = msgspec.json.Decoder(float_hook=Decimal)
BODY_OPTION, HEADER_OPTION, METHOD_OPTION, LOGIN_OPTION = "-d", "-H", "-X", "-u"


class Asked(NamedTuple):
    """A request of the page: method, path with its query, and body."""

    method: str
    path: str
    body: str | None


@pytest.fixture
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client of the page's own, where ids are those of a new database."""
    with opened(admin_url, template) as client:
        yield client


def asked(command: str) -> Asked:
    """Read a command line of curl."""
    words = iter(shlex.split(command)[1:])
    method, path, body = None, "", None
    for word in words:
        if word in {BODY_OPTION, HEADER_OPTION, METHOD_OPTION, LOGIN_OPTION}:
            value = next(words)
            body = value if word == BODY_OPTION else body
            method = value if word == METHOD_OPTION else method
        else:
            path = word.removeprefix("$AT")
    return Asked(method or ("GET" if body is None else "POST"), path, body)


def holds(answer: Any, shown: Json) -> bool:
    """Return whether the answer, or something in it, has all that is shown."""
    if isinstance(answer, dict) and all(name in answer and answer[name] == value for name, value in shown.items()):
        return True
    parts = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ()
    return any(holds(part, shown) for part in parts)


PAGES = ["targets.md", "taking-part.md", "explaining.md", "changing.md", "personal-data.md", "sandbox.md"]


@pytest.mark.parametrize("page", PAGES)
def test_what_the_page_shows_is_what_the_server_answers(front: ApiClient, page: str) -> None:
    """Request by request, in the order of the page."""
    organisation: OrganisationClient = front.organisation()
    front.clock.set(CLOCK)
    if page == "sandbox.md":
        front.connection.execute("insert into sandbox (org_id) values (%s)", [organisation.organisation.id])
    known: dict[str, str] = {}
    answer: Json = {}
    text = ""
    for block in BLOCK.finditer((DOCS / page).read_text()):
        if block["kind"] == "json":
            assert holds(answer, exact.decode(block["text"])), f"{block['text']} is not in {answer}"
            continue
        if block["kind"] == "text":
            assert block["text"] == text
            continue
        given = asked(block["text"])
        path = re.sub(r"\$(\w+)", lambda found: known[found[1]], given.path)
        body = None if given.body is None else re.sub(r"\$(\w+)", lambda found: known[found[1]], given.body)
        answered = organisation.send(given.method, path, content=body)
        assert answered.is_success, (block["text"], answered.text)
        text = answered.text
        answer = json_of(answered) if answered.headers["content-type"].startswith("application/json") else {}
        if path == "/v3/targetGroups":
            known.update(GROUP=str(answer["data"]["id"]), TARGET=str(answer["data"]["targets"][0]["id"]))
        if path == "/api/v1/backtests":
            known["BACKTEST"] = str(answer["id"])
            id_, org_id = int(answer["id"]), organisation.organisation.id
            front.run(partial(run_now, front.runtime, org_id, id_, processes=1))
        if path.startswith("/api/v1/customers?"):
            known["ANNA"] = str(answer["items"][0]["id"])
