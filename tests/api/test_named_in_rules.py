"""What the expression of a target calls by name, seen through the client."""

from tests.api.client import OrganisationClient, json_of
from tests.api.client_forms import bill, group, target


def test_a_name_that_is_not_defined_yet_is_a_warning(organisation: OrganisationClient) -> None:
    """What a rule names may be defined later; until then it is worth nothing. The group's own names are known."""
    rule = "currentCustomer.avgTargetAchieved('Nobody')>1 || currentCustomer.targetAchievedInPeriod('Own','May')>1"
    answered = organisation.post("/v3/targetGroups", group(target(name="Own", expression=rule)))
    envelope = json_of(answered)
    told = [warning["message"] for warning in envelope["warnings"]]
    until = "until it exists, what the expression reads of it is 0 or false."
    assert answered.status_code == 200
    assert told == [
        f"Target 'Own': there is no target 'Nobody' yet; {until}",
        f"Target 'Own': 'Own' has no period 'May'; {until}",
    ]


def test_a_rule_finds_a_name_as_soon_as_it_is_defined(organisation: OrganisationClient) -> None:
    """The target that a rule was waiting for is defined later, and counts from then on."""
    rule = "currentCustomer.targetAchievedInCurrentPeriod('later')>=5"
    answered = organisation.post(
        "/v3/targetGroups", group(target("TRANSACTION", "COUNT", name="Waiting", expression=rule))
    )
    assert answered.status_code == 200
    (before,) = organisation.send_events(bill("5"))
    organisation.define(group(target(name="Later")))
    (first,) = organisation.send_events(bill("5"))
    (second,) = organisation.send_events(bill("5"))
    assert [len(item["entries"]) for item in (before, first, second)] == [0, 1, 2]
