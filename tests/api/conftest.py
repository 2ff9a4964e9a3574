"""One runtime for all tests of the APIs that a worker runs, and an organisation for each test."""

from collections.abc import Iterator

import pytest

from tests.api.client import ApiClient, OrganisationClient, opened


@pytest.fixture(scope="session")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return the client of a runtime that is shared: tests meet it with organisations of their own."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture
def organisation(front: ApiClient) -> OrganisationClient:
    """Return an organisation of the test's own, in UTC."""
    return front.organisation()
