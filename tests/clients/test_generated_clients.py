"""Two generators make whole clients of our OpenAPI document, and the clients speak with a server.

The generators are tools of their own: the one for Python is installed in an environment of its own, by the hashes of
`requirements.txt` beside this file; those for TypeScript come from npm, in the versions below.
"""

import json
import re
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "openapi.json"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
NPM_PACKAGES = ("openapi-typescript@7.13.0", "openapi-fetch@0.17.0", "typescript@5.9.3")
READY = re.compile(r"http://[\w.:]+")
TIMEOUT_SECONDS = 280

CONFIG = """
content_type_overrides:
  text/csv: application/octet-stream
  application/x-ndjson: application/octet-stream
post_hooks: []
"""
"""Files are bytes for this generator; without the first lines it leaves out the call that takes a file alone."""

PYTHON_CALLS = """
import json, sys
from made import AuthenticatedClient
from made.api.target_groups import create_target_group, get_defined_groups
from made.models import GroupBody

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2], prefix="Basic")
made = create_target_group.sync(client=client, body=GroupBody.from_dict(json.loads(sys.argv[3])))
listed = get_defined_groups.sync(client=client, include_user_created_target_groups=True)
print(json.dumps([made.data.name, [[group.name, len(group.targets)] for group in listed.data]]))
"""

TYPESCRIPT_CALLS = """
import createClient from "openapi-fetch";
import type { paths, components } from "./api";

declare const process: { argv: string[] };
const [address, token, body] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl: address, headers: { Authorization: `Basic ${token}` } });
const group: components["schemas"]["GroupBody"] = JSON.parse(body);
const made = await client.POST("/v3/targetGroups", { body: group });
const listed = await client.GET("/v3/targetGroups", { params: { query: { includeUserCreatedTargetGroups: true } } });
const name: string | undefined = made.data?.data.name;
console.log(JSON.stringify([name, listed.data?.data.map((one) => [one.name, one.targets?.length])]));
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


class Server(NamedTuple):
    """A running server, and the token of a till's Basic login."""

    address: str
    token: str


def run(command: Sequence[str | Path], folder: Path) -> str:
    """Run *command* to its end and return what it says; a failure shows all of it."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", name="server")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server with an organisation and a till."""
    folder = tmp_path_factory.mktemp("server")
    milepost, data = [sys.executable, "-m", "milepost"], ["--data", str(folder / "data")]
    run([*milepost, "org", "add", "Clients", "--zone", "UTC", *data], folder)
    till = json.loads(run([*milepost, "till", "add", "shop", "--org", "Clients", *data], folder))
    log = folder / "log"
    with log.open("w") as said:
        process = subprocess.Popen([*milepost, "serve", "--port", "0", *data], stderr=said)
    try:
        yield Server(address_in(log), b64encode(f"shop:{till['password']}".encode()).decode())
    finally:
        process.terminate()
        process.wait(60)


def address_in(log: Path) -> str:
    """Return the address that the server names once it answers."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if found := READY.search(log.read_text()):
            return found[0]
        time.sleep(0.2)
    raise AssertionError(log.read_text())


def wanted(name: str) -> str:
    """Return the document's own example of a group, called *name*."""
    operation = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]["/v3/targetGroups"]["post"]
    example = operation["requestBody"]["content"]["application/json"]["example"]
    targets = [part | {"name": f"{name} {part['name']}"} for part in example["targets"]]
    return json.dumps(example | {"name": name, "targets": targets})


def test_a_python_client_is_whole_and_speaks(server: Server, tmp_path: Path) -> None:
    """openapi-python-client leaves out no call, and what it makes defines a group and lists it."""
    run([sys.executable, "-m", "venv", "tools"], tmp_path)
    tools = tmp_path / "tools/bin"
    run([tools / "pip", "install", "-q", "--require-hashes", "-r", REQUIREMENTS], tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG)
    options: list[str | Path] = [
        "--path",
        DOCUMENT,
        "--output-path",
        "made",
        "--meta",
        "none",
        "--config",
        "config.yaml",
    ]
    said = run([tools / "openapi-python-client", "generate", *options], tmp_path)
    (tmp_path / "calls.py").write_text(PYTHON_CALLS)
    operations = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].values()
    modules = {path.stem for path in (tmp_path / "made/api").glob("*/*.py")} - {"__init__"}

    assert "WARNING" not in said
    assert {part["operationId"] for operation in operations for part in operation.values()} == modules
    told = json.loads(run([tools / "python", "calls.py", server.address, server.token, wanted("Snake")], tmp_path))
    assert ("Snake", True) == (told[0], ["Snake", 1] in told[1])


@pytest.mark.skipif(shutil.which("npm") is None, reason="TYPESCRIPT CLIENT NOT TRIED: npm is not installed")
def test_a_typescript_client_is_whole_and_speaks(server: Server, tmp_path: Path) -> None:
    """openapi-typescript names each address, the compiler is content in its strict mode, and the client speaks."""
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}')
    run(["npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", *NPM_PACKAGES], tmp_path)
    run(["npx", "openapi-typescript", DOCUMENT, "-o", "api.d.ts"], tmp_path)
    (tmp_path / "calls.ts").write_text(TYPESCRIPT_CALLS)
    options = ["--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    run(["npx", "tsc", *options, "--lib", "es2022,dom,dom.iterable", "calls.ts"], tmp_path)
    addresses = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    types = (tmp_path / "api.d.ts").read_text(encoding="utf-8")

    assert [] == [address for address in addresses if f'"{address}": {{' not in types]
    told = json.loads(run(["node", "calls.js", server.address, server.token, wanted("Type")], tmp_path))
    assert ("Type", True) == (told[0], ["Type", 1] in told[1])
