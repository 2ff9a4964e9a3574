"""The profile `currentCustomer` (facts 5.2, 5.4): the customer's profile, counts and progress before the event.

Names, identifiers and fields are those of the customer's profile when the event was applied. Organisations send tiers,
statuses and clusters as fields of the profile. `initial…` and the plain name mean the same, because neither includes
the event itself. A field that was never sent is null.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from milepost.language.parameters import Parameter, label, option
from milepost.language.profiles.profile import (
    Arguments,
    Attribute,
    Daily,
    Fact,
    Function,
    Profile,
    Stamp,
    Zoned,
    extended_field,
)
from milepost.language.progress_lookup import ProgressLookup
from milepost.language.syntax import Operator
from milepost.language.values import Evaluate, EvaluationContext, Kind, Value, calculate, number_in, spelling, value_of
from milepost.model.amount import to_decimal
from milepost.model.customer import LOYALTY_TYPE
from milepost.model.event import CustomerProfile, Scalar
from milepost.model.time import Micros

LOYAL = "LOYALTY"
"""The value of `loyaltyType` of a member of the scheme, in any case."""


def _of_profile(read: Callable[[CustomerProfile], str]) -> Fact:
    def value(context: EvaluationContext) -> Value:
        profile = context.event.member
        return None if profile is None else read(profile)

    return Fact(Kind.STRING, value)


def field_of(context: EvaluationContext, name: str) -> Scalar:
    """Return the field *name* of the customer's profile, None if it is unknown."""
    profile = context.event.member
    return None if profile is None else profile.fields.get(name)


def _of_field(kind: Kind, name: str, read: Callable[[Scalar], Value]) -> Fact:
    return Fact(kind, lambda context: read(field_of(context, name)))


def _unlisted(name: str) -> Fact | None:
    key = extended_field(name)
    return _of_field(Kind.DYNAMIC, key, value_of) if key else None


def _full_name(profile: CustomerProfile) -> str:
    return f"{profile.first_name} {profile.last_name}".strip()


def _registered_at(context: EvaluationContext) -> Micros | None:
    profile = context.event.member
    return None if profile is None else profile.registered_at


def _is_loyal(context: EvaluationContext) -> bool | None:
    """Return whether the customer is a member of the scheme: yes, unless the field `loyaltyType` says otherwise."""
    if context.event.member is None:
        return None
    loyalty_type = spelling(field_of(context, LOYALTY_TYPE))
    return loyalty_type is None or loyalty_type.upper() == LOYAL


_PROFILE_ATTRIBUTES: Mapping[str, Attribute] = {
    "name": _of_profile(_full_name),
    "firstname": _of_profile(lambda profile: profile.first_name),
    "lastname": _of_profile(lambda profile: profile.last_name),
    "email": _of_profile(lambda profile: profile.email),
    "mobile": _of_profile(lambda profile: profile.mobile),
    "externalId": _of_profile(lambda profile: profile.external_id),
    "joinDate": Stamp(_registered_at),
}

PROFILE_ATTRIBUTES = frozenset(_PROFILE_ATTRIBUTES)
"""The attributes that need the customer's profile, which is then stored with the event."""

_FIELD_ATTRIBUTES: Mapping[str, tuple[str, Kind, Callable[[Scalar], Value]]] = {
    "slabName": ("slabName", Kind.STRING, spelling),
    "initialSlabName": ("slabName", Kind.STRING, spelling),
    "slabNumber": ("slabNumber", Kind.NUMBER, number_in),
    "initialSlabNumber": ("slabNumber", Kind.NUMBER, number_in),
    "currentPoints": ("currentPoints", Kind.NUMBER, number_in),
    "initialCurrentPoints": ("currentPoints", Kind.NUMBER, number_in),
    "customerStatus": ("customerStatus", Kind.STRING, spelling),
    "customerStatusLabel": ("customerStatusLabel", Kind.STRING, spelling),
}

FIELDS_READ: Mapping[str, str] = {"isLoyal": LOYALTY_TYPE} | {
    name: field for name, (field, _, _) in _FIELD_ATTRIBUTES.items()
}
"""The field of the profile that an attribute reads, by the attribute's name."""


def _purchases(context: EvaluationContext) -> Decimal:
    return to_decimal(context.standing.purchases)


def _points(context: EvaluationContext) -> Decimal:
    return to_decimal(context.standing.facts.points)


def _bills(context: EvaluationContext) -> Decimal:
    return Decimal(context.standing.bills)


def _visits(context: EvaluationContext, zone: str) -> Decimal:
    return Decimal(context.standing.days_in(zone).visits)


def _lines_per_bill(context: EvaluationContext) -> Value:
    return calculate(Operator.OVER, Decimal(context.standing.facts.lines), _bills(context))


def _spend_per_visit(context: EvaluationContext, zone: str) -> Value:
    return calculate(Operator.OVER, _purchases(context), _visits(context, zone))


