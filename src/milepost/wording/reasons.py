"""Why an event did not count, in words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from milepost.language.syntax import Binary, Number, Text
from milepost.language.values import Value
from milepost.model.progress.explanation import NotCounted, NotCountedReason
from milepost.wording.catalogue import Language, Parameter, has, say, written
from milepost.wording.conditions import clause, quoted

if TYPE_CHECKING:
    from milepost.language import TracedPart


def reason_in_words(language: Language, not_counted: NotCounted) -> str:
    """Return the clause that says why an event did not count, without an internal id."""
    parameters = not_counted.parameters
    if not_counted.reason is NotCountedReason.CONDITION_FALSE:
        return _condition(language, parameters)
    variant = parameters.get("variant")
    key = f"reason.{not_counted.reason.value}"
    if isinstance(variant, str) and has(language, f"{key}-{variant}"):
        key += f"-{variant}"
    shown = {name: cast("Parameter", value) for name, value in parameters.items() if name != "variant"}
    if "event" in shown:
        shown["event"] = event_kind(language, str(shown["event"]))
    return say(language, key, **shown)


def event_kind(language: Language, name: str) -> str:
    """Return how an event of this *name* is called."""
    key = f"event.{name}"
    return say(language, key) if has(language, key) else say(language, "event.other", name=name)


def value_in_words(language: Language, value: Value) -> str:
    """Return the *value* of a part of a condition."""
    match value:
        case None:
            return say(language, "value.absent")
        case bool():
            return say(language, "value.true" if value else "value.false")
        case Decimal():
            return written(language, value)
        case str():
            return quoted(language, value)
        case _:
            return value.format_iso()[:16].replace("T", " ")


def _condition(language: Language, parameters: Mapping[str, object]) -> str:
    part = cast("TracedPart", parameters["deciding"])
    words = clause(language, part.expression)
    measured = part.parts[0] if isinstance(part.expression, Binary) else None
    if measured is None or isinstance(measured.expression, Number | Text):
        return say(language, "reason.CONDITION_FALSE", deciding=words)
    value = value_in_words(language, measured.value)
    return say(language, "reason.CONDITION_FALSE-value", deciding=words, value=value)
