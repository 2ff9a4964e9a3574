"""Reading bodies of requests within limits, and writing answers with exact numbers."""

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from milepost.model.amount import UNITS_PER_ONE
from milepost.model.problem import Problem, Refused

BODY_BYTES_MAX = 1024 * 1024
BATCH_BYTES_MAX = 10 * 1024 * 1024
DEPTH_MAX = 32
ENCODING_SHOWN_MAX = 40
ID_MAX = 2**63 - 1
ID_DIGITS_MAX = 19
DIGITS_MAX = 28
"""Significant digits of any number in a body; amounts that are counted have fewer (model/amount.py)."""

Number = Annotated[Any, msgspec.Meta(extra_json_schema={"type": "number"})]
"""A number in an answer, exact."""

NumberOrNull = Annotated[Any, msgspec.Meta(extra_json_schema={"type": ["number", "null"]})]
"""A number in an answer, or null."""

Amount = Annotated[Any, msgspec.Meta(extra_json_schema={"type": ["number", "string"]})]
"""An amount in a request: a number, or a text that is one."""

_DECIMALS = tuple(f".{rest:04d}".rstrip("0").encode() for rest in range(UNITS_PER_ONE))
"""The decimals of an amount by its remainder in units. A table, because some nine amounts are written per event."""

_encoder = msgspec.json.Encoder(decimal_format="number")
_anything = msgspec.json.Decoder(float_hook=Decimal)


class TooLarge(Exception):
    """A body is larger than its limit."""

    def __init__(self, limit: int) -> None:
        """Name the *limit* in bytes."""
        super().__init__(f"the body is larger than {limit} bytes")


class Encoded(Exception):
    """A body is compressed, or otherwise encoded."""

    def __init__(self, encoding: str) -> None:
        """Name the *encoding*."""
        super().__init__(f"a body is sent as it is: Content-Encoding {encoding[:ENCODING_SHOWN_MAX]!r} is not taken")


async def read_body(request: Request, limit: int = BODY_BYTES_MAX) -> bytes:
    """Return the body of *request*; raises TooLarge as soon as it is known to exceed *limit* bytes.

    Raises Encoded for a compressed one before anything of it is read: what it would become could have any size.
    """
    encoding = request.headers.get("content-encoding", "").strip()
    if encoding and encoding.lower() != "identity":
        raise Encoded(encoding)
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > limit:
        raise TooLarge(limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise TooLarge(limit)
        parts.append(part)
    return b"".join(parts)


def read_json(body: bytes) -> Any:
    """Return the JSON value of *body*, with exact decimals; raises Refused if it is not JSON or too deep."""
    try:
        value = _anything.decode(body)
    except RecursionError:
        raise Refused(Problem("", f"the JSON is deeper than {DEPTH_MAX} levels")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ArithmeticError) as error:
        raise Refused(Problem("", f"the body is not valid JSON: {error}")) from None
    if depth_passes(value, DEPTH_MAX):
        raise Refused(Problem("", f"the JSON is deeper than {DEPTH_MAX} levels"))
    return value


def depth_passes(value: object, levels: int) -> bool:
    """Return whether *value* nests deeper than *levels*."""
    if isinstance(value, dict):
        return levels == 0 or any(depth_passes(inner, levels - 1) for inner in value.values())
    if isinstance(value, list):
        return levels == 0 or any(depth_passes(inner, levels - 1) for inner in value)
    return False


def write_json(value: object) -> bytes:
    """Return *value* as JSON; decimals become numbers with all their digits."""
    return _encoder.encode(value)


class JsonResponse(Response):
    """An answer in JSON with exact numbers, made of structs, dicts and lists, or of ready bytes."""

    media_type = "application/json"

    def render(self, content: object) -> bytes:
        """Return the bytes of the answer."""
        return content if isinstance(content, bytes) else write_json(content)


def holds_nul(value: object) -> bool:
    """Return whether a text in *value* holds the character U+0000, which PostgreSQL cannot keep."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(holds_nul(name) or holds_nul(inner) for name, inner in value.items())
    return isinstance(value, list) and any(holds_nul(inner) for inner in value)


def id_of(text: str) -> int | None:
    """Return the id that *text* is; None if it is not a whole number from 0 to ID_MAX."""
    if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX):
        return None
    return int(text) if int(text) <= ID_MAX else None


def number(units: int) -> Any:
    """Return an amount in units as a JSON number with the fewest digits."""
    whole, rest = divmod(abs(units), UNITS_PER_ONE)
    if rest == 0:
        return whole if units >= 0 else -whole
    return msgspec.Raw((b"-%d%b" if units < 0 else b"%d%b") % (whole, _DECIMALS[rest]))
