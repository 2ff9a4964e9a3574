"""The oracle's comparison finds what differs, and only that."""

from decimal import Decimal

from tests.oracle.findings import Finding, Question
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
