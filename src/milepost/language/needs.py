"""What a condition asks for besides the event: facts that have to be kept or fetched, and names of what was defined."""

from collections.abc import Iterator
from typing import NamedTuple

from milepost.language.customer_profile import ASKS_ENDED, ASKS_REACHED, CUSTOMER_PROFILE, FIELDS_READ, MEMBER_NAMES
from milepost.language.event_profile import EVENT_PROFILE
from milepost.language.parameters import Parameter, label
from milepost.language.profile import extended_field
from milepost.language.syntax import Call, Expression, Member, Name, walk_tree
from milepost.language.vocabulary import CUSTOMER, EVENT


class Needs(NamedTuple):
    """What conditions need: the customer's profile, these fields of it, what was reached, and in ended periods too.

    `standing` is what the customer has done so far, such as the number of bills.
    """

    member: bool = False
    fields: frozenset[str] = frozenset()
    reached: bool = False
    ended: bool = False
    standing: bool = False

    def joined(self, other: "Needs") -> "Needs":
        """Return what both need."""
        return Needs(
            self.member or other.member,
            self.fields | other.fields,
            self.reached or other.reached,
            self.ended or other.ended,
            self.standing or other.standing,
        )


NOTHING_NEEDED = Needs()


class Mention(NamedTuple):
    """A name of something defined, at a character of the text; of a period, `of` is the target or group before it."""

    parameter: Parameter
    name: str
    position: int
    of: "Mention | None" = None


def needs(expression: Expression) -> Needs:
    """Return what *expression*, a checked condition, needs."""
    found = NOTHING_NEEDED
    for node, _ in walk_tree(expression):
        if isinstance(node, (Member, Call)) and node.owner == Name(CUSTOMER):
            found = found.joined(_of_call(node) if isinstance(node, Call) else _of_attribute(node.name))
    return found


def mentions(expression: Expression) -> Iterator[Mention]:
    """Return the targets, groups, periods and levels that *expression*, a checked condition, names."""
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
    return Needs(member=True) if name in MEMBER_NAMES else Needs(standing=True)


def _of_call(call: Call) -> Needs:
    if call.name in ASKS_REACHED:
        return Needs(reached=True, ended=call.name in ASKS_ENDED)
    return Needs(member=True, fields=frozenset({label(call.arguments[0])}))
