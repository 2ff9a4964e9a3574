"""What an organisation allows of goals that customers set, at the limits and past them."""

import pytest

from tests.api.client import Json, OrganisationClient, json_of
from tests.api.test_customer_goals import Stage


@pytest.fixture
def stage(organisation: OrganisationClient) -> Stage:
    """Return a stage of the test's own."""
    return Stage(organisation)


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"template": 5}, ["template"]),
        ({"goal": 9}, ["goal"]),
        ({"goal": 501}, ["goal"]),
        ({"goal": "10.00001"}, ["goal"]),
        ({"goal": "x"}, ["goal"]),
        ({"goal": True}, ["goal"]),
        ({"goal": None}, ["goal"]),
        ({"startDate": "2026-01-19"}, ["startDate"]),
        ({"startDate": "2026-1-20"}, ["startDate"]),
        ({"endDate": "2026-01-19"}, ["endDate"]),
        ({"endDate": "2026-02-19"}, ["endDate"]),
        ({"endDate": "2026-02-30"}, ["endDate"]),
        ({"endDate": "20260231W3"}, ["endDate"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"name": "a\0"}, [""]),
        ({"colour": 1}, ["colour"]),
        ({"goal": 5, "endDate": "x", "name": " "}, ["name", "goal", "endDate"]),
    ],
)
def test_a_goal_beyond_the_limits_is_refused(stage: Stage, changes: Json, expected: list[str]) -> None:
    """All that is wrong at once; nothing is defined."""
    assert expected == stage.refused("POST", stage.path(), stage.asked(**changes))


def test_the_limits_are_reached(stage: Stage) -> None:
    """The least and the greatest goal, thirty days."""
    assert [10, 500] == [
        stage.set(goal=value, endDate=end)["goal"] for value, end in ((10, "2026-01-20"), (500, "2026-02-18"))
    ]


def test_without_templates_no_customer_sets_goals(organisation: OrganisationClient) -> None:
    """No goal can be set while the organisation has no template."""
    stage = Stage(organisation, goalTemplates=[])
    assert ["template"] == stage.refused("POST", stage.path(), stage.asked())


@pytest.mark.parametrize("value", ["5", "5:1", "5:0-10", "5:10-1", "5:1-2,5:1-3", "x:1-2", "5:1.00001-2"])
def test_templates_that_are_none_are_refused(organisation: OrganisationClient, value: str) -> None:
    """A target, and from which value to which."""
    answered = organisation.send("PATCH", "/api/v1/organisation", json={"settings": {"goalTemplates": value}})
    assert (400, "goalTemplates") == (answered.status_code, json_of(answered)["problems"][0]["path"])
