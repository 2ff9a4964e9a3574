"""The targets a customer takes part in: `GET /v3/users/{id}/enrolledTargets` (S3, facts 3.6)."""

import pytest

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.client_forms import bill, group, target


def enrolled(organisation: OrganisationClient, **query: str) -> list[Json]:
    """Return the targets that Anna takes part in."""
    found: list[Json] = organisation.get(f"/v3/users/{organisation.customer('anna')}/enrolledTargets", **query)["data"]
    return found


KEYS = [
    *("id", "attribution", "name", "emfRuleSetId", "emfUnrolledRulesetId", "targetType", "targetEntity"),
    *("targetGroupId", "active", "expression", "expressionJson", "filters", "enrolmentMethod"),
    "targetPeriodDefaultValuesMap",
]
"""Of a target that has no description."""


def test_enrolled_targets_have_the_published_keys(organisation: OrganisationClient) -> None:
    """In the order of S3: the rule, without its values."""
    tree = '\n{\n "arity":"literal",\n "value":"true",\n "type":"boolean:primitive"\n}'
    zones = [{"entityType": "ZONE", "entityIds": [50674361, 50675571]}]
    wanted = target("LINEITEM", "GROSS_SALES", enrolmentMethod="IMPORT", expressionJson=tree, expression="true")
    defined = organisation.define(group(wanted | {"filters": zones, "name": "Custom Enroll"}))
    organisation.send_events(bill())
    path = f"/v3/targetGroups/{defined['id']}/targets/{defined['targets'][0]['id']}/enroll"
    organisation.post(path, [{"customerId": organisation.customer("anna"), "periodName": "January"}])
    (row,) = enrolled(organisation)
    assert KEYS == list(row)
    assert (tree, zones, {}, "IMPORT") == (
        row["expressionJson"],
        row["filters"],
        row["targetPeriodDefaultValuesMap"],
        row["enrolmentMethod"],
    )
    assert ["createdOn", "createdOnISO", "lastUpdatedOn", "lastUpdatedOnISO", "lastUpdatedBy", "createdBy"] == list(
        row["attribution"]
    )


def test_enrolled_targets_are_those_that_run(organisation: OrganisationClient) -> None:
    """A target the customer takes part in, in a period of today or of the date asked for."""
    organisation.define(group(target(name="winter")))
    organisation.send_events(bill("40"))
    assert ["winter"] == [row["name"] for row in enrolled(organisation)]
    organisation.client.clock.set("2026-03-01T00:00:00Z")
    assert [] == enrolled(organisation)
    assert ["winter"] == [row["name"] for row in enrolled(organisation, trackingDate="1768000000000")]


def test_enrolled_targets_are_chosen_by_their_parameters(organisation: OrganisationClient) -> None:
    """Rule ids, the way of enrolment, and who made them."""
    open_to_all = organisation.define(group(target(name="all")))
    own = organisation.define(group(target(name="own", enrolmentMethod="IMPORT"), userCreated=True))
    organisation.send_events(bill("40"))
    path = f"/v3/targetGroups/{own['id']}/targets/{own['targets'][0]['id']}/enroll"
    organisation.post(path, [{"customerId": organisation.customer("anna"), "periodName": "January"}])

    def names(**query: str) -> list[str]:
        return [row["name"] for row in enrolled(organisation, **query)]

    assert ["all", "own"] == names()
    assert (["own"], ["all"], []) == tuple(
        names(enrollmentType=method) for method in ("IMPORT", "TRANSACTION", "AUDIENCE_FILTER")
    )
    assert ["own"] == names(includeOnlyUserCreated="true")
    assert ["all"] == names(targetRuleIds=f"{open_to_all['targets'][0]['id']},5")


@pytest.mark.parametrize("method", ["import", "", "SOMETHING"])
def test_a_bad_enrolment_type_is_refused(organisation: OrganisationClient, method: str) -> None:
    """310130 in the published words."""
    organisation.send_events(bill())
    answered = organisation.send(
        "GET", f"/v3/users/{organisation.customer('anna')}/enrolledTargets", params={"enrollmentType": method}
    )
    errors = [{"code": 310130, "message": "Invalid enrollment type as input"}]
    assert (400, {"data": None, "errors": errors, "warnings": None}) == (answered.status_code, json_of(answered))
