"""What the tests in a browser share: Chromium, a shop that is served, and somebody who is signed in."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import BrowserContext, Page, Request

from milepost.api.http.pages.console import PAGES
from tests.browser.shop import OWNER, PASSWORD, Shop, opened, recalled

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_MS = 20_000


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option by which tests look at a shop that runs already (`python -m tests.browser.shop FOLDER PORT`)."""
    parser.addoption("--shop", default=None, help="the folder of a shop that runs")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all tests of this folder, with the reason, where there is no browser or where the pages are not built."""
    reason = missing()
    for item in items:
        if reason and Path(__file__).parent in Path(str(item.path)).parents:
            item.add_marker(pytest.mark.skip(reason=reason))


def missing() -> str | None:
    """Return what is missing to test in a browser."""
    if CHROMIUM is None:
        return "there is no Chromium: apt-get install chromium"
    if not (PAGES / "index.html").exists():
        return "the pages are not built: python3 dev.py browser builds them"
    return None


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Start the machine's Chromium; a container has neither a sandbox for root nor much shared memory."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    return {"executable_path": CHROMIUM, "args": arguments}


@pytest.fixture(scope="session")
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Return a shop that is filled and served."""
    if running := request.config.getoption("--shop"):
        yield recalled(Path(running))
        return
    # Not below pytest's own folder: that is closed to the account which root steps down to.
    folder = Path(mkdtemp(prefix="milepost-shop-"))
    folder.chmod(0o755)
    try:
        with opened(folder) as one:
            yield one
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def browser_context_args(shop: Shop) -> dict[str, Any]:
    """Give each page the address of the shop, so that tests name paths alone."""
    return {"base_url": shop.address, "locale": "en-GB", "viewport": {"width": 1280, "height": 900}}


@pytest.fixture(scope="session")
def owner_cookies(shop: Shop) -> list[dict[str, Any]]:
    """Return the cookies of the owner's session; signing in once is enough for most tests."""
    return cookies_of(shop, OWNER)


def cookies_of(shop: Shop, email: str) -> list[dict[str, Any]]:
    """Sign somebody in without a browser and return the cookies of the session."""
    with httpx2.Client(base_url=shop.address, timeout=60) as client:
        answered = client.post("/api/v1/session", json={"email": email, "password": PASSWORD})
        assert answered.is_success, answered.text
        host = urlsplit(shop.address).hostname
        return [{"name": name, "value": value, "domain": host, "path": "/"} for name, value in client.cookies.items()]


@pytest.fixture
def owner(context: BrowserContext, page: Page, owner_cookies: list[Any], shop: Shop) -> Iterator[Page]:
    """Return a page on which the owner is signed in; it asks nothing of another host, and no script of it fails."""
    context.add_cookies(owner_cookies)
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    foreign: list[str] = []

    def look(request: Request) -> None:
        if not request.url.startswith((shop.address, "data:", "blob:")):
            foreign.append(request.url)

    page.on("request", look)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    yield page
    assert [] == foreign
    assert [] == errors


def axe_violations(page: Page) -> list[str]:
    """Return what axe finds wrong with the page: the rule and the elements."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [f"{one['id']}: {[node['html'][:160] for node in one['nodes'][:4]]}" for one in found]
