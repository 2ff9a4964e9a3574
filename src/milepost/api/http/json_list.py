"""JSON lists of which some items hold broken text: half of a surrogate pair, or bytes that are no UTF-8.

One such item makes the whole list invalid JSON. Here its text is mended just to find where each item begins and ends.
The items themselves stay as they came, so that a broken one is refused and its neighbours are not (facts 8 #68).
"""

import json
import re
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from milepost.api.http.body import read_json
from milepost.model.problem import Problem, Refused

_raw_items = msgspec.json.Decoder(list[Raw])

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
"""An escape in a JSON text: a surrogate pair, half of one, or any other."""

BROKEN_TEXT = "holds a broken character: half of a surrogate pair, or bytes that are not UTF-8"


def list_items(body: bytes) -> list[bytes]:
    """Return the JSON text of each item of *body*, a JSON list. Raises msgspec.DecodeError if it is none."""
    try:
        return [bytes(item) for item in _raw_items.decode(body)]
    except msgspec.DecodeError:
        mended = _mended(body)
        if mended == body:
            raise
    items: list[bytes] = []
    at = body.index(b"[") + 1
    for item in _raw_items.decode(mended):
        text = bytes(item)
        at = mended.index(text, at)
        items.append(body[at : at + len(text)])
        at += len(text)
    return items


def broken_texts(body: bytes) -> list[Problem]:
    """Return a problem for each text of *body* that is broken, with its path; none if *body* is broken otherwise."""
    try:
        value = json.loads(body.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return []
    return [Problem(path, BROKEN_TEXT) for path in _broken_paths(value, "")]


class BrokenItem(NamedTuple):
    """An item of a list that cannot be read, because texts in it are broken."""

    problems: tuple[Problem, ...]


def read_json_list(body: bytes) -> Any:
    """Return the JSON value of *body*. If it is a list, each item with broken texts becomes a `BrokenItem`.

    Raises Refused if *body* is not JSON even so, or too deep.
    """
    try:
        return read_json(body)
    except Refused:
        try:
            items = list_items(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
            items = []
        if not any(broken_texts(item) for item in items):
            raise
    return [BrokenItem(broken) if (broken := tuple(broken_texts(item))) else read_json(item) for item in items]


def _mended(body: bytes) -> bytes:
    """Return *body* with other characters, as many bytes long, in place of the broken ones."""
    text = body.decode("utf-8", "surrogateescape")
    whole = "".join("?" if "\udc80" <= character <= "\udcff" else character for character in text).encode()
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found["half"] else found[0], whole)


def _broken_paths(value: Any, path: str) -> list[str]:
    match value:
        case str():
            return [path] if _is_broken(value) else []
        case list():
            return [found for place, item in enumerate(value) for found in _broken_paths(item, f"{path}[{place}]")]
        case dict():
            inside = f"{path}." if path else ""
            names = [path for name in value if _is_broken(name)]
            return names + [
                found
                for name, item in value.items()
                if not _is_broken(name)
                for found in _broken_paths(item, f"{inside}{name}")
            ]
        case _:
            return []


def _is_broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
