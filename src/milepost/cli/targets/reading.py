"""Files of target groups, read into the requests that the API would get."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milepost.api.capillary.definitions.target_groups.body import GroupBody
from milepost.api.capillary.document import read
from milepost.api.http.body import DEPTH_MAX, depth_passes
from milepost.cli.targets.yaml_text import read_yaml
from milepost.model.problem import Problem, Refused
from milepost.model.target import FilterKind
from milepost.service.definitions.define import DefinitionRequest
from milepost.service.definitions.references import References

SUFFIXES = frozenset({".yaml", ".yml"})
FILE_BYTES_MAX = 1024 * 1024
_ID = Problem("id", "does not belong in a file: a group and its targets go by their names, periods by their refCodes")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFile:
    """A file that holds one target group, as it was read."""

    path: Path
    name: str
    document: Mapping[str, Any]


def read_folder(folder: Path) -> list[GroupFile]:
    """Read all files of a folder, in the order of their names. Raises Refused with every file that is none of ours."""
    if not folder.is_dir():
        raise Refused(Problem(str(folder), "is no folder"))
    files: list[GroupFile] = []
    problems: list[Problem] = []
    for path in sorted(one for one in folder.rglob("*") if one.suffix in SUFFIXES and one.is_file()):
        try:
            files.append(read_file(path, path.relative_to(folder)))
        except Refused as refused:
            problems += refused.problems
    names: dict[str, Path] = {}
    for file in files:
        first = names.setdefault(file.name.casefold(), file.path)
        if first != file.path:
            problems.append(Problem(f"{file.path}: name", f"is that of the group in {first}, too"))
    if problems:
        raise Refused(*problems)
    return files


def read_file(path: Path, shown: Path) -> GroupFile:
    """Read one file, which messages call *shown*. Raises Refused."""
    if path.stat().st_size > FILE_BYTES_MAX:
        raise Refused(Problem(f"{shown}:", f"is larger than {FILE_BYTES_MAX} bytes"))
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise Refused(Problem(f"{shown}:", "is not UTF-8")) from None
    document = read_yaml(text, str(shown))
    if not isinstance(document, dict):
        raise Refused(Problem(f"{shown}:", "must hold one target group, as a mapping"))
    if depth_passes(document, DEPTH_MAX):
        raise Refused(Problem(f"{shown}:", f"is deeper than {DEPTH_MAX} levels"))
    name = document.get("name")
    if not isinstance(name, str) or not name.strip():
        raise Refused(Problem(f"{shown}: name", "must be text"))
    return GroupFile(path=shown, name=name, document=document)


def request_of(document: Mapping[str, Any], references: References) -> DefinitionRequest:
    """Return the request that defines the group of a file, with a problem for each thing that cannot be read."""
    problems: list[Problem] = []
    body = dict(document)
    _refuse_id(body, "", problems)
    _name_till(body, references, problems)
    periods = body.get("periods")
    listed = [one for one in periods if isinstance(one, dict)] if isinstance(periods, list) else []
    for place, period in enumerate(listed):
        _refuse_id(period, f"periods[{place}].", problems)
    if "totalPeriods" not in body and listed:
        body["totalPeriods"] = len(listed)
    targets = body.get("targets")
    if isinstance(targets, list):
        body["targets"] = [
            _target(one, f"targets[{place}].", listed, references, problems) for place, one in enumerate(targets)
        ]
    group, unread = read(GroupBody, body)
    return DefinitionRequest(group.draft(), (*problems, *unread))


def _refuse_id(document: Mapping[str, Any], path: str, problems: list[Problem]) -> None:
    if "id" in document:
        problems.append(Problem(f"{path}id", _ID.reason))


def _name_till(body: dict[str, Any], references: References, problems: list[Problem]) -> None:
    code = body.pop("preferredTill", None)
    if code is None:
        return
    till_id = references.tills.get(str(code))
    if till_id is None:
        problems.append(Problem("preferredTill", f"there is no till {str(code)!r}"))
    body["preferredTillId"] = till_id


def _target(target: Any, path: str, periods: list[Any], references: References, problems: list[Problem]) -> Any:
    if not isinstance(target, dict):
        return target
    body = dict(target)
    _refuse_id(body, path, problems)
    if "goals" in body:
        body["defaultValues"] = _goals(body.pop("goals"), f"{path}goals", periods, problems)
    if isinstance(body.get("filters"), list):
        body["filters"] = [
            _filter(one, f"{path}filters[{place}]", references, problems) for place, one in enumerate(body["filters"])
        ]
    if "audiences" in body:
        body["targetAudienceFilter"] = _audiences(body.pop("audiences"), f"{path}audiences", references, problems)
    return body


def _goals(goals: Any, path: str, periods: list[Any], problems: list[Problem]) -> Any:
    """Return one goal for each period, in their order; a period that is switched off repeats the goal before it."""
    if not isinstance(goals, dict):
        return [{"defaultValue": goals}]
    listed = {str(one.get("refCode")): one.get("active") is not False for one in periods}
    problems += (Problem(f"{path}.{code}", "is the refCode of no period") for code in goals if code not in listed)
    values = list[Any]()
    for code, is_active in listed.items():
        if code not in goals and is_active:
            problems.append(
                Problem(f"{path}.{code}", "is missing: each period needs a goal, or one goal stands for all")
            )
        values.append(goals.get(code, values[-1] if values else next(iter(goals.values()), None)))
    return [{"defaultValue": value} for value in values]


def _filter(value: Any, path: str, references: References, problems: list[Problem]) -> Any:
    if not isinstance(value, dict) or "entityCodes" not in value:
        return value
    body = dict(value)
    codes = body.pop("entityCodes")
    kinds = {kind.value: kind for kind in FilterKind}
    kind = kinds.get(str(body.get("entityType")))
    if kind is None:
        return body  # reading the body says which kinds there are
    if not isinstance(codes, list):
        problems.append(Problem(f"{path}.entityCodes", "must be a list"))
        return body
    known = references.places[kind]
    for place, code in enumerate(codes):
        if str(code) not in known:
            reason = f"there is no {kind.value.lower()} with the code {str(code)!r}"
            problems.append(Problem(f"{path}.entityCodes[{place}]", reason))
    body["entityIds"] = [known[str(code)] for code in codes if str(code) in known] + list(body.get("entityIds") or ())
    return body


def _audiences(value: Any, path: str, references: References, problems: list[Problem]) -> Any:
    if not isinstance(value, list):
        problems.append(Problem(path, "must be a list of names"))
        return None
    named = list[dict[str, Any]]()
    for place, name in enumerate(value):
        id_ = references.audiences.get(str(name))
        if id_ is None:
            problems.append(Problem(f"{path}[{place}]", f"there is no audience {str(name)!r}"))
        else:
            named.append({"audienceGroupId": id_})
    return named
