"""The page of expressions lists the vocabulary as it is in the code."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from milepost.language.operations import Operation
from milepost.language.parameters import Parameter
from milepost.language.profiles.profile import Attribute, Function
from milepost.language.vocabulary import IN_SCOPE, OPERATIONS, UNSUPPORTED
from milepost.model.definitions.completion import Completion
from tests.tidy.sources import ROOT

PAGE = ROOT / "docs" / "expressions.md"


class Row(NamedTuple):
    """A row of a table whose first cell is code: that code, and the next cell."""

    code: str
    cell: str


def rows() -> list[Row]:
    """Return all rows of the page."""
    found = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return [Row(*cells) for cells in found]


def word(parameter: Parameter) -> str:
    """Return how the page calls a parameter."""
    return parameter.name.lower().replace("_", " ")


def written(name: str, known: Attribute | Function | Operation) -> Row:
    """Return the row of an attribute, a function or an operation."""
    if not isinstance(known, (Function, Operation)):
        return Row(name, known.kind.value)
    arguments = [word(parameter) for parameter in known.parameters]
    if isinstance(known, Function) and known.open_ended:
        arguments.append("…")
    return Row(f"{name}({', '.join(arguments)})", known.kind.value)


def vocabulary() -> Iterator[Row]:
    """Return a row for everything that an expression may say."""
    for profiles in IN_SCOPE.values():
        for owner, profile in profiles.items():
            for name, known in (*profile.attributes.items(), *profile.functions.items()):
                yield written(f"{owner}.{name}", known)
    for name, operation in OPERATIONS.items():
        yield written(f".{name}", operation)
    yield from (Row(word(parameter), parameter.value) for parameter in Parameter)


def absent() -> Iterator[Row]:
    """Return a row for everything of the vendor's that no expression may say."""
    known = {row.code.partition("(")[0] for row in vocabulary()}
    for profiles in IN_SCOPE.values():
        for owner, profile in profiles.items():
            for name, reason in profile.absent.items():
                if f"{owner}.{name}" not in known:
                    yield Row(f"{owner}.{name}", reason)
    yield from (Row(*entry) for entry in UNSUPPORTED.items())


def test_the_page_lists_the_complete_vocabulary() -> None:
    """Each attribute, function, operation and argument once, with its type; nothing that is not there."""
    listed = rows()
    assert sorted(set(listed)) == sorted(listed)
    assert set(listed) == {*vocabulary(), *absent()}


def test_the_page_names_what_a_completed_target_carries() -> None:
    """The page lists the attributes of TargetCompleted."""
    (sentence,) = re.findall(r"TargetCompleted carries the attributes ([^.]+),", PAGE.read_text(encoding="utf-8"))
    assert set(re.findall(r"`(\w+)`", sentence)) == {attribute.value for attribute in Completion}
