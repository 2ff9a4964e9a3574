"""YAML as our files use it: exact numbers, dates as text, true and false alone as truth values."""

import re
from decimal import Decimal
from typing import Any

import yaml

from milepost.model.problem import Problem, Refused

_WIDTH = 110


class _Reader(yaml.SafeLoader):  # type: ignore[misc] # published without types
    """Reads what YAML 1.2 means by a plain word; a key that stands twice is an error."""


class _Writer(yaml.SafeDumper):  # type: ignore[misc] # published without types
    """Quotes what any reader of YAML might take for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return that nothing is written by reference."""
        del data
        return True


_Reader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+", list("-0123456789")),
    ("merge", r"<<", ["<"]),
):
    _Reader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def _mapping(reader: _Reader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set[str]()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key must be text", key.start_mark)
        if key.value in seen and key.value != "<<":
            raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
        seen.add(key.value)
    reader.flatten_mapping(node)
    # A key is text even where it looks like a number, such as the refCode 2026.
    return {key.value: reader.construct_object(value, deep=True) for key, value in node.value}


def _decimal(reader: _Reader, node: yaml.ScalarNode) -> Decimal:
    return Decimal(reader.construct_scalar(node))


def _number(writer: _Writer, value: Decimal) -> yaml.ScalarNode:
    return writer.represent_scalar("tag:yaml.org,2002:float", format(value, "f"))


_Reader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Reader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Writer.add_representer(Decimal, _number)


def read_yaml(text: str, path: str) -> Any:
    """Return the value of a file. Raises Refused with the place of what cannot be read."""
    try:
        return yaml.load(text, _Reader)  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = "" if mark is None else f", line {mark.line + 1}, column {mark.column + 1}"
        reason = getattr(error, "problem", None) or str(error)
        raise Refused(Problem(f"{path}{place}:", reason)) from None
    except RecursionError:
        raise Refused(Problem(f"{path}:", "is too deep")) from None


def write_yaml(value: Any) -> str:
    """Return *value* as YAML, keys in their order."""
    text: str = yaml.dump(value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text
