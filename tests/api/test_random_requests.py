"""Whatever is sent, the answer is one that the document tells of: no 5xx, no other status, no other shape."""

from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.schemas import BaseSchema

from milepost.api.http.routes import ROUTES
from tests.api.client import ApiClient
from tests.api.random_requests import Talk, lasting
from tests.api.random_walks import Walks

FEW = 4
WALKS = 8
WAYS_MIN = 0.8
"""The share of all links along which many walks lead: some answers seldom or never tell what their shape allows."""

MANY_IN_ALL = 20_000
MANY = -(-MANY_IN_ALL // len(ROUTES))
each_route = pytest.mark.parametrize("method, path", sorted(ROUTES), ids=str)


@pytest.fixture(scope="module")
def document(front: ApiClient) -> BaseSchema:
    """Return the document as requests are made from it."""
    return schemathesis.openapi.from_dict(deepcopy(front.app.openapi()))


def requests_of(document: BaseSchema, method: str, path: str) -> st.SearchStrategy[Case[Any]]:
    """Return requests that the document allows of a route, and such as it forbids, if it forbids any."""
    operation = document[path][method]
    sound = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if ROUTES[method, path].needs is None and ROUTES[method, path].body is None:
        return sound
    return st.one_of(sound, operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))


@pytest.fixture(scope="module")
def shared(front: ApiClient) -> Talk:
    """Return a talk that goes on from route to route, so that few organisations have to come in."""
    return Talk(front)


def asked(talk: Talk, document: BaseSchema, method: str, path: str, times: int) -> int:
    """Send that many requests of a route; return how many were sent."""
    before = talk.sent
    lasting(times)(given(requests_of(document, method, path), st.integers(0, 2**32))(talk.ask))()
    return talk.sent - before


@each_route
def test_a_few_requests_get_documented_answers(shared: Talk, document: BaseSchema, method: str, path: str) -> None:
    """Of each route, sound and not."""
    assert FEW <= asked(shared, document, method, path, FEW)


@pytest.mark.slow
@pytest.mark.timeout(900)
@each_route
def test_many_requests_get_documented_answers(front: ApiClient, document: BaseSchema, method: str, path: str) -> None:
    """Twenty thousand in all."""
    assert MANY <= asked(Talk(front), document, method, path, MANY)


def test_a_few_walks_get_documented_answers(front: ApiClient, document: BaseSchema) -> None:
    """Each request is about what an earlier answer told of; what was deleted is gone."""
    walks = Walks(Talk(front), document)
    walks.walk(1, every=5)
    assert len(walks.ways) >= len(walks.known) / 10


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_walks_get_documented_answers(front: ApiClient, document: BaseSchema) -> None:
    """Along most links from an answer to a route that asks for what it tells."""
    walks = Walks(Talk(front), document)
    walks.walk(WALKS)
    assert len(walks.ways) >= WAYS_MIN * len(walks.known), sorted(walks.known - walks.ways)
