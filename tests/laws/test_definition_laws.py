"""A definition is either refused with all of its problems, or becomes a group that is stored."""

import json
from copy import deepcopy
from itertools import count
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from milepost.api.capillary.definitions.target_groups.answer import created_group
from milepost.api.capillary.definitions.target_groups.body import read_definition
from milepost.api.capillary.definitions.targets.answer import enrolled_target
from milepost.api.capillary.envelope import answer, failure
from milepost.api.http.body import write_json
from milepost.model.organisation import Organisation, Settings
from milepost.model.problem import Problem, Refused
from milepost.model.target import Author, TargetGroup
from milepost.rules.calendar import calendar_of
from milepost.rules.compiled.index import build_rule_index
from milepost.rules.definition.build import IdKind, build_group, ids_needed
from milepost.rules.definition.unsupported import unsupported_features
from milepost.rules.definition.validation import merge_problems, validate
from milepost.store import codec

SEEDS = sorted((Path(__file__).parents[1] / "api" / "seeds").glob("*.request.json"))
REQUESTS = [json.loads(path.read_bytes()) for path in SEEDS]
AUTHOR = Author(id=7, code="till", name="Till")
NOW = calendar_of("UTC").read("2026-01-12T09:30:56.717Z").instant

WORDS = (
    *("DEFAULT", "UNIFIED", "STREAKS", "CAPPING", "CYCLIC_WINDOW", "PERIOD_AGNOSTIC_WINDOW", "FIXED_CALENDAR_WINDOW"),
    *("TRANSACTION", "LINEITEM", "EVENT", "REWARDS", "SALES", "VISIT", "COUNT", "EXTENDED_FIELD", "AUDIENCE_FILTER"),
    *("MIN", "DAY", "1", "1.00", "-1", "1e400", "true", "currentTxn.value>500", "currentTxn.value>", "\0", "", " a "),
    *("2024-10-24", "2024-10-24T23:59:00.000", "9999-12-31", "0001-01-01", "2024-08-20T08:41:00+18:00", "n" * 201),
)
values = st.recursive(
    st.one_of(
        st.sampled_from(WORDS),
        st.none(),
        st.booleans(),
        st.integers(-3, 102),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
fields = st.sampled_from(
    (
        *(
            "targetEvaluationType",
            "streaks",
            "combinationType",
            "unifiedTargetExpression",
            "leaderboardEnabled",
            "toDate",
        ),
        *(
            "targetMilestoneTriggers",
            "filters",
            "eventName",
            "aggregateWindow",
            "thresholdValue",
            "periodStatus",
            "colour",
        ),
    )
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in *value* at which something stands: what holds it, and under which key."""
    match value:
        case dict():
            runtime = list(value.items())
        case list():
            runtime = list(enumerate(value))
        case _:
            runtime = []
    return [(value, key) for key, _ in runtime] + [place for _, part in runtime for place in places(part)]


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """Draw a published request with a few values changed, added, doubled or taken away."""
    request = deepcopy(draw(st.sampled_from(REQUESTS)))
    for _ in range(draw(st.integers(0, 4))):
        known = places(request)
        if not known:
            break
        holder, key = draw(st.sampled_from(known))
        match draw(st.sampled_from(["change", "take", "add", "double"])):
            case "change":
                holder[key] = draw(values)
            case "take":
                del holder[key]
            case "add" if isinstance(holder, dict):
                holder[draw(fields)] = draw(values)
            case "double" if isinstance(holder, list):
                holder.append(deepcopy(holder[key]))
            case _:
                pass
    return request


def outcome(body: bytes, organisation: Organisation) -> TargetGroup | tuple[Problem, ...]:
    """Return the group that *body* defines, or everything that is wrong with it."""
    try:
        draft, unreadable = read_definition(body)
    except Refused as refused:
        return refused.problems
    problems = merge_problems(unreadable, validate(draft, organisation, NOW).problems)
    if problems:
        return problems
    numbers, needed = count(1), dict(ids_needed(draft))

    def ids(kind: IdKind) -> int:
        needed[kind] -= 1
        return next(numbers)

    group = build_group(draft, organisation, ids, AUTHOR, NOW)
    assert set(needed.values()) == {0}
    return group


@given(
    request=spoiled(),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "Pacific/Apia", "America/St_Johns"]),
    leaderboards=st.booleans(),
)
@example(request=[], zone="UTC", leaderboards=True)
@example(request={}, zone="UTC", leaderboards=True)
def test_a_request_is_described_back_or_kept(request: Any, zone: str, leaderboards: bool) -> None:  # noqa: FBT001 - drawn
    """Each problem has a place and words.

    Each group survives its storage, its answer and the making of a rule index.
    """
    organisation = Organisation(id=1, name="Brand", zone=zone, version=1, settings=Settings(leaderboards=leaderboards))
    made = outcome(json.dumps(request).encode(), organisation)
    if isinstance(made, tuple):
        assert all(problem.reason for problem in made)
        assert write_json(failure(made))
        return
    assert codec.decode_group(codec.encode_group(made)) == made
    calendar = calendar_of(zone)
    shown = created_group(made, calendar, NOW)
    assert write_json(answer(shown, unsupported_features(made)))
    assert [enrolled_target(target, made, calendar).id for target in made.targets] == [
        target.id for target in shown.targets
    ]
    assert set(build_rule_index(organisation, [made]).rules) == {target.id for target in made.targets}


@given(st.binary(max_size=200))
def test_any_bytes_are_described_back(body: bytes) -> None:
    """A body that is no request is refused, and nothing else happens."""
    organisation = Organisation(id=1, name="Brand", zone="UTC", version=1, settings=Settings())
    assert isinstance(outcome(body, organisation), tuple)


@given(spoiled())
def test_a_repeated_request_means_the_same(request: Any) -> None:
    """Reading and judging a request twice gives the same group, or the same problems."""
    organisation = Organisation(id=1, name="Brand", zone="Europe/Berlin", version=1, settings=Settings())
    body = json.dumps(request).encode()
    assert outcome(body, organisation) == outcome(body, organisation)
