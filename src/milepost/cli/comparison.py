"""`milepost compat compare`: recorded requests, sent again; what their answers are now, field by field."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from milepost.cli.differences import (
    ABSENT,
    KNOWN,
    READING,
    WRITING,
    Difference,
    Known,
    differences,
    explanation,
    made_ids,
    with_made_ids,
)
from milepost.cli.options import Json
from milepost.cli.output import tell
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    import httpx

EXIT_DIFFERENT = 1
SHOWN_MAX = 50
TIMEOUT_SECONDS = 60.0
NEEDED = "needs path and reason; may have methods (a list), request and added (true or false), and nothing else"
SHAPE = 'must be {"request": {"method", "path"}, "response": {"status", "body"}}'
LEFT_OUT = {
    *("host", "content-length", "connection", "transfer-encoding", "accept-encoding", "cookie"),
    *("authorization", "x-cap-api-oauth-token"),
}
"""Headers of the recorded request that are those of its connection and its login."""


class Pair(NamedTuple):
    """A recorded request with its answer, and where it stands."""

    name: str
    method: str
    path: str
    query: Any
    headers: dict[str, str]
    body: Any
    status: int
    answer: Any


class Compared(NamedTuple):
    """What became of one pair: fields that differ without a reason, and how many differ for each reason."""

    pair: Pair
    unexplained: list[Difference]
    explained: Counter[str]


def compare(
    recorded: Annotated[Path, typer.Argument(help="NDJSON, one recorded request with its response on a line")],
    url: Annotated[str, typer.Option("--url", help="address of the running Milepost, such as http://127.0.0.1:8700")],
    till: Annotated[str, typer.Option("--org-till", help="code of a till of the organisation")],
    password: Annotated[str, typer.Option("--password", help="its password", prompt=True, hide_input=True)],
    known: Annotated[Path | None, typer.Option("--known", help="JSON: a list of more explained differences")] = None,
    json: Json = False,
) -> None:
    """Send recorded requests again and compare the answers; exit code 1 if anything differs without a reason."""
    import httpx

    rules = [*(read_known(known) if known else ()), *KNOWN]
    pairs = read_pairs(recorded)

    async def run() -> list[Compared]:
        async with httpx.AsyncClient(base_url=url, auth=(till, password), timeout=TIMEOUT_SECONDS) as client:
            return await replay(pairs, client, rules)

    try:
        compared = asyncio.run(run())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Refused(Problem("--url", f"{url} does not answer: {error}")) from None
    report = report_of(compared)
    _give(report) if json else _show(report)
    if report["unexplained"]:
        raise typer.Exit(EXIT_DIFFERENT)


def read_pairs(file: Path) -> list[Pair]:
    """Return the pairs of a file; raises Refused with every line that is none."""
    from milepost.api.http.body import read_json

    found: list[Pair] = []
    problems: list[Problem] = []
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        name = f"{file.name}:{number}"
        try:
            found.append(_pair(name, read_json(line)))
        except Refused as refused:
            problems += [Problem(name, one.reason) for one in refused.problems]
    if problems:
        raise Refused(*problems[:SHOWN_MAX])
    return found


def read_known(file: Path) -> list[Known]:
    """Return the explained differences of a file; raises Refused when they are none."""
    from milepost.api.http.body import read_json

    told = read_json(b"\n".join(_lines(file)))
    found = [_known(one) for one in (told if isinstance(told, list) else [told])]
    wrong = [Problem(f"{file.name}[{place}]", NEEDED) for place, one in enumerate(found) if one is None]
    if wrong:
        raise Refused(*wrong)
    return [one for one in found if one is not None]


def _known(told: Any) -> Known | None:
    match told:
        case {"path": str(path), "reason": str(reason), **more}:
            methods = more.pop("methods", [*READING, *WRITING])
            request, added = more.pop("request", "*"), more.pop("added", False)
            if not more and isinstance(methods, list) and isinstance(request, str) and isinstance(added, bool):
                return Known(path, reason, tuple(map(str, methods)), request, added)
        case _:
            pass
    return None


async def replay(pairs: Sequence[Pair], client: "httpx.AsyncClient", known: Sequence[Known] = KNOWN) -> list[Compared]:
    """Send each request in turn and compare; ids that were made on the way stand in later requests and answers."""
    made: dict[str, str] = {}
    compared = []
    for pair in pairs:
        status, answer = await _asked(pair, client, made)
        found = _found(pair, status, answer, made)
        reasons = [(one, explanation(one, pair.method, pair.path, known)) for one in found]
        unexplained = [one for one, reason in reasons if reason is None]
        compared.append(Compared(pair, unexplained, Counter(reason for _, reason in reasons if reason is not None)))
    return compared


def _found(pair: Pair, status: int, answer: Any, made: dict[str, str]) -> list[Difference]:
    """Return what differs; ids that the call made are put into *made*, and what hangs on them is compared by them."""
    found = list(differences(with_made_ids(pair.answer, made), answer))
    if status != pair.status:
        return [Difference("status", pair.status, status), *found]
    ids: list[Difference] = []
    while new := [one for one in made_ids(found, pair.method) if str(one.recorded) not in made]:
        ids += new
        made |= {str(one.recorded): str(one.got) for one in new}
        found = list(differences(with_made_ids(pair.answer, made), answer))
    return ids + found


def report_of(compared: Sequence[Compared]) -> dict[str, Any]:
    """Return what is told of a comparison."""
    return {
        "pairs": len(compared),
        "equal": sum(not one.unexplained for one in compared),
        "unexplained": [
            {
                "pair": one.pair.name,
                "request": f"{one.pair.method} {one.pair.path}",
                "path": difference.path,
                "recorded": difference.recorded,
                "got": difference.got,
            }
            for one in compared
            for difference in one.unexplained
        ],
        "explained": dict(sum((one.explained for one in compared), Counter[str]()).most_common()),
    }


def _lines(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().splitlines()
    except OSError as error:
        raise Refused(Problem(str(file), f"cannot be read: {error.strerror}")) from None


def _pair(name: str, told: Any) -> Pair:
    match told:
        case {
            "request": {"method": str(method), "path": str(path), **asked},
            "response": {"status": int(status), **answered},
        } if path.startswith("/"):
            headers = asked.get("headers") or {}
            if not isinstance(headers, dict):
                raise Refused(Problem(name, "headers must be an object"))
            kept = {key: str(value) for key, value in headers.items() if key.lower() not in LEFT_OUT}
            body = answered.get("body", ABSENT)
            return Pair(name, method.upper(), path, asked.get("query"), kept, asked.get("body"), status, body)
        case _:
            raise Refused(Problem(name, SHAPE))


async def _asked(pair: Pair, client: "httpx.AsyncClient", made: dict[str, str]) -> tuple[int, Any]:
    """Send a request; return status and answer, whose text stays text if it is no JSON."""
    from milepost.api.http.body import read_json, write_json

    path = "/".join(made.get(part, part) for part in pair.path.split("/"))
    body = with_made_ids(pair.body, made)
    content = body.encode() if isinstance(body, str) else None if body is None else write_json(body)
    headers = pair.headers
    if content is not None and "content-type" not in {name.lower() for name in headers}:
        headers = headers | {"Content-Type": "application/json"}
    answered = await client.request(
        pair.method, path, params=_query(pair.query, made), headers=headers, content=content
    )
    try:
        return answered.status_code, read_json(answered.content) if answered.content else ABSENT
    except Refused:
        return answered.status_code, answered.text


def _query(query: Any, made: dict[str, str]) -> Any:
    """Return the parameters with the ids made since; a query that is text stays as it is."""
    if not isinstance(query, dict):
        return query
    return {
        name: [made.get(str(one), str(one)) for one in (value if isinstance(value, list) else [value])]
        for name, value in query.items()
    }


def _give(report: dict[str, Any]) -> None:
    from milepost.api.http.body import write_json

    typer.echo(write_json(report).decode())


def _show(report: dict[str, Any]) -> None:
    from milepost.api.http.body import write_json

    for one in _shown(report["unexplained"]):
        recorded, got = (write_json(one[name]).decode() for name in ("recorded", "got"))
        typer.echo(f"{one['pair']} {one['request']}\n  {one['path']}: recorded {recorded}, got {got}")
    for reason, count in report["explained"].items():
        typer.echo(f"explained: {count} fields, {reason}")
    typer.echo(f"pairs {report['pairs']}, equal {report['equal']}, fields unexplained {len(report['unexplained'])}")


def _shown(unexplained: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the first differences; says how many more there are."""
    yield from unexplained[:SHOWN_MAX]
    if len(unexplained) > SHOWN_MAX:
        tell(f"and {len(unexplained) - SHOWN_MAX} more; --json gives them all")
