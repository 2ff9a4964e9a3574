"""`milepost user …`, `org limit` and `--scope`: what the command line says and stores."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from milepost.cli import app
from milepost.model.problem import Refused


@pytest.fixture(autouse=True)
def _unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")


@pytest.fixture
def brand_url(database_url: str) -> str:
    """Return the URL of a database with an organisation called Brand."""
    told(database_url, "org", "add", "Brand")
    return database_url


def told(url: str, *words: str) -> Any:
    """Run a command that succeeds; return the JSON that it prints."""
    ended = CliRunner().invoke(app, [*words, "--database-url", url], catch_exceptions=False)
    assert 0 == ended.exit_code, ended.output
    return json.loads(ended.stdout)


def refused(url: str, *words: str) -> str:
    """Run a command that is refused; return the reason."""
    ended = CliRunner().invoke(app, [*words, "--database-url", url])
    assert isinstance(ended.exception, Refused), ended.output
    return ended.exception.problems[0].reason


def test_a_user_is_added_listed_changed_and_disabled(brand_url: str) -> None:
    """The link is printed once, and the listing holds no secret."""
    mira = ("mira@brand.example", "--org", "Brand")
    added = told(brand_url, "user", "add", *mira, "--role", "owner", "--name", "Mira")
    assert ("OWNER", False, "ml_") == (added["role"], added["hasPassword"], added["link"][:3])
    told(brand_url, "user", "add", "sade@brand.example", "--org", "Brand", "--role", "support")
    assert "SUPPORT" == told(brand_url, "user", "list", "--org", "Brand")[1]["role"]
    assert "ANALYST" == told(brand_url, "user", "role", "sade@brand.example", "--org", "Brand", "analyst")["role"]
    assert told(brand_url, "user", "disable", "sade@brand.example", "--org", "Brand")["disabled"]
    assert not told(brand_url, "user", "enable", "sade@brand.example", "--org", "Brand")["disabled"]
    assert told(brand_url, "user", "link", *mira)["link"] != added["link"]
    assert "ml_" not in json.dumps(told(brand_url, "user", "list", "--org", "Brand"))
    assert ["user link", "user change"] == [act["act"] for act in told(brand_url, "audit", "--org", "Brand")[:2]]


def test_what_is_wrong_with_a_user_is_said(brand_url: str) -> None:
    """An address that is none, one that is there, one that is unknown, the last owner."""
    told(brand_url, "user", "add", "mira@brand.example", "--org", "Brand", "--role", "owner")
    assert "must be an e-mail address" in refused(brand_url, "user", "add", "mira", "--org", "Brand")
    assert "exists already" in refused(brand_url, "user", "add", "MIRA@brand.example", "--org", "Brand")
    assert "there is no user" in refused(brand_url, "user", "disable", "nobody@x.example", "--org", "Brand")
    assert "last owner" in refused(brand_url, "user", "disable", "mira@brand.example", "--org", "Brand")


def test_scopes_and_limits_are_stored(brand_url: str) -> None:
    """And shown where logins are listed."""
    told(brand_url, "key", "add", "pos", "--org", "Brand", "--scope", "events:write", "--scope", "customers:read")
    told(brand_url, "till", "add", "shop", "--org", "Brand", "--scope", "events:write")
    assert [["customers:read", "events:write"]] == [
        key["scopes"] for key in told(brand_url, "key", "list", "--org", "Brand")
    ]
    assert [["events:write"]] == [till["scopes"] for till in told(brand_url, "till", "list", "--org", "Brand")]
    limits = told(brand_url, "org", "limit", "Brand", "--requests", "50", "--per-caller", "5")
    assert {"org": "Brand", "requestsPerSecond": 50, "perCaller": 5} == limits
    assert "must be from 0" in refused(brand_url, "org", "limit", "Brand", "--requests", "1000000")
