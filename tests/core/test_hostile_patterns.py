"""S10: patterns and texts that make other engines search for years are refused or answered.

The kernel ends a process that needs more than some seconds of the processor (RLIMIT_CPU), so no time is measured here.
"""

import json
import subprocess
import sys

SECONDS = 10
CONTROL_SECONDS = 1

HOSTILE = {
    r"(a+)+$": "a" * 50_000 + "!",
    r"^(a+)+$": "a" * 50_000 + "!",
    r"([a-zA-Z]+)*$": "a" * 50_000 + "1",
    r"(a|aa)+$": "a" * 50_000 + "!",
    r"(a|a?)+$": "a" * 50_000 + "!",
    r"(.*a){20}$": "a" * 20_000 + "!",
    r"(.*)*=.*": "x" * 50_000,
    r"(?:.*,){12}P": "1,2,3,4,5,6,7,8,9,10,11,12," * 1_000,
    r"(x+x+)+y": "x" * 50_000,
    r"^(([a-z])+.)+[A-Z]([a-z])+$": "a" * 50_000,
    r"(\d+)*[^\d]$": "1" * 50_000,
    r"(\w+\s?)*$": "word " * 10_000 + "!",
    r"^(\w+\d?)+$": "a1" * 25_000 + "!",
    r"([^/]+/)+$": "a/" * 25_000 + "b",
    r"^([a-z0-9]+([-_.]?[a-z0-9]+)*)+@$": "a" * 50_000,
    r"^\s+|\s+$": " " * 50_000 + "x" + " " * 50_000 + "x",
    r"(?i)(a|A|aa|AA)+$": "aA" * 25_000 + "!",
    r"((a*)*)*$": "a" * 50_000 + "!",
    r"(?:a?){30}a{30}": "a" * 30,
    r"a{0,50}{0,50}$": "a" * 5_000 + "!",
    r"(a{1,30}){1,30}b": "a" * 5_000,
    r"(?=a)a": "a",
    r"(?<=a)b": "ab",
    r"(a)\1": "aa",
    r"((((((((((a*)*)*)*)*)*)*)*)*)*)*$": "a" * 50_000 + "!",
    r"(.|\n)*?x": "y" * 50_000,
    r"[\s\S]*?(?:a|b|ab)*c": "ab" * 25_000,
    "(" * 1_000 + "a" + ")" * 1_000: "a",
    "a?" * 400 + "a" * 400: "a" * 400,
    r"\pL+\pN+$": "é" * 25_000 + "!",
    r"x{1000}{1000}": "x",
    r"(x{100}){100}": "x" * 10_000,
    r"((x{30}){30}){30}": "x",
}
"""Patterns, and a text that each would need very long for."""

OURS = """
from milepost.language.parameters import Parameter, complaint, search
from milepost.language.syntax import Text
def found(pattern, text):
    argument = Text(pattern)
    return None if complaint(Parameter.PATTERN, argument) else search(argument)(text)
"""
OTHERS = """
import re
def found(pattern, text):
    try:
        return re.search(pattern, text) is not None
    except (re.error, RecursionError, OverflowError):
        return None
"""


def searched(engine: str, patterns: dict[str, str], seconds: int) -> dict[str, bool | None] | None:
    """Return whether each pattern is found in its text, None for a refused one; None if *seconds* are over."""
    program = f"""
import json, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({seconds}, {seconds}))
{engine}
print(json.dumps({{pattern: found(pattern, text) for pattern, text in json.load(sys.stdin).items()}}))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, input=json.dumps(patterns), capture_output=True, text=True, check=False)
    if done.returncode < 0:
        return None
    assert 0 == done.returncode, done.stderr
    told: dict[str, bool | None] = json.loads(done.stdout)
    return told


def test_hostile_patterns_are_refused_or_answered() -> None:
    """All together need less than ten seconds of the processor; what cannot be searched in linear time is refused."""
    told = searched(OURS, HOSTILE, SECONDS)
    assert told is not None
    refused = {pattern for pattern, answer in told.items() if answer is None}
    assert {r"(?=a)a", r"(?<=a)b", r"(a)\1", r"x{1000}{1000}"} <= refused
    assert told[r"(?:a?){30}a{30}"]
    assert told[r"(x{100}){100}"] in {True, None}
    assert not told[r"(a+)+$"]
    assert 30 <= len(HOSTILE)


def test_another_engine_would_search_too_long() -> None:
    """Control: the engine of Python does not come to an end of these."""
    for pattern in (r"(a+)+$", r"(x+x+)+y"):
        assert searched(OTHERS, {pattern: HOSTILE[pattern]}, CONTROL_SECONDS) is None, pattern
