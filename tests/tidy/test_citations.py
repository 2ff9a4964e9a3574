"""Each number by which something cites the page of the vendor's facts leads to a place on that page."""

import pytest

from milepost.service.snapshot.settings import SETTINGS
from tests.tidy import citations
from tests.tidy.citations import FORMER_WORD, PAGE, WORD
from tests.tidy.sources import ROOT

DECIDED = (*range(1, 61), 65, *range(67, 71), *range(87, 98))
"""The decisions that are made true; those between are being worked on."""

ANCHORS = citations.anchors_of("""
## 4 Behaviour
### 4.9 Streaks
### 4.10 Unified targets
### 4.11 Caps
## 6 Codes
| code | meaning |
|---|---|
| 310133, 310134 | off |
| 7300 to 7311 | wrong |
## 8 What we decided
* **#27 A balance.** It achieves nothing.
* **#28 `currentPeriod`.** False.
* **#29 Leaving.** 310119.
### 8.1 Settings
| setting | values | meaning |
|---|---|---|
| `lateDays` | none, 0 to 400 | late |
| `returns` | SUBTRACT, CARRY | what comes back |
""")


def test_each_citation_leads_to_a_place_on_the_page() -> None:
    """No citation names a section, a decision, a setting or a code that does not exist."""
    anchors = citations.anchors_of(page())

    assert [] == [line for path, text in citations.texts() for line in citations.unresolved(path, text, anchors)]


def test_no_citation_has_the_former_word() -> None:
    """The page has one name everywhere."""
    assert [] == [line for path, text in citations.texts() for line in citations.former(path, text)]


def test_no_decision_is_left_out() -> None:
    """Each number that is decided stands on the page, once."""
    numbers = [f"8 #{number}" for number in DECIDED]
    anchors = citations.anchors_of(page())

    assert numbers == sorted((one for one in anchors if "#" in one), key=lambda one: int(one.split("#")[1]))
    assert len(DECIDED) == page().count("\n* **#")


def test_the_settings_of_the_page_can_be_set() -> None:
    """The page names no setting of an organisation that there is not."""
    cited = (one.removeprefix("8.1 ") for one in citations.anchors_of(page()) if one.startswith("8.1 "))

    assert set() == {one for one in cited if not one.isupper()} - {*SETTINGS}


@pytest.mark.parametrize(
    "cited,anchors",
    [
        ("4.11", ["4.11"]),
        ("4", ["4"]),
        ("8 #28", ["8", "8 #28"]),
        ("4.11, 8 #28, #29", ["4.11", "8", "8 #28", "8 #29"]),
        ("4.11, 8 #27 to #29", ["4.11", "8", "8 #27", "8 #28", "8 #29"]),
        ("4.9 to 4.11", ["4.9", "4.10", "4.11"]),
        ("4.9 and 8.1", ["4.9", "8.1"]),
        ("8.1, lateDays", ["8.1", "8.1 lateDays"]),
        ("8.1, `returns: SUBTRACT`", ["8.1", "8.1 returns", "8.1 SUBTRACT"]),
        ("4.9 and 8.1, SUBTRACT", ["4.9", "8.1", "8.1 SUBTRACT"]),
        ("4.9, code 310134", ["4.9", "6 310134"]),
        ("4.9, docs/rules.md", ["4.9"]),
        ("4.9,\n    8 #28", ["4.9", "8", "8 #28"]),
        ("4.9,\n    # 8 #28", ["4.9", "8", "8 #28"]),
        ("8\n-- #28", ["8", "8 #28"]),
    ],
)
def test_a_citation_is_read(cited: str, anchors: list[str]) -> None:
    """Lists, ranges, names of settings and codes are read, across lines too."""
    text = f'"""Something ({WORD} {cited})."""\n'

    assert [tuple(anchors)] == [one.anchors for one in citations.citations(text)]
    assert [] == [*citations.unresolved("src/a.py", text, ANCHORS)]


@pytest.mark.parametrize(
    "cited,missing",
    [
        ("4.12", "4.12"),
        ("4.111", "4.111"),
        ("9", "9"),
        ("4.11, 8 #30", "8 #30"),
        ("4.11, #28", "4.11 #28"),
        ("8 #27 to #31", "8 #30, 8 #31"),
        ("8.1, lateWeeks", "8.1 lateWeeks"),
        ("8.1, REPLACE", "8.1 REPLACE"),
        ("4.9, code 310135", "6 310135"),
        ("4.9,\n8.2", "8.2"),
    ],
)
def test_a_citation_that_leads_nowhere_is_found(cited: str, missing: str) -> None:
    """A finding names file, line and citation, and what the page lacks."""
    shown = cited.replace("\n", " ")
    expected = f"src/a.py:2: ({WORD} {shown}) leads nowhere: {PAGE} has no {missing}"

    assert [expected] == [*citations.unresolved("src/a.py", f"\n# Why ({WORD} {cited}).", ANCHORS)]


@pytest.mark.parametrize("text", ["known {} of 3 customers", "Facts(3, 4)", "these {}: 4.12", "arti{} 4.12"])
def test_what_is_no_citation_is_let_pass(text: str) -> None:
    """The word alone cites nothing."""
    assert [] == [*citations.citations(text.format(WORD))]


@pytest.mark.parametrize("cited", ["4.2", "8 #29", "in 8.1", "\n    # 2.9, 3.6"])
def test_a_citation_with_the_former_word_is_found(cited: str) -> None:
    """A citation that was forgotten when the page moved is found with its line."""
    for word in (FORMER_WORD, FORMER_WORD.capitalize()):
        found = [*citations.former("src/a.py", f"\n\nsee {word} {cited} for why")]

        assert 1 == len(found)
        assert found[0].startswith(f"src/a.py:3: ({word} ")


def page() -> str:
    """Return the text of the page."""
    return (ROOT / PAGE).read_text(encoding="utf-8")
