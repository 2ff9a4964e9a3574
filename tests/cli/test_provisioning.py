"""`milepost till add` and `key add`: a login may do what its role says, everything if none is said."""

import json

import pytest
from typer.testing import CliRunner

from milepost.cli import app


@pytest.fixture
def organised(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a database with an organisation."""
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")
    assert 0 == CliRunner().invoke(app, ["org", "add", "Grocer", "--database-url", database_url]).exit_code
    return database_url


@pytest.mark.parametrize("words, role", [([], "ADMIN"), (["--role", "events"], "EVENTS"), (["--role", "READ"], "READ")])
def test_a_login_gets_the_role_that_is_named(organised: str, words: list[str], role: str) -> None:
    """Tills and keys alike."""
    for what in ("till", "key"):
        added = CliRunner().invoke(app, [what, "add", "shop", "--org", "Grocer", "--database-url", organised, *words])
        assert role == json.loads(added.stdout)["role"]


def test_a_role_that_is_none_is_refused(organised: str) -> None:
    """Nothing is added."""
    words = ["till", "add", "shop", "--org", "Grocer", "--database-url", organised]
    assert 2 == CliRunner().invoke(app, [*words, "--role", "OWNER"]).exit_code
    assert 0 == CliRunner().invoke(app, words).exit_code


def test_stored_events_of_an_organisation_are_claimed(organised: str) -> None:
    """`milepost org claim` prints what it has found; without duplicates names hold in the whole organisation."""
    words = ["--database-url", organised]
    assert 0 == CliRunner().invoke(app, ["org", "set", "Grocer", "eventIdentity=CUSTOMER", *words]).exit_code
    claimed = CliRunner().invoke(app, ["org", "claim", "Grocer", *words])
    expected = {"name": "Grocer", "eventIdentity": "ORGANISATION", "events": 0, "duplicates": []}
    assert (0, expected) == (claimed.exit_code, json.loads(claimed.stdout))
