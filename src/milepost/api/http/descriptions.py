"""The sentences and examples of the OpenAPI document, and the types of parameters that are read as text.

`sentences.toml` has a sentence for each property and parameter, `examples.toml` an example for each body.
"""

import json
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

Json = dict[str, Any]


def described(document: Json) -> Json:
    """Return *document* with a sentence for each property and parameter, and with integers and booleans as such."""
    for name, schema in document["components"]["schemas"].items():
        for key, part in schema.get("properties", {}).items():
            _describe(name, key, part)
        _complete_lists(schema)
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                _describe_parameter(parameter)
    return document


def example_of(operation_id: str, shape: str) -> Any:
    """Return the example of a body: of its operation, else of its shape."""
    examples = _read("examples.toml")
    return json.loads(examples.get(operation_id) or examples[shape])


def undescribed(document: Json) -> list[str]:
    """Return the properties and parameters of *document* without a sentence."""
    properties = [
        f"{name}.{key}"
        for name, schema in document["components"]["schemas"].items()
        for key, part in schema.get("properties", {}).items()
        if not part.get("description")
    ]
    parameters = [
        parameter["name"]
        for operations in document["paths"].values()
        for operation in operations.values()
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ]
    return [*properties, *parameters]


def _describe(name: str, key: str, part: Json) -> None:
    sentences = _read("sentences.toml")
    sentence = sentences.get(f"{name}.{key}") or sentences["properties"].get(key)
    if sentence is not None:
        part.pop("title", None)
        part["description"] = sentence


def _complete_lists(schema: Any) -> None:
    """Say that the items of a list may be anything where nothing is said of them; generators need the word."""
    if isinstance(schema, dict):
        if schema.get("type") == "array":
            schema.setdefault("items", {})
        for part in schema.values():
            _complete_lists(part)
    elif isinstance(schema, list):
        for part in schema:
            _complete_lists(part)


def _describe_parameter(parameter: Json) -> None:
    sentences, name = _read("sentences.toml"), parameter["name"]
    if name in sentences["parameters"]:
        parameter["description"] = sentences["parameters"][name]
    kind = next((kind for kind, names in sentences["types"].items() if name in names), None)
    schema = {key: value for key, value in parameter["schema"].items() if key not in {"title", "anyOf"}}
    if kind is None:
        parameter["schema"] = {"type": "string"} | schema
        return
    default = schema.get("default")
    parameter["schema"] = (
        {"type": kind} if default in {None, ""} else {"type": kind, "default": json.loads(str(default))}
    )


@cache
def _read(name: str) -> Mapping[str, Any]:
    return tomllib.loads(files("milepost.api.http").joinpath(name).read_text(encoding="utf-8"))
