"""What an edit does to progress that is under way: what was counted stays, what comes is judged again."""

from decimal import Decimal
from typing import Any

from tests.api.client import Json, OrganisationClient
from tests.api.client_forms import FEBRUARY, JANUARY, back, bill, group, target


class Story:
    """An organisation with a group of one target, which Anna makes progress on."""

    def __init__(self, organisation: OrganisationClient, **changes: Any) -> None:
        """Define the group; *changes* are of its target."""
        self.organisation = organisation
        self.defined = organisation.define(group(target(**changes)))
        self.rule = self.defined["targets"][0]["id"]

    def buys(self, net: str, **changes: Any) -> Json:
        """Send a bill of Anna's and return what it changed."""
        (told,) = self.organisation.send_events(bill(net, **changes))
        return told

    def edit(self, **changes: Any) -> None:
        """Change the target."""
        self.organisation.data("PUT", self.address, {"targets": [{"id": self.rule, **changes}]})

    @property
    def address(self) -> str:
        """Return where the group is."""
        return f"/v3/targetGroups/{self.defined['id']}"

    def row(self, **query: Any) -> tuple[Any, Any, bool]:
        """Return value, goal and whether it is achieved, of January."""
        rows = self.organisation.rows(self.organisation.customer("anna"), **query)
        (one,) = [row for row in rows if row["periodRefCode"] == "January"]
        return one["targetAchievedValue"], one["targetValue"], one["targetAchievedDateTime"] is not None


def test_a_lower_goal_is_achieved_by_the_next_event(organisation: OrganisationClient) -> None:
    """The edit itself achieves nothing; the next event that counts finds the value over the goal."""
    story = Story(organisation)
    story.buys("60")
    story.edit(defaultValues=[{"defaultValue": 50}])
    assert (60, 50, False) == story.row()
    story.buys("1")
    assert (61, 50, True) == story.row()


def test_a_higher_goal_takes_no_achievement_back(organisation: OrganisationClient) -> None:
    """An achievement stays; a customer without it has further to go."""
    story = Story(organisation)
    story.buys("100")
    organisation.send_events(bill("60", customer="bert"))
    story.edit(defaultValues=[{"defaultValue": 200}])
    assert (100, 200, True) == story.row()
    organisation.send_events(bill("60", customer="bert"))
    (bert,) = organisation.rows(organisation.customer("bert"))
    assert (120, None) == (bert["targetAchievedValue"], bert["targetAchievedDateTime"])


def test_a_new_condition_judges_later_events(organisation: OrganisationClient) -> None:
    """What was counted under the old one stays counted, and a return still takes it back."""
    story = Story(organisation)
    first = bill("10")
    organisation.send_events(first)
    story.edit(expression="currentTxn.value>=50")
    assert [] == story.buys("20")["entries"]
    story.buys("50")
    assert (60, 100, False) == story.row()
    organisation.send_events(back(first["id"]))
    assert (50, 100, False) == story.row()


def test_new_places_judge_later_events(organisation: OrganisationClient) -> None:
    """A filter that is added takes nothing away."""
    story = Story(organisation)
    story.buys("10")
    story.edit(filters=[{"entityType": "STORE", "entityIds": [77]}])
    assert [] == story.buys("20")["entries"]
    assert (10, 100, False) == story.row()
    story.edit(filters=[])
    story.buys("30")
    assert (40, 100, False) == story.row()


def test_a_deactivated_target_counts_nothing_and_catches_nothing_up(organisation: OrganisationClient) -> None:
    """A target, and a group: what happens meanwhile is not counted later; progress goes on where it stood."""
    story = Story(organisation)
    story.buys("10")
    story.edit(active=False)
    assert [] == story.buys("20")["entries"]
    story.edit(active=True)
    story.buys("30")
    assert (40, 100, False) == story.row()
    organisation.data("PUT", story.address, {"active": False})
    assert [] == story.buys("40")["entries"]
    assert (40, 100, False) == story.row(includeInactiveTargets="true")
    organisation.data("PUT", story.address, {"active": True})
    assert (40, 100, False) == story.row()


