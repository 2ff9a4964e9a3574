"""`GET /console`: the pages are served from a folder, with headers that let nothing foreign in."""

import re
from pathlib import Path

import pytest

from milepost.api.http.pages import console
from tests.api.client import ApiClient

PAGE = """<!doctype html><meta name="style-nonce" content="__NONCE__">
<script type="module" src="/console/assets/index-abc.js"></script>"""
SCRIPT = "console.log('milepost');" * 50


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with built pages of one script, which the server serves."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "assets" / "index-abc.js").write_text(SCRIPT)
    monkeypatch.setattr(console, "PAGES", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize("path", ["/console", "/console/", "/console/groups/7?tab=board", "/console/events/a%2Fb/1"])
def test_each_address_inside_leads_to_the_page(front: ApiClient, path: str) -> None:
    """Somebody can be sent an address, and a browser asks for the page each time."""
    answered = front.send("GET", f"http://milepost{path}")

    assert (200, "no-cache") == (answered.status_code, answered.headers["cache-control"])
    assert "index-abc.js" in answered.text


@pytest.mark.usefixtures("pages")
def test_styles_need_the_nonce_of_the_answer(front: ApiClient) -> None:
    """It is another one each time, and scripts may not stand in the page at all."""
    first, second = (front.send("GET", "http://milepost/console/") for _ in range(2))
    nonces = [re.findall(r"'nonce-([^']+)'", one.headers["content-security-policy"])[0] for one in (first, second)]
    policy = first.headers["content-security-policy"]

    assert nonces[0] in first.text
    assert nonces[0] != nonces[1]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.usefixtures("pages")
def test_parts_are_kept_and_compressed(front: ApiClient) -> None:
    """Their names change with what they hold."""
    path = "http://milepost/console/assets/index-abc.js"
    packed = front.send("GET", path, headers={"Accept-Encoding": "gzip"})
    plain = front.send("GET", path, headers={"Accept-Encoding": "identity"})

    assert ("gzip", None) == (packed.headers["content-encoding"], plain.headers.get("content-encoding"))
    assert "immutable" in packed.headers["cache-control"]
    assert SCRIPT == packed.text == plain.text


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize("name", ["index-old.js", "..%2Findex.html", "%2e%2e%2findex.html"])
def test_other_files_are_not_given(front: ApiClient, name: str) -> None:
    """Neither parts of an earlier build nor files beside the folder."""
    assert 404 == front.send("GET", f"http://milepost/console/assets/{name}").status_code


def test_a_new_build_is_served_at_once(front: ApiClient, pages: Path) -> None:
    """Without a new start of the server."""
    before = front.send("GET", "http://milepost/console/").text
    (pages / "index.html").write_text(PAGE + "<p>new</p>")

    assert "<p>new</p>" not in before
    assert "<p>new</p>" in front.send("GET", "http://milepost/console/").text


def test_without_pages_a_sentence_says_what_is_missing(
    front: ApiClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API works all the same."""
    monkeypatch.setattr(console, "PAGES", tmp_path / "nowhere")
    answered = front.send("GET", "http://milepost/console/")

    assert 503 == answered.status_code
    assert "not part of this installation" in answered.text
    assert 200 == front.send("GET", "http://milepost/healthz").status_code


def test_the_host_alone_leads_to_the_console(front: ApiClient) -> None:
    """For a person who typed nothing more."""
    answered = front.send("GET", "http://milepost/")

    assert (307, "/console/") == (answered.status_code, answered.headers["location"])


def test_a_script_is_not_asked_for_a_password_by_the_browser(front: ApiClient) -> None:
    """A page shows its own form; whoever opens an address of the API directly is still asked."""
    scripted = front.send("GET", "http://milepost/api/v1/session", headers={"Sec-Fetch-Dest": "empty"})
    opened = front.send("GET", "http://milepost/api/v1/session")

    assert (401, 401) == (scripted.status_code, opened.status_code)
    assert scripted.headers["www-authenticate"].startswith("Session")
    assert opened.headers["www-authenticate"].startswith("Basic")
