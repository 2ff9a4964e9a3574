"""Support answers why: from an identifier to an answer that can be pasted, and what a newcomer does first."""

import json
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PATIENCE_MS, axe_violations, cookies_of
from tests.browser.shop import MARKETER, OWNER, PASSWORD, SUPPORT, Shop, bought, client, read

EXPLANATION = "/api/v1/customers/{ada}/targets/3001/explanation?period=2026-11"


@pytest.fixture
def may_copy(context: BrowserContext, shop: Shop) -> None:
    """Let the page write to the clipboard, as a browser does once somebody clicked."""
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=shop.address)


@pytest.mark.usefixtures("may_copy")
def test_a_customer_is_found_and_explained_in_five_steps(owner: Page, shop: Shop) -> None:
    """By the mobile number, over "Why?", to the failed condition and to the text for the chat (F3)."""
    owner.goto("/console/customers")
    owner.get_by_role("textbox", name="Identifier of a customer").fill("+49 1512 345000")
    owner.get_by_role("button", name="Find", exact=True).last.click()  # 1
    owner.get_by_role("link", name="Ada Lindqvist").click()  # 2
    owner.get_by_role("link", name="Why? Spend 150").click()  # 3
    expect(owner.get_by_role("heading", level=1)).to_have_text("Why is it 136.40 of 150?")
    owner.get_by_role("button", name="bill-87990").click()  # 4
    expect(owner.get_by_text("currentTxn.value>=25")).to_be_visible()
    expect(owner.get_by_text("it was 19.8", exact=True)).to_be_visible()
    owner.get_by_role("button", name="Copy answer").click()  # 5
    expect(owner.get_by_role("button", name="Copied")).to_be_visible()

    copied = owner.evaluate("navigator.clipboard.readText()")
    with client(shop.address, shop.till) as asked:
        told = asked.get(EXPLANATION.format(ada=shop.ada) + "&format=text").text
    assert told == copied
    assert all(part in copied for part in ("136.40 of 150", "30 November 2026", "the condition is not met"))


def test_the_trail_shows_what_the_answer_has(owner: Page, shop: Shop) -> None:
    """As many rows as the API has events, and its figures; filters are part of the address."""
    with client(shop.address, shop.till) as asked:
        told: dict[str, Any] = read(asked.get(EXPLANATION.format(ada=shop.ada)))
    owner.goto(f"/console/customers/{shop.ada}/targets/3001?period=2026-11&show=all")
    rows = owner.locator(".mantine-Accordion-item")
    expect(rows).to_have_count(len(told["counted"]) + len(told["notCounted"]))
    expect(owner.get_by_text("The stored value is what the events give")).to_be_visible()
    owner.get_by_text("Not counted 2", exact=True).click()

    expect(rows).to_have_count(2)
    assert "show=notCounted" in owner.url
    owner.reload()
    expect(rows).to_have_count(2)


def test_a_value_is_adjusted_and_the_adjustment_taken_back(owner: Page, shop: Shop) -> None:
    """What it would do is shown first; the trail has both, each with its reason (F3)."""
    customer_id = bought(shop, amount=140).customer_id
    owner.goto(f"/console/customers/{customer_id}/targets/3001?period=2026-11")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Why is it 140 of 150?")
    owner.get_by_role("button", name="Adjust", exact=True).click()
    owner.get_by_label("Amount").fill("20.5")
    owner.get_by_label("Reason").fill("The till was offline")
    owner.get_by_role("button", name="Show what it does").click()
    expect(owner.get_by_text("From 140 to 160.50 / 150")).to_be_visible()
    expect(owner.get_by_text("The target is achieved.")).to_be_visible()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Why is it 140 of 150?")
    assert [] == axe_violations(owner)
    owner.get_by_role("button", name="Apply").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Why is it 160.50 of 150?")
    owner.get_by_role("button", name="The till was offline").click()
    owner.get_by_role("button", name="Take back").click()
    owner.get_by_role("textbox", name="Reason").fill("It was the wrong customer")
    owner.get_by_role("button", name="Show what it does").click()
    owner.get_by_role("button", name="Apply").click()

    expect(owner.get_by_role("heading", level=1)).to_have_text("Why is it 140 of 150?")
    expect(owner.get_by_text("It was the wrong customer").first).to_be_visible()


def test_a_summary_has_the_counts_of_the_api(owner: Page, shop: Shop) -> None:
    """Of another period than the running one; the picture as a table has a row for each twentieth of the goal."""
    group_id = shop.groups["Monthly spend"]
    with client(shop.address, shop.till) as asked:
        told = read(asked.get(f"/api/v1/targetGroups/{group_id}/summary?period=2026-10"))["targets"][0]["periods"][0]
    assert told["achieved"]
    assert sum(told["bins"])
    owner.goto(f"/console/groups/{group_id}?tab=summary")
    owner.get_by_role("combobox", name="Period").click()
    owner.get_by_role("option", name="2026-10").click()
    expect(owner.get_by_text("Have achieved it").locator("xpath=..")).to_contain_text(str(told["achieved"]))
    expect(owner.get_by_role("img").filter(has_text="0 %")).to_be_visible()
    owner.get_by_role("button", name="Show as table").click()
    rows = owner.get_by_role("table", name="How far they are").locator("tbody tr")
    expect(rows).to_have_count(len(told["bins"]) + 1)

    expect(rows.last).to_contain_text(str(told["over"]))


