"""What the demo remembers decides whether it loads again."""

from dataclasses import replace
from pathlib import Path

from milepost.demo.account import FILE, Account, recall, remember

ACCOUNT = Account(till="demo", till_id=7, password="not-a-secret", loaded=True, households=100)


def test_a_folder_without_a_demo_remembers_nothing(tmp_path: Path) -> None:
    """The first start finds nothing."""
    assert recall(tmp_path) is None


def test_what_is_remembered_is_recalled(tmp_path: Path) -> None:
    """The login and what is loaded come back whole, and only the owner may read them."""
    remember(tmp_path, ACCOUNT)

    assert recall(tmp_path) == ACCOUNT
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_more_households_than_loaded_are_not_held() -> None:
    """A hundred households hold ten and a hundred, not more; a load that was broken off holds none."""
    assert [ACCOUNT.holds(wanted) for wanted in (10, 100, 101)] == [True, True, False]
    assert not replace(ACCOUNT, loaded=False).holds(10)
