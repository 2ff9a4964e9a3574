"""Settings: read once, from flags before the environment, and all that is wrong is said at once."""

from pathlib import Path

import pytest

from milepost.model.problem import Refused
from milepost.settings import LogLevel, ServerSettings, Source, describe, read_settings


def problems(environment: dict[str, str], flags: dict[str, object] | None = None) -> dict[str, str]:
    """Return what is wrong with settings: the name of each, and the reason."""
    with pytest.raises(Refused) as caught:
        read_settings(environment, flags or {})
    return {problem.path: problem.reason for problem in caught.value.problems}


def test_nothing_given_is_every_default() -> None:
    """Milepost runs without a single setting."""
    assert ServerSettings() == read_settings({}, {})


def test_a_flag_beats_the_environment() -> None:
    """What is typed now weighs more than what was exported before."""
    settings = read_settings({"MILEPOST_PORT": "9000", "MILEPOST_HOST": "0.0.0.0"}, {"port": 9001, "host": None})  # noqa: S104

    assert 9001 == settings.port
    assert "0.0.0.0" == settings.host  # noqa: S104
    assert {"port": Source.FLAG, "host": Source.ENVIRONMENT} == settings.sources


def test_every_kind_of_value_is_read() -> None:
    """Numbers, paths, truths, levels and instants come from text."""
    environment = {
        "MILEPOST_DATA": "/srv/milepost",
        "MILEPOST_CLOCK": "2017-12-15T12:00:00+01:00",
        "MILEPOST_LOG_LEVEL": "WARNING",
        "MILEPOST_UNSAFE_DURABILITY": "yes",
        "MILEPOST_ERROR_STATUS": "200",
        "MILEPOST_PURE_PYTHON": "on",
    }

    settings = read_settings(environment, {})

    assert Path("/srv/milepost") == settings.data
    assert 1_513_335_600_000_000 == settings.clock
    assert LogLevel.WARNING is settings.log_level
    assert settings.unsafe_durability
    assert 200 == settings.error_status
    assert settings.pure_python


def test_an_empty_variable_is_none() -> None:
    """A variable set to nothing is a way of not setting it."""
    assert ServerSettings() == read_settings({"MILEPOST_DATABASE_URL": "", "MILEPOST_UNKNOWN": ""}, {})


def test_other_variables_are_none_of_our_business() -> None:
    """Only names that begin with MILEPOST_ are looked at."""
    assert ServerSettings() == read_settings({"PORT": "1", "XMILEPOST_PORT": "1"}, {})


def test_everything_wrong_is_said_at_once() -> None:
    """One start shows all there is to mend."""
    found = problems(
        {"MILEPOST_PORT": "99999", "MILEPOST_LANES": "many", "MILEPOST_CLOCK": "noon"}, {"log_level": "loud"}
    )

    assert {"--log-level", "MILEPOST_CLOCK", "MILEPOST_LANES", "MILEPOST_PORT"} == found.keys()


def test_a_misspelt_variable_is_answered_with_the_nearest_name() -> None:
    """A setting that would silently do nothing is refused."""
    assert {"MILEPOST_PROT": "is not a setting; did you mean MILEPOST_PORT?"} == problems({"MILEPOST_PROT": "1"})


def test_a_variable_like_nothing_gets_no_hint() -> None:
    """A guess is made only where there is a near name."""
    assert {"MILEPOST_ZZZZZZZZZZZZZ": "is not a setting"} == problems({"MILEPOST_ZZZZZZZZZZZZZ": "1"})


@pytest.mark.parametrize(
    "variable,within,beyond",
    [
        ("PORT", "0", "-1"),
        ("PORT", "65535", "65536"),
        ("LANES", "1", "0"),
        ("LANES", "64", "65"),
        ("BATCH_EVENTS_MAX", "1", "0"),
        ("BATCH_EVENTS_MAX", "20000", "20001"),
        ("WAITING_EVENTS_MAX", "1000000", "1000001"),
        ("CONNECTIONS_MAX", "500", "501"),
    ],
)
def test_a_limit_holds_at_its_value_and_not_past_it(variable: str, within: str, beyond: str) -> None:
    """Each number has a least and a greatest value."""
    room = {"MILEPOST_CONNECTIONS_MAX": "200", "MILEPOST_WAITING_EVENTS_MAX": "100000"}

    read_settings(room | {f"MILEPOST_{variable}": within}, {})
    assert [f"MILEPOST_{variable}"] == list(problems(room | {f"MILEPOST_{variable}": beyond}))


def test_a_truth_is_one_of_a_few_words() -> None:
    """Any other word may be a mistake, so that it is refused."""
    assert {"MILEPOST_PURE_PYTHON": "must be true or false, not 'py'"} == problems({"MILEPOST_PURE_PYTHON": "py"})
    assert not read_settings({"MILEPOST_PURE_PYTHON": "0"}, {}).pure_python


@pytest.mark.parametrize("text", ["²", "1.5", "1e3", "+5", ""])
def test_only_plain_digits_are_a_number(text: str) -> None:
    """What Python would take for a number may still be a mistake."""
    assert ["--port"] == list(problems({}, {"port": text}))


def test_an_instant_names_its_offset() -> None:
    """A time of day without an offset is no instant."""
    assert ["--clock"] == list(problems({}, {"clock": "2017-12-15T12:00:00"}))


def test_lanes_need_connections() -> None:
    """A queue of a lane without a connection would wait for ever."""
    assert ["connections_max"] == list(problems({"MILEPOST_LANES": "8", "MILEPOST_CONNECTIONS_MAX": "17"}))
    assert 8 == read_settings({"MILEPOST_LANES": "8", "MILEPOST_CONNECTIONS_MAX": "18"}, {}).lanes


def test_a_lane_holds_at_least_one_batch() -> None:
    """The queue is no shorter than what is folded from it."""
    assert ["waiting_events_max"] == list(problems({"MILEPOST_WAITING_EVENTS_MAX": "1999"}))


def test_two_databases_on_the_command_line_are_refused() -> None:
    """It must be plain which database is meant."""
    assert ["--database-url"] == list(problems({}, {"data": "a", "database_url": "postgresql:///b"}))


def test_a_data_folder_on_the_command_line_means_the_embedded_database() -> None:
    """The flag beats the variable, though the two have different names."""
    settings = read_settings({"MILEPOST_DATABASE_URL": "postgresql:///b"}, {"data": "a"})

    assert settings.database_url is None


@pytest.mark.parametrize(
    "url,shown",
    [
        ("postgresql://me:secret@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:se/cr@et@host/db", "postgresql://me:***@host/db"),
        ("postgresql://host/db?password=secret&user=me", "postgresql://host/db?password=***&user=me"),
        ("host=there password='a secret' user=me", "host=there password=*** user=me"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    """Printing the configuration gives no secret away."""
    described = {setting.name: setting.value for setting in describe(read_settings({}, {"database_url": url}))}

    assert shown == described["database_url"]


def test_a_description_says_where_a_value_comes_from() -> None:
    """A person can see why a setting is what it is."""
    settings = read_settings({"MILEPOST_LANES": "3"}, {"clock": "2017-12-15T12:00:00Z"})
    described = {setting.variable: (setting.value, setting.source) for setting in describe(settings)}

    assert ("3", Source.ENVIRONMENT) == described["MILEPOST_LANES"]
    assert ("2017-12-15T12:00:00+00:00", Source.FLAG) == described["MILEPOST_CLOCK"]
    assert ("false", Source.DEFAULT) == described["MILEPOST_UNSAFE_DURABILITY"]
    assert (None, Source.DEFAULT) == described["MILEPOST_PG_BIN"]
