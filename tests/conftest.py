"""What tests of the store and of the APIs stand on: a PostgreSQL of their own, and a fresh database for each.

A server starts only when a test asks for it, one for each worker of the test run: nothing is shared between workers,
so none has to wait for, or outlive, another.
"""

import asyncio
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import psycopg
import pytest
import structlog
from hypothesis import HealthCheck, settings

from milepost.engine import rows as engine_rows
from milepost.postgres.embedded import EmbeddedServer
from milepost.store.sql.schema import migrate
from milepost.store.sql.visibility import ALL, seeing

_NUMBERS = count(1)

# How long an example takes says something about the machine, nothing about the law.
settings.register_profile("wide", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fixed", settings.get_profile("wide"), derandomize=True)


def pytest_configure(config: pytest.Config) -> None:
    """Ask laws of the same worlds each time, so that a failure is the change's; the slow tests look for new worlds."""
    settings.load_profile("fixed" if config.getoption("markexpr") == "not slow" else "wide")


@pytest.fixture(autouse=True)
def _log_lines_of_its_own() -> Iterator[None]:
    """Reset the log before and after each test: an earlier test may have set it to a stream that is closed by now."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True, scope="session")
def _sees_all() -> Iterator[None]:
    """See the rows of all organisations, as commands and workers do; requests and batches narrow that."""
    with seeing(ALL):
        yield


@pytest.fixture(scope="session")
def admin_url() -> Iterator[str]:
    """Return the URL of a server that is all the tests' own."""
    # Not below pytest's own folder: that is closed to the account which root steps down to.
    data = Path(mkdtemp(prefix="milepost-tests-"))
    data.chmod(0o755)
    try:
        with EmbeddedServer(data) as server:
            yield server.url
    finally:
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def template(admin_url: str) -> str:
    """Return the name of a migrated database to copy."""
    administer(admin_url, "create database template_of_tests")
    asyncio.run(migrate(url_of(admin_url, "template_of_tests")))
    return "template_of_tests"


@pytest.fixture
def database_url(admin_url: str, template: str) -> Iterator[str]:
    """Return the URL of a fresh migrated database; it is dropped after the test."""
    name = f"test_{next(_NUMBERS)}"
    administer(admin_url, f"create database {name} template {template} strategy file_copy")
    yield url_of(admin_url, name)
    administer(admin_url, f"drop database {name} with (force)")


def url_of(admin_url: str, database: str) -> str:
    """Return the URL of *database* on the server of *admin_url*."""
    return psycopg.conninfo.make_conninfo(admin_url, dbname=database)


def administer(url: str, statement: str) -> None:
    """Run a statement at *url*, in no transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture(scope="module", params=["native", "py"])
def rows(request: pytest.FixtureRequest) -> Iterator[None]:
    """Count with each of the two implementations of rows (`milepost.engine.rows`) in turn."""
    implementation = {"native": engine_rows.native, "py": engine_rows.python}[request.param]
    if implementation is None:
        pytest.skip("nothing was compiled when Milepost was installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_rows, "open_rows", implementation)
        yield
