"""Random well-typed rules and random occasions to ask them on."""

from decimal import Decimal
from typing import NamedTuple

from hypothesis import strategies as st

from milepost.language import EvaluationContext, Expression, Scope
from milepost.language.parameters import COMPARISON_WORDS, FIELDS, Parameter
from milepost.language.syntax import (
    EQUALITY,
    ORDER,
    Binary,
    Call,
    Connective,
    Member,
    Name,
    Operator,
    Sign,
    Text,
    Truth,
    Unary,
    join,
    literal,
    number,
)
from milepost.language.values import Kind
from milepost.language.vocabulary import CUSTOMER, EVENT, IN_SCOPE, LINE, OPERATIONS
from milepost.model.definitions.completion import Completion
from milepost.model.event import Activity, Award, AwardKind, Bill, Event, EventKey, Line, Place
from milepost.model.event import CustomerProfile as Profile
from milepost.model.progress.facts import Facts
from milepost.model.standing import Standing

Made = st.SearchStrategy[Expression]

LETTERS = "aZ9 .,'\"\\()&|\n\t\r\u00e9\u20ac\U0001f600"
WORDS = ("channel", "brand", "A", "NORTH", "", "2017-01-01", "12.5", "true", "\u00e9\"'\\")
ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia")
ARITHMETIC = tuple(operator for operator in Operator if operator not in EQUALITY | ORDER)
PATTERNS = ("a", "^N", r"\d+", "[AB]|x$", "", "(a|b)*c")

scopes = st.sampled_from(Scope)
texts: Made = st.builds(
    literal,
    st.sampled_from(WORDS) | st.text(LETTERS, max_size=12),
)
numbers: Made = st.from_regex(r"[0-9]{1,15}(\.[0-9]{1,6})?", fullmatch=True, alphabet="0123456789.").map(number)
truths: Made = st.builds(Truth, st.booleans())
negatives: Made = st.builds(Unary, st.just(Sign.NEGATE), numbers)


def whole(least: int, most: int) -> Made:
    """Make a whole number between two bounds."""
    return st.integers(least, most).map(str).map(number)


ARGUMENTS: dict[Parameter, Made] = {
    Parameter.LABEL: st.builds(Text, st.sampled_from(["channel", "brand", "code", "size"])),
    Parameter.PROFILE_FIELD: st.builds(Text, st.sampled_from(["channel", "size", "slabName"])),
    **dict.fromkeys(
        (Parameter.TARGET, Parameter.GROUP, Parameter.PERIOD, Parameter.LEVEL, Parameter.STREAK),
        st.builds(Text, st.sampled_from(["channel", "\u00e9\"'\\", "A", "A\nB"])),
    ),
    Parameter.OPTION: texts | numbers | negatives | truths,
    Parameter.PATTERN: st.builds(Text, st.sampled_from(PATTERNS)),
    Parameter.BOUNDS: st.sampled_from([Text("1"), Text("100,400,600"), Text("-1.5, 0 ,2")]),
    Parameter.FIELD: st.sampled_from(sorted(FIELDS)).flatmap(lambda word: st.sampled_from([Name(word), Text(word)])),
    Parameter.COMPARISON: st.builds(Name, st.sampled_from(sorted(COMPARISON_WORDS))),
    Parameter.QUANTITY: numbers | negatives | st.just(Text("0")),
    Parameter.YEAR: whole(1000, 9998),
    Parameter.MONTH: whole(1, 12),
    Parameter.DAY: whole(1, 28),
    Parameter.HOUR: whole(0, 23),
    Parameter.HOUR_BOUND: whole(0, 24),
    Parameter.MINUTE: whole(0, 59),
}


@st.composite
def attributes(draw: st.DrawFn, scope: Scope, kind: Kind) -> Expression:
    """Make an attribute of *kind*, or a dynamic one where the scope has them."""
    listed: list[Expression] = [
        Member(Name(profile), name)
        for profile, rule_index in IN_SCOPE[scope].items()
        for name, found in rule_index.attributes.items()
        if found.kind is kind
    ]
    listed.append(Member(Name(CUSTOMER), "extField_size"))
    if scope is Scope.LINE:
        listed.append(Member(Name(LINE), "attr_brand"))
    if scope is Scope.EVENT:
        listed.append(Member(Name(EVENT), "minutes"))
    return draw(st.sampled_from(listed))


