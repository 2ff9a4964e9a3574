"""Controls of the write path's tests: without the locks on standings, updates are lost, and the tests see it."""

import pytest

from milepost.store.database import StoredAlready
from milepost.store.sql.failures import Locked
from milepost.store.sql.statements import statements
from tests.store.test_write_path import (
    test_overlapping_batches_do_not_lock_each_other_out as overlapping_batches,
)
from tests.store.test_write_path import (
    test_two_servers_receive_events_of_one_customer_at_the_same_time as events_of_one_customer,
)

SEEN = (AssertionError, StoredAlready, Locked)
"""Sums that are too small, rows that two writers add, writers that wait for each other in no order."""

LOCKING = {
    "lock_standings": "    for update\n",
    "lock_free_standings": "    for update skip locked\n",
}


@pytest.fixture
def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have standings read without a lock."""
    for name, lock in LOCKING.items():
        assert lock in statements()[name]
        monkeypatch.setitem(statements(), name, statements()[name].replace(lock, ""))


@pytest.mark.usefixtures("without_locks")
def test_unlocked_events_of_one_customer_are_lost(database_url: str) -> None:
    """Ten receivers write over what the others have written (R11)."""
    with pytest.raises(SEEN):
        events_of_one_customer(database_url)


@pytest.mark.usefixtures("without_locks")
def test_unlocked_overlapping_batches_are_lost(database_url: str) -> None:
    """Sixteen writers with the same customers write over each other (R12)."""
    with pytest.raises(SEEN):
        overlapping_batches(database_url)
