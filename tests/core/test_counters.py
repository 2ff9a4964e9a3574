"""Examples of the facts of a customer that are counted whatever the targets are."""

from decimal import Decimal

from milepost.engine.progress.counters import after
from milepost.model.event import CURRENCY, POINTS, Award, AwardKind, Event
from milepost.model.organisation import RULES_LATEST
from milepost.model.progress.facts import NO_FACTS, Facts
from milepost.rules.calendar import Calendar, day_from
from tests.core.sample_shop import ZONE, bill, event, line

FIRST, NEXT = day_from("2017-01-15"), day_from("2017-01-16")


def facts(*events: Event) -> Facts:
    """Return the facts after these events, in this order."""
    known = NO_FACTS
    for one in events:
        known = after(known, one, Calendar(ZONE), RULES_LATEST)
    return known


def award(amount: str, currency: str | None = None) -> Event:
    """Make an award."""
    given = Award(program_id=1, currency=currency, kind=AwardKind.REGULAR, amount=Decimal(amount))
    return event(POINTS if currency is None else CURRENCY, f"A{amount}", "01-15 12:00", given)


def test_visits_are_days_with_a_bill() -> None:
    """Two bills of one day in the shop's zone are one visit; a minute later it is the next day."""
    known = facts(bill("1", "01-15 00:00", "1"), bill("2", "01-15 23:59", "1"), bill("3", "01-16 00:00", "1"))
    assert (known.visits, known.bills_on(FIRST), known.bills_on(NEXT)) == (2, 2, 1)


def test_late_bill_is_counted_on_its_own_day() -> None:
    """A bill from before all others is counted like them, and leads to the same bytes as if it had come first."""
    early, late = bill("1", "01-01 12:00", "1"), bill("2", "12-31 12:00", "1")
    assert facts(early, late) == facts(late, early)
    assert facts(late, early).visits == 2


def test_many_bills_of_one_day_are_counted_one_by_one() -> None:
    """A thousand bills of one day are a thousand, and one visit; the days around have none."""
    known = facts(*(bill(str(number), "01-15 12:00", "1") for number in range(1000)))
    assert (known.bills_on(FIRST), known.visits) == (1000, 1)
    assert [known.bills_on(day) for day in (FIRST - 400, FIRST - 1, NEXT, FIRST + 400)] == [0, 0, 0, 0]


def test_lines_and_points_add_up() -> None:
    """Lines of all bills, points of all awards; other currencies are no points."""
    known = facts(
        bill("1", "01-15 12:00", "3", [line("A", "1", "1"), line("B", "2", "2")]),
        award("12.5"),
        award("30"),
        award("7", currency="MILES"),
    )
    assert (known.lines, known.points) == (2, 425_000)
