"""`milepost import zones|concepts|stores|tills|fields`: what a file brings in, all of it or none."""

import json
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from milepost.cli import app
from milepost.files.encoding import UnreadableFile
from milepost.model.problem import Refused


def run(database_url: str, *arguments: str) -> str:
    """Run a command on a database; return what it printed, or raise what it raised."""
    result = CliRunner().invoke(app, [*arguments, "--database-url", database_url])
    if result.exception is not None:
        raise result.exception
    return result.stdout


@pytest.fixture
def organised(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a database with an organisation and a child of it."""
    monkeypatch.setenv("MILEPOST_UNSAFE_DURABILITY", "1")
    run(database_url, "org", "add", "Grocer")
    child = json.loads(run(database_url, "org", "add", "Corner", "--parent", "Grocer"))
    assert "Corner" == child["name"]
    return database_url


def test_files_are_brought_in(organised: str, tmp_path: Path) -> None:
    """Places by their codes, fields of either family; the child is a child."""
    files = {
        "zones": "code,name\nnorth,North\n",
        "concepts": "code\nfresh\n",
        "stores": "code,zone,concept\nS1,north,fresh\nS2,north,\n",
        "tills": "code,store\nT1,S1\n",
        "fields": "entity,name,type\nTRANSACTION,tip,NUMBER\n",
    }
    for what, table in files.items():
        path = tmp_path / f"{what}.csv"
        path.write_text(table)
        rows = len(table.splitlines()) - 1
        assert f"kept {rows}\n" == run(organised, "import", what, str(path), "--org", "Grocer")
    run(organised, "import", "fields", str(tmp_path / "fields.csv"), "--org", "Grocer", "--family", "custom")
    with psycopg.connect(organised) as connection:
        counts = [
            connection.execute(f"select count(*) from {table}".encode()).fetchone()
            for table in ("zone", "concept", "store", "till", "declared_field")
        ]
        parents = connection.execute("select count(*) from organisation where parent_id is not null").fetchone()
    assert [(1,), (1,), (2,), (1,), (2,)] == counts
    assert (1,) == parents


def test_a_bad_file_brings_in_nothing(organised: str, tmp_path: Path) -> None:
    """Every row that is wrong is told, and a file or organisation that is not there."""
    path = tmp_path / "stores.csv"
    path.write_text("code,zone\nS1,\nS2,nowhere\n")
    with pytest.raises(Refused, match=r'\[1\].zone: there is no zone with the code "nowhere"'):
        run(organised, "import", "stores", str(path), "--org", "Grocer")
    with pytest.raises(Refused, match="there is no organisation called"):
        run(organised, "import", "stores", str(path), "--org", "Nobody")
    with pytest.raises(Refused, match="there is no such file"):
        run(organised, "import", "stores", str(tmp_path / "none.csv"), "--org", "Grocer")
    with psycopg.connect(organised) as connection:
        assert (0,) == connection.execute("select count(*) from store").fetchone()


def test_an_untidy_file_of_places_is_read_or_named(organised: str, tmp_path: Path) -> None:
    """UTF-16 with tabs is recognised, another encoding requested; a short row is refused with its line."""
    path = tmp_path / "zones.csv"
    path.write_bytes("code\tname\nnorth\tNord\n".encode("utf-16"))
    assert "kept 1\n" == run(organised, "import", "zones", str(path), "--org", "Grocer")
    path.write_bytes("code;name\nsouth;Süd\n".encode("cp1252"))
    with pytest.raises(UnreadableFile, match=r"zones.csv:: the file is not UTF-8.*windows-1252"):
        run(organised, "import", "zones", str(path), "--org", "Grocer")
    assert "kept 1\n" == run(organised, "import", "zones", str(path), "--org", "Grocer", "--encoding", "windows-1252")
    path.write_text("code,name\neast\nwest,1.5E+09,x\n")
    with pytest.raises(Refused, match=r"line 2: has 1 cells for 2 columns; line 3: has 3 cells for 2 columns"):
        run(organised, "import", "zones", str(path), "--org", "Grocer")
    path.write_text("code,name\n9.19E+11,West\n")
    with pytest.raises(Refused, match=r'line 2.code: read "9.19E\+11", a number that a spreadsheet has shortened'):
        run(organised, "import", "zones", str(path), "--org", "Grocer")
