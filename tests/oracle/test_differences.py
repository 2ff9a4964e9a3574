"""The oracle's comparison finds what differs, and only that."""

from decimal import Decimal

import pytest

from tests.oracle import backtests
from tests.oracle.expected_progress import STATEMENTS, Finding, Findings, Question, expected
from tests.oracle.groceries import differences

ASKED = Question(900, "Monthly spend", "2017-03")
REACHED = Finding(Decimal(200), Decimal("210.50"), "2017-03-12T10:00:00-04:00", 17, 2)


def test_equal_findings_do_not_differ() -> None:
    """An amount written with other zeros is the same amount."""
    answered = REACHED._replace(goal=Decimal("200.000"), value=Decimal("210.500"))

    assert differences({ASKED: REACHED}, {ASKED: answered}) == []


def test_a_row_that_is_not_there_means_nothing_happened() -> None:
    """No row is as good as a row that shows 0, and differs from anything else."""
    nothing = Finding(Decimal(200))

    assert differences({ASKED: nothing}, {}) == []
    assert len(differences({ASKED: REACHED}, {})) == 1


def test_each_part_of_a_finding_counts() -> None:
    """Another value, moment, event, number of marks or goal is a difference, and so is a row nobody expects."""
    others = [
        REACHED._replace(value=Decimal("210.49")),
        REACHED._replace(achieved_at="2017-03-12T10:00:01-04:00"),
        REACHED._replace(achieved_by=18),
        REACHED._replace(marks=1),
        REACHED._replace(goal=Decimal(250)),
    ]

    assert [len(differences({ASKED: REACHED}, {ASKED: other})) for other in others] == [1] * 5
    assert len(differences({}, {ASKED: REACHED})) == 1


def test_each_part_of_a_back_test_counts() -> None:
    """A value or an achievement that is planted is found, and so is a row on one side alone that says something."""
    place = backtests.Place(1, "2017-03", "Monthly spend")
    stored = {place: backtests.Standing(Decimal("210.50"), achieved=True)}
    file = (
        "customerId,refCode,target,liveValue,liveAchieved,draftValue,draftAchieved\r\n"
        "1,2017-03,Monthly spend,210.5,true,210.49,true\r\n"
        "2,2017-03,Monthly spend,0,false,,\r\n"
    )
    live, draft = (backtests.standings_of(file, side) for side in ("live", "draft"))

    assert [] == backtests.differences(stored, live)
    assert 1 == len(backtests.differences(stored, draft))
    assert 1 == len(backtests.differences(stored, {place: stored[place]._replace(achieved=False)}))
    assert 1 == len(backtests.differences(stored, {}))
    assert 1 == len(backtests.differences({}, {place: stored[place]}))


FEW = 40

MISTAKES = {
    "a month of thirty-one days": ("(720 * 3600)", "(744 * 3600)"),
    "a window too few": ("where place < 12", "where place < 11"),
    "a department taken for all that begin like it": (
        "on m.department = a.department",
        "on a.department like m.department || '%'",
    ),
    "a whole without its sum": (" and produce + meat + deli >= 100", ""),
    "a whole of two out of three": ("meat >= 25 and deli >= 15", "meat >= 25"),
    "a round achieved when it begins": ("(total >= place * 500)", "(total > (place - 1) * 500)"),
    "the rest after the last round lost": ("any_value(spent) - 4500,", "500,"),
    "a streak that never breaks": ("partition by household, week - place order", "partition by household order"),
    "a level one week late": ("min(week) filter (length >= needed)", "min(week) filter (length > needed)"),
    "a run that outlives the year": ("max(length) filter (week = 52)", "max(length)"),
    "a cap that counts small bills only": (
        "source, event, 1\nfrom bill;",
        "source, event, 1\nfrom bill where paid < 20;",
    ),
}


@pytest.fixture(scope="module", name="right")
def _right() -> Findings:
    """Compute as groceries.sql does."""
    return expected(FEW)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_planted_mistake_is_found(mistake: str, right: Findings) -> None:
    """Statements that are wrong in one place differ, with few households already, from what the right ones say."""
    statements = STATEMENTS.read_text()
    text, wrong = MISTAKES[mistake]
    assert statements.count(text) >= 1

    assert differences(expected(FEW, statements.replace(text, wrong)), right) != []
