"""What a profile is made of: attributes, functions, and names of the vendor's that it cannot have."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from milepost.language.parameters import Parameter
from milepost.language.syntax import Expression
from milepost.language.values import Evaluate, EvaluationContext, Kind, Value
from milepost.model.event import Bill

EXTENDED_FIELD = "extField_"

Arguments = tuple[Expression, ...]


class Function(NamedTuple):
    """A function of a profile; the last parameter may be given many times if `open_ended`."""

    parameters: tuple[Parameter, ...]
    kind: Kind
    build: Callable[[Arguments], Evaluate]
    open_ended: bool = False


class Fact(NamedTuple):
    """An attribute that has a value on each occasion."""

    kind: Kind
    read: Evaluate


class Stamp(NamedTuple):
    """An attribute that is an instant, in epoch microseconds; its calendar parts need a zone."""

    read: Callable[[EvaluationContext], int | None]

    @property
    def kind(self) -> Kind:
        """Return the type that it has in a condition."""
        return Kind.DATE


class Daily(NamedTuple):
    """An attribute that depends on the event's day (proleptic ordinal) in the zone that the rule was compiled for."""

    kind: Kind
    read: Callable[[EvaluationContext, int], Value]


Attribute = Fact | Stamp | Daily


class Profile(NamedTuple):
    """One word before the dot.

    `unlisted` finds attributes that are named by others, such as extended fields; `absent` holds names that the vendor
    has and we cannot have, each with the reason.
    """

    attributes: Mapping[str, Attribute]
    functions: Mapping[str, Function] = {}
    unlisted: Callable[[str], Attribute | None] = lambda _name: None
    absent: Mapping[str, str] = {}


def attribute(profile: Profile, name: str) -> Attribute | None:
    """Return the attribute *name* of *profile*, if it has it."""
    listed = profile.attributes.get(name)
    if listed is not None or name in profile.functions or name in profile.absent:
        return listed
    return profile.unlisted(name)


def extended_field(name: str) -> str:
    """Return which extended field the attribute *name* reads; empty if it is none."""
    key = name.removeprefix(EXTENDED_FIELD)
    return "" if key == name else key


def bill_of(context: EvaluationContext) -> Bill | None:
    """Return the bill that the event brings, if it brings one."""
    payload = context.event.payload
    return payload if isinstance(payload, Bill) else None
