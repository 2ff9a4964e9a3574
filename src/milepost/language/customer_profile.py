"""The profile `currentCustomer` (facts 5.2, 5.4): who the customer is, has done and has reached, before the event.

Names, identifiers and fields are those that the customer's profile had when the event was judged; what the brand knows
of tiers, statuses and clusters it sends as fields of the profile. `initial…` and the plain name mean the same here,
because nothing of this event is in either. A field that was never sent is null.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from milepost.language.parameters import Parameter, label, option
from milepost.language.profile import (
    Arguments,
    Attribute,
    Daily,
    Fact,
    Function,
    Profile,
    Stamp,
    extended_field,
)
from milepost.language.progress_lookup import ProgressLookup
from milepost.language.syntax import Operator
from milepost.language.values import Evaluate, EvaluationContext, Kind, Value, calculate, normalised, number_in, spelled
from milepost.model.amount import to_decimal
from milepost.model.customer import LOYALTY_TYPE
from milepost.model.event import CustomerProfile, Scalar

LOYAL = "LOYALTY"
"""What `loyaltyType` says of a member of the scheme, whatever the case."""


def _of_member(read: Callable[[CustomerProfile], str]) -> Fact:
    def value(context: EvaluationContext) -> Value:
        member = context.event.member
        return None if member is None else read(member)

    return Fact(Kind.STRING, value)


def field_of(context: EvaluationContext, name: str) -> Scalar:
    """Return the field *name* of the customer's profile, if there is one."""
    member = context.event.member
    return None if member is None else member.fields.get(name)


def _of_field(kind: Kind, name: str, read: Callable[[Scalar], Value]) -> Fact:
    return Fact(kind, lambda context: read(field_of(context, name)))


def _unlisted(name: str) -> Fact | None:
    key = extended_field(name)
    return _of_field(Kind.DYNAMIC, key, normalised) if key else None


def _full_name(member: CustomerProfile) -> str:
    return f"{member.first_name} {member.last_name}".strip()


def _joined_at(context: EvaluationContext) -> int | None:
    member = context.event.member
    return None if member is None else member.registered_at


def _is_loyal(context: EvaluationContext) -> bool | None:
    """Return whether the customer is a member of the scheme, as whoever is known here is unless the brand says not."""
    if context.event.member is None:
        return None
    loyalty_type = spelled(field_of(context, LOYALTY_TYPE))
    return loyalty_type is None or loyalty_type.upper() == LOYAL


_MEMBER: Mapping[str, Attribute] = {
    "name": _of_member(_full_name),
    "firstname": _of_member(lambda member: member.first_name),
    "lastname": _of_member(lambda member: member.last_name),
    "email": _of_member(lambda member: member.email),
    "mobile": _of_member(lambda member: member.mobile),
    "externalId": _of_member(lambda member: member.external_id),
    "joinDate": Stamp(_joined_at),
}

MEMBER_NAMES = frozenset(_MEMBER)
"""Attributes that need the profile kept with the event."""

_SENT: Mapping[str, tuple[str, Kind, Callable[[Scalar], Value]]] = {
    "slabName": ("slabName", Kind.STRING, spelled),
    "initialSlabName": ("slabName", Kind.STRING, spelled),
    "slabNumber": ("slabNumber", Kind.NUMBER, number_in),
    "initialSlabNumber": ("slabNumber", Kind.NUMBER, number_in),
    "currentPoints": ("currentPoints", Kind.NUMBER, number_in),
    "initialCurrentPoints": ("currentPoints", Kind.NUMBER, number_in),
    "customerStatus": ("customerStatus", Kind.STRING, spelled),
    "customerStatusLabel": ("customerStatusLabel", Kind.STRING, spelled),
}

FIELDS_READ: Mapping[str, str] = {"isLoyal": LOYALTY_TYPE} | {name: field for name, (field, _, _) in _SENT.items()}
"""Attributes that are fields of the profile, by the field that each reads."""


def _purchases(context: EvaluationContext) -> Decimal:
    return to_decimal(context.standing.purchases)


def _points(context: EvaluationContext) -> Decimal:
    return to_decimal(context.standing.facts.points)


def _bills(context: EvaluationContext) -> Decimal:
    return Decimal(context.standing.bills)


def _visits(context: EvaluationContext) -> Decimal:
    return Decimal(context.standing.facts.visits)


def _lines_per_bill(context: EvaluationContext) -> Value:
    return calculate(Operator.OVER, Decimal(context.standing.facts.lines), _bills(context))


def _spend_per_visit(context: EvaluationContext) -> Value:
    return calculate(Operator.OVER, _purchases(context), _visits(context))


def _bills_on(context: EvaluationContext, day: int) -> Decimal:
    return Decimal(context.standing.facts.bills_on(day))


