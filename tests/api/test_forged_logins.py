"""Attackers at the door: forged tokens, passwords of tills that do not exist, and bodies that would inflate."""

import gzip
import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import pytest

from milepost.service.organisations.provisioning import add_key, add_till
from milepost.service.snapshot import passwords
from tests.api.client import OrganisationClient, json_of
from tests.api.client_forms import bill

PATH = "/api/v1/zones"
EVENTS = "/api/v1/events"
VENDOR_HEADER = "x-cap-api-oauth-token"
MEBIBYTE = 1024 * 1024


def _part(value: object) -> str:
    """Return one part of a JSON Web Token."""
    return b64encode(json.dumps(value).encode()).decode().rstrip("=").replace("+", "-").replace("/", "_")


def _signed(**header: str) -> str:
    """Return a JSON Web Token that says it is an administrator's."""
    return f"{_part({'typ': 'JWT'} | header)}.{_part({'sub': 'admin', 'role': 'ADMIN', 'exp': 2**40})}.c2lnbmVk"


FORGED: dict[str, Callable[[str], str]] = {
    "its first character missing": lambda token: token[1:],
    "its last character missing": lambda token: token[:-1],
    "its first half": lambda token: token[: len(token) // 2],
    "its last half": lambda token: token[len(token) // 2 :],
    "one character": lambda token: token[:1],
    "its first character changed": lambda token: ("b" if token[0] == "a" else "a") + token[1:],
    "its last character changed": lambda token: token[:-1] + ("b" if token[-1] == "a" else "a"),
    "a character more": lambda token: token + "A",
    "padding": lambda token: token + "=",
    "twice": lambda token: token + token,
    "two in a list": lambda token: f"{token},{token}",
    "reversed": lambda token: token[::-1],
    "the other case": lambda token: token.swapcase(),
    "a space inside": lambda token: token[:5] + " " + token[5:],
    "a tab inside": lambda token: token[:5] + "\t" + token[5:],
    "quoted": lambda token: f'"{token}"',
    "escaped": lambda token: "".join(f"%{ord(character):02x}" for character in token),
    "as base64": lambda token: b64encode(token.encode()).decode(),
    "as hex": lambda token: token.encode().hex(),
    "its digest, which is what is stored": lambda token: sha256(token.encode()).hexdigest(),
    "a scheme before it": lambda token: f"Token {token}",
    "another scheme": lambda token: f"Basic {token}",
    "a comment of SQL": lambda token: f"{token}'--",
    "a condition of SQL": lambda _: "' or '1'='1",
    "a pattern of SQL": lambda _: "%",
    "a pattern": lambda _: ".*",
    "a wildcard": lambda _: "*",
    "null": lambda _: "null",
    "undefined": lambda _: "undefined",
    "true": lambda _: "true",
    "zero": lambda _: "0",
    "a path": lambda _: "../../etc/passwd",
    "a template": lambda _: "${jndi:ldap://localhost/a}",
    "JSON": lambda token: json.dumps({"accessToken": token}),
    "unsigned, by algorithm none": lambda _: _signed(alg="none").rpartition(".")[0] + ".",
    "unsigned, by algorithm None": lambda _: _signed(alg="None"),
    "signed by HS256": lambda _: _signed(alg="HS256"),
    "signed by RS256": lambda _: _signed(alg="RS256"),
    "signed by a key of its own": lambda _: _signed(alg="HS256", jku="http://localhost/keys"),
    "signed by a key that is a file": lambda _: _signed(alg="HS256", kid="/dev/null"),
    "very long": lambda token: token * 500,
}
"""Forged tokens by what they are, made from a valid one."""


@pytest.mark.parametrize("header, prefix", [(VENDOR_HEADER, ""), ("authorization", "Bearer ")])
def test_no_forged_token_is_a_login(organisation: OrganisationClient, header: str, prefix: str) -> None:
    """Each is refused with the same answer; the token of which they are made is a login before and after."""
    client = organisation.client
    added = client.run(
        lambda: add_key(
            client.runtime.database, name="pos", organisation=organisation.organisation.name, now=client.clock()
        )
    )
    answered = client.send("POST", "/v3/oauth/token/generate", json={"key": added.key, "secret": added.secret})
    token = json_of(answered)["data"]["accessToken"]

    def answer(text: str) -> tuple[int, Any]:
        found = client.send("GET", PATH, headers={header: prefix + text})
        return found.status_code, None if found.status_code == 200 else json_of(found)

    refused = (401, {"problems": [{"path": "", "reason": "the login is missing or wrong"}]})
    assert len(FORGED) >= 30
    assert (200, None) == answer(token)
    others = {"the key": added.key, "the secret": added.secret}
    forged = {what: forge(token) for what, forge in FORGED.items()} | others
    assert dict.fromkeys(forged, refused) == {what: answer(text) for what, text in forged.items()}
    assert (200, None) == answer(token)


@pytest.mark.parametrize("password", ["a wrong password", "0123456789abcdef0123456789abcdef"])
def test_an_unknown_till_costs_the_work_of_a_known_one(
    organisation: OrganisationClient, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    """As many hashes of the same cost are verified, so the time of an answer does not tell which tills exist."""
    verified: list[str] = []
    matches = passwords._matches

    def counted(stored_hash: str, forms: Sequence[str]) -> bool:
        verified.extend(stored_hash.rpartition("$")[0].rpartition("$")[0] for _ in forms)
        return matches(stored_hash, forms)

    def work(code: str) -> list[str]:
        verified.clear()
        header = "Basic " + b64encode(f"{code}:{password}".encode()).decode()
        assert 401 == organisation.client.send("GET", PATH, headers={"authorization": header}).status_code
        return [*verified]

    monkeypatch.setattr(passwords, "_matches", counted)
    database, name = organisation.client.runtime.database, organisation.organisation.name
    added = organisation.client.run(lambda: add_till(database, code=f"second {name}", organisation=name))
    known, unknown = work(added.till.code), work("no such till")
    assert len(known) == len(passwords.till_forms(password))
    assert known == unknown


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "unknown"])
def test_a_compressed_body_is_not_inflated(organisation: OrganisationClient, encoding: str) -> None:
    """A bill that would be valid is refused while it is compressed, and so is a body of 64 MiB in 64 KiB."""
    before = organisation.stored()
    pack = zlib.compress if encoding == "deflate" else gzip.compress
    spaces = b" " * (64 * MEBIBYTE)
    for content in (pack(json.dumps([bill()]).encode()), pack(spaces)):
        answered = organisation.send(
            "POST", EVENTS, content=content, headers={"content-encoding": encoding, "content-type": "application/json"}
        )
        assert (415, True) == (answered.status_code, "a body is sent as it is" in answered.text)
    assert before == organisation.stored()


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
def test_a_body_that_only_seems_compressed_is_read_as_it_is(organisation: OrganisationClient, encoding: str) -> None:
    """What is said to be sent as it is, is; a compressed one is no JSON then."""
    headers = {"content-encoding": encoding, "content-type": "application/json"}
    body = json.dumps([bill()]).encode()
    refused = organisation.send("POST", EVENTS, content=gzip.compress(body), headers=headers)
    assert (400, True) == (refused.status_code, "is not valid JSON" in refused.text)
    taken = organisation.send("POST", EVENTS, content=body, headers=headers)
    assert ["applied"] == [item["status"] for item in json_of(taken)["items"]]


def test_the_same_bill_is_received_as_it_is(organisation: OrganisationClient) -> None:
    """The control of the test above: uncompressed it is valid."""
    assert ["applied"] == [item["status"] for item in organisation.send_events(bill())]
