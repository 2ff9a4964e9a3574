"""How this process runs: one frozen object, read once from the environment and the command line.

Each setting `name` is read from the environment variable `MILEPOST_NAME`, and from the flag `--name` of commands that
have one; a flag takes precedence. docs/settings.md describes each setting; tests/tidy compares that page with this.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.setting_meanings import MEANINGS
from milepost.setting_values import EPOCH, instant, networks, origins, secret_key, truth, web_address, whole_number

PREFIX = "MILEPOST_"
PORT_MAX = 65_535
PROCESSES_MAX = 64
LANES_MAX = 64
CONNECTIONS_MAX = 500
BATCH_EVENTS_MAX = 20_000
WAITING_EVENTS_MAX = 1_000_000
CLIENTS_MAX = RATE_MAX = 100_000
REQUEST_DAYS_MAX = 90
CONNECTIONS_OF_LANE = 2
"""A lane holds a connection for its small requests and one for its large ones while it writes them."""

CONNECTIONS_BESIDE_LANES = 2
"""These are for reads and for changes of definitions."""


class Source(Enum):
    """Where a setting's value comes from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FLAG = "flag"


class LogLevel(Enum):
    """The lowest level that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """The settings of this process. `clock` is in epoch microseconds. Every value is within its limits."""

    data: Path = Path(".milepost")
    database_url: str | None = None
    pg_bin: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8700
    clock: Micros | None = None
    processes: int = 1
    lanes: int = 1
    batch_events_max: int = 2_000
    waiting_events_max: int = 20_000
    connections_max: int = 8
    statement_seconds: int = 10
    lock_seconds: int = 2
    clients_max: int = 2_000
    header_seconds: int = 10
    body_seconds: int = 60
    request_days: int = 1
    organisation_rate: int = 0
    caller_rate: int = 0
    trusted_proxies: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    alert_url: str | None = None
    traces_url: str | None = None
    log_level: LogLevel = LogLevel.INFO
    unsafe_durability: bool = False
    row_security: bool = True
    error_status: int = 400
    worker: bool = True
    pure_python: bool = False
    answer_templates: bool = True
    hot_routes: bool = True
    optimistic_writes: bool = True
    batch_decoding: bool = True
    secret_key: str | None = None
    webhooks_private: bool = False
    inspector: bool = False
    sources: Mapping[str, Source] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise Refused if limits contradict each other."""
        needed = self.lanes * CONNECTIONS_OF_LANE + CONNECTIONS_BESIDE_LANES
        problems = []
        if self.connections_max < needed:
            reason = (
                f"must be at least {needed}: {CONNECTIONS_OF_LANE} for each of {self.lanes} lanes and "
                f"{CONNECTIONS_BESIDE_LANES} more"
            )
            problems.append(Problem("connections_max", reason))
        if self.waiting_events_max < self.batch_events_max:
            reason = f"must be at least batch_events_max ({self.batch_events_max}), or a batch could never fill"
            problems.append(Problem("waiting_events_max", reason))
        if problems:
            raise Refused(*problems)


class Described(NamedTuple):
    """One setting as `milepost config` shows it."""

    name: str
    variable: str
    value: str | None
    source: Source
    meaning: str


def read_settings(environment: Mapping[str, str], flags: Mapping[str, object]) -> ServerSettings:
    """Return the settings of *environment* and *flags*; a flag of None was not given.

    Raises Refused with every problem: values that cannot be read or are out of bounds, limits that contradict each
    other, and variables whose name begins with MILEPOST_ but is not a setting.
    """
    reader = _Reader(environment, {name: value for name, value in flags.items() if value is not None})
    values: dict[str, Any] = {name: reader.take(name, read) for name, read in _READERS.items()}
    try:
        settings = ServerSettings(**values, sources=reader.sources)
    except Refused as refused:
        raise Refused(*reader.problems, *refused.problems) from None
    if reader.problems:
        raise Refused(*reader.problems)
    return settings


def describe(settings: ServerSettings) -> tuple[Described, ...]:
    """Return each setting with its value, the source of the value, and its meaning; passwords are masked."""
    return tuple(
        Described(
            name=name,
            variable=PREFIX + name.upper(),
            value=_shown(name, getattr(settings, name)),
            source=settings.sources.get(name, Source.DEFAULT),
            meaning=meaning,
        )
        for name, meaning in MEANINGS.items()
    )


_DEFAULT = ServerSettings()


