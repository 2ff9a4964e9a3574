"""A database filled by the code before a change is verified, read and continued by the code after it (law 7)."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from milepost.model.event import PERIOD_SOURCE, EventKey
from milepost.service.awards import authorisation
from milepost.service.customers import identifiers, merge, profile, streak_protection
from milepost.service.definitions import participation, vendor_import
from milepost.service.enrolments import stored_events
from milepost.service.scheduled.verify import VerifiedCustomer, verify
from milepost.store import codec
from milepost.store.sql.schema import migrate
from tests.api.client import ApiClient
from tests.store.dumping import load
from tests.store.older import FOLDER, Expected, client_of, expected_of, goals, opened_at, outcomes, places, shown, tell

pytestmark = pytest.mark.usefixtures("rows")

KEPT = sorted(path.stem for path in FOLDER.glob("*.sql"))
"""The commits whose databases are kept (make_older_database.py)."""

Reading = tuple[str, str, Callable[[Any], object]]
READINGS: tuple[Reading, ...] = (
    ("target_group_version", "body", codec.decode_group),
    ("organisation_version", "settings", codec.decode_settings),
    ("customer", "body", codec.decode_customer),
    ("communication", "body", codec.decode_communication),
)
"""Columns in a form of our own, and how they are read."""

FORMS: tuple[tuple[Reading, Callable[[Any], bytes]], ...] = (
    (("standing", "body", codec.decode_standing), codec.encode_standing),
    (("history", "body", codec.decode_progress), codec.encode_progress),
    (("event", "entries", codec.decode_entries), codec.encode_entries),
    (("outbox", "body", codec.decode_outcomes), codec.encode_outcomes),
)
"""Those that are written again, and how: what is read has to be written as it was."""

CLIENTS = ["scenario", "test", "own", "app", "pos/1"]
"""The sources that clients named; all others are ours."""

OURS = {
    stored_events.SOURCE,
    profile.SOURCE,
    authorisation.SOURCE,
    merge.INTO.source,
    merge.SOURCE,
    vendor_import.SOURCE,
    identifiers.SOURCE,
    streak_protection.FREEZE_SOURCE,
    streak_protection.PAUSE_SOURCE,
    participation.ENROL_SOURCE,
    participation.LEAVE_SOURCE,
    PERIOD_SOURCE,
}
"""The sources of what calls, time and registrations make events of."""

EVENTS = """
    select source, event_id, name, (extract(epoch from occurred_at) * 1000000)::bigint, body, content_hash from event
"""

_NUMBERS = count(1)


Older = tuple[str, Expected]
"""The URL of a database that older code filled, at today's schema, and what there is to find in it."""


@pytest.fixture(params=KEPT)
def older(request: pytest.FixtureRequest, admin_url: str) -> Iterator[Older]:
    """Return a database of the test's own."""
    with loaded(admin_url, request.param) as found:
        yield found


@pytest.fixture(params=KEPT, scope="module")
def untouched(request: pytest.FixtureRequest, admin_url: str) -> Iterator[Older]:
    """Return a database that tests only read."""
    with loaded(admin_url, request.param) as found:
        yield found


@cache
def migrated(admin_url: str, kept: str) -> str:
    """Load what is stored of a commit, bring it to today's schema, and return the name of the database to copy."""
    name = f"older_{kept}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template template0 strategy file_copy".encode())
    url = psycopg.conninfo.make_conninfo(admin_url, dbname=name)
    with psycopg.connect(url) as connection:
        load(connection, (FOLDER / f"{kept}.sql").read_text(encoding="utf-8"))
    asyncio.run(migrate(url))
    return name


@contextmanager
def loaded(admin_url: str, kept: str) -> Iterator[Older]:
    """Copy the database of a commit at today's schema; the copy is dropped afterwards."""
    name = f"older_{next(_NUMBERS)}"
    template = migrated(admin_url, kept)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template} strategy file_copy".encode())
    yield psycopg.conninfo.make_conninfo(admin_url, dbname=name), expected_of(kept)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())


def test_databases_are_kept() -> None:
    """Each with what was answered about it; without any, the other tests would hold nothing."""
    assert [] != KEPT == sorted(path.stem for path in FOLDER.glob("*.json"))


def verified(client: ApiClient) -> list[VerifiedCustomer]:
    """Replay every log."""

    async def every() -> list[VerifiedCustomer]:
        return [one async for one in verify(client.runtime.database)]

    return client.run(every)


def differing(client: ApiClient) -> list[tuple[int, int]]:
    """Return the customers whose replayed log differs from what is stored."""
    return [(one.customer_key.org_id, one.customer_key.customer_id) for one in verified(client) if not one.agrees]


