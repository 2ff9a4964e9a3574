"""Limits of requests: bursts within a window, then the rate, for each organisation and each caller by itself."""

import pytest

from milepost.model.access.role import Role
from milepost.model.target import Author
from milepost.service.snapshot.access import UNLIMITED, Caller
from milepost.service.snapshot.rate_limits import WINDOW_SECONDS, RateLimits, TooManyRequests
from milepost.store.access.logins import Rates


class Clock:
    """Seconds that are set."""

    def __init__(self) -> None:
        """Begin."""
        self.now = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def caller(org_id: int = 1, till: int = 1, rates: Rates = UNLIMITED) -> Caller:
    """Return a till as a caller."""
    author = Author(id=till, code="t", name="t")
    return Caller(org_id=org_id, author=author, till_id=till, role=Role.ADMIN, rates=rates)


def passed(limits: RateLimits, who: Caller, tries: int) -> int:
    """Return how many of *tries* requests pass."""
    count = 0
    for _ in range(tries):
        try:
            limits.count(who)
        except TooManyRequests:
            continue
        count += 1
    return count


def test_without_a_limit_all_pass() -> None:
    """And nothing is told of limits."""
    limits = RateLimits()
    assert limits.count(caller()) is None
    assert 1_000 == passed(limits, caller(), 1_000)


def test_a_burst_passes_and_then_the_rate() -> None:
    """A window's quota at once, then so many each second, and a full quota again after a window."""
    clock = Clock()
    limits = RateLimits(organisation=5, now=clock)
    assert 5 * WINDOW_SECONDS == passed(limits, caller(), 1_000)
    clock.now += 1
    assert 5 == passed(limits, caller(), 1_000)
    clock.now += WINDOW_SECONDS
    assert 5 * WINDOW_SECONDS == passed(limits, caller(), 1_000)


def test_one_takes_nothing_from_another() -> None:
    """Not an organisation from another one, nor a caller from another caller."""
    limits = RateLimits(caller=1, now=Clock())
    assert [10, 10, 10] == [passed(limits, who, 100) for who in (caller(), caller(till=2), caller(org_id=2))]
    limits = RateLimits(organisation=1, now=Clock())
    assert [10, 0, 10] == [passed(limits, who, 100) for who in (caller(), caller(till=2), caller(org_id=2))]


def test_an_organisation_has_limits_of_its_own() -> None:
    """In place of the server's; 0 is none."""
    limits = RateLimits(organisation=1, caller=1, now=Clock())
    assert 100 == passed(limits, caller(rates=Rates(0, 0)), 100)
    assert 30 == passed(limits, caller(org_id=2, rates=Rates(3, 0)), 100)


def test_processes_share_a_limit() -> None:
    """Each lets its share pass."""
    assert 50 == passed(RateLimits(organisation=10, processes=2, now=Clock()), caller(), 1_000)


def test_a_refusal_says_when_to_come_back() -> None:
    """And coming back then succeeds, a moment earlier it does not."""
    clock = Clock()
    limits = RateLimits(organisation=1, now=clock)
    passed(limits, caller(), 100)
    with pytest.raises(TooManyRequests) as refused:
        limits.count(caller())
    assert ("organisation", 10, 0, 1) == refused.value.limit
    clock.now += 0.9
    assert 0 == passed(limits, caller(), 1)
    clock.now += 0.1
    assert 1 == passed(limits, caller(), 1)
