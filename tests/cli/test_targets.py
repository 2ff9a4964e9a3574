"""`milepost targets …`: groups as files, against a server that other people use."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from milepost.cli import app
from milepost.model.problem import Refused
from tests.api.client import OrganisationClient, opened
from tests.api.client_forms import bill, group, target

CHANGES = 3
CLOCK = "2026-01-20T12:00:00Z"


@pytest.fixture(name="organisation")
def _organisation(admin_url: str, template: str) -> Iterator[OrganisationClient]:
    """Return an organisation in which Anna has bought for 60 in January; the goal is 100."""
    with opened(admin_url, template) as client:
        organisation = client.organisation()
        client.clock.set(CLOCK)
        organisation.define(group(target(name="Spend"), name="Months", description="What counts"))
        organisation.send_events(bill(60, id="one", customer="anna"), bill(10, id="two", customer="bert"))
        yield organisation


def run(organisation: OrganisationClient, *words: str) -> Result:
    """Run a command for the organisation at the time of its server."""
    options = ["--org", organisation.organisation.name, "--database-url", organisation.client.url]
    clock = [] if words[0] == "export" else ["--clock", CLOCK]
    return CliRunner(env={"MILEPOST_UNSAFE_DURABILITY": "1"}).invoke(app, ["targets", *words, *options, *clock])


def problems_of(result: Result) -> list[str]:
    """Return why a command was refused."""
    assert isinstance(result.exception, Refused), result.output
    return [f"{problem.path} {problem.reason}" for problem in result.exception.problems]


def exported(organisation: OrganisationClient, folder: Path) -> Path:
    """Export the groups; return the file of the first one."""
    assert 0 == run(organisation, "export", str(folder)).exit_code
    return folder / "months.yaml"


def replaced(path: Path, before: str, after: str) -> None:
    """Replace what must stand in a file."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def goals(organisation: OrganisationClient) -> list[object]:
    """Return the goals that are live, of all groups."""
    shown = organisation.data("GET", "/v3/targetGroups", includeUserCreatedTargetGroups="true")
    shown = [one for one in shown if one["active"]]
    return [goal["defaultValue"] for one in shown for target in one["targets"] for goal in target["defaultValues"]]


def test_what_is_exported_changes_nothing(organisation: OrganisationClient, tmp_path: Path) -> None:
    """Groups of several kinds, with places and a till by their codes; a second export touches no file."""
    answered = organisation.post("/api/v1/zones", [{"code": "north", "name": "North"}])
    zone = json.loads(answered.text)["items"][0]["id"]
    filters = [{"entityType": "ZONE", "entityIds": [zone]}]
    organisation.define(group(target(filters=filters, expression="currentTxn.value > 5"), name="In the north"))
    organisation.define(group(target(), target(), name="Both", combinationType="ANY"))
    organisation.define(
        group(target(), name="Weeks", trackingType="STREAKS", streaks=[{"name": "two", "targetCountOfSequence": 2}])
    )
    file = exported(organisation, tmp_path)
    assert "entityCodes:\n    - north" in (tmp_path / "in-the-north.yaml").read_text()
    planned = run(organisation, "plan", str(tmp_path))
    assert (0, "0 to create, 0 to change, 4 unchanged\n") == (planned.exit_code, planned.stdout)
    file.write_text("# why we do this\n" + file.read_text())
    assert "written" not in run(organisation, "export", str(tmp_path)).stdout
    assert file.read_text().startswith("# why we do this")


def test_a_lowered_goal_is_planned_applied_and_applied_again(organisation: OrganisationClient, tmp_path: Path) -> None:
    """The plan counts Anna; she achieves; the second time there is nothing to do."""
    file = exported(organisation, tmp_path)
    replaced(file, "goals: 100", "goals: {January: 50, February: 100}")
    planned = run(organisation, "plan", str(tmp_path), "--policy", "FROM_NOW", "--json")
    (shown,) = json.loads(planned.stdout)["groups"]
    assert (CHANGES, "change", 1, 0, 2) == (
        planned.exit_code,
        shown["action"],
        shown["gain"],
        shown["lose"],
        shown["lookedAt"],
    )
    assert ["-  goals: 100", "+  goals:"] == [line for line in shown["diff"] if "goals" in line]
    assert [100, 100] == goals(organisation), "a plan writes nothing"
    applied = run(organisation, "apply", str(tmp_path), "--policy", "FROM_NOW", "--comment", "too much")
    assert (0, "Months: published\n") == (applied.exit_code, applied.stdout)
    assert [50, 100] == goals(organisation)
    again = run(organisation, "apply", str(tmp_path), "--policy", "FROM_NOW")
    assert (0, "nothing to do: the files say what is live\n") == (again.exit_code, again.stdout)


