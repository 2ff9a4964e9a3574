"""`milepost customer …` and `restore --erasures`: who was erased stays erased, also after an older backup."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from milepost.cli import app
from milepost.model.problem import Refused
from tests.store.fixtures_db import House, run_on_servers

_NUMBERS = count(1)


@pytest.fixture(autouse=True)
def _unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")


@pytest.fixture
def empty_url(admin_url: str) -> Iterator[str]:
    """Return the URL of an empty database; it is dropped after the test."""
    name = f"restored_erased_{next(_NUMBERS)}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template template0 strategy file_copy".encode())
    yield psycopg.conninfo.make_conninfo(admin_url, dbname=name)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
def anna(database_url: str) -> int:
    """Return the id of one of two customers."""

    async def life(house: House) -> int:
        await house.servers[0].lanes.receive([house.bill("1", customer="zqxanna"), house.bill("2", customer="bob")])
        return (await house.customer_key("zqxanna")).customer_id

    return run_on_servers(database_url, life, servers=1)


def command(*arguments: object, url: str) -> Result:
    """Run a command on the database at *url*."""
    return CliRunner().invoke(app, [*map(str, arguments), "--database-url", url])


def customers_of(url: str) -> int:
    """Return how many customers the database at *url* has."""
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from customer").fetchone()
    assert row is not None
    return int(row[0])


def test_an_erased_customer_stays_erased_after_a_restore(
    database_url: str, empty_url: str, anna: int, tmp_path: Path
) -> None:
    """A backup from before the erasure brings the customer back, and the list of erasures erases again."""
    backup, erasures = tmp_path / "backup", tmp_path / "erasures"
    assert 0 == command("backup", backup, url=database_url).exit_code
    erased = command("customer", "erase", anna, "--org", "brand", "--reference", "ticket 7", url=database_url)
    assert {"customerIds": [anna], "events": 1} == json.loads(erased.stdout), erased.output
    listed = command("customer", "erasures", url=database_url)
    assert (anna, "ticket 7") == tuple(json.loads(listed.stdout)[name] for name in ("customerId", "reference"))
    erasures.write_text(listed.stdout)
    restored = command("restore", backup, "--erasures", erasures, url=empty_url)
    assert (0, True) == (restored.exit_code, "compared 1 standings (1 events" in restored.stdout), restored.output
    assert "erased 1 of 1 customers again" in restored.output
    assert listed.stdout == command("customer", "erasures", url=empty_url).stdout
    with psycopg.connect(empty_url) as connection:
        assert (True,) == connection.execute("select last_value >= %s from customer_id_seq", [anna]).fetchone()


def test_without_the_list_the_customer_is_back(database_url: str, empty_url: str, anna: int, tmp_path: Path) -> None:
    """The restore says so: this is what the list is for."""
    assert 0 == command("backup", tmp_path / "backup", url=database_url).exit_code
    command("customer", "erase", anna, "--org", "brand", "--reference", "x", url=database_url)
    restored = command("restore", tmp_path / "backup", url=empty_url)
    assert (0, True) == (restored.exit_code, "No list of erasures was given" in restored.output), restored.output
    assert (1, 2) == (customers_of(database_url), customers_of(empty_url))


@pytest.mark.usefixtures("anna")
def test_a_wrong_list_restores_nothing(database_url: str, empty_url: str, tmp_path: Path) -> None:
    """Each line that is no erasure is named."""
    assert 0 == command("backup", tmp_path / "backup", url=database_url).exit_code
    (tmp_path / "list").write_text('{"orgId": 1}\nnothing\n')
    refused = command("restore", tmp_path / "backup", "--erasures", tmp_path / "list", url=empty_url).exception
    assert isinstance(refused, Refused)
    assert [f"{tmp_path}/list:1", f"{tmp_path}/list:2"] == [problem.path for problem in refused.problems]
    with psycopg.connect(empty_url) as connection:
        assert (0,) == connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()


def test_a_customers_data_are_printed(database_url: str, anna: int) -> None:
    """As JSON; of nobody, there is a sentence."""
    printed = command("customer", "export", anna, "--org", "brand", url=database_url)
    (exported,) = json.loads(printed.stdout)["customers"]
    assert (anna, ["1"], True) == (
        exported["id"],
        [event["id"] for event in exported["events"]],
        "zqxanna" in printed.stdout,
    )
    for act in (["export"], ["erase", "--reference", "x"]):
        unknown = command("customer", *act, 5, "--org", "brand", url=database_url).exception
        assert isinstance(unknown, Refused)
