"""Every statement in `store/queries` is understood by PostgreSQL and used by the code."""

import ast
import re
from pathlib import Path

import psycopg

from milepost.store.sql.statements import statements

SOURCE = Path(__file__).parents[2] / "src" / "milepost"
RUNNING = frozenset({"rows", "row", "run", "copy", "copy_out", "statement"})
UNPREPARED = ("copy ", "copy (", "set ")
_PLACEHOLDER = re.compile(r"%\((?P<name>[a-z_]+)\)[bst]")


def numbered(text: str) -> str:
    """Return a statement with numbered parameters, as it is sent to the server."""
    names = list(dict.fromkeys(_PLACEHOLDER.findall(text)))
    return _PLACEHOLDER.sub(lambda found: f"${names.index(found['name']) + 1}", text).replace("%%", "%")


def used() -> set[str]:
    """Return the names that the package runs: first arguments of calls that run a statement."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr=called) | ast.Name(id=called),
                    args=[ast.Constant(value=str(name)), *_],
                ) if called in RUNNING:
                    found.add(name)
    return found


def test_every_statement_is_prepared_by_postgresql(database_url: str) -> None:
    """Names, columns and types are right for the schema that the migrations lead to."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        copies = {name: text for name, text in statements().items() if text.startswith("copy ") and "stdin" in text}
        apart = {name: text for name, text in statements().items() if text.startswith(UNPREPARED)}
        for name in statements().keys() - apart.keys():
            connection.execute(f"prepare {name}_ as {numbered(statements()[name])}".encode())
        row = connection.execute("select count(*) from pg_prepared_statements").fetchone()
        # COPY cannot be prepared; sending it no rows shows as much, and so does running what it sends the rows of.
        for text in copies.values():
            with connection.cursor() as cursor, cursor.copy(text):
                pass
        for name in apart.keys() - copies.keys():
            values = {"first": 0, "past": 1, "org_id": None, "customer_id": None}
            if apart[name].startswith("copy"):
                with connection.cursor() as cursor, cursor.copy(apart[name], values) as copy:
                    assert 1 == len([*copy])
            else:
                connection.execute(apart[name])
    assert row == (len(statements()) - len(apart),)


def test_every_statement_is_used_and_every_used_one_is_there() -> None:
    """None is left over, none is missing."""
    assert set(statements()) == used()


def test_statements_name_the_bucket_first() -> None:
    """Rows of customers are looked up by their whole key, which begins with the bucket."""
    of_customers = ("customer", "identity", "standing", "history", "event", "outbox")
    unbucketed = [
        name
        for name, text in statements().items()
        if re.search(rf"\b(from|into|update|join) ({'|'.join(of_customers)})\b", text) and "bucket" not in text
    ]
    # Listing an organisation's customers goes over all buckets, and so does the question whether it has any event, and
    # emptying a sandbox; nothing that serves a request does, but to look up the few who are hidden, by their own index.
    expected = ["count_standings", "customer_ids_after", "empty_sandbox", "hidden_customers", "organisation_has_events"]
    assert expected == sorted(unbucketed)
