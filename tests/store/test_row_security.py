"""The second wall (decision 0046): the database shows a piece of work only the organisations that it is about."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from milepost.postgres.archive import dump, restore
from milepost.store.database import Database
from milepost.store.sql.row_security import APPLICATION_ROLE
from milepost.store.sql.schema import migrate
from milepost.store.sql.visibility import ALL, NONE, list_of, seeing
from tests.conftest import administer, url_of

OURS, THEIRS = 1001, 1002

WITHOUT_ORGANISATION = {
    "access_change", "access_token", "chain_leaves", "chain_root", "last_use", "migration", "one_time_link", "relay",
    "user_session",
}  # fmt: skip
"""Tables that hold nothing of one organisation: what is found by a secret, and digests over everybody's logs."""

TABLES = (
    "select c.relname::text, exists (select from pg_attribute where attrelid = c.oid and attname = 'org_id') "
    "from pg_class as c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1"
)
COLUMNS = (
    "select attname::text, format_type(atttypid, null) from pg_attribute "
    "where attrelid = %s::regclass and attnum > 0 and not attisdropped and attidentity = ''"
)
VALUES = {
    "text": "x", "bytea": b"x", "boolean": True, "timestamp with time zone": "2026-01-01", "text[]": [], "numeric": 1,
}  # fmt: skip
KNOWN = {"role": {"user_account": "OWNER"}, "state": {"delivery": "PENDING"}}


