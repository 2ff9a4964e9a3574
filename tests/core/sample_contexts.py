"""One bill, one activity and one award that the examples of the rule language are asked on."""

from decimal import Decimal

from msgspec.structs import replace

from milepost.language import EvaluationContext
from milepost.model.event import (
    BILL,
    NOWHERE,
    POINTS,
    Activity,
    Award,
    AwardKind,
    Bill,
    CustomerProfile,
    Event,
    EventKey,
    Line,
    Payload,
    Place,
)
from milepost.model.progress.facts import Facts
from milepost.model.standing import EMPTY_STANDING
from milepost.model.time import Micros

SUNDAY_EVENING = Micros(1_483_320_610_000_000)
"""2017-01-01T20:30:10-05:00 in New York, which is 2017-01-02T01:30:10 in UTC, in epoch microseconds."""

JOINED = Micros(1_451_624_400_000_000)
"""2016-01-01T00:00:00-05:00, in epoch microseconds."""

FIELDS = {
    "slabName": "GOLD",
    "slabNumber": 3,
    "loyaltyType": "loyalty",
    "customerStatus": "ACTIVE",
    "customerStatusLabel": "Regular",
    "currentPoints": "120.5",
    "city": "Oslo",
    "age": 42,
    "shoes": Decimal("42.0"),
    "vegan": True,
    "nothing": "",
}
MEMBER = CustomerProfile("Ada", "Byron", "ada@example.org", "", "900", JOINED, FIELDS)
STORE = Place(11, 1, "330", "Main street", 7, None)
DAY = 736_330
"""2017-01-01, as a proleptic ordinal."""

FACTS = Facts(lines=12, points=4_500_000, first_day=DAY - 9, planes=(bytes([0b0000_0001, 0b0000_0010]),))
"""A bill nine days earlier and one on Sunday, in New York."""

STANDING = replace(EMPTY_STANDING, bills=3, purchases=1_234_500, facts=FACTS)


def line(code: str, *, quantity: str, rate: str, discount: str, organisation: str, department: str) -> Line:
    """Make a line whose gross is quantity times rate."""
    gross = Decimal(quantity) * Decimal(rate)
    return Line(
        code=code,
        quantity=Decimal(quantity),
        rate=Decimal(rate),
        gross=gross,
        discount=Decimal(discount),
        net=gross - Decimal(discount),
        description=f"{organisation} {code}",
        attributes={
            "brand": organisation,
            "department": department,
            "size": 42,
            "organic": True,
            "category": department,
        },
        extended_fields={"origin": "ES"},
    )


APPLES = line("A1", quantity="3", rate="2", discount="0", organisation="North", department="PRODUCE")
BREAD = line("B2", quantity="1", rate="4.50", discount="0.50", organisation="Mill", department="BAKERY")
PEARS = line("C3", quantity="2", rate="10", discount="5", organisation="North", department="PRODUCE")

PURCHASE = Bill(
    number="N-31198",
    net=Decimal("25.00"),
    gross=Decimal("30.50"),
    discount=Decimal("5.50"),
    lines=(APPLES, BREAD, PEARS),
    extended_fields={"channel": "APP", "weight": Decimal("12.5"), "gift": True, "opened": "2016-12-30"},
    note="gift, wrap 2 items",
)


def event(
    payload: Payload, *, name: str = BILL, member: CustomerProfile | None = MEMBER, place: Place = STORE
) -> Event:
    """Make an event on Sunday evening."""
    return Event(
        key=EventKey("pos/330", "1"),
        name=name,
        occurred_at=SUNDAY_EVENING,
        received_at=SUNDAY_EVENING,
        place=place,
        member=member,
        payload=payload,
    )


ON_BILL = EvaluationContext(event(PURCHASE), None, STANDING)
ON_LINE = EvaluationContext(event(PURCHASE), PEARS, STANDING)
ON_ACTIVITY = EvaluationContext(
    event(
        Activity({"minutes": 30, "sport": "RUN", "outside": True, "distance": Decimal("5.25"), "day": "2017-01-01"}),
        name="Workout",
    ),
    None,
    STANDING,
)
ON_AWARD = EvaluationContext(
    event(Award(program_id=5, currency=None, kind=AwardKind.PROMOTIONAL, amount=Decimal(100)), name=POINTS),
    None,
    STANDING,
)
ON_STRANGER = EvaluationContext(event(PURCHASE, member=None, place=NOWHERE), None, EMPTY_STANDING)
