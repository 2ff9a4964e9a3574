"""The clock of a sandbox is moved on the pages; a live organisation has none."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PATIENCE_MS, axe_violations, cookies_of
from tests.browser.shop import PLAYER, SANDBOX, WATCHER, Shop, client, read

START = "2026-03-02T00:00:00Z"
WEEKS: dict[str, Any] = {
    "name": "Weeks",
    "trackingType": "DEFAULT",
    "preferredTillId": 0,
    "totalPeriods": 2,
    "periods": [
        {"refCode": "week 10", "startDate": "2026-03-02", "endDate": "2026-03-08"},
        {"refCode": "week 11", "startDate": "2026-03-09", "endDate": "2026-03-15"},
    ],
    "targets": [
        {
            "name": "Spend in a week",
            "targetEntity": "TRANSACTION",
            "targetType": "SALES",
            "enrolmentMethod": "TRANSACTION",
            "defaultValues": [{"defaultValue": 50}],
        }
    ],
}
BILL: dict[str, Any] = {
    "id": "1",
    "source": "pos/1",
    "type": "TransactionAdd",
    "time": START,
    "customer": {"externalId": "anna"},
    "data": {"number": "1", "netAmount": 60},
}
BADGE = re.compile("^Sandbox")


@pytest.fixture
def playing(shop: Shop) -> None:
    """Empty the sandbox and let one customer buy in the first of two weeks."""
    with client(shop.address, shop.sandbox_till) as asked:
        read(asked.post("/api/v1/clock/reset", json={"clock": START}))
        if not read(asked.get("/v3/targetGroups?name=Weeks"))["data"]:
            read(asked.post("/v3/targetGroups", json=WEEKS))
        assert read(asked.post("/api/v1/events", json=BILL))["items"][0]["status"] == "applied"


def signed_in(context: BrowserContext, page: Page, shop: Shop, email: str) -> Page:
    """Return the overview as somebody sees it."""
    context.add_cookies(cookies_of(shop, email))  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/console/")
    return page


def violations_without_tooltip(page: Page) -> list[str]:
    """Return what axe finds once no tooltip of the badge is shown: one stands outside every landmark."""
    page.mouse.move(0, 899)
    expect(page.get_by_role("tooltip")).to_have_count(0)
    return axe_violations(page)


@pytest.mark.usefixtures("playing")
def test_the_clock_is_moved_and_the_sandbox_emptied(context: BrowserContext, page: Page, shop: Shop) -> None:
    """What came due is listed, the time is shown, no clock goes back, and a reset needs the name."""
    signed_in(context, page, shop, PLAYER)
    page.get_by_role("button", name=BADGE).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("status")).to_contain_text("2 Mar 2026")
    expect(drawer.get_by_role("status")).to_contain_text("stands still")
    assert [] == violations_without_tooltip(page)
    drawer.get_by_role("button", name="To the next end of a period").click()
    expect(drawer.get_by_text("A period closed · Weeks · week 10")).to_be_visible()
    expect(drawer.get_by_role("status")).to_contain_text("9 Mar 2026")
    drawer.get_by_role("textbox", name="By a span").fill("36h")
    drawer.get_by_role("button", name="Move: By a span").click()
    expect(drawer.get_by_role("status")).to_contain_text("10 Mar 2026")
    drawer.get_by_role("textbox", name="To an instant").fill("2026-03-01T00:00")
    drawer.get_by_role("button", name="Move: To an instant").click()
    expect(drawer.get_by_role("alert")).to_be_visible()
    drawer.get_by_role("switch", name="The clock stands still").click()
    expect(drawer.get_by_role("status")).to_contain_text("runs")
    emptied = drawer.get_by_role("button", name="Delete everything")
    expect(emptied).to_be_disabled()
    drawer.get_by_role("textbox", name="Type").fill(SANDBOX)
    emptied.click()
    expect(drawer.get_by_text("Nothing came due")).to_be_visible()
    with client(shop.address, shop.sandbox_till) as asked:
        assert [] == read(asked.get("/api/v1/customers?externalId=anna"))["items"]


@pytest.mark.usefixtures("playing")
def test_who_may_not_move_the_clock_looks_at_it(context: BrowserContext, page: Page, shop: Shop) -> None:
    """A marketer of the sandbox has the time, and no button that moves it."""
    signed_in(context, page, shop, WATCHER)
    page.get_by_role("button", name=BADGE).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("You may look at the clock.")).to_be_visible()
    expect(drawer.get_by_role("button", name="To what is due next")).to_have_count(0)
    expect(drawer.get_by_role("button", name="Delete everything")).to_have_count(0)
    assert [] == violations_without_tooltip(page)


def test_a_live_organisation_has_no_such_clock(owner: Page) -> None:
    """Control: the pages of the shop show no badge."""
    owner.goto("/console/")
    expect(owner.get_by_role("heading", level=1)).to_be_visible()
    expect(owner.get_by_role("button", name=BADGE)).to_have_count(0)