def with_organisations(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Return the names of the tables that have an org_id; every other table is one that is known to have none."""
    tables = {str(name): has for name, has in connection.execute(TABLES).fetchall()}
    assert WITHOUT_ORGANISATION == {name for name, has in tables.items() if not has}
    return [name for name, has in tables.items() if has]


def add_row(connection: psycopg.Connection[tuple[object, ...]], table: str, org_id: int) -> None:
    """Add some row of an organisation to a table, whatever its columns are."""
    values: dict[str, object] = {}
    for name, kind in connection.execute(COLUMNS, [table]).fetchall():
        known = KNOWN.get(str(name), {}).get(table, "READ" if name == "role" else None)
        values[str(name)] = org_id if "int" in str(kind) else VALUES[str(kind)] if known is None else known
    for name in {"code", "key", "name", "webhook_id", "earlier_webhook_id", "email"} & values.keys():
        if values[name] == "x":
            values[name] = f"x{org_id}"
    names = psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, values))
    places = psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * len(values))
    text = psycopg.sql.SQL("insert into {} ({}) values ({})")
    connection.execute(text.format(psycopg.sql.Identifier(table), names, places), [*values.values()])


def count(connection: psycopg.Connection[tuple[object, ...]], table: str, org_id: int) -> int:
    """Return how many rows of an organisation are seen in a table."""
    text = psycopg.sql.SQL("select count(*)::int from {} where org_id = %s").format(psycopg.sql.Identifier(table))
    ((found,),) = connection.execute(text, [org_id]).fetchall()
    assert isinstance(found, int)
    return found


@pytest.fixture
def filled(database_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Return a superuser's connection to a database where two organisations have a row in every table."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")  # rows need not refer to other rows
        for table in with_organisations(connection):
            for org_id in (OURS, THEIRS):
                add_row(connection, table, org_id)
        yield connection


def test_no_table_shows_rows_of_another_organisation(filled: psycopg.Connection[tuple[object, ...]]) -> None:
    """Every table of the catalogue that has organisations; the superuser, who is the control, sees them all."""
    tables = with_organisations(filled)
    expected = {ALL: (1, 1), list_of([OURS]): (1, 0), list_of([OURS, THEIRS]): (1, 1), NONE: (0, 0)}
    for table in tables:
        assert (table, 1, 1) == (table, count(filled, table, OURS), count(filled, table, THEIRS))
    filled.execute(f"set role {APPLICATION_ROLE}".encode())
    for table in tables:
        for visible, seen in expected.items():
            filled.execute("select set_config('milepost.organisations', %s, false)", [visible])
            assert (table, visible, seen) == (
                table,
                visible,
                (count(filled, table, OURS), count(filled, table, THEIRS)),
            )


def test_no_table_takes_rows_of_another_organisation(filled: psycopg.Connection[tuple[object, ...]]) -> None:
    """Adding, changing and deleting are refused, or find nothing."""
    filled.execute(f"set role {APPLICATION_ROLE}".encode())
    filled.execute("select set_config('milepost.organisations', %s, false)", [list_of([OURS])])
    for table in with_organisations(filled):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            add_row(filled, table, THEIRS + 1)
        for text in ("update {} set org_id = org_id where org_id = %s", "delete from {} where org_id = %s"):
            statement = psycopg.sql.SQL(text).format(psycopg.sql.Identifier(table))
            assert (table, 0) == (table, filled.execute(statement, [THEIRS]).rowcount)


def test_the_role_is_bound_by_policies(filled: psycopg.Connection[tuple[object, ...]]) -> None:
    """It is no superuser, owns nothing and may not log in; and no function runs by its owner's rights."""
    rights = "select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole from pg_roles where rolname = %s"
    assert [(False,) * 4] == filled.execute(rights, [APPLICATION_ROLE]).fetchall()
    owned = "select count(*)::int from pg_class where pg_get_userbyid(relowner) = %s"
    assert [(0,)] == filled.execute(owned, [APPLICATION_ROLE]).fetchall()
    definers = "select count(*)::int from pg_proc where prosecdef and pronamespace = 'public'::regnamespace"
    assert [(0,)] == filled.execute(definers).fetchall()
    filled.execute(f"set role {APPLICATION_ROLE}".encode())
    for text in ("truncate event", "alter table event disable row level security", "create table own (id int)"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            filled.execute(text.encode())


def test_a_statement_that_names_no_organisation_finds_nothing(
    database_url: str, filled: psycopg.Connection[tuple[object, ...]]
) -> None:
    """`outbox_page` asks for buckets of all organisations: a pool shows those of the work at hand, in turn.

    The same connection serves them all, so what one work saw is not left to the next.
    """
    page = {"first": 0, "end": 4096, "limit": 10}
    filled.execute("update outbox set failed_at = null")

    async def seen() -> list[list[int]]:
        database = Database(database_url, connections_max=1)
        await database.open(unsafe_durability=True)
        found = []
        for visible in (list_of([OURS]), NONE, ALL, list_of([THEIRS]), list_of([OURS])):
            with seeing(visible):
                async with database.reading() as reading:
                    of_reading = [row[1] for row in await reading.rows("outbox_page", page)]
                async with database.transaction() as transaction:
                    of_transaction = [row[1] for row in await transaction.rows("outbox_page", page)]
            assert of_reading == of_transaction
            found.append(of_reading)
        await database.close()
        return found

    assert [[OURS], [], [OURS, THEIRS], [THEIRS], [OURS]] == asyncio.run(seen())


def test_a_failed_statement_leaves_no_organisation_behind(
    database_url: str, filled: psycopg.Connection[tuple[object, ...]]
) -> None:
    """What a pool remembers of a session is what the session sees, also after an error."""
    page = {"first": 0, "end": 4096, "limit": 10}
    filled.execute("update outbox set failed_at = null")

    async def seen() -> list[int]:
        database = Database(database_url, connections_max=1)
        await database.open(unsafe_durability=True)
        with pytest.raises(psycopg.Error):
            async with database.reading(ALL) as reading:
                await reading.rows("outbox_page", page | {"first": "no number"})
        async with database.reading(list_of([THEIRS])) as reading:
            found = [row[1] for row in await reading.rows("outbox_page", page)]
        await database.close()
        return found

    assert [THEIRS] == asyncio.run(seen())


def test_a_table_that_lost_its_policy_is_guarded_again(filled: psycopg.Connection[tuple[object, ...]]) -> None:
    """The next start guards it, as it guards a new table."""
    url = filled.info.dsn
    filled.execute("alter table event no force row level security")
    filled.execute("create table novelty (org_id bigint not null)")
    asyncio.run(migrate(url))
    guarded = "select relrowsecurity and relforcerowsecurity from pg_class where relname in ('event', 'novelty')"
    assert [(True,), (True,)] == filled.execute(guarded).fetchall()


def test_an_owner_without_rights_over_roles_is_bound_too(admin_url: str, tmp_path: Path) -> None:
    """Where there can be no second role, the owner of the tables sees no more; backups see everything."""
    administer(admin_url, "create role plain login")
    try:
        for name in ("plain_1", "plain_2"):
            administer(admin_url, f"create database {name} owner plain template template0")
        url, other = (
            psycopg.conninfo.make_conninfo(url_of(admin_url, n), user="plain") for n in ("plain_1", "plain_2")
        )
        assert asyncio.run(migrate(url))
        insert = "insert into zone (org_id, zone_id, code, name) values (1, 1, 'a', 'a')"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("set milepost.organisations = '*'")
            connection.execute("insert into organisation values (1, 'a', 'UTC', 1, 'a', now())")
            connection.execute(insert)

        async def seen(url: str) -> tuple[str, list[int]]:
            database = Database(url, connections_max=1)
            await database.open(unsafe_durability=True)
            state = await database.row_security_state()
            found = []
            for visible in (NONE, ALL, "2"):
                async with database.reading(visible) as reading:
                    found.append(len(await reading.rows("organisation_ids")))
            await database.close()
            assert 0 == state.unguarded
            return state.role, found

        assert ("plain", [0, 1, 0]) == asyncio.run(seen(url))
        dump(url, tmp_path / "file", None)
        restore(other, tmp_path / "file", None)
        assert ("plain", [0, 1, 0]) == asyncio.run(seen(other))
    finally:
        for name in ("plain_1", "plain_2"):
            administer(admin_url, f"drop database if exists {name} with (force)")
        administer(admin_url, "drop role plain")
