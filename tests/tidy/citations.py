"""How the code cites the page of the vendor's facts, and which anchors that page has."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.tidy.sources import ROOT

PAGE = "docs/vendor-facts.md"

WORD = "facts"
"""What stands before the numbers of a citation."""

FORMER_WORD = "semantics"
"""What stood there while the page was kept elsewhere."""

DECISIONS, CODES, SETTINGS = "8", "6", "8.1"
"""The sections whose decisions, error codes and settings can be cited one by one."""

LATER_DECISIONS = "8.2"
"""The section with further decisions, which are cited as those of section 8."""

FOLDERS = ("src", "tests", "docs", "bench")
SUFFIXES = frozenset({".json", ".md", ".py", ".pyi", ".pyx", ".scenario", ".sql", ".toml"})

_GAP = r"(?:\s|\\n)+(?:(?:#|--|\*)\s+)?"
"""Between two words. A line may end there, also in a comment or in the text of a JSON file."""

_PART = rf"(?:\d+(?:\.\d+)?(?:{_GAP}#\d+)?|#\d+)"
_NAME = r"code \d+|`?[a-z]+(?:[A-Z][a-z]+)+`?|`[a-z]\w+: [A-Z_]+`|[A-Z][A-Z_]{3,}"
"""An error code, a setting, a setting with its value, or the value of a setting."""

_CITATION = re.compile(
    rf"\b[{WORD[0]}{WORD[0].upper()}]{WORD[1:]}{_GAP}"
    rf"(?P<parts>{_PART}(?:(?:,|{_GAP}and|{_GAP}to){_GAP}{_PART})*)(?:,{_GAP}(?P<name>{_NAME}))?"
)
_FORMER = re.compile(rf"\b{FORMER_WORD}{_GAP}(?:in{_GAP})?#?\d+(?:\.\d+|{_GAP}#\d+)?", re.IGNORECASE)


class Citation(NamedTuple):
    """A place that cites the page: its line, its text on one line, and the anchors that it names."""

    line: int
    text: str
    anchors: tuple[str, ...]


def texts() -> Iterator[tuple[str, str]]:
    """Return the path and the text of each file that may cite the page."""
    folders = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*")]
    for file in sorted([*ROOT.iterdir(), *folders]):
        if file.suffix in SUFFIXES and file.is_file():
            text = file.read_text(encoding="utf-8")
            # Scenario files stay as they are whatever is renamed: their headings cite the page by its former word.
            yield str(file.relative_to(ROOT)), text.replace(FORMER_WORD, WORD) if file.suffix == ".scenario" else text


def anchors_of(page: str) -> frozenset[str]:
    """Return what can be cited of *page*: `4.11`, `8 #28`, `8.1 lateDays`, `8.1 SUBTRACT`, `6 310119`."""
    sections = _sections(page)
    decided = sections.get(DECISIONS, "") + sections.get(LATER_DECISIONS, "")
    decisions = re.findall(r"^\* \*\*#(\d+) ", decided, re.MULTILINE)
    settings = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", sections.get(SETTINGS, ""), re.MULTILINE)
    codes = re.findall(r"^\| (\d[^|]*) \|", sections.get(CODES, ""), re.MULTILINE)
    return frozenset(
        {
            *sections,
            *(f"{DECISIONS} #{number}" for number in decisions),
            *(f"{SETTINGS} {setting}" for setting, _ in settings),
            *(f"{SETTINGS} {value}" for _, values in settings for value in re.findall(r"[A-Z][A-Z_]+", values)),
            *(f"{CODES} {code}" for row in codes for code in re.findall(r"\d+", row)),
        }
    )


def _sections(page: str) -> dict[str, str]:
    """Return the text below each numbered heading, up to the next one."""
    parts = re.split(r"^(?:##|###) (\d+(?:\.\d+)?) .*$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def citations(text: str) -> Iterator[Citation]:
    """Return the citations in *text*."""
    for match in _CITATION.finditer(text):
        anchors = [*_anchors(match["parts"])]
        if match["name"]:
            anchors += _named(match["name"], anchors)
        yield Citation(_line(text, match), re.sub(_GAP, " ", match[0]), tuple(anchors))


def _anchors(parts: str) -> Iterator[str]:
    """Return the anchors that *parts* list, those between the ends of a range too."""
    section = before = ""
    ranging = False
    for word in re.findall(r"to|#\d+|\d+(?:\.\d+)?", parts):
        if word == "to":
            ranging = True
            continue
        section = section if word.startswith("#") else word
        anchor = f"{section} {word}" if word.startswith("#") else word
        yield from _between(before, anchor) if ranging else ()
        yield anchor
        before, ranging = anchor, False


def _between(first: str, last: str) -> Iterator[str]:
    """Return the anchors after *first* and before *last*, which differ in their last number."""
    start, low = re.split(r"(?=\d+$)", first, maxsplit=1)
    end, high = re.split(r"(?=\d+$)", last, maxsplit=1)
    if start == end:
        yield from (f"{start}{number}" for number in range(int(low) + 1, int(high)))


def _named(name: str, anchors: list[str]) -> Iterator[str]:
    """Return the anchors of an error code, or of a setting and its value where the settings are cited."""
    if name.startswith("code "):
        yield f"{CODES} {name.removeprefix('code ')}"
    elif SETTINGS in anchors:
        yield from (f"{SETTINGS} {word}" for word in re.findall(r"\w+", name))


def unresolved(path: str, text: str, anchors: frozenset[str]) -> Iterator[str]:
    """Return a sentence for each citation in *text* that names what is not among *anchors*."""
    for citation in citations(text):
        if missing := [anchor for anchor in citation.anchors if anchor not in anchors]:
            yield f"{path}:{citation.line}: ({citation.text}) leads nowhere: {PAGE} has no {', '.join(missing)}"


def former(path: str, text: str) -> Iterator[str]:
    """Return a sentence for each citation in *text* that still has the former word."""
    for match in _FORMER.finditer(text):
        yield f"{path}:{_line(text, match)}: ({re.sub(_GAP, ' ', match[0])}) is to say {WORD}, of {PAGE}"


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1
