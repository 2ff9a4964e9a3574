"""The demo's thirteen target groups are whole, and are sent with ids in place of codes."""

from datetime import date, timedelta

from milepost.demo.definitions import definitions, request

IDS = {"ZONE": {"stores-360": 11}, "STORE": {"319": 21, "330": 22}, "CONCEPT": {}}


def test_periods_follow_each_other() -> None:
    """By the calendar every period begins the day after the one before it, and the last ends with the year."""
    for definition in definitions():
        periods = [period for period in definition["periods"] if "startDate" in period]
        begins = [date.fromisoformat(period["startDate"][:10]) for period in periods]
        ends = [date.fromisoformat(period["endDate"][:10]) for period in periods]
        assert begins[1:] == [end + timedelta(days=1) for end in ends[:-1]]
        assert ends[-1:] in ([], [date(2017, 12, 31)])


def test_each_kind_of_measure_is_shown() -> None:
    """The targets differ in what they measure; those of later groups in how they are taken together."""
    measures = [
        (target["targetEntity"], target["targetType"])
        for definition in definitions()
        for target in definition["targets"]
    ]

    assert measures[:8] == [
        ("TRANSACTION", "SALES"),
        ("TRANSACTION", "VISIT"),
        ("LINEITEM", "COUNT"),
        ("LINEITEM", "QUANTITY"),
        ("TRANSACTION", "EXTENDED_FIELD"),
        ("TRANSACTION", "COUNT"),
        ("EVENT", "COUNT"),
        ("TRANSACTION", "COUNT"),
    ]


def test_each_kind_of_target_is_shown() -> None:
    """There is a group of each tracking but one, and of each evaluation."""
    groups = definitions()

    assert {group["trackingType"] for group in groups} == {"DEFAULT", "STREAKS", "UNIFIED", "CAPPING"}
    assert {group["targetEvaluationType"] for group in groups} == {
        "FIXED_CALENDAR_WINDOW",
        "PERIOD_AGNOSTIC_WINDOW",
        "CYCLIC_WINDOW",
    }


def test_filters_are_sent_with_ids() -> None:
    """A filter names its places by code in the file and by id in the request."""
    shops = next(definition for definition in definitions() if definition["name"] == "Chosen shops")

    sent = request(shops, IDS, till_id=7)

    assert sent["preferredTillId"] == 7
    assert sent["targets"][0]["filters"] == [
        {"entityType": "ZONE", "entityIds": [11]},
        {"entityType": "STORE", "entityIds": [21, 22]},
    ]