@st.composite
def functions(draw: st.DrawFn, scope: Scope, kind: Kind, depth: int) -> Expression:
    """Make a call of a profile's function or of an operation that gives a value of *kind*."""
    owned = [
        (Name(profile), name, function.parameters)
        for profile, rule_index in IN_SCOPE[scope].items()
        for name, function in rule_index.functions.items()
        if function.kind is kind
    ]
    operations = [name for name, operation in OPERATIONS.items() if operation.kind is kind]
    if owned and draw(st.sampled_from([1, 2])) == 1:
        owner, name, parameters = draw(st.sampled_from(owned))
        arguments = [draw(argument(parameter, scope, depth)) for parameter in parameters]
        return Call(owner=owner, name=name, arguments=tuple(arguments))
    name = draw(st.sampled_from(operations))
    subject = OPERATIONS[name].subject
    inner = draw(expressions(scope, Kind.STRING if subject is Kind.DYNAMIC else subject, depth - 1))
    arguments = [draw(argument(parameter, scope, depth)) for parameter in OPERATIONS[name].parameters]
    return Call(owner=inner, name=name, arguments=tuple(arguments))


def argument(parameter: Parameter, scope: Scope, depth: int) -> Made:
    """Make a sound argument."""
    match parameter:
        case Parameter.TEXT:
            return expressions(scope, Kind.STRING, depth - 1)
        case Parameter.DATE:
            return expressions(scope, Kind.DATE, depth - 1)
        case _:
            return ARGUMENTS[parameter]


@st.composite
def comparisons(draw: st.DrawFn, scope: Scope, depth: int) -> Expression:
    """Make a comparison of two values of one kind."""
    kind = draw(st.sampled_from([Kind.NUMBER, Kind.NUMBER, Kind.STRING, Kind.DATE, Kind.BOOLEAN]))
    ordered = kind in {Kind.NUMBER, Kind.DATE}
    operator = draw(st.sampled_from(sorted(EQUALITY | ORDER if ordered else EQUALITY, key=str)))
    left, right = draw(expressions(scope, kind, depth - 1)), draw(expressions(scope, kind, depth - 1))
    return Binary(operator=operator, left=left, right=right)


@st.composite
def conditions(draw: st.DrawFn, scope: Scope, depth: int) -> Expression:
    """Make a condition made of conditions."""
    parts = tuple(draw(st.lists(expressions(scope, Kind.BOOLEAN, depth - 1), min_size=2, max_size=4)))
    return join(draw(st.sampled_from(Connective)), parts)


def expressions(scope: Scope, kind: Kind, depth: int) -> Made:
    """Make a well-typed expression of *kind*."""
    leaves: dict[Kind, Made] = {Kind.NUMBER: numbers, Kind.STRING: texts, Kind.BOOLEAN: truths}
    simple = attributes(scope, kind) if kind is not Kind.BOOLEAN else truths
    simple = simple | leaves[kind] if kind in leaves else simple
    if depth <= 0 or kind is Kind.DATE:
        return simple
    return st.one_of(simple, *deeper(scope, kind, depth))


def deeper(scope: Scope, kind: Kind, depth: int) -> list[Made]:
    """Make the expressions of *kind* that are made of others."""
    match kind:
        case Kind.NUMBER:
            inner = expressions(scope, kind, depth - 1)
            sums = st.builds(Binary, operator=st.sampled_from(ARITHMETIC), left=inner, right=inner)
            return [functions(scope, kind, depth), st.builds(Unary, st.just(Sign.NEGATE), inner), sums]
        case Kind.BOOLEAN:
            denials = st.builds(Unary, st.just(Sign.NOT), expressions(scope, kind, depth - 1))
            return [functions(scope, kind, depth), comparisons(scope, depth), conditions(scope, depth), denials]
        case _:
            return []


