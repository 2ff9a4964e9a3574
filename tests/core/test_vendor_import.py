"""Moving in from another system: taken over as it was, and gone on from (docs/rules.md)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from milepost.model.commands.vendor_import import ImportedEnrolment, ImportedLevel, ImportedRow, ImportProgress
from milepost.model.event import IMPORT_PROGRESS, Event
from milepost.model.standing import OutcomeKind, Reason
from milepost.model.target import EnrolmentMethod, StreakLevel, Tracking
from milepost.model.time import Seconds
from milepost.rules.compiled.index import build_rule_index
from tests.core.sample_shop import FEBRUARY, GROUP, JANUARY, SHOP, TARGET, bill, event, live, progress, rules, value

pytestmark = pytest.mark.usefixtures("rows")

ROW = ImportedRow(target_id=1, period_id=1, value=Decimal(900), enrolled_at=Seconds(10), updated_at=Seconds(20))


def moved(**said: object) -> Event:
    """Make a imported in."""
    return event(IMPORT_PROGRESS, "m", "01-10 00:00", ImportProgress(**said))  # type: ignore[arg-type]


def test_progress_is_taken_over_and_goes_on() -> None:
    """900 from there and 100 here reach 1000; the entry says where the 900 came from, and they have no outcome."""
    lived = live(rules(), moved(rows=(ROW,), purchases=Decimal(900)), bill("b", "01-11 10:00", "100"))
    found = progress(lived)
    assert found is not None
    assert (Decimal(1000), 10, 900) == (value(lived), found.enrolled_at, lived.log[0].entries[0].after / 10_000)
    assert Reason.MOVED_IN is lived.log[0].entries[0].reason
    assert [OutcomeKind.ACHIEVED] == [one.kind for one in lived.outcomes]
    assert 1000 == lived.standing.purchases / 10_000


def test_what_was_achieved_there_is_not_achieved_again() -> None:
    """Stamp and cause are those of the other system."""
    done = ImportedRow(
        target_id=1,
        period_id=1,
        value=Decimal(1200),
        enrolled_at=Seconds(1),
        updated_at=Seconds(2),
        achieved_at=Seconds(2),
        achieved_by=77,
    )
    lived = live(rules(), moved(rows=(done,)), bill("b", "01-11 10:00", "100"))
    found = progress(lived)
    assert found is not None
    assert (77, 2, []) == (found.achieved_by, found.achieved_at, list(lived.outcomes))


def test_enrolment_and_own_goal_are_taken_over() -> None:
    """An enrolment there is an enrolment here, with the customer's own goal."""
    on_list = rules(replace(TARGET, enrolment=EnrolmentMethod.IMPORT))
    enrolled = ImportedEnrolment(target_id=1, period_id=2, goals=((2, Decimal(50)),))
    bills = [bill("1", "01-11 10:00", "60"), bill("2", "02-11 10:00", "60")]
    lived = live(on_list, moved(enrolments=(enrolled,)), *bills)
    assert (None, Decimal(60)) == (value(lived, JANUARY), value(lived, FEBRUARY))
    assert [OutcomeKind.ACHIEVED] == [one.kind for one in lived.outcomes]


def test_levels_that_were_earned_there_are_not_earned_again() -> None:
    """A month achieved there and one here are two in a row; only the second level is news."""
    levels = (StreakLevel(id=101, name="one", count=1), StreakLevel(id=102, name="two", count=2))
    known = build_rule_index(SHOP, [replace(GROUP, tracking=Tracking.STREAKS, streak_levels=levels)])
    done = ImportedRow(
        target_id=1,
        period_id=1,
        value=Decimal(1000),
        enrolled_at=Seconds(1),
        updated_at=Seconds(2),
        achieved_at=Seconds(2),
        achieved_by=7,
    )
    had = ImportedLevel(group_id=1, level_id=101, earned_at=Seconds(2), period_id=1)
    lived = live(known, moved(rows=(done,), levels=(had,)), bill("b", "02-11 10:00", "1000"))
    levels_told = [one.about for one in lived.outcomes if one.kind is OutcomeKind.STREAK_LEVEL_ACHIEVED]
    assert [102] == levels_told
