"""How this process runs: one frozen object, read once from the environment and the command line.

Every setting `name` is the variable `MILEPOST_NAME` and, where a command offers it, the flag `--name`; a flag beats the
environment. docs/settings.md describes each; tests/tidy holds that page in step.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import NamedTuple, TypeVar

from milepost.model.problem import Problem, Refused

PREFIX = "MILEPOST_"
PORT_MAX = 65_535
PROCESSES_MAX = 64
LANES_MAX = 64
CONNECTIONS_MAX = 500
BATCH_EVENTS_MAX = 20_000
WAITING_EVENTS_MAX = 1_000_000
CONNECTIONS_BESIDE_LANES = 2
"""Each lane holds a connection while it writes; reads and definitions need some as well."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})

Value = TypeVar("Value")


class Source(Enum):
    """Where a setting's value comes from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    FLAG = "flag"


class LogLevel(Enum):
    """The least weight of what is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How this process runs; `clock` in epoch microseconds; a value that exists is within its limits."""

    data: Path = Path(".milepost")
    database_url: str | None = None
    pg_bin: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8700
    clock: int | None = None
    processes: int = 1
    lanes: int = 2
    batch_events_max: int = 2_000
    waiting_events_max: int = 20_000
    connections_max: int = 8
    log_level: LogLevel = LogLevel.INFO
    unsafe_durability: bool = False
    error_status: int = 400
    worker: bool = True
    sources: Mapping[str, Source] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse limits that are at odds with each other."""
        needed = self.lanes + CONNECTIONS_BESIDE_LANES
        problems = []
        if self.connections_max < needed:
            reason = (
                f"must be at least {needed}: one for each of {self.lanes} lanes and {CONNECTIONS_BESIDE_LANES} more"
            )
            problems.append(Problem("connections_max", reason))
        if self.waiting_events_max < self.batch_events_max:
            reason = f"must be at least batch_events_max ({self.batch_events_max}), or no batch ever fills"
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


MEANINGS: Mapping[str, str] = {
    "data": "folder of the embedded database and its log",
    "database_url": "the PostgreSQL (15 or newer) to use; none starts the embedded one",
    "pg_bin": "folder with the PostgreSQL programs for the embedded database; none looks for them",
    "host": "address to listen on",
    "port": "port to listen on; 0 takes a free one",
    "clock": "instant at which the clock starts (ISO 8601, with offset); none is the real time",
    "processes": "processes that answer on the one address; a processor for each is about right",
    "lanes": "batches of events written at the same time",
    "batch_events_max": "most events folded into one transaction",
    "waiting_events_max": "most events waiting in a lane; beyond it senders are asked to come again",
    "connections_max": "most connections to the database",
    "log_level": "least weight of what is logged: debug, info, warning or error",
    "unsafe_durability": "accept a database that may lose events it has confirmed",
    "error_status": "HTTP status of the vendor's 3100xx errors: 400 or 200",
    "worker": "whether the server also does what time brings, such as telling that a period closed",
}


def read_settings(environment: Mapping[str, str], flags: Mapping[str, object]) -> ServerSettings:
    """Return the settings that *environment* and *flags* ask for; a flag of None was not given.

    Raises Refused with everything that is wrong: values that cannot be read, limits passed, limits at odds with each
    other, and variables beginning with MILEPOST_ that are no setting.
    """
    reader = _Reader(environment, {name: value for name, value in flags.items() if value is not None})
    try:
        settings = ServerSettings(
            data=reader.take("data", Path, _DEFAULT.data),
            database_url=reader.take("database_url", str, _DEFAULT.database_url),
            pg_bin=reader.take("pg_bin", Path, _DEFAULT.pg_bin),
            host=reader.take("host", str, _DEFAULT.host),
            port=reader.take("port", _whole(0, PORT_MAX), _DEFAULT.port),
            clock=reader.take("clock", _instant, _DEFAULT.clock),
            processes=reader.take("processes", _whole(1, PROCESSES_MAX), _DEFAULT.processes),
            lanes=reader.take("lanes", _whole(1, LANES_MAX), _DEFAULT.lanes),
            batch_events_max=reader.take("batch_events_max", _whole(1, BATCH_EVENTS_MAX), _DEFAULT.batch_events_max),
            waiting_events_max=reader.take(
                "waiting_events_max", _whole(1, WAITING_EVENTS_MAX), _DEFAULT.waiting_events_max
            ),
            connections_max=reader.take("connections_max", _whole(1, CONNECTIONS_MAX), _DEFAULT.connections_max),
            log_level=reader.take("log_level", _log_level, _DEFAULT.log_level),
            unsafe_durability=reader.take("unsafe_durability", _truth, _DEFAULT.unsafe_durability),
            error_status=reader.take("error_status", _error_status, _DEFAULT.error_status),
            worker=reader.take("worker", _truth, _DEFAULT.worker),
            sources=reader.sources,
        )
    except Refused as refused:
        raise Refused(*reader.problems, *refused.problems) from None
    if reader.problems:
        raise Refused(*reader.problems)
    return settings


def describe(settings: ServerSettings) -> tuple[Described, ...]:
    """Return every setting with its value, where that comes from and what it means; passwords are masked."""
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
    """Takes one setting after the other and remembers every problem on the way."""

    def __init__(self, environment: Mapping[str, str], flags: Mapping[str, object]) -> None:
        """Read from *flags* first and *environment* second; an empty variable is none."""
        self._flags = flags
        self._variables = {name: text for name, text in environment.items() if name.startswith(PREFIX) and text}
        self.sources: dict[str, Source] = {}
        self.problems: list[Problem] = [*self._unknown(), *self._two_databases()]
        if "data" in flags:
            # Who names a data folder on the command line means the embedded database, whatever the environment says.
            self._variables.pop(PREFIX + "DATABASE_URL", None)

    def take(self, name: str, read: Callable[[str], Value], default: Value) -> Value:
        """Return the setting called *name*, read by *read*; the default if it is not given or cannot be read."""
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

    def _unknown(self) -> list[Problem]:
        known = [PREFIX + name.upper() for name in MEANINGS]
        problems = []
        for variable in sorted(self._variables.keys() - set(known)):
            near = get_close_matches(variable, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            problems.append(Problem(variable, f"is not a setting{hint}"))
        return problems

    def _two_databases(self) -> list[Problem]:
        if "data" in self._flags and "database_url" in self._flags:
            return [Problem("--database-url", "cannot be given together with --data: choose one database")]
        return []


def _whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from *least* to *most*."""

    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {text!r}")
        return int(text)

    return read


def _truth(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"must be true or false, not {text!r}")


def _instant(text: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"must be an instant such as 2017-12-15T12:00:00Z, not {text!r}") from None
    if instant.tzinfo is None:
        raise ValueError(f"must name its offset from UTC, such as {text}Z")
    return (instant - _EPOCH) // timedelta(microseconds=1)


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
    """Return *value* as a reader of the configuration may see it."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case LogLevel():
            return value.value
        case int() if name == "clock":
            return (_EPOCH + timedelta(microseconds=value)).isoformat()
        case _:
            return _masked(str(value))


def _masked(text: str) -> str:
    """Return *text* with any password of a database URL or a libpq connection string hidden."""
    text = re.sub(r"(?<=://)([^:/@\s]*):\S*(?=@)", r"\1:***", text)
    return re.sub(r"(password=)('(?:[^'\\]|\\.)*'|[^&\s]+)", r"\1***", text, flags=re.IGNORECASE)
