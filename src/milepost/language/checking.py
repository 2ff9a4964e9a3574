"""Finds all faults of a condition at once: unknown names, wrong types, invalid arguments."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import NamedTuple, assert_never

from milepost.language.operations import Operation
from milepost.language.parameters import Parameter, complaint
from milepost.language.profiles.profile import Function, Profile, attribute
from milepost.language.syntax import (
    EQUALITY,
    ORDER,
    Binary,
    Call,
    Expression,
    Junction,
    Member,
    Name,
    Number,
    Sign,
    Text,
    Truth,
    Unary,
)
from milepost.language.values import Kind, Scope
from milepost.language.vocabulary import IN_SCOPE, LINE, OPERATIONS, PROFILES, UNSUPPORTED


class Fault(NamedTuple):
    """One fault of a condition, at a character of its text (0-based)."""

    position: int
    reason: str


def check(expression: Expression, scope: Scope) -> tuple[Fault, ...]:
    """Return all faults of *expression* as a condition in *scope*, in text order. Without faults it compiles."""
    checker = _Checker(scope)
    checker.expect(expression, Kind.BOOLEAN)
    return tuple(sorted(checker.faults))


def kind_of(expression: Expression, scope: Scope) -> Kind:
    """Return the type of *expression*, DYNAMIC if it has faults."""
    return _Checker(scope).kind(expression) or Kind.DYNAMIC


class _Checker:
    """Collects faults. A kind of None means that a fault was noted already, so that one mistake is reported once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._profiles: Mapping[str, Profile] = IN_SCOPE[scope]
        self.faults: list[Fault] = []

    def kind(self, expression: Expression) -> Kind | None:
        match expression:
            case Truth():
                return Kind.BOOLEAN
            case Number():
                return Kind.NUMBER
            case Text():
                return Kind.STRING
            case Name():
                return self._bare_name(expression)
            case Member():
                return self._member(expression)
            case Call():
                return self._call(expression)
            case Unary(sign, operand):
                return self.expect(operand, Kind.BOOLEAN if sign is Sign.NOT else Kind.NUMBER)
            case Binary():
                return self._binary(expression)
            case Junction(_, operands):
                for operand in operands:
                    self.expect(operand, Kind.BOOLEAN)
                return Kind.BOOLEAN
            case _:
                assert_never(expression)

    def expect(self, expression: Expression, wanted: Kind) -> Kind:
        """Note a fault unless *expression* is of the *wanted* kind. Return *wanted*."""
        actual = self.kind(expression)
        if actual not in {wanted, Kind.DYNAMIC, None}:
            assert actual is not None
            self._fault(expression, f"expected a {wanted.value}, not a {actual.value}")
        return wanted

    def _fault(self, expression: Expression, reason: str) -> None:
        self.faults.append(Fault(expression.position, reason))

    def _binary(self, node: Binary) -> Kind | None:
        if node.operator not in EQUALITY | ORDER:
            self.expect(node.left, Kind.NUMBER)
            self.expect(node.right, Kind.NUMBER)
            return Kind.NUMBER
        left, right = self.kind(node.left), self.kind(node.right)
        for kind in (left, right):
            if node.operator in ORDER and kind in {Kind.STRING, Kind.BOOLEAN}:
                self._fault(node, f"a {kind.value} is neither greater nor less than another")
                return Kind.BOOLEAN
        if left is not None and right is not None and left is not right and Kind.DYNAMIC not in {left, right}:
            self._fault(node, f"a {left.value} cannot be compared with a {right.value}")
        return Kind.BOOLEAN

    def _bare_name(self, node: Name) -> Kind | None:
        if self._profile(node) is not None:
            self._fault(node, f"{node.text} is a profile: name one of its attributes after a dot")
        return None

    def _profile(self, node: Name) -> Profile | None:
        profile = self._profiles.get(node.text)
        if profile is not None:
            return profile
        if node.text in UNSUPPORTED:
            reason = f"{node.text} is not supported in milestones: {UNSUPPORTED[node.text]}"
        elif node.text == LINE:
            reason = f"{LINE} is known only to targets on line items, not to a condition on {self._scope.value}"
        elif node.text in PROFILES:
            reason = f"{node.text} is not known to a condition on {self._scope.value}"
        else:
            reason = f"there is no profile {node.text}{_nearest(node.text, self._profiles)}"
        self._fault(node, reason)
        return None

    def _member(self, node: Member) -> Kind | None:
        if not isinstance(node.owner, Name):
            return self._operation_without_brackets(node)
        profile = self._profile(node.owner)
        if profile is None:
            return None
        definition = attribute(profile, node.name)
        if definition is not None:
            return definition.kind
        if node.name in profile.functions:
            self._fault(node, f"{node.name} needs arguments in brackets")
        else:
            self._unknown(node, node.owner, profile)
        return None

    def _operation_without_brackets(self, node: Member) -> Kind | None:
        self.kind(node.owner)
        hint = f": write {node.name}()" if node.name in OPERATIONS else _nearest(node.name, OPERATIONS)
        self._fault(node, f"there is no attribute {node.name} of a value{hint}")
        return None

    def _call(self, node: Call) -> Kind | None:
        if not isinstance(node.owner, Name):
            return self._operation(node, self.kind(node.owner))
        profile = self._profile(node.owner)
        if profile is None:
            return None
        function = profile.functions.get(node.name)
        if function is not None:
            self._arguments(node, function)
            return function.kind
        if attribute(profile, node.name) is not None:
            self._fault(node, f"{node.name} is an attribute: leave the brackets out")
        else:
            self._unknown(node, node.owner, profile)
        return None

    def _operation(self, node: Call, subject: Kind | None) -> Kind | None:
        operation = OPERATIONS.get(node.name)
        if operation is None:
            self._fault(node, f"there is no operation {node.name}{_nearest(node.name, OPERATIONS)}")
            return None
        if operation.subject not in {subject, Kind.DYNAMIC} and subject not in {Kind.DYNAMIC, None}:
            assert subject is not None
            self._fault(node, f"{node.name} is for a {operation.subject.value}, not for a {subject.value}")
        self._arguments(node, operation)
        return operation.kind

    def _arguments(self, node: Call, signature: Function | Operation) -> None:
        parameters = signature.parameters
        open_ended = isinstance(signature, Function) and signature.open_ended
        surplus = len(node.arguments) - len(parameters)
        if surplus < 0 or (surplus and not open_ended):
            listed = "; ".join(parameter.value for parameter in parameters) or "nothing"
            self._fault(node, f"{node.name} takes {listed}{' (or more of the last)' if open_ended else ''}")
            return
        before = len(self.faults)
        for parameter, argument in zip(parameters + parameters[-1:] * surplus, node.arguments, strict=True):
            self._argument(parameter, argument)
        if isinstance(signature, Operation) and len(self.faults) == before:
            reason = signature.complaint(node.arguments)
            if reason is not None:
                self._fault(node, reason)

    def _argument(self, parameter: Parameter, argument: Expression) -> None:
        if parameter is Parameter.TEXT:
            self.expect(argument, Kind.STRING)
        elif parameter is Parameter.DATE:
            self.expect(argument, Kind.DATE)
        else:
            reason = complaint(parameter, argument)
            if reason is not None:
                self._fault(argument, reason)

    def _unknown(self, node: Member | Call, owner: Name, profile: Profile) -> None:
        if node.name in profile.absent:
            self._fault(node, f"{owner.text} has no {node.name}: {profile.absent[node.name]}")
            return
        hint = _nearest(node.name, (*profile.attributes, *profile.functions))
        self._fault(node, f"{owner.text} has no {node.name}{hint}")


def _nearest(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(name, list(names), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(close)}?" if close else ""
