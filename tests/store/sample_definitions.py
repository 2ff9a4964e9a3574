"""What a schema consists of, as PostgreSQL itself tells it; the record of migrations is left out."""

from typing import Any

import psycopg

TABLES = """
    select c.relname, c.reloptions from pg_class as c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'migration' order by 1
"""
COLUMNS = """
    select c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attstorage,
        pg_get_expr(d.adbin, d.adrelid)
    from pg_class as c
    join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'migration' order by 1, 2
"""
CONSTRAINTS = """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
    where connamespace = 'public'::regnamespace and conrelid::regclass::text <> 'migration' order by 1, 2
"""
INDEXES = "select indexdef from pg_indexes where schemaname = 'public' and tablename <> 'migration' order by 1"
SEQUENCES = """
    select sequencename, start_value, min_value, max_value, increment_by, cycle from pg_sequences
    where schemaname = 'public' order by 1
"""
OTHERS = """
    select relkind, relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind not in ('r', 'i', 'S', 't') order by 1, 2
"""


def described(connection: psycopg.Connection[Any]) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything in the schema, kind by kind."""
    queries = {
        "tables": TABLES,
        "columns": COLUMNS,
        "constraints": CONSTRAINTS,
        "indexes": INDEXES,
        "sequences": SEQUENCES,
        "others": OTHERS,
    }
    return {kind: connection.execute(query.encode()).fetchall() for kind, query in queries.items()}
