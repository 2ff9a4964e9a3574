"""`GET /docs`: the document as a page to read and to try, whose every part comes from this server.

The viewer is Swagger UI, from the installed package that carries it. The page holds no script or style of its own, and
tells the browser to load and to ask nothing but this server.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)

CARRIER = "fastapi_swagger"
"""The package of the files; it is found, not imported."""

FILES = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Milepost API</title>
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<noscript>The document itself is at <a href="openapi.json">openapi.json</a>.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/begin.js"></script>
</body>
</html>
"""

BEGIN = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null
});
"""
"""Without `validatorUrl: null` the viewer would show the document to a host of its makers."""


@router.get("/docs")
async def docs() -> Response:
    """Show the document."""
    return Response(PAGE, media_type="text/html", headers=HEADERS)


@router.get("/docs/begin.js")
async def begin() -> Response:
    """Return what starts the viewer."""
    return Response(BEGIN, media_type="text/javascript", headers=HEADERS)


@router.get("/docs/{name}")
async def viewer_file(name: str) -> Response:
    """Return a file of the viewer."""
    if name not in FILES:
        raise HTTPException(404, "there is no such file")
    return FileResponse(_folder() / name, headers=HEADERS)


@cache
def _folder() -> Path:
    """Return the folder of the viewer's files."""
    found = find_spec(CARRIER)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "resources"
