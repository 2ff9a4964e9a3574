"""`milepost chain` and `milepost verify --chain`: roots are made, kept elsewhere and compared."""

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from milepost.cli import app
from tests.store.fixtures_db import House, run_on_servers


@pytest.fixture(autouse=True)
def _one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")


def milepost(url: str, *words: str) -> tuple[int, str]:
    """Run a command on the database at *url*; return its exit code and what it printed."""
    done = CliRunner().invoke(app, [*words, "--database-url", url])
    return done.exit_code, done.stdout


def filled(url: str) -> None:
    """Have two customers buy."""

    async def life(house: House) -> None:
        bills = [house.bill("a1", "anna"), house.bill("a2", "anna"), house.bill("b1", "bert")]
        await house.servers[0].lanes.receive(bills)

    run_on_servers(url, life)


def test_a_changed_event_is_found_and_named(database_url: str, tmp_path: Path) -> None:
    """All is well before; afterwards the check fails, and so does the next root's report."""
    filled(database_url)
    code, root = milepost(database_url, "chain", "root")
    assert (0, 2, 3, 0) == (code, *(json.loads(root)[name] for name in ("customers", "events", "broken")))
    file = tmp_path / "roots.json"
    assert 0 == milepost(database_url, "chain", "export", str(file))[0]
    assert (0, "checked 2 chains (3 events), broken 0\n") == milepost(
        database_url, "verify", "--chain", "--roots", str(file)
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update event set body = replace(body, '10', '99') where event_id = 'a2'")
    code, text = milepost(database_url, "verify", "--chain")
    assert (1, True) == (code, text.endswith("checked 2 chains (3 events), broken 1\n"))
    assert 1 == milepost(database_url, "chain", "root")[0]


def test_kept_roots_find_what_a_forged_database_hides(database_url: str, tmp_path: Path) -> None:
    """A database whose roots were made anew fits itself, and not what was kept; a file that was changed is refused."""
    filled(database_url)
    file = tmp_path / "roots.json"
    assert 0 == milepost(database_url, "chain", "root")[0]
    assert 0 == milepost(database_url, "chain", "export", str(file))[0]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update event set body = replace(body, '10', '99') where event_id = 'a2'")
        for table in ("chain_root", "chain_leaves"):
            connection.execute(f"delete from {table}".encode())
        connection.execute("update standing set head = null")
    forged = json.loads(milepost(database_url, "chain", "root")[1])
    assert (0, 1) == (forged["broken"], forged["differing"]), "the chain fits by now, the standing does not"
    assert 0 == milepost(database_url, "verify", "--chain")[0]
    code, text = milepost(database_url, "verify", "--chain", "--roots", str(file))
    assert (1, True) == (code, "the kept root" in text)
    file.write_text(file.read_text().replace('"events":3', '"events":4'))
    refused = CliRunner().invoke(app, ["verify", "--chain", "--roots", str(file), "--database-url", database_url])
    assert "signatures are wrong" in str(refused.exception)
