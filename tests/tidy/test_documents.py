"""What is written about the code is true of it."""

import re
import tomllib

from milepost.model.organisation import Settings
from milepost.service.snapshot.settings import SETTINGS, setting_text, shown_settings
from milepost.setting_meanings import MEANINGS
from milepost.settings import PREFIX, ServerSettings, describe
from tests.tidy.sources import ROOT, package
from tools.attack_list import ATTACKS
from tools.fault_list import FAULTS


def rows(page: str, section: str = "") -> dict[str, list[str]]:
    """Return rows of the tables on *page*, below *section* if given, whose first cell is `code`: it, and the rest."""
    found = {}
    text = (ROOT / page).read_text(encoding="utf-8")
    if section:
        text = text.split(f"\n## {section}\n")[1].split("\n## ")[0]
    for line in text.splitlines():
        if match := re.fullmatch(r"\| `(\w+)` \| (.*) \|", line):
            found[match[1]] = match[2].split(" | ")
    return found


def test_the_glossary_has_every_class_of_the_model() -> None:
    """A word that the code uses is explained, and a word that is explained is used."""
    model = "".join(source.text for source in package() if source.part == "model")
    classes = re.findall(r"^class ([A-Z]\w*)", model, re.MULTILINE)

    assert sorted(classes) == list(rows("docs/glossary.md"))


def test_each_setting_is_documented() -> None:
    """The page of settings and the program describe each setting in the same words."""
    described = describe(ServerSettings())
    expected = {s.variable: ["none" if s.value is None else f"`{s.value}`", s.meaning] for s in described}

    assert expected == rows("docs/settings.md", "Of the server")


def test_each_setting_of_an_organisation_is_documented() -> None:
    """The page says what may be set, what it is when nothing is, and what it means."""
    defaults = shown_settings(Settings())
    expected = {
        name: [setting.values, f"`{setting_text(defaults[name])}`", setting.meaning]
        for name, setting in SETTINGS.items()
    }

    assert expected == rows("docs/settings.md", "Of an organisation")


def test_each_setting_has_a_meaning() -> None:
    """No field of the settings is left out of `milepost config`."""
    fields = [name for name in ServerSettings.__dataclass_fields__ if name != "sources"]

    assert fields == list(MEANINGS)


def shown_rows(page: str, letter: str) -> list[list[str]]:
    """Return the cells of the table on *page* whose rows have numbers with this *letter*."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    return [line.strip("| ").split(" | ") for line in lines if re.match(rf"\| {letter}\d+ \|", line)]


def test_the_faults_that_are_shown_are_those_that_are_tested() -> None:
    """A row for each fault of `dev.py faults`; the first page has that table without the number of tests."""
    full = shown_rows("docs/reliability.md", "R")

    assert [[fault.number, fault.fault] for fault in FAULTS] == [cells[:2] for cells in full]
    assert shown_rows("README.md", "R") == [[*cells[:3], *cells[4:]] for cells in full]


def test_the_attacks_that_are_shown_are_those_that_are_tried() -> None:
    """A row for each attack of `dev.py faults --attacks`; the first page has neither tests nor what is left."""
    full = shown_rows("docs/reliability.md", "S")
    told = [(attack.number, attack.attack, attack.size, attack.left or "–") for attack in ATTACKS]

    assert told == [(*cells[:3], cells[8]) for cells in full]
    assert shown_rows("README.md", "S") == [[*cells[:3], *cells[4:8]] for cells in full]
    assert all((ROOT / test.split("::")[0]).is_file() for attack in ATTACKS for test in attack.tests)


def test_documents_name_settings_that_exist() -> None:
    """A variable that a page or a message names can be set."""
    texts = [page.read_text(encoding="utf-8") for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))]
    texts += [source.text for source in package()]
    named = {name for text in texts for name in re.findall(rf"\b{PREFIX}([A-Z]\w+)", text)}

    assert set() == named - {name.upper() for name in MEANINGS} - {"NAME"}


def test_examples_name_settings_that_exist() -> None:
    """Files that operators copy, such as the Containerfile, name no setting that is gone."""
    files = [ROOT / "Containerfile", *(ROOT / "docs" / "examples" / "operation").iterdir()]
    named = {name for file in files for name in re.findall(rf"\b{PREFIX}([A-Z]\w+)", file.read_text(encoding="utf-8"))}

    assert {"DATABASE_URL", "SECRET_KEY", "TRUSTED_PROXIES"} <= named
    assert set() == named - {name.upper() for name in MEANINGS}


def test_links_between_documents_lead_somewhere() -> None:
    """A relative link names a file or a folder."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
    ]
    broken = [f"{page.relative_to(ROOT)}: {link}" for page, link in links if not (page.parent / link).exists()]

    assert [] == broken


def test_the_lock_file_names_every_dependency() -> None:
    """Every requirement of the project file is locked, the tools that install it too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *(name for extra in project["project"]["optional-dependencies"].values() for name in extra),
        *project["dependency-groups"]["dev"],
    ]
    names = {re.split(r"[<>=\[; ]", requirement)[0] for requirement in asked} | {"editables", "uv"}

    assert set() == names - {match[1] for match in re.finditer(r"^([\w-]+)==", locked(), re.MULTILINE)}


def test_the_lock_file_names_no_address() -> None:
    """Packages are known by version and hash; the lock file names no host."""
    lines = [
        line for line in locked().splitlines() if "://" in line or line.lstrip().startswith(("-i", "--index", "--f"))
    ]
    unhashed = [line for line in locked().splitlines() if "==" in line and not line.endswith("\\")]

    assert [] == lines
    assert [] == unhashed


def locked() -> str:
    """Return the text of the lock file."""
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")
