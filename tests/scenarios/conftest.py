"""The client that scenarios are played through: one runtime for each worker."""

from collections.abc import Iterator

import pytest

from tests.api.client import ApiClient, opened


@pytest.fixture(scope="session")
def front(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return the client of a runtime that is shared: each scenario has an organisation of its own."""
    with opened(admin_url, template) as client:
        yield client


@pytest.fixture(scope="session")
def front_of_time(admin_url: str, template: str) -> Iterator[ApiClient]:
    """Return a client behind which time passes: for every organisation there is, so it has few."""
    with opened(admin_url, template) as client:
        yield client
