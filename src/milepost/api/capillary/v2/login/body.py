"""The key and secret of a client (facts 3.8, 7)."""

from typing import Any

from msgspec import Struct

from milepost.model.problem import Problem, Refused

TEXT_CHARACTERS_MAX = 200


class TokenRequest(Struct):
    """A client's key and secret."""

    key: str
    secret: str


def read_token_request(value: Any) -> TokenRequest:
    """Return the key and secret that a body holds; raises Refused with all its problems."""
    pair = (value.get("key"), value.get("secret")) if isinstance(value, dict) else (None, None)
    problems = [
        Problem(name, f"must be text of at most {TEXT_CHARACTERS_MAX} characters")
        for name, text in zip(("key", "secret"), pair, strict=True)
        if not isinstance(text, str) or len(text) > TEXT_CHARACTERS_MAX
    ]
    if problems:
        raise Refused(*problems)
    return TokenRequest(key=str(pair[0]), secret=str(pair[1]))
