"""`GET /docs`: the document as a page; the page and all that it loads come from this server."""

import re
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from milepost.api.http.pages.viewer import FILES
from tests.api.client import ApiClient

PAGE = "http://milepost/docs"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def fetched(front: ApiClient, address: str) -> httpx2.Response:
    """Return the answer of this server, which is asked for every file."""
    answered = front.send("GET", address)
    assert (200, address) == (answered.status_code, address)
    return answered


def test_the_browser_may_ask_this_server_alone(front: ApiClient) -> None:
    """The page and each of its files say so, and nothing that stands in the page itself is run."""
    for address in (PAGE, f"{PAGE}/begin.js", *(f"{PAGE}/{name}" for name in FILES)):
        told = fetched(front, address).headers["content-security-policy"]
        assert POLICY == dict(rule.strip().split(" ", 1) for rule in told.split(";"))


def test_everything_that_the_page_names_is_here(front: ApiClient) -> None:
    """Its scripts, its style, its picture and the document, by addresses that have no host."""
    page = fetched(front, PAGE)
    assert "text/html; charset=utf-8" == page.headers["content-type"]
    named = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    started = re.search(r'url: "([^"]*)"', fetched(front, f"{PAGE}/begin.js").text)
    assert started is not None
    assert {*named, started[1]} == {"openapi.json", "docs/begin.js", *(f"docs/{name}" for name in FILES)}
    found = {name: fetched(front, urljoin(PAGE, name)) for name in named}
    assert {"milepost"} == {urlsplit(str(answered.url)).hostname for answered in found.values()}
    assert "3.1.0" == found["openapi.json"].json()["openapi"]
    assert b"SwaggerUIBundle" in found["docs/swagger-ui-bundle.js"].content


def test_the_style_loads_nothing_more(front: ApiClient) -> None:
    """Pictures that it uses stand in it; it takes in no other style."""
    style = fetched(front, f"{PAGE}/swagger-ui.css").text
    assert [] == [link for link in re.findall(r"url\(\s*[\"']?([^\"')]*)", style) if not link.startswith("data:")]
    assert "@import" not in style


def test_the_document_is_not_checked_elsewhere(front: ApiClient) -> None:
    """The viewer would ask its makers' host whether the document is sound; it is told not to."""
    assert "validatorUrl: null" in fetched(front, f"{PAGE}/begin.js").text


@pytest.mark.parametrize("name", ["main.py", "..%2Fmain.py", "__init__.py"])
def test_other_files_of_the_package_are_not_given(front: ApiClient, name: str) -> None:
    """Only those that the page names."""
    assert 404 == front.send("GET", f"{PAGE}/{name}").status_code
