"""`python3 dev.py screens`: pictures of the console's pages in light, dark and narrow, for people to look at.

With `--docs`, the small pictures of the README and the pages are made anew.
"""

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, cookies_of, missing
from tests.browser.shop import OWNER, Shop, client, opened, read, recalled

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "build" / "screens"
IMAGES = ROOT / "docs" / "images"
WIDE, NARROW, SMALL = (1280, 860), (375, 780), (1120, 700)
KINDS = ((WIDE, "light", "light"), (WIDE, "dark", "dark"), (NARROW, "light", "narrow"))
SETTLE_MS = 1_500
BACKTEST_MS = 120_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


class Screen(NamedTuple):
    """A page that is photographed: its name, its address, and what is done on it first."""

    name: str
    path: str
    prepare: Callable[[Page], None] | None = None
    in_docs: bool = False


def open_condition(page: Page) -> None:
    """Open the row of the bill that was too small."""
    page.get_by_role("button", name="bill-87990").click()
    page.get_by_text("currentTxn.value>=25").scroll_into_view_if_needed()


def run_backtest(page: Page) -> None:
    """Define a target with a condition and try it on the past."""
    page.get_by_role("textbox", name="Name").first.fill("December warm-up")
    page.get_by_role("button", name="Add a condition").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_test_id("goal-share").wait_for(timeout=BACKTEST_MS)
    page.evaluate("document.querySelector('[data-testid=goal-share]').scrollIntoView({block: 'end'})")


def open_drawer(page: Page) -> None:
    """Open the drawer with the requests of the page."""
    page.get_by_role("button", name="API of this page").click()


def preview_adjustment(page: Page) -> None:
    """Say by how much a value is to be corrected, and have shown what that would do."""
    page.get_by_role("button", name="Adjust", exact=True).click()
    page.get_by_role("textbox", name="Amount").fill("20")
    page.get_by_role("textbox", name="Reason").fill("The till was offline")
    page.get_by_role("button", name="Show what it does").click()
    page.get_by_text("From 136.40").wait_for()


def find_ada(page: Page) -> None:
    """Open the palette and type an e-mail address."""
    page.keyboard.press("Control+k")
    page.get_by_placeholder("Customer, target group or page").fill("ada.lindqvist0@example.com")
    page.get_by_role("button", name="Ada Lindqvist").wait_for()


def screens(shop: Shop) -> list[Screen]:
    """Return the screens of the shop."""
    ada, groups = f"/customers/{shop.ada}", shop.groups
    explanation = f"{ada}/targets/3001?period=2026-11"
    return [
        Screen("overview", "/", in_docs=True),
        Screen("groups", "/groups"),
        Screen("calendar", "/groups?view=calendar"),
        Screen("group", f"/groups/{groups['Monthly spend']}"),
        Screen("summary", f"/groups/{groups['Monthly spend']}?tab=summary"),
        Screen("board", f"/groups/{groups['Ten visits']}?tab=board"),
        Screen("editor", "/groups/new", run_backtest, in_docs=True),
        Screen("customer", ada),
        Screen("explanation", explanation, in_docs=True),
        Screen("condition", explanation, open_condition),
        Screen("adjust", explanation, preview_adjustment),
        Screen("events", "/events"),
        Screen("drawer", ada, open_drawer),
        Screen("palette", "/", find_ada),
        Screen("webhook", "/webhooks/1002"),
        Screen("delivery", delivery_path(shop), in_docs=True),
        Screen("requests", "/requests"),
        Screen("people", "/people"),
    ]


def delivery_path(shop: Shop) -> str:
    """Return the address of an achievement that was delivered."""
    with client(shop.address, shop.till) as asked:
        query = "state=DELIVERED&messageType=target.achieved&limit=1"
        found = read(asked.get(f"/api/v1/webhooks/1001/deliveries?{query}"))["items"][0]
    return f"/webhooks/1001/deliveries/{found['id']}"


def main() -> int:
    """Make the pictures; the exit code says whether there was a browser."""
    parser = argparse.ArgumentParser(prog="python3 dev.py screens", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--docs", action="store_true", help="renew the pictures in docs/images alone")
    parser.add_argument("--shop", help="the folder of a shop that runs already")
    given = parser.parse_args()
    if reason := missing():
        sys.stderr.write(f"No pictures: {reason}\n")
        return 1
    if given.shop:
        photograph(recalled(Path(given.shop)), docs=given.docs)
        return 0
    folder = Path(mkdtemp(prefix="milepost-shop-"))
    folder.chmod(0o755)
    try:
        with opened(folder) as shop:
            photograph(shop, docs=given.docs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def photograph(shop: Shop, *, docs: bool) -> None:
    """Make the pictures of all screens, or those of the pages."""
    cookies = cookies_of(shop, OWNER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        if docs:
            IMAGES.mkdir(exist_ok=True)
            for screen in screens(shop):
                if screen.in_docs:
                    take(browser, shop, screen, cookies, (SMALL, "light", IMAGES / f"console-{screen.name}.png"))
        else:
            SCREENS.mkdir(parents=True, exist_ok=True)
            for screen in screens(shop):
                for size, scheme, kind in (
                    (WIDE, "light", "light"),
                    (WIDE, "dark", "dark"),
                    (NARROW, "light", "narrow"),
                ):
                    take(browser, shop, screen, cookies, (size, scheme, SCREENS / f"{screen.name}-{kind}.png"))
        browser.close()


def take(
    browser: Browser, shop: Shop, screen: Screen, cookies: list[Any], how: tuple[tuple[int, int], Any, Path]
) -> None:
    """Make one picture."""
    (width, height), scheme, file = how
    context = browser.new_context(
        base_url=shop.address,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"/console{screen.path}")
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_timeout(SETTLE_MS)
    if screen.prepare is not None and not (width == NARROW[0] and screen.name == "editor"):
        screen.prepare(page)
        page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=file, full_page=False)
    sys.stderr.write(f"{file.relative_to(ROOT)}\n")
    context.close()


if __name__ == "__main__":
    sys.exit(main())