def test_a_deleted_groups_progress_can_be_explained(organisation: OrganisationClient) -> None:
    """It counts nothing any more; the customer's view shows it among the inactive targets."""
    story = Story(organisation)
    story.buys("10")
    organisation.data("DELETE", story.address)
    assert [] == story.buys("20")["entries"]
    assert [] == organisation.rows(organisation.customer("anna"))
    assert (10, 100, False) == story.row(includeInactiveTargets="true")


def test_a_period_that_ends_later_counts_longer(organisation: OrganisationClient) -> None:
    """A period that ends earlier counts no longer; what was counted stays."""
    story = Story(organisation)
    january = story.defined["periods"][0]["id"]
    organisation.client.clock.set("2026-01-31T12:00:00Z")
    periods = f"{story.address}/targetPeriods"
    organisation.data("PUT", periods, [{"id": story.defined["periods"][1]["id"], "startDate": "2026-02-15"}])
    organisation.data("PUT", periods, [{"id": january, "endDate": "2026-02-14"}])
    organisation.client.clock.set("2026-02-02T12:00:00Z")
    story.buys("10", time="2026-02-02T10:00:00Z")
    organisation.data("PUT", periods, [{"id": january, "endDate": "2026-02-02"}])
    organisation.client.clock.set("2026-02-03T12:00:00Z")
    assert [] == story.buys("20", time="2026-02-03T01:00:00Z")["entries"]
    assert (10, 100, False) == story.row(includeInactive="true")


def test_new_periods_and_targets_count_later_events(organisation: OrganisationClient) -> None:
    """Events that were received before are not counted for them; sent again they are known already."""
    story = Story(organisation)
    first = bill("10")
    organisation.send_events(first)
    organisation.data("DELETE", f"{story.address}/targets/{story.rule}")
    (new,) = organisation.data("POST", f"{story.address}/targets", target(name="second"))
    assert "duplicate" == organisation.send_events(first)[0]["status"]
    story.buys("30")
    assert [(new["id"], 30)] == [
        (row["targetRuleId"], row["targetAchievedValue"]) for row in organisation.rows(organisation.customer("anna"))
    ]


def test_an_event_names_the_version_that_judged_it(organisation: OrganisationClient) -> None:
    """Versions of the definition stay, and each event names the version that judged it."""
    story = Story(organisation)
    first = organisation.version()
    story.buys("10")
    story.edit(defaultValues=[{"defaultValue": 50}])
    story.buys("20")
    query = "select version from event where org_id = %s order by seq"
    found = organisation.client.connection.execute(query.encode(), (organisation.organisation.id,)).fetchall()
    assert [(first,), (first + 1,)] == found


def test_marks_of_a_new_goal_are_shown(organisation: OrganisationClient) -> None:
    """A share of the goal is one of the goal of now; a mark that was reached stays reached."""
    marks = [{"triggerName": "half", "triggerValueType": "PERCENTAGE", "triggerValue": 50}]
    story = Story(organisation, targetMilestoneTriggers=marks)
    story.buys("50")
    story.edit(defaultValues=[{"defaultValue": 200}])
    (row,) = organisation.rows(organisation.customer("anna"))
    (mark,) = row["milestones"]
    assert (Decimal(100), True) == (mark["triggerValue"], mark["isAchieved"])


def test_groups_that_did_not_change_are_not_read_again(organisation: OrganisationClient) -> None:
    """A new version reads the changed group only; all others are the values that were there before."""
    one, other = organisation.define(group()), organisation.define(group(periods=(JANUARY, FEBRUARY)))

    async def groups() -> dict[int, Any]:
        async with organisation.client.runtime.database.reading() as reading:
            return dict(
                (
                    await organisation.client.runtime.snapshots.of_organisation(reading, organisation.organisation.id)
                ).groups
            )

    before = organisation.client.run(groups)
    organisation.data("PUT", f"/v3/targetGroups/{one['id']}", {"description": "new"})
    after = organisation.client.run(groups)
    assert [one["id"], other["id"]] == list(after)
    assert ("new", True) == (after[one["id"]].description, after[other["id"]] is before[other["id"]])
