"""`GET /docs`: the OpenAPI document as a page to read and try out. All parts of the page come from this server.

The viewer is Swagger UI, from the files of an installed package. The page has no inline script or style, and its
headers forbid the browser to load anything from other hosts.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)

CARRIER = "fastapi_swagger"
"""The package with the files of Swagger UI; it is found, not imported."""

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
"""Without `validatorUrl: null` Swagger UI would send the address of the document to a public validator."""


@router.get("/docs")
async def docs() -> Response:
    """Return the page of the viewer."""
    return Response(PAGE, media_type="text/html", headers=HEADERS)


@router.get("/docs/begin.js")
async def begin() -> Response:
    """Return the script that starts the viewer."""
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
    package = find_spec(CARRIER)
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "resources"