rules = scopes.flatmap(lambda scope: st.tuples(st.just(scope), expressions(scope, Kind.BOOLEAN, 3)))

NAMES = ("currentTxn", "currentEvent", "AMOUNT", "value", "note", "date", "basketSum", "contains", "day", "true1")
names = st.sampled_from(NAMES)
wild: Made = st.recursive(
    texts | numbers | truths | st.builds(Name, names) | st.builds(Member, st.builds(Name, names), names),
    lambda inner: st.one_of(
        st.builds(Member, inner, names),
        st.builds(Call, owner=inner, name=names, arguments=st.lists(inner, max_size=3).map(tuple)),
        st.builds(Unary, st.sampled_from(Sign), inner),
        st.builds(Binary, operator=st.sampled_from(Operator), left=inner, right=inner),
        st.builds(join, st.sampled_from(Connective), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=12,
)
wild_rules = st.tuples(scopes, wild)

amounts = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-1000, max_value=1000)
scalars: st.SearchStrategy[object] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(WORDS)
    | st.decimals()
    | st.text(LETTERS, max_size=5)
    | st.just([])
)
ATTRIBUTES = ("channel", "brand", "minutes", "size", "slabName", *(attribute.value for attribute in Completion))
fields = st.dictionaries(st.sampled_from(ATTRIBUTES), scalars)
words = st.sampled_from(WORDS)
counts = st.none() | st.integers(1, 9)
lines = st.builds(
    Line,
    code=words,
    quantity=amounts,
    rate=amounts,
    gross=amounts,
    discount=amounts,
    net=amounts | st.decimals(),
    description=words,
    attributes=fields,
    extended_fields=fields,
)
payloads = (
    st.builds(
        Bill,
        number=words,
        net=amounts | st.decimals(),
        gross=amounts,
        discount=amounts,
        lines=st.lists(lines, max_size=3).map(tuple),
        extended_fields=fields,
        note=words,
    )
    | st.builds(Activity, fields)
    | st.builds(
        Award,
        program_id=st.none() | st.integers(1, 9),
        currency=st.none() | words,
        kind=st.sampled_from(AwardKind),
        amount=amounts,
    )
)
instants = st.integers(-(2**63), 2**63) | st.integers(1_400_000_000_000_000, 1_500_000_000_000_000)
events = st.builds(
    Event,
    key=st.just(EventKey("s", "1")),
    name=words,
    occurred_at=instants,
    received_at=instants,
    place=st.builds(Place, counts, counts, words, words, counts, counts),
    member=st.none() | st.builds(Profile, words, words, words, words, words, instants, fields),
    payload=payloads,
)
facts = st.builds(
    Facts,
    lines=st.integers(0, 9),
    points=st.integers(-(10**20), 10**20),
    first_day=st.integers(1, 736_330),
    planes=st.lists(st.binary(max_size=9), max_size=3).map(tuple),
)
standings = st.builds(
    Standing, bills=st.integers(0, 9), purchases=st.integers(-(10**20), 10**20), progress=st.just({}), facts=facts
)


class SameAnswer(NamedTuple):
    """A progress lookup with the same answer for everything."""

    value: Decimal
    level: bool

    def value_in_period(self, _target: str, _period: str) -> Decimal:
        """Return the value."""
        return self.value

    def value_now(self, _target: str) -> Decimal:
        """Return the value."""
        return self.value

    def mean_value(self, _target: str) -> Decimal:
        """Return the value."""
        return self.value

    def has_level(self, _level: str) -> bool:
        """Return whether any level was reached."""
        return self.level

    def streak_count(self, _streak: str) -> Decimal:
        """Return the value."""
        return self.value

    def achieved_in_period(self, _group: str, _period: str) -> Decimal:
        """Return the value."""
        return self.value

    def achieved_now(self, _group: str) -> Decimal:
        """Return the value."""
        return self.value


reached = st.builds(SameAnswer, amounts, st.booleans())
occasions = st.builds(EvaluationContext, events, st.none() | lines, standings, reached)