def test_goals_of_periods_that_have_opened_stay_unless_the_policy_changes_them(
    organisation: OrganisationClient, tmp_path: Path
) -> None:
    """With NEXT_PERIOD February changes and January is said to stay; another measure needs another policy."""
    file = exported(organisation, tmp_path)
    replaced(file, "goals: 100", "goals: 50")
    planned = run(organisation, "plan", str(tmp_path))
    assert "goals of periods that have opened stay" in planned.stdout
    assert 0 == run(organisation, "apply", str(tmp_path)).exit_code
    assert [100, 50] == goals(organisation)
    assert 0 == run(organisation, "plan", str(tmp_path)).exit_code
    replaced(file, "targetType: SALES", "targetType: COUNT")
    assert (
        "policy: needs one of RECOMPUTE_RUNNING, RECOMPUTE_ALL, not NEXT_PERIOD"
        in run(organisation, "plan", str(tmp_path)).stdout
    )
    assert [
        "months.yaml: policy NEXT_PERIOD cannot bring this change; it needs one of RECOMPUTE_RUNNING, RECOMPUTE_ALL"
    ] == problems_of(run(organisation, "apply", str(tmp_path)))


def test_several_groups_change_together_or_not_at_all(organisation: OrganisationClient, tmp_path: Path) -> None:
    """A new group beside a changed one; one that is wrong, or whose draft somebody else saved, stops both."""
    file = exported(organisation, tmp_path)
    replaced(file, "goals: 100", "goals: 40")
    new = tmp_path / "new.yaml"
    new.write_text(file.read_text().replace("Months", "New").replace("name: Spend", "name: Spend"))
    twice = problems_of(run(organisation, "apply", str(tmp_path), "--policy", "FROM_NOW"))
    assert ["new.yaml: targets[0].name is the name of another target"] == twice
    assert [100, 100] == goals(organisation)
    replaced(new, "name: Spend", "name: Another")
    months = organisation.data("GET", "/v3/targetGroups")[0]["id"]
    path = f"/api/v1/targetGroups/{months}/draft"
    assert 200 == organisation.put(path, group(target(name="Spend"), name="Months")).status_code
    refused = problems_of(run(organisation, "apply", str(tmp_path), "--policy", "FROM_NOW"))
    assert [True] == ["has a draft that" in problem for problem in refused]
    assert [100, 100] == goals(organisation)
    assert 200 == organisation.send("DELETE", path).status_code
    assert 0 == run(organisation, "apply", str(tmp_path), "--policy", "FROM_NOW").exit_code
    assert [40, 40, 40, 40] == goals(organisation)


def test_what_was_reviewed_is_applied_or_nothing(organisation: OrganisationClient, tmp_path: Path) -> None:
    """A live group or a file that changed since the plan is refused; so are other policies than the plan's."""
    folder, kept = tmp_path / "targets", tmp_path / "plan.json"
    file = exported(organisation, folder)
    replaced(file, "goals: 100", "goals: 50")
    kept.write_text(run(organisation, "plan", str(folder), "--policy", "FROM_NOW", "--json").stdout)
    words = ["apply", str(folder), "--plan", str(kept)]
    replaced(file, "goals: 50", "goals: 49")
    assert ["Months: the files changed since the plan was made; plan again"] == problems_of(run(organisation, *words))
    replaced(file, "goals: 49", "goals: 50")
    assert problems_of(run(organisation, *words, "--policy", "FROM_NOW"))
    months = organisation.data("GET", "/v3/targetGroups")[0]
    renamed = {**months, "description": "Somebody else was here", "periods": [], "targets": []}
    assert organisation.put("/v3/targetGroups", renamed).is_success
    moved = "the live target group 'Months' changed since the plan was made; plan again"
    assert [f"months.yaml: name {moved}"] == problems_of(run(organisation, *words))
    assert [100, 100] == goals(organisation)


