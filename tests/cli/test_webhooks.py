"""`milepost webhooks …`: everything that the API does about webhooks."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from milepost.cli import app
from milepost.model.problem import Refused

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture
def organised(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a database with an organisation."""
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")
    monkeypatch.setenv("MILEPOST_SECRET_KEY", KEY)
    assert 0 == CliRunner().invoke(app, ["org", "add", "Grocer", "--database-url", database_url]).exit_code
    return database_url


def words_for(url: str, *words: str) -> list[str]:
    """Return the words of a command for the organisation."""
    return ["webhooks", *words, "--org", "Grocer", "--database-url", url]


def run(url: str, *words: str) -> Any:
    """Run a command for the organisation; return the JSON that it prints."""
    done = CliRunner().invoke(app, words_for(url, *words))
    assert 0 == done.exit_code, done.output
    return json.loads(done.stdout)


def refusal(url: str, *words: str) -> str:
    """Run a command that is refused; return what is wrong with it."""
    refused = CliRunner().invoke(app, words_for(url, *words)).exception
    assert isinstance(refused, Refused)
    return str(refused)


def test_a_webhook_is_added_changed_tried_and_deleted(organised: str) -> None:
    """One command after the other, as an operator would."""
    added = run(organised, "add", "https://example.com/hook", "--type", "target.achieved", "--rate", "5")
    id_ = str(added["id"])
    assert added["secret"].startswith("whsec_")
    assert [["target.achieved"]] == [item["types"] for item in run(organised, "list")]
    changed = run(organised, "set", id_, "rate=none", "types=cap.reached,target.achieved", "schedule=5,60")
    assert (None, ["cap.reached", "target.achieved"], [5, 60]) == (
        changed["rate"],
        changed["types"],
        changed["schedule"],
    )
    assert added["secret"] != run(organised, "secret", id_)["secret"]
    (first, second) = run(organised, "test", id_)["deliveryIds"]
    assert [second, first] == [item["id"] for item in run(organised, "deliveries", id_, "--state", "pending")]
    shown = run(organised, "delivery", id_, str(first))
    assert (shown["delivery"]["type"], []) == (shown["message"]["type"], shown["attempts"])
    assert "PENDING" == run(organised, "resend", id_, str(first))["delivery"]["state"]
    again = run(organised, "recover", id_, "--since", "2020-01-01T00:00:00Z", "--state", "pending", "--missed")
    assert (2, True) == (again["again"], again["jobId"] is not None)
    assert 2 == run(organised, "show", id_)["pending"]
    run(organised, "delete", id_)
    assert [] == run(organised, "list")


def test_what_is_wrong_with_a_webhook_is_said_at_once(organised: str) -> None:
    """Each problem with its field and its limit."""
    said = refusal(organised, "add", "http://10.0.0.1/", "--type", "nothing", "--rate", "0")
    assert all(
        part in said for part in ("url: must begin with https://", "types[0]: is no type", "rate: must be from 1")
    )
    assert "there is no webhook with this id" in refusal(organised, "show", "8")


def test_types_are_printed_with_their_schemas() -> None:
    """Without a database."""
    printed = json.loads(CliRunner().invoke(app, ["webhooks", "types"]).stdout)
    assert "target.achieved" in {item["type"] for item in printed}
    assert all(item["schema"]["properties"]["type"]["const"] == item["type"] for item in printed)
