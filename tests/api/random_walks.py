"""Requests made one after the other from our OpenAPI document, each with ids and names that an earlier answer gave.

Schemathesis finds the links by itself: the `data.targets[].id` of an answer leads to each route that asks for a
`target_id`. A walk is drawn as a whole before its first request is sent, so that what it does follows from the draw
and not from what a server had remembered. What a link does not give is something that is known on the stage.
"""

from random import Random
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.core.transforms import UNRESOLVABLE
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.modes import GenerationMode
from schemathesis.generation.stateful.state_machine import ExtractedParam, StepOutput
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.expressions import MultiMatch
from schemathesis.specs.openapi.stateful.links import OpenApiLink

from tests.api.random_requests import Talk, lasting

STEPS = 6
"""How many links a walk follows at most."""

GROUP = "/v3/targetGroups/{group_id}"

Way = tuple[str, str]


class Walk(NamedTuple):
    """A request, and those that follow: each with the link that leads to it."""

    first: Case[Any]
    further: list[tuple[OpenApiLink, Case[Any]]]


class Walks:
    """Walks over the routes; `ways` are those that were gone, each from a route to one that its answer led to."""

    def __init__(self, talk: Talk, document: BaseSchema) -> None:
        """Prepare to walk over what *document* tells of."""
        self._talk = talk
        machine: Any = document.as_state_machine()
        found = machine._transitions.operations
        self._out: dict[str, list[OpenApiLink]] = {label: of.outgoing for label, of in found.items()}
        self._links = [link for links in self._out.values() for link in links]
        self.known: set[Way] = {(link.source.label, link.target.label) for link in self._links}
        self.ways: set[Way] = set()
        self._made: dict[str, st.SearchStrategy[Case[Any]]] = {}

    def walk(self, times: int, every: int = 1) -> None:
        """Walk that many times from each link on, or from *every* so manieth, up to six links far.

        Raises if an answer is not documented, or if what was deleted is shown.
        """
        for link in self._links[::every]:
            lasting(times)(given(self._from(link), st.integers(0, 2**32))(self._go))()

    def _requests(self, operation: Any) -> st.SearchStrategy[Case[Any]]:
        """Draw a request of a route."""
        if operation.label not in self._made:
            self._made[operation.label] = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        return self._made[operation.label]

    def _from(self, first: OpenApiLink) -> st.SearchStrategy[Walk]:
        """Draw a walk: along which links, with which requests."""
        request_of = self._requests

        @st.composite
        def walk(draw: st.DrawFn) -> Walk:
            link = first
            found = Walk(draw(request_of(link.source)), [(link, draw(request_of(link.target)))])
            while self._out[link.target.label] and len(found.further) < STEPS and draw(st.booleans()):
                link = draw(st.sampled_from(self._out[link.target.label]))
                found.further.append((link, draw(request_of(link.target))))
            return found

        return walk()

    def _go(self, walk: Walk, drawn: int) -> None:
        """Send the requests of a walk, on a stage that lasts for all of it."""
        self._talk.stage()
        chance, gone = Random(drawn), set[str]()
        case, answered = walk.first, self._talk.follow(walk.first, {})
        _look_for(gone, case, answered)
        for link, following in walk.further:
            told = _told(link, case, answered, chance)
            if told:
                self.ways.add((link.source.label, link.target.label))
            case, answered = following, self._talk.follow(following, told)
            _look_for(gone, case, answered)


def _told(link: OpenApiLink, case: Case[Any], answered: Response, chance: Random) -> dict[str, dict[str, Any]]:
    """Return the values of an answer that a link uses, by the part of the request that they belong to."""
    found = link.extract(StepOutput(answered, case))
    parts: dict[str, dict[str, Any]] = {part: _values(by_name, chance) for part, by_name in found.parameters.items()}
    if found.request_body is not None and isinstance(found.request_body.value, Ok):
        body = found.request_body.value.ok()
        if isinstance(body, dict):
            chosen = {name: _chosen(value, chance) for name, value in body.items() if value is not UNRESOLVABLE}
            parts["body"] = chosen
    return {part: values for part, values in parts.items() if values}


def _values(by_name: dict[str, ExtractedParam], chance: Random) -> dict[str, Any]:
    read = {name: one.value.ok() for name, one in by_name.items() if isinstance(one.value, Ok)}
    return {name: str(_chosen(value, chance)) for name, value in read.items() if value not in (None, UNRESOLVABLE)}


def _chosen(value: Any, chance: Random) -> Any:
    """Return the value, or one of them if the answer has several."""
    return chance.choice(value.values) if isinstance(value, MultiMatch) else value


def _look_for(gone: set[str], case: Case[Any], answered: Response) -> None:
    """Remember which group an answer says is deleted, and hold that none of those is shown again."""
    path, group = case.operation.path, str((case.path_parameters or {}).get("group_id"))
    if answered.status_code != 200 or not path.startswith(GROUP):
        return
    assert group not in gone, f"{case.method} {case.formatted_path} of a group that was deleted"
    if (case.method.upper(), path) == ("DELETE", GROUP):
        gone.add(group)
