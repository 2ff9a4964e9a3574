"""Engineers see messages leave: a webhook, its deliveries, each attempt, the signature (F1, F5)."""

from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.shop import Shop, bought, client, read

LONG_MS = 60_000


def test_a_newcomer_sees_a_verified_message(owner: Page, shop: Shop) -> None:
    """A webhook to the server's own receiver, a bill, and the message with a good signature."""
    owner.goto("/console/webhooks")
    owner.get_by_role("button", name="Add a webhook").click()
    owner.get_by_role("button", name="Send to the inspector").click()
    owner.get_by_label("Name", exact=True).fill(f"mine {uuid4().hex[:4]}")
    owner.get_by_role("button", name="Add a webhook").last.click()
    secret = owner.get_by_text("whsec_").inner_text()
    bill = bought(shop).event_id
    owner.get_by_role("link", name="Open it").click()
    first = owner.get_by_role("link", name="target.achieved").first
    expect(first).to_be_visible(timeout=LONG_MS)
    first.click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("target.achieved")
    expect(owner.get_by_text("delivered", exact=True)).to_be_visible(timeout=LONG_MS)
    expect(owner.get_by_role("link", name=bill)).to_be_visible()
    owner.get_by_role("textbox", name="Signing secret").fill(secret)
    owner.get_by_role("button", name="Verify").click()
    expect(owner.get_by_text("The signature is good.")).to_be_visible()
    owner.get_by_role("textbox", name="Signing secret").fill("whsec_MDEyMzQ1Njc4OWFiY2RlZg==")
    owner.get_by_role("button", name="Verify").click()
    expect(owner.get_by_text("The signature does not belong to this secret.")).to_be_visible()
    owner.goto("/console/inspector")

    expect(owner.get_by_text("signature verified").first).to_be_visible()


def attempted(shop: Shop, webhook_id: int) -> int:
    """Return a delivery of a webhook that was attempted."""
    cursor = ""
    with client(shop.address, shop.till) as asked:
        while True:
            page = read(asked.get(f"/api/v1/webhooks/{webhook_id}/deliveries?limit=100&cursor={cursor}"))
            if found := [one["id"] for one in page["items"] if one["attempts"] > 0]:
                return int(found[0])
            cursor = page["nextCursor"]
            assert cursor, "nothing was attempted"


def test_a_broken_webhook_is_found_from_the_overview(owner: Page, shop: Shop) -> None:
    """From the alert to the error of an attempt, and a message is sent again."""
    owner.goto("/console/")
    owner.get_by_role("link", name="Open: The webhook crm fails").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("crm")
    expect(owner.get_by_role("alert")).to_contain_text("Failing since")
    expect(owner.locator("tbody tr").first).to_contain_text("waiting")
    webhook_id = int(owner.url.rpartition("/")[2].partition("?")[0])
    owner.goto(f"/console/webhooks/{webhook_id}/deliveries/{attempted(shop, webhook_id)}")
    expect(owner.get_by_text("Attempt 1", exact=True)).to_be_visible()
    expect(owner.get_by_text("could not connect").first).to_be_visible()
    owner.get_by_role("button", name="Send again").click()

    expect(owner.get_by_text("It will be sent again.")).to_be_visible()


def test_an_event_appears_while_one_looks(owner: Page, shop: Shop) -> None:
    """Without reloading, with what it changed; a list that is paused stands still, also after a reload."""
    owner.goto("/console/events")
    table = owner.get_by_role("table", name="Latest events")
    expect(table.locator("tbody tr")).to_have_count(100)
    expect(table).to_contain_text(bought(shop).event_id)
    owner.get_by_role("button", name="Pause").click()
    expect(owner.get_by_text("The list stands still")).to_be_visible()
    assert "paused=yes" in owner.url
    later = bought(shop).event_id
    owner.wait_for_timeout(3_000)
    expect(table).not_to_contain_text(later)
    owner.get_by_role("button", name="Go on").click()
    expect(table).to_contain_text(later)
    owner.get_by_placeholder("Type, source, id or customer").fill(later)
    expect(table.locator("tbody tr")).to_have_count(1)
    owner.get_by_role("radiogroup", name="Which events").get_by_text("nothing").click()
    expect(owner.get_by_text("None of the latest events fits.")).to_be_visible()


def test_an_event_shows_what_it_changed(owner: Page, shop: Shop) -> None:
    """Its entries lead to the explanations of the targets that it changed."""
    owner.goto("/console/events")
    form = owner.locator("form")
    form.get_by_label("Source").fill("pos/mitte")
    form.get_by_label("Id").fill("bill-88213")
    owner.get_by_role("button", name="Show", exact=True).click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("bill-88213")
    owner.get_by_role("link", name="Spend 150").click()

    expect(owner.get_by_role("heading", level=1)).to_have_text("Why is it 136.40 of 150?")
    assert f"/customers/{shop.ada}/targets/" in owner.url


def test_the_log_has_the_request_that_failed(owner: Page) -> None:
    """Filtered by the address, which can be sent to somebody else."""
    owner.goto("/console/requests?show=failed")
    expect(owner.get_by_role("table")).to_contain_text("/api/v1/customers")
    expect(owner.get_by_role("table")).to_contain_text("400")
    owner.get_by_placeholder("Path, login or id on this page").fill("nothing is like this")

    expect(owner.get_by_text("There is no such request.")).to_be_visible()