_COUNTS: Mapping[str, Attribute] = {
    "numberOfTxns": Fact(Kind.NUMBER, _bills),
    "numberOfTxnsToday": Daily(Kind.NUMBER, _bills_on),
    "numberOfVisits": Fact(Kind.NUMBER, _visits),
    "lifetimePurchase": Fact(Kind.NUMBER, _purchases),
    "initialLifetimePurchase": Fact(Kind.NUMBER, _purchases),
    "InitialLifetimePurchase": Fact(Kind.NUMBER, _purchases),
    "lifetimePoints": Fact(Kind.NUMBER, _points),
    "initialLifetimePoints": Fact(Kind.NUMBER, _points),
    "avgBasketSize": Fact(Kind.NUMBER, _lines_per_bill),
    "avgSpendPerVisit": Fact(Kind.NUMBER, _spend_per_visit),
}


def _includes(arguments: Arguments) -> Evaluate:
    field, values = label(arguments[0]), frozenset(map(option, arguments[1:]))

    def includes(context: EvaluationContext) -> Value:
        return None if context.event.member is None else spelled(field_of(context, field)) in values

    return includes


def _excludes(arguments: Arguments) -> Evaluate:
    includes = _includes(arguments)

    def excludes(context: EvaluationContext) -> Value:
        value = includes(context)
        return None if value is None else value is False

    return excludes


def _exists(arguments: Arguments) -> Evaluate:
    field = label(arguments[0])

    def exists(context: EvaluationContext) -> Value:
        return None if context.event.member is None else normalised(field_of(context, field)) not in {None, ""}

    return exists


def _asking(
    parameters: tuple[Parameter, ...], kind: Kind, ask: Callable[[ProgressLookup, tuple[str, ...]], Value]
) -> Function:
    def build(arguments: Arguments) -> Evaluate:
        names = tuple(map(label, arguments))
        return lambda context: ask(context.reached, names)

    return Function(parameters, kind, build)


_VALUES = (Parameter.PROFILE_FIELD, Parameter.OPTION)
_IN_PERIOD = (Parameter.TARGET, Parameter.PERIOD)

_FUNCTIONS = {
    "customFieldValueIncludes": Function(_VALUES, Kind.BOOLEAN, _includes, open_ended=True),
    "customFieldValueExcludes": Function(_VALUES, Kind.BOOLEAN, _excludes, open_ended=True),
    "customFieldValueExists": Function((Parameter.PROFILE_FIELD,), Kind.BOOLEAN, _exists),
    "clusterValueIncludes": Function(_VALUES, Kind.BOOLEAN, _includes, open_ended=True),
    "clusterValueExcludes": Function(_VALUES, Kind.BOOLEAN, _excludes, open_ended=True),
    "targetAchievedInPeriod": _asking(_IN_PERIOD, Kind.NUMBER, lambda reached, it: reached.value_in_period(*it)),
    "targetAchievedInCurrentPeriod": _asking(
        (Parameter.TARGET,), Kind.NUMBER, lambda reached, it: reached.value_now(*it)
    ),
    "avgTargetAchieved": _asking((Parameter.TARGET,), Kind.NUMBER, lambda reached, it: reached.mean_value(*it)),
    "isStreakAchieved": _asking((Parameter.LEVEL,), Kind.BOOLEAN, lambda reached, it: reached.has_level(*it)),
    "streakCurrentValue": _asking((Parameter.STREAK,), Kind.NUMBER, lambda reached, it: reached.streak_count(*it)),
    "targetsAchievedForUnified": _asking(
        (Parameter.GROUP, Parameter.PERIOD), Kind.NUMBER, lambda reached, it: reached.achieved_in_period(*it)
    ),
    "targetsAchievedForUnifiedInCurrentPeriod": _asking(
        (Parameter.GROUP,), Kind.NUMBER, lambda reached, it: reached.achieved_now(*it)
    ),
}

ASKS_REACHED = frozenset(
    name for name, function in _FUNCTIONS.items() if Parameter.PROFILE_FIELD not in function.parameters
)
"""Functions that ask what the customer has reached."""

ASKS_ENDED = frozenset({"targetAchievedInPeriod", "avgTargetAchieved", "targetsAchievedForUnified"})
"""Those of them that ask of periods which may be over."""

_TRACKERS = "trackers are kept by a points engine; a target is the tracker here"

CUSTOMER_PROFILE = Profile(
    attributes={
        **_MEMBER,
        "isLoyal": Fact(Kind.BOOLEAN, _is_loyal),
        **{name: _of_field(kind, field, read) for name, (field, kind, read) in _SENT.items()},
        **_COUNTS,
    },
    functions=_FUNCTIONS,
    unlisted=_unlisted,
    absent={"trackerValueBeforeEvent": _TRACKERS, "trackerValueCurrentEvent": _TRACKERS},
)