def test_the_answer_of_a_past_instant_is_asked_for(owner: Page, shop: Shop) -> None:
    """On 2 November nothing of November had been received."""
    owner.goto(f"/console/customers/{shop.ada}/targets/3001?period=2026-11&at=2026-11-02T12:00")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Why is it 0 of 150?")


def test_the_palette_finds_customers_groups_and_pages(owner: Page, shop: Shop) -> None:
    """Ctrl K, an e-mail address, enter."""
    owner.goto("/console/")
    expect(owner.get_by_role("heading", level=1)).to_be_visible()
    owner.keyboard.press("Control+k")
    search = owner.get_by_placeholder("Customer, target group or page")
    search.fill("ada.lindqvist0@example.com")
    expect(owner.get_by_role("button", name="Ada Lindqvist")).to_be_visible()
    search.press("Enter")
    expect(owner.get_by_role("heading", level=1)).to_have_text("Ada Lindqvist")
    assert owner.url.endswith(f"/customers/{shop.ada}")
    owner.keyboard.press("Control+k")
    owner.get_by_placeholder("Customer, target group or page").fill("streak")
    expect(owner.get_by_role("button", name="Coffee streak")).to_be_visible()


def test_the_drawer_has_the_requests_of_the_page(owner: Page, shop: Shop) -> None:
    """What it shows can be sent by a till as it stands, and gives the same."""
    owner.goto(f"/console/customers/{shop.ada}")
    expect(owner.get_by_role("link", name="Why? Spend 150")).to_be_visible()
    owner.get_by_role("button", name="API of this page").click()
    line = owner.get_by_role("dialog").get_by_text(f"/api/v1/customers/{shop.ada}/progress")
    expect(line).to_be_visible()

    assert f"curl -u \"$TILL\" '{shop.address}/api/v1/customers/{shop.ada}/progress'" == line.inner_text()
    owner.keyboard.press("Escape")
    expect(owner.get_by_role("dialog")).to_have_count(0)


def test_a_person_signs_in_looks_and_leaves(page: Page) -> None:
    """A wrong password says so; a right one leads to where the person wanted to go."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/console/groups?view=calendar")
    page.get_by_label("E-mail").fill(OWNER)
    page.locator("input[name=password]").fill("not the right password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Target groups")
    assert page.url.endswith("/console/groups?view=calendar")
    page.get_by_role("button", name="You").click()
    page.get_by_role("menuitem", name="Sign out").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/console/groups")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_one_time_link_leads_inside(page: Page, shop: Shop, owner_cookies: list[Any]) -> None:
    """A person who was added chooses a password by the link and is signed in; the link then is used up."""
    with client(shop.address, shop.till) as asked:
        added = asked.post("/api/v1/users", json={"email": "new@x.example", "name": "New", "role": "ANALYST"})
    if not added.is_success:
        pytest.skip("the person was added by an earlier run on this shop")
    address = f"/console/welcome#link={added.json()['link']['link']}&email=new@x.example"
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    page.get_by_role("button", name="Make one for me").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    expect(page.get_by_role("link", name="Customers", exact=True)).to_have_count(0)
    page.goto(address)
    page.reload()
    page.get_by_role("button", name="Make one for me").click()
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_role("alert")).to_be_visible()
    assert owner_cookies


@pytest.mark.parametrize("email, buttons", [(SUPPORT, 1), (MARKETER, 0)])
def test_who_may_not_change_customers_is_offered_no_adjustment(
    context: BrowserContext, page: Page, shop: Shop, email: str, buttons: int
) -> None:
    """A marketer reads the explanation that support may act on; of a past instant nobody adjusts."""
    context.add_cookies(cookies_of(shop, email))  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    address = f"/console/customers/{shop.ada}/targets/3001?period=2026-11"
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Why is it")
    expect(page.get_by_role("button", name="Adjust", exact=True)).to_have_count(buttons)
    page.goto(f"{address}&at=2026-11-20T12:00:00Z")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Why is it")
    expect(page.get_by_role("button", name="Adjust", exact=True)).to_have_count(0)


def test_a_role_sees_what_it_may(context: BrowserContext, page: Page, shop: Shop) -> None:
    """Support has customers, and neither people nor a button to define."""
    context.add_cookies(cookies_of(shop, SUPPORT))  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/console/groups")
    expect(page.get_by_role("link", name="Monthly spend")).to_be_visible()
    expect(page.get_by_role("link", name="New target group")).to_have_count(0)
    expect(page.get_by_role("link", name="People")).to_have_count(0)
    page.goto("/console/groups/new")
    expect(page.get_by_text("definitions:write")).to_be_visible()
    page.goto("/console/people")
    expect(page.get_by_text("You may not see or do this")).to_be_visible()
    assert "users:read" in json.dumps(page.get_by_role("alert").all_inner_texts())
