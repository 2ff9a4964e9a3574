"""One installation for all tests of the faces that a worker runs, and a brand for each test."""

from collections.abc import Iterator

import pytest

from tests.api.door import Brand, Door, opened


@pytest.fixture(scope="session")
def front(admin_url: str, template: str) -> Iterator[Door]:
    """Give the door of an installation that is shared: tests meet it with brands of their own."""
    with opened(admin_url, template) as door:
        yield door


@pytest.fixture
def brand(front: Door) -> Brand:
    """Give a brand of the test's own, in UTC."""
    return front.brand()
