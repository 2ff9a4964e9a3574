"""`GET /console`: the pages for people. They are built from `web/` into `ui/`, and use the documented API alone.

Files with a hash in their name are kept by the browser for a year; the page itself is asked for each time. Its headers
forbid the browser to load anything from other hosts, and styles that stand in the page unless they carry its nonce.
"""

import gzip
import secrets
from collections.abc import Mapping
from functools import lru_cache
from mimetypes import guess_type
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

router = APIRouter(include_in_schema=False)

PAGES = Path(__file__).parents[3] / "ui"
"""What the build of `web/` makes."""

NONCE = "__NONCE__"
"""What stands in the page for the nonce of its styles."""

NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Milepost</title></head>
<body><p>The pages of the console are not part of this installation: they are built from the folder web by
<code>python3 dev.py serve</code>, which needs Node.js 20 or newer or a package index. The API works without them, and
<a href="/docs">its document</a> is here.</p></body>
</html>
"""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
KEPT = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
ASKED_AGAIN = {"Cache-Control": "no-cache"}
COMPRESSED = frozenset({".js", ".css", ".svg"})


class Asset(NamedTuple):
    """A file of the pages: its bytes, the same compressed if that is worth it, and its media type."""

    content: bytes
    compressed: bytes | None
    media_type: str


@router.get("/", include_in_schema=False)
async def root() -> RedirectResponse:
    """Lead a person who typed only the host to the pages."""
    return RedirectResponse("/console/")


@router.get("/console/assets/{name}")
async def asset(name: str, request: Request) -> Response:
    """Return a file that the pages load."""
    found = _assets(PAGES, _built_at(PAGES)).get(name)
    if found is None:
        raise HTTPException(404, "there is no such file")
    headers = HEADERS | KEPT
    if found.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.compressed, media_type=found.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(found.content, media_type=found.media_type, headers=headers)


@router.get("/console")
@router.get("/console/{path:path}")
async def page(path: str = "") -> Response:
    """Return the page, whatever is to be shown on it: an address inside the console can be opened directly."""
    if path.startswith("assets/"):
        raise HTTPException(404, "there is no such file")
    nonce = secrets.token_urlsafe(16)
    headers = HEADERS | ASKED_AGAIN | {"Content-Security-Policy": POLICY.format(nonce=nonce)}
    text = _page(PAGES, _built_at(PAGES))
    if text is None:
        return Response(NOT_BUILT, status_code=503, media_type="text/html", headers=headers)
    return Response(text.replace(NONCE, nonce), media_type="text/html", headers=headers)


def _built_at(folder: Path) -> int:
    """Return when the pages were built; what is kept in memory is that of one build."""
    try:
        return (folder / "index.html").stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@lru_cache(maxsize=1)
def _page(folder: Path, _built_at: int) -> str | None:
    file = folder / "index.html"
    return file.read_text(encoding="utf-8") if file.exists() else None


@lru_cache(maxsize=1)
def _assets(folder: Path, _built_at: int) -> Mapping[str, Asset]:
    """Return all files by name; they are read once, so no name can lead out of the folder."""
    files = (folder / "assets").iterdir() if (folder / "assets").is_dir() else ()
    return {file.name: _read(file) for file in files if file.is_file()}


def _read(file: Path) -> Asset:
    content = file.read_bytes()
    compressed = gzip.compress(content, mtime=0) if file.suffix in COMPRESSED else None
    return Asset(content, compressed, guess_type(file.name)[0] or "application/octet-stream")
