"""`milepost backup` and `restore`: everything comes back, verified, into an empty database and into no other."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from milepost.cli import app
from milepost.model.problem import Refused
from milepost.postgres import archive
from milepost.postgres.account import NotStarted
from milepost.postgres.binaries import Binaries
from tests.store.fixtures_db import House, run_on_servers

_NUMBERS = count(1)


@pytest.fixture(autouse=True)
def _unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")


@pytest.fixture
def empty_url(admin_url: str) -> Iterator[str]:
    """Return the URL of an empty database; it is dropped after the test."""
    name = f"restored_{next(_NUMBERS)}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template template0 strategy file_copy".encode())
    yield psycopg.conninfo.make_conninfo(admin_url, dbname=name)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture
def saved(database_url: str, tmp_path: Path) -> Path:
    """Return the backup of a database with customers."""

    async def life(house: House) -> None:
        await house.servers[0].lanes.receive([house.bill("1"), house.bill("2", customer="bob")])

    run_on_servers(database_url, life, servers=1)
    file = tmp_path / "backup"
    assert 0 == command("backup", file, database_url).exit_code
    return file


def command(name: str, file: Path, url: str) -> Result:
    """Run a command on the database at *url*."""
    return CliRunner().invoke(app, [name, str(file), "--database-url", url])


def test_a_backup_is_restored_and_verified(saved: Path, empty_url: str) -> None:
    """Every customer agrees with the stored events, and servers may use the database."""
    restored = command("restore", saved, empty_url)
    assert (0, True) == (restored.exit_code, "compared 2 standings (2 events" in restored.stdout), restored.output
    assert 0o600 == saved.stat().st_mode & 0o777


def test_a_database_that_is_not_empty_stays_as_it_is(saved: Path, database_url: str) -> None:
    """The refusal says so."""
    assert isinstance(command("restore", saved, database_url).exception, Refused)


def test_half_a_backup_is_refused(saved: Path, empty_url: str) -> None:
    """Nothing of it is in the database then."""
    saved.write_bytes(saved.read_bytes()[: saved.stat().st_size // 2])
    assert isinstance(command("restore", saved, empty_url).exception, NotStarted)
    with psycopg.connect(empty_url) as connection:
        assert (0,) == connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()


def test_a_file_is_not_overwritten(saved: Path, database_url: str) -> None:
    """A backup is kept until somebody deletes it."""
    before = saved.read_bytes()
    assert isinstance(command("backup", saved, database_url).exception, Refused)
    assert before == saved.read_bytes()


def test_programs_of_the_servers_version_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer ones write what an older server does not understand; without its own, the oldest newer ones are taken."""
    for version in (14, 15, 17):
        folder = tmp_path / str(version)
        folder.mkdir()
        program = folder / "pg_restore"
        program.write_text(f'#!/bin/sh\necho "pg_restore (PostgreSQL) {version}.3"\n')
        program.chmod(0o755)
    monkeypatch.setattr(archive, "system_folders", tmp_path.iterdir)
    monkeypatch.setattr(archive, "find_binaries", lambda *_: Binaries(Path("/wheel"), 18))
    taken = [archive.programs_for(major, None) for major in (15, 16, 17, 18)]
    assert [tmp_path / "15", tmp_path / "17", tmp_path / "17", Path("/wheel")] == taken
    assert Path("/chosen") == archive.programs_for(15, Path("/chosen"))
    with pytest.raises(NotStarted, match="no programs for PostgreSQL 19"):
        archive.programs_for(19, None)
