"""One installation for all tests of the faces that a worker runs, and a brand for each test."""

from collections.abc import Iterator

import pytest

from tests.api.client import ApiClient, OrganisationClient, opened


@pytest.fixture(scope="session")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return the client of an installation that is shared: tests meet it with brands of their own."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture
def organisation(front: ApiClient) -> OrganisationClient:
    """Return a brand of the test's own, in UTC."""
    return front.organisation()
