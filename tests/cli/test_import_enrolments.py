"""`milepost import enrolments FILE`: the same as the call, with the refused rows in a file beside it."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

from milepost.model.target import Author, EnrolmentMethod, Entity, Kpi, Tracking
from milepost.rules.definition.draft import GroupDraft, TargetDraft
from milepost.service.definitions.define import DefinitionRequest, define_groups
from tests.cli.test_command import milepost
from tests.store.fixtures_db import MONTHS, NOW, open_house


async def prepared(url: str) -> int:
    """Let there be a customer, Anna, and a target that enrols by a list; return the id of its group."""
    async with open_house(url, servers=1) as house:
        await house.servers[0].lanes.receive([house.bill("first")])
        target = TargetDraft(
            name="Spend",
            entity=Entity.TRANSACTION,
            kpi=Kpi.SALES,
            enrolment=EnrolmentMethod.IMPORT,
            goals=(Decimal(100),),
        )
        draft = GroupDraft(
            name="by list",
            preferred_till_id=0,
            tracking=Tracking.DEFAULT,
            total_periods=len(MONTHS),
            periods=MONTHS,
            targets=(target,),
        )
        author = Author(id=1, code="t", name="t")
        return (await define_groups(house.database, house.org_id, author, DefinitionRequest(draft), NOW)).group.id


def test_a_file_is_brought_in_and_can_be_brought_in_again(database_url: str, tmp_path: Path) -> None:
    """Refused rows are in a file that can be mended and brought in itself."""
    group = asyncio.run(prepared(database_url))
    file, rejects = tmp_path / "who.csv", tmp_path / "who.csv.rejects.csv"
    file.write_text("externalId,TargetName,January\nanna,Spend,50\nnobody,Spend,1\n", encoding="utf-8")
    to = ("--group", str(group), "--org", "brand", "--database-url", database_url, "--clock", "2026-01-20T12:00:00Z")
    done = milepost("import", "enrolments", str(file), *to, "--json", MILEPOST_UNSAFE_DURABILITY="1")
    counts = {"rows": 2, "enrolled": 1, "changed": 0, "already": 0, "refused": 1, "rejects": str(rejects)}
    assert (3, counts) == (done.returncode, json.loads(done.stdout)), done.stderr
    assert ["externalId,TargetName,January,Line,Reason", "nobody,Spend,1,3"] == [
        line[:41] if line.startswith("external") else line[:16] for line in rejects.read_text().splitlines()
    ]
    again = milepost("import", "enrolments", str(rejects), *to, MILEPOST_UNSAFE_DURABILITY="1")
    assert (1, "enrolled 0, changed 0, already 0, refused 1\n") == (again.returncode, again.stdout)
    again_refused = tmp_path / "who.csv.rejects.csv.rejects.csv"
    assert "externalId,TargetName,January,Line,Reason" == again_refused.read_text(encoding="utf-8").splitlines()[0]


def test_what_cannot_be_brought_in_is_refused_in_a_sentence(database_url: str, tmp_path: Path) -> None:
    """No file, no organisation."""
    asyncio.run(prepared(database_url))
    file = tmp_path / "who.csv"
    to = ("--group", "5", "--org", "nobody", "--database-url", database_url)
    done = milepost("import", "enrolments", str(file), *to, MILEPOST_UNSAFE_DURABILITY="1")
    assert (2, True) == (done.returncode, "there is no such file" in done.stderr)
    file.write_text("externalId\nanna\n", encoding="utf-8")
    done = milepost("import", "enrolments", str(file), *to, MILEPOST_UNSAFE_DURABILITY="1")
    assert (2, 'org there is no organisation called "nobody"\n') == (done.returncode, done.stderr)


def test_an_untidy_file_is_read_or_named(database_url: str, tmp_path: Path) -> None:
    """Semicolons, a decimal comma and another encoding; a dry run enrols nobody; short rows are refused."""
    group = asyncio.run(prepared(database_url))
    file = tmp_path / "who.csv"
    to = ("--group", str(group), "--org", "brand", "--database-url", database_url, "--clock", "2026-01-20T12:00:00Z")
    file.write_bytes("externalId;TargetName;January\nanna;Spend;50,25\nJürgen;Spend;1.000\nanna\n".encode("cp1252"))
    done = milepost("import", "enrolments", str(file), *to, MILEPOST_UNSAFE_DURABILITY="1")
    assert (1, True) == (done.returncode, "it looks like Windows-1252: read it with --encoding" in done.stderr)
    options = (*to, "--encoding", "windows-1252")
    done = milepost("import", "enrolments", str(file), *options, "--dry-run", MILEPOST_UNSAFE_DURABILITY="1")
    assert (3, "enrolled 2, changed 0, already 0, refused 1\n") == (done.returncode, done.stdout), done.stderr
    assert f"{file}:4: the row has 1 cells, the heading 3\n" in done.stderr
    assert [file] == list(tmp_path.iterdir())
    done = milepost("import", "enrolments", str(file), *options, MILEPOST_UNSAFE_DURABILITY="1")
    assert (3, "enrolled 1, changed 0, already 0, refused 2\n") == (done.returncode, done.stdout), done.stderr
    rejects = tmp_path / "who.csv.rejects.csv"
    assert ["externalId;TargetName;January;Line;Reason", 'Jürgen;Spend;1.000;3;"there'] == [
        line[:41].split(" ")[0] for line in rejects.read_bytes().decode("cp1252").splitlines()[:2]
    ]
