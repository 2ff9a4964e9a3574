"""`milepost compat compare`: send recorded requests again and compare the new answers field by field."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from milepost.cli.compat.differences import (
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
from milepost.cli.output import print_message
from milepost.model.problem import Problem, Refused

if TYPE_CHECKING:
    import httpx2

EXIT_DIFFERENT = 1
SHOWN_MAX = 50
TIMEOUT_SECONDS = 60.0
NEEDED = "must have path and reason; may have methods (a list), request, and added (true or false); no other fields"
SHAPE = 'must be {"request": {"method", "path"}, "response": {"status", "body"}}'
LEFT_OUT = {
    *("host", "content-length", "connection", "transfer-encoding", "accept-encoding", "cookie"),
    *("authorization", "x-cap-api-oauth-token"),
}
"""Headers that are not sent again, because they belong to the recorded connection or login."""


class Pair(NamedTuple):
    """A recorded request with its answer; `name` is its file and line."""

    name: str
    method: str
    path: str
    query: Any
    headers: dict[str, str]
    body: Any
    status: int
    answer: Any


class Compared(NamedTuple):
    """The result of one pair: the fields that differ without a reason, and how many fields each reason explains."""

    pair: Pair
    unexplained: list[Difference]
    explained: Counter[str]


def compare(
    recorded: Annotated[Path, typer.Argument(help="NDJSON file: on each line a recorded request with its response")],
    url: Annotated[str, typer.Option("--url", help="address of a running Milepost, such as http://127.0.0.1:8700")],
    till: Annotated[str, typer.Option("--org-till", help="code of the till to log in with")],
    password: Annotated[str, typer.Option("--password", help="password of the till", prompt=True, hide_input=True)],
    known: Annotated[
        Path | None,
        typer.Option("--known", help="JSON file: a list of more differences that are expected, with reasons"),
    ] = None,
    json: Json = False,
) -> None:
    """Send recorded requests again and compare the answers.

    Differences with a known reason, such as times and new ids, are counted. The exit code is 1 if any other field
    differs.
    """
    import httpx2

    rules = [*(read_known(known) if known else ()), *KNOWN]
    pairs = read_pairs(recorded)

    async def run() -> list[Compared]:
        async with httpx2.AsyncClient(base_url=url, auth=(till, password), timeout=TIMEOUT_SECONDS) as client:
            return await replay(pairs, client, rules)

    try:
        compared = asyncio.run(run())
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise Refused(Problem("--url", f"{url} does not answer: {error}")) from None
    report = report_of(compared)
    _print_json(report) if json else _print_summary(report)
    if report["unexplained"]:
        raise typer.Exit(EXIT_DIFFERENT)


def read_pairs(file: Path) -> list[Pair]:
    """Return the pairs of a file; raises Refused with every line that is not one."""
    from milepost.api.http.body import read_json

    pairs: list[Pair] = []
    problems: list[Problem] = []
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        name = f"{file.name}:{number}"
        try:
            pairs.append(_pair(name, read_json(line)))
        except Refused as refused:
            problems += [Problem(name, problem.reason) for problem in refused.problems]
    if problems:
        raise Refused(*problems[:SHOWN_MAX])
    return pairs


def read_known(file: Path) -> list[Known]:
    """Return the known differences of a file; raises Refused with every entry that is not one."""
    from milepost.api.http.body import read_json

    value = read_json(b"\n".join(_lines(file)))
    entries = [_known(entry) for entry in (value if isinstance(value, list) else [value])]
    problems = [Problem(f"{file.name}[{place}]", NEEDED) for place, entry in enumerate(entries) if entry is None]
    if problems:
        raise Refused(*problems)
    return [entry for entry in entries if entry is not None]


def _known(entry: Any) -> Known | None:
    match entry:
        case {"path": str(path), "reason": str(reason), **more}:
            methods = more.pop("methods", [*READING, *WRITING])
            request, added = more.pop("request", "*"), more.pop("added", False)
            if not more and isinstance(methods, list) and isinstance(request, str) and isinstance(added, bool):
                return Known(path=path, reason=reason, methods=tuple(map(str, methods)), request=request, added=added)
        case _:
            pass
    return None


async def replay(pairs: Sequence[Pair], client: "httpx2.AsyncClient", known: Sequence[Known] = KNOWN) -> list[Compared]:
    """Send each request in turn and compare; ids that the server makes replace the recorded ids from then on."""
    made: dict[str, str] = {}
    compared = []
    for pair in pairs:
        status, answer = await _send(pair, client, made)
        different = _differences(pair, status, answer, made)
        reasons = [(difference, explanation(difference, pair.method, pair.path, known)) for difference in different]
        unexplained = [difference for difference, reason in reasons if reason is None]
        compared.append(Compared(pair, unexplained, Counter(reason for _, reason in reasons if reason is not None)))
    return compared


def _differences(pair: Pair, status: int, answer: Any, made: dict[str, str]) -> list[Difference]:
    """Return the differences. Ids that the request made are added to *made*, and replaced before comparing again."""
    different = list(differences(with_made_ids(pair.answer, made), answer))
    if status != pair.status:
        return [Difference("status", pair.status, status), *different]
    ids: list[Difference] = []
    while new := [id_ for id_ in made_ids(different, pair.method) if str(id_.recorded) not in made]:
        ids += new
        made |= {str(id_.recorded): str(id_.got) for id_ in new}
        different = list(differences(with_made_ids(pair.answer, made), answer))
    return ids + different


def report_of(compared: Sequence[Compared]) -> dict[str, Any]:
    """Return the report of a comparison, as `--json` prints it."""
    return {
        "pairs": len(compared),
        "equal": sum(not result.unexplained for result in compared),
        "unexplained": [
            {
                "pair": result.pair.name,
                "request": f"{result.pair.method} {result.pair.path}",
                "path": difference.path,
                "recorded": difference.recorded,
                "got": difference.got,
            }
            for result in compared
            for difference in result.unexplained
        ],
        "explained": dict(sum((result.explained for result in compared), Counter[str]()).most_common()),
    }


def _lines(file: Path) -> list[bytes]:
    try:
        return file.read_bytes().splitlines()
    except OSError as error:
        raise Refused(Problem(str(file), f"cannot be read: {error.strerror}")) from None


def _pair(name: str, value: Any) -> Pair:
    match value:
        case {
            "request": {"method": str(method), "path": str(path), **request},
            "response": {"status": int(status), **response},
        } if path.startswith("/"):
            headers = request.get("headers") or {}
            if not isinstance(headers, dict):
                raise Refused(Problem(name, "headers must be an object"))
            sent = {key: str(value) for key, value in headers.items() if key.lower() not in LEFT_OUT}
            body = response.get("body", ABSENT)
            return Pair(
                name=name,
                method=method.upper(),
                path=path,
                query=request.get("query"),
                headers=sent,
                body=request.get("body"),
                status=status,
                answer=body,
            )
        case _:
            raise Refused(Problem(name, SHAPE))


async def _send(pair: Pair, client: "httpx2.AsyncClient", made: dict[str, str]) -> tuple[int, Any]:
    """Send a request; return the status and the answer, which stays text if it is not JSON."""
    from milepost.api.http.body import read_json, write_json

    path = "/".join(made.get(part, part) for part in pair.path.split("/"))
    body = with_made_ids(pair.body, made)
    content = body.encode() if isinstance(body, str) else None if body is None else write_json(body)
    headers = pair.headers
    if content is not None and "content-type" not in {name.lower() for name in headers}:
        headers = headers | {"Content-Type": "application/json"}
    response = await client.request(
        pair.method, path, params=_query(pair.query, made), headers=headers, content=content
    )
    try:
        return response.status_code, read_json(response.content) if response.content else ABSENT
    except Refused:
        return response.status_code, response.text


def _query(query: Any, made: dict[str, str]) -> Any:
    """Return the query parameters with the new ids; a query that is text stays as it is."""
    if not isinstance(query, dict):
        return query
    return {
        name: [made.get(str(part), str(part)) for part in (value if isinstance(value, list) else [value])]
        for name, value in query.items()
    }


def _print_json(report: dict[str, Any]) -> None:
    from milepost.api.http.body import write_json

    typer.echo(write_json(report).decode())


def _print_summary(report: dict[str, Any]) -> None:
    from milepost.api.http.body import write_json

    for field in _shown(report["unexplained"]):
        recorded, got = (write_json(field[name]).decode() for name in ("recorded", "got"))
        typer.echo(f"{field['pair']} {field['request']}\n  {field['path']}: recorded {recorded}, got {got}")
    for reason, count in report["explained"].items():
        typer.echo(f"explained: {count} fields, {reason}")
    typer.echo(f"pairs {report['pairs']}, equal {report['equal']}, fields unexplained {len(report['unexplained'])}")


def _shown(unexplained: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Return the first differences, and print how many more there are."""
    yield from unexplained[:SHOWN_MAX]
    if len(unexplained) > SHOWN_MAX:
        print_message(f"and {len(unexplained) - SHOWN_MAX} more differences; --json prints all of them")
