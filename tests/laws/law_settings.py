"""How laws are asked: of how many worlds, and of which."""

from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from milepost.model.organisation import EnrolMidPeriod, Returns, Settings
from tests.laws.random_kind_worlds import (
    cap_worlds,
    carry_worlds,
    completion_worlds,
    enrolment_worlds,
    streak_worlds,
    unified_worlds,
    window_worlds,
    zone_worlds,
)
from tests.laws.random_worlds import returning_worlds, worlds

ANY_ORDER = Settings(late_days=None, enrol_mid_period=EnrolMidPeriod.COUNT_STORED, returns=Returns.SUBTRACT)
"""Settings under which the order of arrival does not matter."""

EVERY = st.one_of(
    worlds(length=10),
    returning_worlds(),
    window_worlds(),
    streak_worlds(),
    unified_worlds(),
    cap_worlds(),
    carry_worlds(),
    zone_worlds(),
    enrolment_worlds(),
    completion_worlds(),
)
"""Worlds of every kind of target."""

CALENDAR = st.one_of(worlds(), streak_worlds(), unified_worlds())
"""Worlds with calendar periods, in which customers may come and go."""


FIXED_PART = 3
"""The ordinary tests ask a law of one world in so many."""


def law(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a law over so many examples; the ordinary tests, which always draw the same ones, over a third of them.

    Drawing a whole world takes longer than Hypothesis expects.
    """
    if settings.default is not None and settings.default.derandomize:
        examples = max(1, examples // FIXED_PART)
    return settings(max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow])
