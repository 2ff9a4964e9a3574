"""A condition in words: "the net amount of the bill is at least 20 and the customer's tier is “gold”"."""

from typing import assert_never

from milepost.language.operations import Operation
from milepost.language.profiles.profile import Function, extended_field
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
from milepost.language.values import Kind
from milepost.language.vocabulary import LINE_ATTRIBUTE, OPERATIONS, PROFILES
from milepost.wording.catalogue import Language, any_of, has, say, written

_COMPARISONS = {
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL_TO": "≥",
    "GREATER_THAN_OR_EQUAL": "≥",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL_TO": "≤",
    "LESS_THAN_OR_EQUAL": "≤",
    "EQUAL_TO": "=",
    "NOT_EQUAL_TO": "≠",
}


def clause(language: Language, expression: Expression) -> str:
    """Return the condition *expression* as a clause that can follow "if"."""
    match expression:
        case Truth(value):
            return say(language, "clause.true" if value else "clause.false")
        case Junction(connective, operands):
            first, *others = (_inner(language, operand) for operand in operands)
            for other in others:
                first = say(language, f"clause.{connective.name}", left=first, right=other)
            return first
        case Unary(sign, operand) if sign is Sign.NOT:
            return say(language, "clause.not", clause=_inner(language, operand))
        case Binary(operator=operator) if operator in EQUALITY | ORDER:
            left, right = noun(language, expression.left), noun(language, expression.right)
            return say(language, f"clause.{operator.name}", left=left, right=right)
        case Call() if _is_condition(expression):
            return _call(language, expression)
        case _:
            return say(language, "clause.holds", subject=noun(language, expression))


def noun(language: Language, expression: Expression) -> str:
    """Return the value *expression* as a noun."""
    match expression:
        case Truth(value):
            return say(language, "value.true" if value else "value.false")
        case Number(number):
            return written(language, number)
        case Text(text):
            return quoted(language, text)
        case Name(text):
            return text
        case Member():
            return _attribute(language, expression)
        case Call():
            return _call(language, expression)
        case Unary(sign, operand) if sign is Sign.NEGATE:
            return say(language, "value.negative", value=noun(language, operand))
        case Binary(operator=operator) if operator not in EQUALITY | ORDER:
            left, right = noun(language, expression.left), noun(language, expression.right)
            return say(language, f"value.{operator.name}", left=left, right=right)
        case Unary() | Binary() | Junction():
            return say(language, "clause.brackets", clause=clause(language, expression))
        case _:
            assert_never(expression)


def quoted(language: Language, text: str) -> str:
    """Return *text* in the quotation marks of *language*."""
    return say(language, "list.quoted", text=text)


def _inner(language: Language, expression: Expression) -> str:
    words = clause(language, expression)
    return say(language, "clause.brackets", clause=words) if isinstance(expression, Junction) else words


def _attribute(language: Language, member: Member) -> str:
    owner = member.owner.text if isinstance(member.owner, Name) else ""
    key = f"attribute.{owner}-{member.name}"
    if has(language, key):
        return say(language, key)
    field = extended_field(member.name) or member.name.removeprefix(LINE_ATTRIBUTE)
    return say(language, f"attribute.{owner}-field", field=field)


def _known(call: Call) -> Function | Operation:
    return PROFILES[call.owner.text].functions[call.name] if isinstance(call.owner, Name) else OPERATIONS[call.name]


def _is_condition(call: Call) -> bool:
    return _known(call).kind is Kind.BOOLEAN


def _call(language: Language, call: Call) -> str:
    arguments = tuple(noun(language, argument) for argument in call.arguments)
    if not isinstance(call.owner, Name):
        return _operation(language, call, arguments)
    has_label = not ("Regex" in call.name and len(arguments) == 1)
    label = arguments[0] if has_label else ""
    options = arguments[1:] if has_label else arguments
    comparison = ""
    if call.name.endswith("If"):
        comparison, options = _COMPARISONS.get(options[0], options[0]), options[1:]
    owner_key = f"function.owner-{call.owner.text}"
    owner = say(language, owner_key) if has(language, owner_key) else ""
    return say(
        language,
        f"function.{call.name}",
        label=label,
        options=any_of(language, options),
        comparison=comparison,
        owner=owner,
    )


def _operation(language: Language, call: Call, arguments: tuple[str, ...]) -> str:
    if call.name == "isTimeBetween":
        arguments = (_clock(call.arguments[0], call.arguments[1]), _clock(call.arguments[2], call.arguments[3]))
    moment = ""
    if call.name == "isAfter":
        year, month, day, hour, minute, *_ = (_digits(argument) for argument in call.arguments)
        moment = f"{year}-{month:0>2}-{day:0>2} {hour:0>2}:{minute:0>2}"
    return say(
        language,
        f"function.{call.name}",
        subject=noun(language, call.owner),
        options=any_of(language, arguments),
        first=arguments[0] if arguments else "",
        second=arguments[1] if len(arguments) > 1 else "",
        moment=moment,
    )


def _digits(argument: Expression) -> str:
    return format(argument.value, "f") if isinstance(argument, Number) else ""


def _clock(hour: Expression, minute: Expression) -> str:
    return f"{_digits(hour):0>2}:{_digits(minute):0>2}"
