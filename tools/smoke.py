"""A package, installed in an environment of its own and used there as its users will."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Self

import httpx2
from packaging.utils import canonicalize_name

import dev

READY = re.compile(r"milepost ready on (http://\S+)")
ANSWER_SECONDS_MAX = 30
START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 60
GLANCE_SECONDS = 0.1

NOW = "2026-03-25T12:00:00Z"
GROUP = {
    "name": "March",
    "trackingType": "DEFAULT",
    "preferredTillId": 0,
    "totalPeriods": 1,
    "periods": [{"refCode": "2026-03", "startDate": "2026-03-01", "endDate": "2026-03-31"}],
    "targets": [
        {
            "name": "Spend in March",
            "targetEntity": "TRANSACTION",
            "targetType": "SALES",
            "enrolmentMethod": "TRANSACTION",
            "defaultValues": [{"defaultValue": 100}],
        }
    ],
}
BILL = {
    "id": "1",
    "source": "pos/1",
    "type": "TransactionAdd",
    "time": "2026-03-05T10:00:00Z",
    "customer": {"externalId": "anna"},
    "data": {"number": "1", "netAmount": 60},
}
EXPECTED = {"refCode": "2026-03", "goal": 100, "value": 60, "left": 40, "status": "RUNNING"}


class Failed(Exception):
    """A package does not do what it is released for."""


@dataclass(frozen=True, slots=True)
class FreshEnvironment:
    """A virtual environment in *folder* that holds Milepost and what it needs."""

    folder: Path

    @classmethod
    def made(cls, folder: Path, package: Path) -> Self:
        """Make one with *package* in it, and with it only versions that the lock file names; raises Failed."""
        venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
        constraints: list[str | Path] = ["--constraint", dev.LOCK, "--build-constraint", dev.LOCK]
        command: list[str | Path] = [dev.BIN / "uv", "pip", "install", "--quiet", "--no-config"]
        command += ["--python", folder / "bin" / "python", *constraints, package]
        if subprocess.run(command, check=False, env=dev.environment_of_installers()).returncode != 0:
            raise Failed(f"{package.name} cannot be installed.")
        return cls(folder)

    @property
    def packages(self) -> Path:
        """Where its packages lie."""
        (found,) = self.folder.glob("lib/python3*/site-packages")
        return found

    def names(self) -> set[str]:
        """Return the names of all packages in it."""
        return {canonicalize_name(found.name) for found in distributions(path=[str(self.packages)])}

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of its Milepost."""
        return [str(self.folder / "bin" / "milepost"), *arguments]

    def variables(self) -> dict[str, str]:
        """Return what its programs get of this process's environment: nothing that leads to another Milepost."""
        apart = ("MILEPOST_", "PYTHON", "VIRTUAL_ENV")
        return {name: value for name, value in os.environ.items() if not name.startswith(apart)}

    def run(self, *arguments: str) -> str:
        """Return what its Milepost prints; raises Failed."""
        done = subprocess.run(
            self.command(*arguments), cwd=self.folder, env=self.variables(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise Failed(f"`milepost {' '.join(arguments)}` failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def try_out(environment: FreshEnvironment, *, version: str, compiled: bool) -> None:
    """Use the Milepost of *environment*, from its version to a customer's progress; raises Failed."""
    expect("milepost version", f"milepost {version}\n", environment.run("version"))
    environment.run("--help")
    modules = [*(environment.packages / "milepost").rglob("*.so")]
    expect("whether there are compiled modules", compiled, bool(modules))
    expect("machineCode", compiled, json.loads(environment.run("version", "--json"))["machineCode"])
    data = environment.folder / "data"
    data.mkdir()
    try:
        expect("the period's progress", EXPECTED, progress(environment, data))
        environment.run("verify", "--data", str(data))
    finally:
        # Where root's account cannot reach the folder, the database lives elsewhere (store/lodging.py).
        shutil.rmtree((data / "postgres").resolve(), ignore_errors=True)


def expect(what: str, expected: object, actual: object) -> None:
    """Raise Failed unless *actual* is what was *expected*."""
    if expected != actual:
        raise Failed(f"{what}: expected {expected!r}, but got {actual!r}")


def progress(environment: FreshEnvironment, data: Path) -> dict[str, Any]:
    """Define a target, post a bill and read the customer's progress, all through HTTP and on a new database."""
    environment.run("org", "add", "Smoke", "--zone", "UTC", "--data", str(data))
    till = json.loads(environment.run("till", "add", "shop-1", "--org", "Smoke", "--data", str(data)))
    login = ("shop-1", till["password"])
    with (
        serving(environment, data) as address,
        httpx2.Client(base_url=address, auth=login, timeout=ANSWER_SECONDS_MAX, trust_env=False) as client,
    ):
        expect("the console", None, what_lacks(client))
        answered(client.post("/v3/targetGroups", json=GROUP))
        answered(client.post("/api/v1/events", json=BILL))
        customer = answered(client.get("/api/v1/customers", params={"externalId": "anna"}))["items"][0]["id"]
        found = answered(client.get(f"/api/v1/customers/{customer}/progress"))
    period = found["groups"][0]["targets"][0]["periods"][0]
    return {name: period[name] for name in EXPECTED}


def what_lacks(client: httpx2.Client) -> str | None:
    """Return what lacks of the console's pages: the package holds them, and a server needs no Node.js for them."""
    page = client.get("/console/")
    parts = re.findall(r'(?:src|href)="(/console/assets/[^"]+)"', page.text)
    absent = [part for part in parts if not client.get(part).is_success]
    return None if parts and not absent else f"{page.status_code}, parts {parts}, absent {absent}"


def answered(response: httpx2.Response) -> Any:
    """Return the body of *response*; raises Failed if it is a refusal."""
    if not response.is_success:
        raise Failed(f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}")
    return response.json()


@contextmanager
def serving(environment: FreshEnvironment, data: Path) -> Iterator[str]:
    """Run the server on the folder *data* and give its address; raises Failed unless it starts, and stops as asked."""
    command = environment.command("serve", "--data", str(data), "--port", "0", "--clock", NOW)
    log = environment.folder / "serve.log"
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(command, cwd=environment.folder, env=environment.variables(), stderr=said)
    try:
        yield address_of(process, log)
    finally:
        process.terminate()
        code = process.wait(STOP_SECONDS_MAX)
    expect("the server's exit code", 128 + signal.SIGTERM, code)


def address_of(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Wait for the line in *log* that says where the server answers; raises Failed with its last words."""
    until = time.monotonic() + START_SECONDS_MAX
    while process.poll() is None and time.monotonic() < until:
        if ready := READY.search(log.read_text(encoding="utf-8")):
            return ready[1]
        time.sleep(GLANCE_SECONDS)
    raise Failed(f"The server did not start. It said:\n{log.read_text(encoding='utf-8')}")
