"""The demo's eight target groups are whole, and are sent with ids in place of codes."""

from datetime import date, timedelta

from milepost.demo.definitions import definitions, request

IDS = {"ZONE": {"stores-360": 11}, "STORE": {"319": 21, "330": 22}, "CONCEPT": {}}


def test_periods_follow_each_other() -> None:
    """In each group every period begins the day after the one before it ended, and the last ends with the year."""
    for definition in definitions():
        periods = definition["periods"]
        begins = [date.fromisoformat(period["startDate"][:10]) for period in periods]
        ends = [date.fromisoformat(period["endDate"][:10]) for period in periods]
        assert begins[1:] == [end + timedelta(days=1) for end in ends[:-1]]
        assert ends[-1] == date(2017, 12, 31)


def test_each_kind_of_measure_is_shown() -> None:
    """The eight groups differ in what they measure."""
    measures = [
        (target["targetEntity"], target["targetType"])
        for definition in definitions()
        for target in definition["targets"]
    ]

    assert measures == [
        ("TRANSACTION", "SALES"),
        ("TRANSACTION", "VISIT"),
        ("LINEITEM", "COUNT"),
        ("LINEITEM", "QUANTITY"),
        ("TRANSACTION", "EXTENDED_FIELD"),
        ("TRANSACTION", "COUNT"),
        ("EVENT", "COUNT"),
        ("TRANSACTION", "COUNT"),
    ]


def test_filters_are_sent_with_ids() -> None:
    """A filter names its places by code in the file and by id in the request."""
    shops = next(definition for definition in definitions() if definition["name"] == "Chosen shops")

    sent = request(shops, IDS, till_id=7)

    assert sent["preferredTillId"] == 7
    assert sent["targets"][0]["filters"] == [
        {"entityType": "ZONE", "entityIds": [11]},
        {"entityType": "STORE", "entityIds": [21, 22]},
    ]