def _bills_on(context: EvaluationContext, zone: str, day: int) -> Decimal:
    return Decimal(context.standing.days_in(zone).bills_on(day))


_COUNTS: Mapping[str, Attribute] = {
    "numberOfTxns": Fact(Kind.NUMBER, _bills),
    "numberOfTxnsToday": Daily(Kind.NUMBER, _bills_on),
    "numberOfVisits": Zoned(Kind.NUMBER, _visits),
    "lifetimePurchase": Fact(Kind.NUMBER, _purchases),
    "initialLifetimePurchase": Fact(Kind.NUMBER, _purchases),
    "InitialLifetimePurchase": Fact(Kind.NUMBER, _purchases),
    "lifetimePoints": Fact(Kind.NUMBER, _points),
    "initialLifetimePoints": Fact(Kind.NUMBER, _points),
    "avgBasketSize": Fact(Kind.NUMBER, _lines_per_bill),
    "avgSpendPerVisit": Zoned(Kind.NUMBER, _spend_per_visit),
}

BY_DAY = frozenset(name for name, count in _COUNTS.items() if isinstance(count, Daily | Zoned))
"""The attributes that depend on the days of the zone that rules the target."""


def _includes(arguments: Arguments) -> Evaluate:
    field, values = label(arguments[0]), frozenset(map(option, arguments[1:]))

    def includes(context: EvaluationContext) -> Value:
        return None if context.event.member is None else spelling(field_of(context, field)) in values

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
        return None if context.event.member is None else value_of(field_of(context, field)) not in {None, ""}

    return exists


def _progress_function(
    parameters: tuple[Parameter, ...], kind: Kind, answer: Callable[[ProgressLookup, tuple[str, ...]], Value]
) -> Function:
    def build(arguments: Arguments) -> Evaluate:
        names = tuple(map(label, arguments))
        return lambda context: answer(context.reached, names)

    return Function(parameters, kind, build)


_VALUES = (Parameter.PROFILE_FIELD, Parameter.OPTION)
_IN_PERIOD = (Parameter.TARGET, Parameter.PERIOD)

_FUNCTIONS = {
    "customFieldValueIncludes": Function(_VALUES, Kind.BOOLEAN, _includes, open_ended=True),
    "customFieldValueExcludes": Function(_VALUES, Kind.BOOLEAN, _excludes, open_ended=True),
    "customFieldValueExists": Function((Parameter.PROFILE_FIELD,), Kind.BOOLEAN, _exists),
    "clusterValueIncludes": Function(_VALUES, Kind.BOOLEAN, _includes, open_ended=True),
    "clusterValueExcludes": Function(_VALUES, Kind.BOOLEAN, _excludes, open_ended=True),
    "targetAchievedInPeriod": _progress_function(
        _IN_PERIOD, Kind.NUMBER, lambda progress, names: progress.value_in_period(*names)
    ),
    "targetAchievedInCurrentPeriod": _progress_function(
        (Parameter.TARGET,), Kind.NUMBER, lambda progress, names: progress.value_now(*names)
    ),
    "avgTargetAchieved": _progress_function(
        (Parameter.TARGET,), Kind.NUMBER, lambda progress, names: progress.mean_value(*names)
    ),
    "isStreakAchieved": _progress_function(
        (Parameter.LEVEL,), Kind.BOOLEAN, lambda progress, names: progress.has_level(*names)
    ),
    "streakCurrentValue": _progress_function(
        (Parameter.STREAK,), Kind.NUMBER, lambda progress, names: progress.streak_count(*names)
    ),
    "targetsAchievedForUnified": _progress_function(
        (Parameter.GROUP, Parameter.PERIOD), Kind.NUMBER, lambda progress, names: progress.achieved_in_period(*names)
    ),
    "targetsAchievedForUnifiedInCurrentPeriod": _progress_function(
        (Parameter.GROUP,), Kind.NUMBER, lambda progress, names: progress.achieved_now(*names)
    ),
}

PROGRESS_FUNCTIONS = frozenset(
    name for name, function in _FUNCTIONS.items() if Parameter.PROFILE_FIELD not in function.parameters
)
"""The functions that read the customer's progress."""

ENDED_PERIOD_FUNCTIONS = frozenset({"targetAchievedInPeriod", "avgTargetAchieved", "targetsAchievedForUnified"})
"""The functions that may read the progress of periods that have ended."""

_TRACKERS = "trackers are kept by a points engine; a target is the tracker here"

CUSTOMER_PROFILE = Profile(
    attributes={
        **_PROFILE_ATTRIBUTES,
        "isLoyal": Fact(Kind.BOOLEAN, _is_loyal),
        **{name: _of_field(kind, field, read) for name, (field, kind, read) in _FIELD_ATTRIBUTES.items()},
        **_COUNTS,
    },
    functions=_FUNCTIONS,
    unlisted=_unlisted,
    absent={"trackerValueBeforeEvent": _TRACKERS, "trackerValueCurrentEvent": _TRACKERS},
)
