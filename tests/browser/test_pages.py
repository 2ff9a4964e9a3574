"""Every page: it can be used by everybody, asks nobody else, and is small enough."""

import gzip
import re

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from milepost.api.http.pages.console import PAGES
from tests.browser.conftest import axe_violations
from tests.browser.shop import Shop

FIRST_LOAD_BYTES_MAX = 260_000
CHUNK_BYTES_MAX = 150_000
PAGES_SHOWN = {
    "/": "Overview",
    "/groups": "Target groups",
    "/groups?view=calendar": "Target groups",
    "/groups/<Monthly spend>": "Monthly spend",
    "/groups/<Monthly spend>?tab=summary": "Monthly spend",
    "/groups/<Monthly spend>?tab=targets": "Monthly spend",
    "/groups/<Monthly spend>?tab=versions": "Monthly spend",
    "/groups/<Ten visits>?tab=board": "Ten visits",
    "/groups/new": "New target group",
    "/groups/<Monthly spend>/edit": "Edit Monthly spend",
    "/customers": "Customers",
    "/customers/<ada>": "Ada Lindqvist",
    "/customers/<ada>?tab=events": "Ada Lindqvist",
    "/customers/<ada>?tab=deliveries": "Ada Lindqvist",
    "/customers/<ada>/targets/3001?period=2026-11&show=all": "Why is it 136.40 of 150?",
    "/customers/<ada>/targets/3002?period=2026-W47": "Why is it",
    "/events": "Events",
    "/events/pos%2Fmitte/bill-88213": "bill-88213",
    "/webhooks": "Webhooks",
    "/webhooks/1002": "crm",
    "/inspector": "Inspector",
    "/requests": "API log",
    "/people": "People",
}


def address_of(path: str, shop: Shop) -> str:
    """Return the path of a page with the ids of the shop in it."""
    filled = path.replace("<ada>", str(shop.ada))
    return "/console" + re.sub(r"<([^>]+)>", lambda found: str(shop.groups[found[1]]), filled)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES_SHOWN)
def test_a_page_opens_and_axe_finds_nothing(owner: Page, shop: Shop, path: str, scheme: str) -> None:
    """Each page has its heading, in light and in dark, and no violation."""
    owner.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    owner.goto(address_of(path, shop))
    expect(owner.get_by_role("heading", level=1)).to_contain_text(PAGES_SHOWN[path])
    owner.wait_for_load_state("networkidle")

    assert [] == axe_violations(owner)


def test_axe_sees_what_is_wrong(owner: Page) -> None:
    """The control: an image without a text is found."""
    owner.goto("/console/")
    expect(owner.get_by_role("heading", level=1)).to_be_visible()
    owner.evaluate("document.querySelector('main').append(document.createElement('img'))")

    assert any(one.startswith("image-alt") for one in axe_violations(owner))


def test_the_first_page_loads_little(owner: Page) -> None:
    """All scripts that the overview loads are below the limit, compressed."""
    names: set[str] = set()
    owner.on("response", lambda answer: names.add(answer.url) if answer.url.endswith(".js") else None)
    owner.goto("/console/")
    owner.wait_for_load_state("networkidle")

    sizes = [len(gzip.compress((PAGES / "assets" / name.rpartition("/")[2]).read_bytes())) for name in names]
    assert sizes
    assert sum(sizes) <= FIRST_LOAD_BYTES_MAX


def test_each_later_part_is_small() -> None:
    """Except for the parts of the first page, which are held together by the test above."""
    page = (PAGES / "index.html").read_text(encoding="utf-8")
    later = [file for file in (PAGES / "assets").glob("*.js") if file.name not in page]

    assert [] == [file.name for file in later if len(gzip.compress(file.read_bytes())) > CHUNK_BYTES_MAX]


def test_a_narrow_screen_shows_all_of_the_explanation(owner: Page, shop: Shop) -> None:
    """At 320 pixels nothing but tables and wide rows scrolls sideways, and the menu opens."""
    owner.set_viewport_size({"width": 320, "height": 720})
    owner.goto(address_of("/customers/<ada>/targets/3001?period=2026-11", shop))
    expect(owner.get_by_role("heading", level=1)).to_contain_text("136.40")

    assert owner.evaluate("document.documentElement.scrollWidth") <= 320
    owner.get_by_role("button", name="Menu").click()
    expect(owner.get_by_role("link", name="Target groups")).to_be_visible()


def test_unknown_addresses_say_so(owner: Page) -> None:
    """A page that is not there, and another organisation's customer, look the same as nothing."""
    owner.goto("/console/nowhere/at/all")
    expect(owner.get_by_text("There is no such page")).to_be_visible()
    owner.goto("/console/customers/1")
    expect(owner.get_by_role("alert")).to_be_visible()


def test_the_server_keeps_what_never_changes(shop: Shop) -> None:
    """The page is asked for each time; its parts, whose names change with them, are kept and compressed."""
    with httpx2.Client(base_url=shop.address) as client:
        page = client.get("/console/groups/5")
        name = re.findall(r'src="(/console/assets/[^"]+\.js)"', page.text)[0]
        part = client.get(name)

    assert "no-cache" == page.headers["cache-control"]
    assert "immutable" in part.headers["cache-control"]
    assert "gzip" == part.headers["content-encoding"]


def test_nothing_inline_may_run(owner: Page, context: BrowserContext) -> None:
    """The browser refuses a script that somebody managed to write into the page."""
    refused: list[str] = []
    owner.on("console", lambda message: refused.append(message.text) if "script" in message.text.lower() else None)
    page = context.new_page()
    page.on("console", lambda message: refused.append(message.text))
    page.goto("/console/")
    page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.ran = 1';"
        " document.body.append(one); }"
    )

    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in text for text in refused)
    page.close()