def test_replaying_every_log_gives_what_is_stored(older: Older) -> None:
    """Each standing is compared and none differs; a standing, a history and an entry that were changed are found."""
    url, expected = older
    with opened_at(client_of(url)) as client:
        found = verified(client)
        counts = (len(found), sum(one.events for one in found), sum(one.progress for one in found))
        assert (expected.rows["standing"], expected.rows["event"], expected.progress) == counts
        assert [] == [one for one in found if not one.agrees]
        meddled = [meddle(client.connection) for meddle in (with_a_standing, with_a_history, with_an_entry)]
        assert sorted(set(meddled)) == differing(client)


def with_a_standing(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    """Add one to a value of a standing; return whose that is."""
    query = "select org_id, customer_id, body from standing order by 1, 2"
    for org_id, customer_id, body in connection.execute(query).fetchall():
        standing = codec.decode_standing(body)
        if standing.progress:
            key, row = next(iter(standing.progress.items()))
            more = {**standing.progress, key: replace(row, value=row.value + 1)}
            changed = codec.encode_standing(replace(standing, progress=more))
            update = "update standing set body = %s where org_id = %s and customer_id = %s"
            connection.execute(update, (changed, org_id, customer_id))
            return org_id, customer_id
    raise AssertionError("nobody has any progress")


def with_a_history(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    """Add one to a value of a history; return whose that is."""
    query = "select org_id, customer_id, target_id, period_id, body from history order by 1 desc, 2, 3, 4 limit 1"
    (found,) = connection.execute(query).fetchall()
    row = codec.decode_progress(found[-1])
    changed = codec.encode_progress(replace(row, value=row.value + 1))
    update = "update history set body = %s where (org_id, customer_id, target_id, period_id) = (%s, %s, %s, %s)"
    connection.execute(update, (changed, *found[:-1]))
    return found[0], found[1]


def with_an_entry(connection: psycopg.Connection[Any]) -> tuple[int, int]:
    """Forget the entries of the event that has most; return whose that is."""
    update = """
        update event set entries = '[]' where (org_id, customer_id, seq) =
            (select org_id, customer_id, seq from event order by length(entries) desc, 1, 2, 3 limit 1)
        returning org_id, customer_id
    """
    (found,) = connection.execute(update).fetchall()
    return found[0], found[1]


def test_every_row_is_read(untouched: Older) -> None:
    """No row was lost on the way; what is stored in a form of our own is understood, and would be stored so again."""
    url, expected = untouched
    with psycopg.connect(url) as connection:
        counted = {table: f"select count(*) from {table}".encode() for table in expected.rows}
        assert expected.rows == {table: connection.execute(query).fetchall()[0][0] for table, query in counted.items()}
        assert expected.outcomes == outcomes(connection)
        for table, column, read in READINGS:
            assert None not in map(read, column_of(connection, table, column))
        for (table, column, read), write in FORMS:
            found = column_of(connection, table, column)
            assert [] == [one for one in found if write(read(one)) != (one.encode() if isinstance(one, str) else one)]


def column_of(connection: psycopg.Connection[Any], table: str, column: str) -> list[Any]:
    """Return a column of a table that has rows."""
    found = [value for (value,) in connection.execute(f"select {column} from {table}".encode()).fetchall()]
    assert found, table
    return found


def test_every_event_is_known_again(untouched: Older) -> None:
    """By the digest of its content: sent once more, none would be taken for another event."""
    url, _ = untouched
    with psycopg.connect(url) as connection:
        for source, id_, name, occurred_at, body, digest in connection.execute(EVENTS.encode()).fetchall():
            event = codec.decode_event(EventKey(source, id_), name, occurred_at, occurred_at, body)
            hashed = codec.content_hash(name, occurred_at, codec.encode_payload(event.payload))
            assert (id_, digest) == (id_, hashed)


def test_our_own_events_are_called_as_they_were(untouched: Older) -> None:
    """The sources too: under another source a repeated call or a repeated notice would count twice."""
    url, _ = untouched
    with psycopg.connect(url) as connection:
        found = connection.execute("select distinct source from event where source <> all(%s)", [CLIENTS]).fetchall()
        assert OURS == {source for (source,) in found}


def test_customers_are_shown_as_they_were(older: Older) -> None:
    """Every value, level, whole, cap and goal, and every place on a board; then life goes on from there.

    What was received last is a duplicate with the answer it had, and what comes next changes what it would have
    changed.
    """
    url, expected = older
    with opened_at(client_of(url)) as client:
        assert expected.boards == [replace(one, places=places(client, one)) for one in expected.boards]
        told = [(one.till, one.shows, shown(client, one.till, one.id, one.at)) for one in expected.customers]
        assert [] == [(till, was, now) for till, was, now in told if was != now]
        pursuing = [one for one in expected.customers if one.goals]
        assert pursuing == [replace(one, goals=goals(client, one.till, one.id, one.at)) for one in pursuing]
        for one in expected.customers:
            for status, sent in (("duplicate", one.again), ("applied", one.further)):
                if sent is not None:
                    assert (status, sent.changed) == tell(client, one.till, sent.event, one.at), sent.event
        assert [] == differing(client)
