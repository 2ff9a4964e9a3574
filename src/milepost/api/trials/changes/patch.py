"""The difference of two JSON documents as a JSON patch (RFC 6902)."""

from typing import Any, NamedTuple

from msgspec import UNSET, Struct, UnsetType


class PatchStep(Struct, forbid_unknown_fields=True):
    """One step of a JSON patch."""

    op: str
    path: str
    value: Any | UnsetType = UNSET


class _Pair(NamedTuple):
    path: str
    before: Any
    after: Any


def json_patch(before: Any, after: Any, path: str = "") -> list[PatchStep]:
    """Return the steps that make *after* of *before*; elements of a list that goes on are added at its end."""
    if isinstance(before, dict) and isinstance(after, dict):
        steps = [PatchStep("remove", f"{path}/{_escaped(name)}") for name in before if name not in after]
        for name, value in after.items():
            inner = f"{path}/{_escaped(name)}"
            steps += json_patch(before[name], value, inner) if name in before else [PatchStep("add", inner, value)]
        return steps
    if isinstance(before, list) and isinstance(after, list):
        shared = min(len(before), len(after))
        pairs = (_Pair(f"{path}/{place}", before[place], after[place]) for place in range(shared))
        steps = [step for pair in pairs for step in json_patch(pair.before, pair.after, pair.path)]
        steps += [PatchStep("remove", f"{path}/{place}") for place in reversed(range(shared, len(before)))]
        return steps + [PatchStep("add", f"{path}/-", value) for value in after[shared:]]
    return [] if before == after else [PatchStep("replace", path, after)]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
