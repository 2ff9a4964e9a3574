"""What a condition needs besides the event: facts that must be stored or loaded, and definitions that it names."""

from collections.abc import Iterator
from typing import NamedTuple

from milepost.language.parameters import Parameter, label
from milepost.language.profiles.customer_profile import (
    BY_DAY,
    CUSTOMER_PROFILE,
    ENDED_PERIOD_FUNCTIONS,
    FIELDS_READ,
    PROFILE_ATTRIBUTES,
    PROGRESS_FUNCTIONS,
)
from milepost.language.profiles.event_profile import EVENT_PROFILE
from milepost.language.profiles.profile import extended_field
from milepost.language.syntax import Call, Expression, Member, Name, walk_tree
from milepost.language.vocabulary import CUSTOMER, EVENT


class Needs(NamedTuple):
    """The data that conditions need.

    `member` is the customer's profile and `fields` the fields of it. `reached` is the customer's progress, `ended` the
    progress of ended periods too. `standing` is the customer's counts so far, such as the number of bills, and `days`
    the counts that go by the days of a time zone.
    """

    member: bool = False
    fields: frozenset[str] = frozenset()
    reached: bool = False
    ended: bool = False
    standing: bool = False
    days: bool = False

    def joined(self, other: "Needs") -> "Needs":
        """Return the needs of both."""
        return Needs(
            member=self.member or other.member,
            fields=self.fields | other.fields,
            reached=self.reached or other.reached,
            ended=self.ended or other.ended,
            standing=self.standing or other.standing,
            days=self.days or other.days,
        )


NOTHING_NEEDED = Needs()


class Mention(NamedTuple):
    """The name of a definition in a condition, at a character of its text (0-based).

    `of` is the mention before it: for a period, the target or group to which the period belongs.
    """

    parameter: Parameter
    name: str
    position: int
    of: "Mention | None" = None


def needs(expression: Expression) -> Needs:
    """Return the data that the checked condition *expression* needs."""
    total = NOTHING_NEEDED
    for node, _ in walk_tree(expression):
        if isinstance(node, (Member, Call)) and node.owner == Name(CUSTOMER):
            total = total.joined(_of_call(node) if isinstance(node, Call) else _of_attribute(node.name))
    return total


def pattern_count(expression: Expression) -> int:
    """Return how many patterns the condition *expression* holds; each may be tried on every line of a bill."""
    return sum(
        isinstance(node, Call) and (node.name == "matches" or "Regex" in node.name) for node, _ in walk_tree(expression)
    )


def mentions(expression: Expression) -> Iterator[Mention]:
    """Return the targets, groups, periods and levels that the checked condition *expression* names."""
    for node, _ in walk_tree(expression):
        if not isinstance(node, Call) or not isinstance(node.owner, Name):
            continue
        profile = {CUSTOMER: CUSTOMER_PROFILE, EVENT: EVENT_PROFILE}.get(node.owner.text)
        function = None if profile is None else profile.functions.get(node.name)
        if function is None or Parameter.PROFILE_FIELD in function.parameters:
            continue
        before: Mention | None = None
        for parameter, argument in zip(function.parameters, node.arguments, strict=True):
            before = Mention(parameter, label(argument), argument.position, before)
            yield before


def _of_attribute(name: str) -> Needs:
    field = FIELDS_READ.get(name) or extended_field(name)
    if field:
        return Needs(member=True, fields=frozenset({field}))
    return Needs(member=True) if name in PROFILE_ATTRIBUTES else Needs(standing=True, days=name in BY_DAY)


def _of_call(call: Call) -> Needs:
    if call.name in PROGRESS_FUNCTIONS:
        return Needs(reached=True, ended=call.name in ENDED_PERIOD_FUNCTIONS)
    return Needs(member=True, fields=frozenset({label(call.arguments[0])}))
