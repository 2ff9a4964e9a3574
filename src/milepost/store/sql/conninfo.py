"""How long Milepost tries to reach a PostgreSQL server, unless the database URL says it."""

from psycopg.conninfo import conninfo_to_dict, make_conninfo

CONNECTING_SECONDS = 5
"""How long a request waits for a connection, and a connection for the server, before the client gets 503."""

_KEEP_ALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 10_000}


def with_defaults(url: str) -> str:
    """Return *url* with limits for reaching the server, where it sets none itself."""
    given = conninfo_to_dict(url)
    defaults: dict[str, int] = {"connect_timeout": CONNECTING_SECONDS, **_KEEP_ALIVE}
    return make_conninfo(url, **{name: value for name, value in defaults.items() if given.get(name) is None})
