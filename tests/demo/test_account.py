"""What the demo remembers decides whether it loads again."""

from dataclasses import replace
from pathlib import Path

import pytest

from milepost.demo.account import FILE, Account, claim, recall, remember
from milepost.demo.failure import Failed

ACCOUNT = Account(till="demo", till_id=7, password="not-a-secret", loaded=True, households=100)


def test_a_folder_without_a_demo_remembers_nothing(tmp_path: Path) -> None:
    """The first start finds nothing."""
    assert recall(tmp_path) is None


def test_what_is_remembered_is_recalled(tmp_path: Path) -> None:
    """The login and what is loaded come back whole, and only the owner may read them."""
    remember(tmp_path, ACCOUNT)

    assert recall(tmp_path) == ACCOUNT
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_load_up_to_the_clock_is_not_the_whole_year() -> None:
    """And the whole year holds what happened up to the clock."""
    assert not ACCOUNT.holds(10, whole_year=True)
    whole = replace(ACCOUNT, whole_year=True)
    assert [True, True] == [whole.holds(10, whole_year=wanted) for wanted in (False, True)]


def test_a_folder_of_somebody_else_stays_as_it_is(tmp_path: Path) -> None:
    """An empty folder, and the demo's own, may be used; any other is refused with a sentence, and unchanged."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    claim(ours)
    claim(ours)
    (theirs / "postgres").mkdir(parents=True)
    with pytest.raises(Failed, match="data that is not the demo's"):
        claim(theirs)
    assert ["postgres"] == [path.name for path in theirs.iterdir()]


def test_the_folder_of_an_earlier_demo_is_still_its_own(tmp_path: Path) -> None:
    """It has the file with the login, and no marker."""
    remember(tmp_path, ACCOUNT)
    claim(tmp_path)


def test_more_households_than_loaded_are_not_held() -> None:
    """A hundred households hold ten and a hundred, not more; a load that was broken off holds none."""
    assert [ACCOUNT.holds(wanted, whole_year=False) for wanted in (10, 100, 101)] == [True, True, False]
    assert not replace(ACCOUNT, loaded=False).holds(10, whole_year=False)
