"""Every status that the document tells of a route is one that the route answers: none is there for nothing."""

import pytest

from tests.api.client import ApiClient
from tests.api.provoked_statuses import WAYS, Provoker, told_of


def test_each_status_is_provoked(front: ApiClient) -> None:
    """A new status in the document needs a line in `provoked_statuses.py`."""
    assert sorted(WAYS) == sorted({status for status, _, _ in told_of(front.app.openapi())})


@pytest.mark.parametrize("status", sorted(WAYS))
def test_each_documented_status_is_answered(front: ApiClient, status: str) -> None:
    """Each route answers each status that the document lists for it."""
    document = front.app.openapi()
    provoker = Provoker(front, document)
    of_it = [(method, path) for told, method, path in told_of(document) if told == status]
    silent = [f"{method} {path}" for method, path in of_it if not provoker.is_answered(status, method, path)]
    provoker.mend()
    assert [] == silent
