"""`milepost doctor`: says what is wrong, and changes nothing."""

import json

import psycopg
import pytest
from typer.testing import CliRunner

from milepost.cli import app


def doctor(url: str) -> tuple[int, list[dict[str, str]]]:
    """Return the exit code and the findings about the database at *url*."""
    done = CliRunner().invoke(app, ["doctor", "--json", "--database-url", url])
    findings: list[dict[str, str]] = json.loads(done.stdout)
    return done.exit_code, findings


def test_a_sound_installation_is_fine(database_url: str) -> None:
    """It says what was looked at."""
    code, findings = doctor(database_url)
    assert 0 == code
    assert {"level": "fine", "text": "the database can be reached, is whole, and keeps what it confirms"} in findings


def test_what_is_wrong_is_named_and_left_alone(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing table is wrong, a clock that is set is a warning."""
    monkeypatch.setenv("MILEPOST_CLOCK", "2026-01-01T00:00:00Z")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("drop table outbox")
    code, findings = doctor(database_url)
    assert 1 == code
    assert [("wrong", True)] == [(one["level"], "outbox" in one["text"]) for one in findings if one["level"] == "wrong"]
    assert ["warning"] == [one["level"] for one in findings if "MILEPOST_CLOCK" in one["text"]]


def test_a_database_that_is_away_is_named() -> None:
    """By a sentence, not by a traceback."""
    code, findings = doctor("postgresql://127.0.0.1:9/x?connect_timeout=1")
    assert (1, "wrong") == (code, findings[-1]["level"])
    assert "cannot be reached" in findings[-1]["text"]
