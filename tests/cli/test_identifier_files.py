"""`milepost compat import --identifiers FILE`: read as strictly as other files, all of it or none."""

from pathlib import Path

import pytest

from milepost.cli.compat.vendor_import import read_identifiers
from milepost.model.customer import Identifier, IdentifierKind
from milepost.model.problem import Refused


def test_identifiers_are_read_by_the_vendors_ids(tmp_path: Path) -> None:
    """In any delimiter and marked encoding; empty cells name nothing."""
    path = tmp_path / "ids.csv"
    path.write_bytes("userId;externalId;mobile\n5;jürgen;\n6;;+491\n".encode("utf-16"))
    expected = {
        5: (Identifier(IdentifierKind.EXTERNAL_ID, "jürgen"),),
        6: (Identifier(IdentifierKind.MOBILE, "+491"),),
    }
    assert expected == read_identifiers(path)
    assert {} == read_identifiers(None)


@pytest.mark.parametrize(
    "content, reason",
    [
        ("userId,externalId\nx,anna\n", "ids.csv:2: userId: must be there and hold a number"),
        ("externalId\nanna\n", "ids.csv:2: userId: must be there and hold a number"),
        ("userId,externalId\n5,anna\n5,bob\n", "ids.csv:3: userId: is that of an earlier row"),
        ("userId,externalId\n5,anna,x\n", "ids.csv:2: the row has 3 cells, the heading 2"),
        ("userId,mobile\n5,9.19E+11\n", 'ids.csv:2: mobile: read "9.19E+11", a number that a spreadsheet'),
        ("userId,name\n", "ids.csv:name: is not a column here"),
        ("userId,userid\n", "is the name of two columns"),
        ("", "the file has no heading"),
    ],
)
def test_a_bad_file_of_identifiers_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    """With its line and column."""
    path = tmp_path / "ids.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_identifiers(path)
    assert reason in str(refused.value)