def test_who_changed_a_group_beside_its_file_is_said(organisation: OrganisationClient, tmp_path: Path) -> None:
    """Only after files were applied once; applying them again brings back what they say."""
    file = exported(organisation, tmp_path)
    replaced(file, "description: What counts", "description: As agreed")
    assert "after files were applied last" not in run(organisation, "plan", str(tmp_path)).stdout
    assert 0 == run(organisation, "apply", str(tmp_path)).exit_code
    months = organisation.data("GET", "/v3/targetGroups")[0]
    changed = {**months, "description": "By hand", "periods": [], "targets": []}
    assert organisation.put("/v3/targetGroups", changed).is_success
    planned = run(organisation, "plan", str(tmp_path))
    assert "after files were applied last" in planned.stdout
    assert "-description: By hand" in planned.stdout


def test_a_change_waits_for_another_login(organisation: OrganisationClient, tmp_path: Path) -> None:
    """RECOMPUTE_ALL needs a second person; the same files applied again publish what was approved, new groups too."""
    file = exported(organisation, tmp_path)
    replaced(file, "targetType: SALES", "targetType: COUNT")
    words = ["apply", str(tmp_path), "--policy", "RECOMPUTE_ALL"]
    for _ in range(2):
        asked = run(organisation, *words)
        assert (CHANGES, "Months: previewed\n") == (asked.exit_code, asked.stdout)
    months = organisation.data("GET", "/v3/targetGroups")[0]["id"]
    review = f"/api/v1/targetGroups/{months}/draft/review"
    assert organisation.post(review, {"approved": True, "comment": "yes"}).is_success
    done = run(organisation, *words)
    assert (0, "Months: published\n") == (done.exit_code, done.stdout)
    assert 0 == run(organisation, "plan", str(tmp_path)).exit_code


WRONG = {
    "name: [1]": "x.yaml: name must be text",
    "- name: x": "x.yaml: must hold one target group, as a mapping",
    "name: x\nname: y": "x.yaml, line 2, column 1: name stands twice",
    "name: x\nid: 7": "x.yaml: id does not belong in a file",
    "name: x\nperiods: [{id: 7}]": "x.yaml: periods[0].id does not belong in a file",
    "name: x\ncolour: red": "x.yaml: colour is not a field that is known here",
    "name: x\npreferredTill: nowhere": "x.yaml: preferredTill there is no till 'nowhere'",
    "name: x\ntargets: [{filters: [{entityType: STORE, entityCodes: [1]}]}]": "there is no store with the code '1'",
    "name: x\ntargets: [{audiences: [vips]}]": "x.yaml: targets[0].audiences[0] there is no audience 'vips'",
    "name: x\nperiods: [{refCode: a}]\ntargets: [{goals: {b: 1}}]": "targets[0].goals.b is the refCode of no period",
    "name: {": "x.yaml, line 2, column 1: expected",
    "name: x\n? [a]\n: b": "a key must be text",
    "name: !!python/object:os.system x": "could not determine a constructor",
}


@pytest.mark.parametrize("text, reason", WRONG.items())
def test_what_is_wrong_in_a_file_is_named(
    organisation: OrganisationClient, tmp_path: Path, text: str, reason: str
) -> None:
    """The file, where in it, and what; with the problems of all other files."""
    (tmp_path / "x.yaml").write_text(text + "\n")
    found = problems_of(run(organisation, "plan", str(tmp_path)))
    assert any(reason in problem for problem in found), found


def test_there_must_be_files(organisation: OrganisationClient, tmp_path: Path) -> None:
    """An empty folder, one that is none, and a policy for a group without a file are refused."""
    assert problems_of(run(organisation, "plan", str(tmp_path)))
    assert problems_of(run(organisation, "plan", str(tmp_path / "none")))
    exported(organisation, tmp_path)
    assert problems_of(run(organisation, "plan", str(tmp_path), "--policy", "Weeks=FROM_NOW"))
    assert problems_of(run(organisation, "plan", str(tmp_path), "--policy", "SOMETIMES", "--below", "NEVER"))
