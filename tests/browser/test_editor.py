"""A marketer defines a target: words, back-test, goal, start; and changes one that runs (F2)."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.shop import Shop, client, read

LONG_MS = 90_000
GROUP = "/v3/targetGroups/{id}"


def named(page: Page, name: str) -> None:
    """Open the page for a new group and give it a name."""
    page.goto("/console/groups/new")
    page.get_by_role("textbox", name="Name", exact=False).first.fill(name)


def told(shop: Shop, path: str) -> Any:
    """Return what the API answers to the shop's till."""
    with client(shop.address, shop.till) as asked:
        return read(asked.get(path))


def test_a_target_is_defined_tried_and_started(owner: Page, shop: Shop) -> None:
    """What starts is what the page showed as JSON; the share of the slider is the API's own figure."""
    name = f"December {len(told(shop, '/api/v1/targetGroups/rules')['items'])}"
    named(owner, name)
    owner.get_by_role("button", name="Add a condition").click()
    owner.get_by_role("textbox", name="Value").fill("20")
    owner.get_by_role("spinbutton", name="Periods").or_(owner.get_by_label("Periods", exact=True)).first.fill("3")
    expect(owner.get_by_text("at least 20, in each of 3 periods")).to_be_visible()
    owner.get_by_role("button", name="Run", exact=True).click()
    expect(owner.get_by_test_id("goal-share")).to_contain_text("Goal 100", timeout=LONG_MS)
    slider = owner.get_by_role("slider")
    slider.focus()
    for _ in range(3):
        slider.press("ArrowLeft")
    expect(owner.get_by_test_id("goal-share")).to_contain_text("Goal 70")
    share = owner.get_by_test_id("goal-share").inner_text()
    backtest = told(shop, f"/api/v1/backtests/{latest_backtest(shop)}")
    results = [period["draft"]["targets"][0] for period in backtest["periods"]]
    reached = sum(one["achieved"] for result in results for one in result["goals"] if one["goal"] == 70)
    assert f"({reached})" in share
    owner.get_by_role("button", name="Take 70 as the goal").click()
    expect(owner.get_by_text("the goal is 70")).to_be_visible()
    owner.get_by_text("JSON", exact=True).click()
    shown = owner.get_by_role("textbox", name="Definition").input_value()
    owner.get_by_role("button", name="Save draft").click()
    expect(owner.get_by_text("Draft, revision 1")).to_be_visible()
    owner.get_by_role("button", name="Review and start").click()
    owner.get_by_role("button", name="Check the draft").click()
    owner.get_by_role("button", name="Start", exact=True).click()

    expect(owner.get_by_role("heading", level=1)).to_have_text(name)
    expect(owner.get_by_text("the goal is 70")).to_be_visible()
    group_id = int(owner.url.rpartition("/")[2])
    group = told(shop, GROUP.format(id=group_id) + "?includePeriods=true")["data"]
    target = told(shop, f"/v3/targetGroups/{group_id}/targets")["data"][0]
    assert (name, True, 3) == (group["name"], group["active"], len(group["periods"]))
    assert f'"expression": "{target["expression"]}"' in shown
    assert [70, 70, 70] == [one["defaultValue"] for one in target["defaultValues"]]


def latest_backtest(shop: Shop) -> int:
    """Return the id of the back-test that was asked for last."""
    number = 1
    with client(shop.address, shop.till) as asked:
        while asked.get(f"/api/v1/backtests/{number + 1}").is_success:
            number += 1
    return number


def test_what_is_missing_is_said_and_impossible_choices_say_why(owner: Page) -> None:
    """A definition without a name names the field; a board needs the calendar."""
    owner.goto("/console/groups/new")
    expect(owner.get_by_text("Not complete yet")).to_be_visible()
    expect(owner.get_by_role("button", name="Review and start")).to_be_disabled()
    owner.get_by_text("Days of the customer's own").click()

    expect(owner.get_by_text("A leaderboard needs periods of the calendar.")).to_be_visible()
    expect(owner.get_by_role("switch")).to_be_disabled()
    owner.get_by_role("radio", name="Streak").click()
    expect(owner.get_by_text("Streaks and targets taken together need periods of the calendar.").first).to_be_visible()


def test_form_and_json_are_one_document(owner: Page) -> None:
    """A goal that is typed as text stands in the form, and text that is no JSON loses nothing."""
    named(owner, "Two views")
    owner.get_by_text("JSON", exact=True).click()
    text = owner.get_by_role("textbox", name="Definition")
    text.fill(text.input_value().replace('"defaultValue": 100', '"defaultValue": 321'))
    owner.get_by_text("Form", exact=True).click()
    goal = owner.get_by_label("Goal in a period")
    expect(goal).to_have_value("321")
    owner.get_by_text("JSON", exact=True).click()
    owner.get_by_role("textbox", name="Definition").fill("{ no JSON")
    owner.get_by_text("Form", exact=True).click()

    expect(owner.get_by_label("Goal in a period")).to_have_value("321")


def test_an_unchanged_copy_of_a_group_changes_nothing(owner: Page, shop: Shop) -> None:
    """The editor opens each group as the document that defines it: as a draft it would change nothing."""
    for name, group_id in shop.groups.items():
        owner.goto(f"/console/groups/{group_id}?tab=json")
        expect(owner.get_by_role("heading", level=1)).to_have_text(name)
        definition = owner.locator("pre.json").inner_text()
        with client(shop.address, shop.till) as asked:
            headers = {"Content-Type": "application/json"}
            path = f"/api/v1/targetGroups/{group_id}/draft"
            answered = asked.put(path, content=definition, headers=headers)
            assert answered.is_success, (name, answered.text)
            changes = answered.json()["changes"]
            asked.delete(path)
        assert ["Nothing changes."] == changes, name


def test_a_running_target_is_changed_with_a_look_at_who_gains(owner: Page, shop: Shop) -> None:
    """The preview counts as the API does, and the draft can be discarded."""
    group_id = shop.groups["Ten visits"]
    owner.goto(f"/console/groups/{group_id}/edit")
    goal = owner.get_by_label("Goal in a period")
    goal.fill("4")
    expect(owner.get_by_text("the goal is 4")).to_be_visible()
    owner.get_by_role("button", name="Review and start").click()
    owner.get_by_role("radio", name="From now on").click()
    owner.get_by_role("button", name="See who gains and who loses").click()
    expect(owner.get_by_text("looked at", exact=True)).to_be_visible(timeout=LONG_MS)
    preview = told(shop, f"/api/v1/targetGroups/{group_id}/draft/preview")

    assert preview["gain"] > 0
    expect(owner.locator(".figures-row")).to_contain_text(str(preview["gain"]))
    owner.get_by_role("button", name="Discard the draft").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Ten visits")
