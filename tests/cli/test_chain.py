"""`milepost chain` and `milepost verify --chain`: roots are made, kept elsewhere and compared."""

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from milepost.cli import app
from milepost.cli.in_process import run_inside
from milepost.model.time import Micros
from milepost.service.chain.reports import consistency_history, history_of
from milepost.service.chain.root import check_everything, make_root
from milepost.service.organisations.zone_change import replay_customers, set_zone
from milepost.service.runtime.runtime import Runtime
from tests.store.fixtures_db import House, run_on_servers, second_organisation


@pytest.fixture(autouse=True)
def _one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")


def milepost(url: str, *words: str) -> tuple[int, str]:
    """Run a command on the database at *url*; return its exit code and what it printed."""
    done = CliRunner().invoke(app, [*words, "--database-url", url])
    return done.exit_code, done.stdout


def reports(url: str) -> list[tuple[int, int]]:
    """Return what the roots found, in their order: broken chains, and standings that differ."""
    with psycopg.connect(url) as connection:
        return connection.execute("select broken, differing from chain_root order by root_id").fetchall()


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


LATE_IN_JANUARY = Micros(1_769_902_200_000_000)
"""2026-01-31T23:30:00Z; in Berlin it is February."""


def bought_late(url: str) -> None:
    """Have a customer buy at the end of January, and another one in each of two organisations."""

    async def life(house: House) -> None:
        other = await second_organisation(house)
        bills = [house.bill("a1", "anna", at=LATE_IN_JANUARY), house.bill("b1", "bert"), other.bill("c1", "carl")]
        await house.servers[0].lanes.receive(bills)

    run_on_servers(url, life)


def test_a_change_of_the_zone_makes_a_root(database_url: str) -> None:
    """The logs that it rewrites are no alert: it ends with a root that holds them."""
    bought_late(database_url)
    assert 0 == milepost(database_url, "chain", "root")[0]
    assert 0 == milepost(database_url, "org", "set-zone", "brand", "Europe/Berlin", "--replay")[0]
    assert [(0, 0)] * 3 == reports(database_url)
    assert (0, "checked 3 chains (3 events), broken 0\n") == milepost(database_url, "verify", "--chain")


def test_a_replay_without_a_root_is_an_alert(database_url: str) -> None:
    """The control: it does rewrite a log that the latest root holds, and only of the organisation that is named."""
    bought_late(database_url)

    async def change(runtime: Runtime) -> list[int]:
        assert await make_root(runtime) is not None
        brand = await set_zone(runtime.database, "brand", "Europe/Berlin", replaying=True)
        assert 2 == len([one async for one in replay_customers(runtime.database, brand.id)])
        organisations = (None, brand.id + 1, brand.id)
        return [(await check_everything(runtime, 0, rewritten_org_id=one)).broken for one in organisations]

    assert [1, 1, 0] == run_inside({"data": None, "database_url": database_url}, change)


@pytest.mark.parametrize("event_id, broken", [("b1", [0, 1, 0]), ("c1", [0, 1, 1])])
def test_a_change_of_the_zone_hides_nothing(database_url: str, event_id: str, broken: list[int]) -> None:
    """What others changed before is in the report of the root before it; of other organisations in that after it."""
    bought_late(database_url)
    assert 0 == milepost(database_url, "chain", "root")[0]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update event set body = replace(body, '10', '99') where event_id = %s", [event_id])
    assert 0 == milepost(database_url, "org", "set-zone", "brand", "Europe/Berlin", "--replay")[0]
    assert broken == [found for found, _ in reports(database_url)]


def test_reports_say_since_when_something_differs(database_url: str) -> None:
    """The finding that stands began with the first report that found it, and with none before it."""
    code, told = milepost(database_url, "chain", "reports")
    assert (0, "") == (code, told)
    filled(database_url)
    for _ in range(2):
        milepost(database_url, "chain", "root")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("update event set body = replace(body, '10', '99') where event_id = 'a2'")
    for _ in range(2):
        milepost(database_url, "chain", "root")
    code, told = milepost(database_url, "chain", "reports", "--last", "3")
    rows = [line.split() for line in told.splitlines()]
    assert (1, ["made", "customers", "events", "checked", "broken", "recomputed", "differing"]) == (code, rows[0])
    assert [["2", "3", "2", "0", "2", "0"], ["2", "3", "2", "1", "2", "1"]] == [row[1:] for row in rows[1:3]]
    history = run_inside({"database_url": database_url}, consistency_history)
    assert (False, history.reports[2].made_at) == (history.is_consistent, history.since)
    assert (True, history.reports[0].made_at) == history_of(history.reports[:2])[1:]