class _Reader:
    """Reads settings one by one, and collects their sources and problems."""

    def __init__(self, environment: Mapping[str, str], flags: Mapping[str, object]) -> None:
        """Read from *flags* first and from *environment* second; an empty variable counts as not set."""
        self._flags = flags
        self._variables = {name: text for name, text in environment.items() if name.startswith(PREFIX) and text}
        self.sources: dict[str, Source] = {}
        self.problems: list[Problem] = [*self._unknown_variables(), *self._two_databases()]
        if "data" in flags:
            # A data folder on the command line means the embedded database, even if the environment names another one.
            self._variables.pop(PREFIX + "DATABASE_URL", None)

    def take(self, name: str, read: Callable[[str], object]) -> object:
        """Return the setting called *name*, read by *read*; its default if it is not given or cannot be read."""
        default: object = getattr(_DEFAULT, name)
        variable = PREFIX + name.upper()
        if name in self._flags:
            source, path, text = Source.FLAG, "--" + name.replace("_", "-"), str(self._flags[name])
        elif variable in self._variables:
            source, path, text = Source.ENVIRONMENT, variable, self._variables[variable]
        else:
            return default
        try:
            value = read(text)
        except ValueError as error:
            self.problems.append(Problem(path, str(error)))
            return default
        self.sources[name] = source
        return value

    def _unknown_variables(self) -> list[Problem]:
        variables = [PREFIX + name.upper() for name in MEANINGS]
        problems = []
        for variable in sorted(self._variables.keys() - set(variables)):
            near = get_close_matches(variable, variables, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            problems.append(Problem(variable, f"is not a setting{hint}"))
        return problems

    def _two_databases(self) -> list[Problem]:
        if "data" in self._flags and "database_url" in self._flags:
            return [Problem("--database-url", "cannot be given together with --data: choose one database")]
        return []


def _log_level(text: str) -> LogLevel:
    try:
        return LogLevel(text.lower())
    except ValueError:
        raise ValueError(f"must be one of {', '.join(level.value for level in LogLevel)}, not {text!r}") from None


def _error_status(text: str) -> int:
    if text not in {"200", "400"}:
        raise ValueError(f"must be 400 or 200, not {text!r}")
    return int(text)


def _shown(name: str, value: object) -> str | None:
    """Return *value* as text, without passwords; None if there is none."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case LogLevel():
            return value.value
        case str() if name == "secret_key":
            return "***"
        case tuple():
            return ",".join(value) or None
        case int() if name == "clock":
            return (EPOCH + timedelta(microseconds=value)).isoformat()
        case _:
            return _masked(str(value))


def _masked(text: str) -> str:
    """Return *text* with the password of a database URL or a libpq connection string masked."""
    text = re.sub(r"(?<=://)([^:/@\s]*):\S*(?=@)", r"\1:***", text)
    return re.sub(r"(password=)('(?:[^'\\]|\\.)*'|[^&\s]+)", r"\1***", text, flags=re.IGNORECASE)


_READERS: Mapping[str, Callable[[str], object]] = {
    "data": Path,
    "database_url": str,
    "pg_bin": Path,
    "host": str,
    "port": whole_number(0, PORT_MAX),
    "clock": instant,
    "processes": whole_number(1, PROCESSES_MAX),
    "lanes": whole_number(1, LANES_MAX),
    "batch_events_max": whole_number(1, BATCH_EVENTS_MAX),
    "waiting_events_max": whole_number(1, WAITING_EVENTS_MAX),
    "connections_max": whole_number(1, CONNECTIONS_MAX),
    "statement_seconds": whole_number(1, 600),
    "lock_seconds": whole_number(1, 600),
    "clients_max": whole_number(1, CLIENTS_MAX),
    "header_seconds": whole_number(1, 600),
    "body_seconds": whole_number(1, 3_600),
    "request_days": whole_number(1, REQUEST_DAYS_MAX),
    "organisation_rate": whole_number(0, RATE_MAX),
    "caller_rate": whole_number(0, RATE_MAX),
    "trusted_proxies": networks,
    "allowed_origins": origins,
    "alert_url": web_address,
    "traces_url": web_address,
    "log_level": _log_level,
    "unsafe_durability": truth,
    "row_security": truth,
    "error_status": _error_status,
    "worker": truth,
    # The engine reads this variable itself, at import: it chooses its modules before any setting is read.
    "pure_python": truth,
    "answer_templates": truth,
    "hot_routes": truth,
    "optimistic_writes": truth,
    "batch_decoding": truth,
    "secret_key": secret_key,
    "webhooks_private": truth,
    "inspector": truth,
}
"""How each setting is read from text."""
