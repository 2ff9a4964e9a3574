"""A condition with the value of each of its parts, and the part that decided: for explanations, not for counting.

Each part is evaluated by the closure that counting would compile for it, so both have one meaning.
"""

from typing import NamedTuple

from milepost.language.compiling import evaluate_part
from milepost.language.syntax import Call, Connective, Expression, Junction, Member, Name, parts
from milepost.language.values import EvaluationContext, Value


class TracedPart(NamedTuple):
    """A part of a condition with its value, None for null, and its own parts that have values."""

    expression: Expression
    value: Value
    parts: tuple["TracedPart", ...]


def trace(expression: Expression, context: EvaluationContext, zone: str) -> TracedPart:
    """Return the checked condition *expression* with the value of each part in *context*.

    *zone* is the time zone for the calendar parts of dates.
    """
    valued = () if isinstance(expression, Member) else tuple(part for part in parts(expression) if _has_value(part))
    if isinstance(expression, Call):
        valued = () if isinstance(expression.owner, Name) else (expression.owner,)
    return TracedPart(
        expression, evaluate_part(expression, zone)(context), tuple(trace(part, context, zone) for part in valued)
    )


def _has_value(expression: Expression) -> bool:
    return not isinstance(expression, Name)


def deciding(traced: TracedPart) -> TracedPart:
    """Return the first part that decided that a condition does not hold.

    Of `&&` that is a part that is false, or else null; of `||`, none of whose parts is true, the first one.
    Others decide by themselves.
    """
    match traced.expression:
        case Junction(Connective.AND):
            false = (part for part in traced.parts if part.value is False)
            null = (part for part in traced.parts if not isinstance(part.value, bool))
            first = next(false, None) or next(null, None)
            return traced if first is None else deciding(first)
        case Junction(Connective.OR):
            return deciding(traced.parts[0])
        case _:
            return traced
