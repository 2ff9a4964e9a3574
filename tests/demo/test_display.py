"""The households that are shown are worth looking at."""

from decimal import Decimal

from milepost.demo.display import Household, Row, choose

REACHED = Row("Monthly spend", "2017-12", Decimal(260), Decimal(250), "2017-12-10T10:00:00-05:00")
NEAR = Row("Weekly visits", "2017-W50", Decimal("1.8"), Decimal(2), None)
FAR = Row("Produce lines", "2017-12", Decimal(1), Decimal(12), None)


def test_three_kinds_of_households_are_chosen() -> None:
    """One that achieved much, one that nearly achieved much, and one with something of both, each once."""
    achiever = Household(1, 1, (REACHED, REACHED, REACHED))
    nearly = Household(2, 2, (NEAR, NEAR, NEAR))
    mixed = Household(3, 3, (REACHED, NEAR, FAR))
    idle = Household(4, 4, (FAR,))

    assert choose([idle, mixed, nearly, achiever]) == [achiever, nearly, mixed]


def test_fewer_households_are_all_chosen() -> None:
    """Where there are fewer than three, each is shown once."""
    only = Household(1, 1, (FAR,))

    assert choose([only]) == [only]
