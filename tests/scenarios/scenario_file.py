"""Reading scenario files.

A file holds scenarios, each after a line `Scenario: name`. Then come the definitions, a target's options indented below
it, and the story: lines that begin with a local date and time say what a customer does, lines that begin with `then`
say how things stand. `#` begins a comment, an empty line means nothing.
"""

import re
from itertools import count
from pathlib import Path

from milepost.model.time import Micros
from milepost.rules.calendar import calendar_of
from tests.scenarios import vocabulary_definitions as _defining  # noqa: F401 - fills its tables
from tests.scenarios import vocabulary_events as _deeds  # noqa: F401 - fills its table
from tests.scenarios.scenario_story import Called, DatedAction, Definition, Expectation, Happening, Json, Scenario, Step
from tests.scenarios.vocabulary import NoSense, clauses, deeds, definitions, events, options
from tests.scenarios.vocabulary_expectations import SOURCE

_DATED = re.compile(r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?:[+-]\d\d:\d\d)?)  (?P<sentence>.+)")
_HEARD = re.compile(r", heard (?P<at>\S+ \S+)$")
_DEFINED = re.compile(r"the targets are (?:defined|refused at (?P<path>\S+))")


def scenarios_of(path: Path) -> list[Scenario]:
    """Return the scenarios of a file; raises NoSense with file and line where one cannot be understood."""
    found: list[Scenario] = []
    numbers = count(1)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.split("#")[0].rstrip()
        try:
            if text.startswith("Scenario: "):
                found.append(Scenario(name=text.removeprefix("Scenario: "), path=path.stem))
                numbers = count(1)
            elif text:
                _read(found[-1], number, text, numbers)
        except (NoSense, IndexError, KeyError, ValueError) as error:
            raise NoSense(f"{path.name}:{number}: {text!r} makes no sense: {error!r}") from error
    return found


def _read(scenario: Scenario, number: int, text: str, numbers: "count[int]") -> None:
    dated = _DATED.fullmatch(text)
    if dated is not None:
        scenario.steps.append(Step(number, text, _said(scenario, dated["at"], dated["sentence"], numbers)))
    elif text.startswith("then "):
        scenario.steps.append(Step(number, text, Expectation(text.removeprefix("then "))))
    elif text.startswith(" "):
        understood = options.understand(text.strip())
        understood.meaning(scenario, **understood.words)
    else:
        understood = definitions.understand(text)
        understood.meaning(scenario, **understood.words)


def _said(scenario: Scenario, at: str, sentence: str, numbers: "count[int]") -> DatedAction | Definition:
    """Return what a dated sentence says; its event is received when it happens, unless the sentence says otherwise."""
    found = _HEARD.search(sentence)
    received_at = _instant(scenario, at if found is None else found["at"])
    sentence = _HEARD.sub("", sentence)
    if defined := _DEFINED.fullmatch(sentence):
        return Definition(received_at, defined["path"])
    understood = deeds.find(sentence)
    if understood is not None:
        called = Called(scenario, _instant(scenario, at), received_at)
        return DatedAction(received_at, understood.meaning(called, **understood.words))
    happening = Happening(_event(scenario, at, sentence, str(next(numbers))), received_at)
    return DatedAction(received_at, lambda player: player.happen(happening))


def _event(scenario: Scenario, at: str, sentence: str, id_: str) -> Json:
    who, _, rest = sentence.partition(" ")
    deed, *more = rest.split(", ")
    understood = events.understand(deed)
    event: Json = {
        "id": id_,
        "source": SOURCE,
        "customer": {"externalId": who},
        "time": _iso(_instant(scenario, at)),
    }
    event |= understood.meaning(**understood.words)
    if "number" in event["data"]:
        event["data"]["number"] = id_
    for clause in more:
        understood = clauses.understand(clause)
        understood.meaning(event, **understood.words)
    return event


def _instant(scenario: Scenario, text: str) -> Micros:
    return calendar_of(scenario.zone).read(text.replace(" ", "T", 1)).instant


def _iso(instant: Micros) -> str:
    return calendar_of("UTC").iso(instant)
