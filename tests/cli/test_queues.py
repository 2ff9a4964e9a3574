"""`milepost queues …`: everything that the API does about queues, as an operator would do it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from milepost.cli import app
from milepost.model.problem import Refused
from tests.api.brokers import NatsBroker
from tests.cli.test_webhooks import KEY

UNREACHED = "nats://127.0.0.1:9/events"
SECRET = "opensesame"


@pytest.fixture
def organised(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a database with an organisation."""
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")
    monkeypatch.setenv("MILEPOST_SECRET_KEY", KEY)
    assert 0 == CliRunner().invoke(app, ["org", "add", "Grocer", "--database-url", database_url]).exit_code
    return database_url


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[NatsBroker]:
    """Return a broker with the subject `events`."""
    broker = NatsBroker(tmp_path)
    broker.start()
    broker.make("events")
    yield broker
    broker.kill()


def words_for(url: str, *words: str) -> list[str]:
    """Return the words of a command for the organisation."""
    return ["queues", *words, "--org", "Grocer", "--database-url", url]


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


def test_a_queue_is_added_stopped_rewound_and_deleted(organised: str, broker: NatsBroker) -> None:
    """One command after the other."""
    added = run(organised, "add", broker.url("events"))
    id_ = str(added["id"])
    assert [added["id"]] == [queue["id"] for queue in run(organised, "list")]
    assert [False, True] == [run(organised, word, id_)["active"] for word in ("pause", "resume")]
    assert added["id"] == run(organised, "rewind", id_)["id"]
    assert {"id": added["id"]} == run(organised, "delete", id_)
    assert [] == run(organised, "list")


def test_a_password_is_printed_nowhere(organised: str) -> None:
    """Neither when the queue is added nor when it is listed; it is stored encrypted."""
    printed = [run(organised, "add", f"nats://me:{SECRET}@127.0.0.1:9/events"), run(organised, "list")]
    assert SECRET not in json.dumps(printed)
    with psycopg.connect(organised) as connection:
        assert SECRET not in str(connection.execute("select * from queue").fetchall())


def test_dead_letters_are_listed_and_tried_again(organised: str, broker: NatsBroker) -> None:
    """What cannot be read as an event is still refused, with the reason; one that can be is received."""
    id_ = run(organised, "add", broker.url("events"))["id"]
    _die(organised, id_, 1, b"{", "no JSON")
    event = {
        "id": "e1",
        "source": "till",
        "type": "TransactionAdd",
        "time": "2026-01-20T10:00:00Z",
        "customer": {"externalId": "anna"},
        "data": {"number": "b1", "netAmount": "5", "lines": []},
    }
    _die(organised, id_, 2, json.dumps(event).encode(), "the database was full")
    bad, good = (letter["id"] for letter in run(organised, "dead", str(id_)))
    assert [good] == [letter["id"] for letter in run(organised, "dead", str(id_), "--after", str(bad))]
    assert [bad] == [letter["id"] for letter in run(organised, "dead", str(id_), "--limit", "1")]
    run(organised, "retry", str(id_), str(good))
    run(organised, "retry", str(id_), str(bad))
    assert [bad] == [letter["id"] for letter in run(organised, "dead", str(id_))]


def test_messages_are_written_to_a_queue(organised: str) -> None:
    """A destination is a webhook; the queues that are read do not hold it."""
    added = run(organised, "add-destination", UNREACHED, "--type", "target.achieved", "--envelope", "cloudevents")
    assert (["target.achieved"], "cloudevents") == (added["types"], added["envelope"])
    assert [] == run(organised, "list")
    listed = CliRunner().invoke(app, ["webhooks", "list", "--org", "Grocer", "--database-url", organised])
    assert [added["id"]] == [item["id"] for item in json.loads(listed.stdout)]


def test_what_is_wrong_with_a_queue_is_said(organised: str) -> None:
    """With the field, or that there is no such queue."""
    assert "url" in refusal(organised, "add", "amqp://broker/events")
    assert "types[0]" in refusal(organised, "add-destination", UNREACHED, "--type", "nothing")
    assert "no queue" in refusal(organised, "pause", "77")


def _die(url: str, queue_id: int, position: int, message: bytes, reason: str) -> None:
    """Keep a message that could not be received."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "insert into dead_letter select org_id, queue_id, %s, 0, %s, %s, %s, now() from queue where queue_id = %s",
            (position, position, message, reason, queue_id),
        )
