"""The parts of a profile: attributes, functions, and names of the vendor that we cannot support."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from milepost.language.parameters import Parameter
from milepost.language.syntax import Expression
from milepost.language.values import Evaluate, EvaluationContext, Kind, Value
from milepost.model.event import Bill
from milepost.model.time import Micros

EXTENDED_FIELD = "extField_"

Arguments = tuple[Expression, ...]


class Function(NamedTuple):
    """A function of a profile. If it is `open_ended`, the last parameter takes one or more arguments."""

    parameters: tuple[Parameter, ...]
    kind: Kind
    build: Callable[[Arguments], Evaluate]
    open_ended: bool = False


class Fact(NamedTuple):
    """An attribute whose value is read from the evaluation context."""

    kind: Kind
    read: Evaluate


class Stamp(NamedTuple):
    """An attribute that is an instant in epoch microseconds. Its calendar parts need a time zone."""

    read: Callable[[EvaluationContext], Micros | None]

    @property
    def kind(self) -> Kind:
        """The type of the attribute in a condition."""
        return Kind.DATE


class Daily(NamedTuple):
    """An attribute that depends on the event's day (proleptic ordinal) in the time zone of the compiled rule."""

    kind: Kind
    read: Callable[[EvaluationContext, str, int], Value]


class Zoned(NamedTuple):
    """An attribute that depends on the days of the time zone of the compiled rule."""

    kind: Kind
    read: Callable[[EvaluationContext, str], Value]


Attribute = Fact | Stamp | Daily | Zoned


class Profile(NamedTuple):
    """One of the words that may stand before the dot, such as `currentTxn`.

    `unlisted` finds attributes whose names the organisation chooses, such as extended fields. `absent` holds names that
    the vendor supports and we cannot, each with the reason.
    """

    attributes: Mapping[str, Attribute]
    functions: Mapping[str, Function] = {}
    unlisted: Callable[[str], Attribute | None] = lambda _name: None
    absent: Mapping[str, str] = {}


def attribute(profile: Profile, name: str) -> Attribute | None:
    """Return the attribute *name* of *profile*, or None."""
    listed = profile.attributes.get(name)
    if listed is not None or name in profile.functions or name in profile.absent:
        return listed
    return profile.unlisted(name)


def extended_field(name: str) -> str:
    """Return the extended field that the attribute *name* reads, or an empty text if it reads none."""
    key = name.removeprefix(EXTENDED_FIELD)
    return "" if key == name else key


def bill_of(context: EvaluationContext) -> Bill | None:
    """Return the event's bill, or None if its payload is no bill."""
    payload = context.event.payload
    return payload if isinstance(payload, Bill) else None
