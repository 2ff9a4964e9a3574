"""The profile `currentEvent` (facts 5.2, 5.4, 4.16): the event's name and its attributes.

The attributes of behavioural events keep their names. The attributes of TargetCompleted and CustomerUpdate have types
and functions of their own. TargetCompleted says that a target, a trigger, a composite or a streak level was achieved.
"""

from collections.abc import Callable
from decimal import Decimal

from milepost.language.parameters import Parameter, label
from milepost.language.profiles.profile import Arguments, Attribute, Fact, Function, Profile
from milepost.language.syntax import Operator
from milepost.language.values import (
    Evaluate,
    EvaluationContext,
    Kind,
    Value,
    calculate,
    number_in,
    spelling,
    truth_in,
    value_of,
)
from milepost.model.definitions.completion import TARGET_COMPLETED, Completion
from milepost.model.event import CUSTOMER_UPDATE, Activity, Award, Scalar
from milepost.model.names import name_key


def event_attribute(context: EvaluationContext, name: str) -> Scalar:
    """Return the attribute *name* of a behavioural event, None for any other event."""
    payload = context.event.payload
    return payload.attributes.get(name) if isinstance(payload, Activity) else None


def _of_activity(kind: Kind, name: str, read: Callable[[Scalar], Value]) -> Fact:
    return Fact(kind, lambda context: read(event_attribute(context, name)))


def _text(attribute: Completion) -> Fact:
    return _of_activity(Kind.STRING, attribute.value, spelling)


def _truth(attribute: Completion) -> Fact:
    return _of_activity(Kind.BOOLEAN, attribute.value, truth_in)


def _either(*names: str) -> Fact:
    def read(context: EvaluationContext) -> Value:
        return next((text for name in names if (text := spelling(event_attribute(context, name))) is not None), None)

    return Fact(Kind.STRING, read)


def _of_award(kind: Kind, read: Callable[[Award], str | int | Decimal | None]) -> Fact:
    def value(context: EvaluationContext) -> Value:
        payload = context.event.payload
        return value_of(read(payload)) if isinstance(payload, Award) else None

    return Fact(kind, value)


def _unlisted(name: str) -> Fact:
    award = AWARD_ATTRIBUTES.get(name)

    def value(context: EvaluationContext) -> Value:
        if isinstance(context.event.payload, Activity):
            return value_of(event_attribute(context, name))
        return None if award is None else award.read(context)

    return Fact(Kind.DYNAMIC, value)


def _is_named(context: EvaluationContext, attribute: Completion, key: str) -> bool | None:
    """Return whether the event's *attribute* is a name with this *key*; null if the event lacks the attribute."""
    name = spelling(event_attribute(context, attribute.value))
    return None if name is None else name_key(name) == key


def _name_test(attribute: Completion) -> Callable[[Arguments], Evaluate]:
    def build(arguments: Arguments) -> Evaluate:
        key = name_key(label(arguments[0]))
        return lambda context: _is_named(context, attribute, key)

    return build


def _of_named_target(amount: Callable[[EvaluationContext], Value]) -> Function:
    def build(arguments: Arguments) -> Evaluate:
        key = name_key(label(arguments[0]))

        def value(context: EvaluationContext) -> Value:
            return amount(context) if _is_named(context, Completion.TARGET_NAME, key) else None

        return value

    return Function((Parameter.TARGET,), Kind.NUMBER, build)


def _achieved(context: EvaluationContext) -> Value:
    return number_in(event_attribute(context, Completion.ACHIEVED.value))


def _defined(context: EvaluationContext) -> Value:
    return number_in(event_attribute(context, Completion.DEFINED.value))


def _gap(context: EvaluationContext) -> Value:
    # The published pages do not give the sign of the gap; facts 8 #53 is our decision.
    return calculate(Operator.MINUS, _defined(context), _achieved(context))


_EVENT_TYPE: dict[str, Attribute] = {"eventType": Fact(Kind.STRING, lambda context: context.event.name)}

AWARD_ATTRIBUTES = {
    "amount": _of_award(Kind.NUMBER, lambda award: award.amount),
    "kind": _of_award(Kind.STRING, lambda award: award.kind.value),
    "currency": _of_award(Kind.STRING, lambda award: award.currency),
    "programId": _of_award(Kind.NUMBER, lambda award: award.program_id),
}

_COMPLETION: dict[str, Attribute] = {
    "targetName": _text(Completion.TARGET_NAME),
    "targetGroup": _text(Completion.TARGET_GROUP),
    "targetPeriod": _text(Completion.TARGET_PERIOD),
    "targetMilestoneTrigger": _text(Completion.TRIGGER_NAME),
    "milestoneValueDefined": _of_activity(Kind.NUMBER, Completion.TRIGGER_VALUE.value, number_in),
    "isTargetAchievedEvent": _truth(Completion.IS_TARGET),
    "isSubTargetAchievedEvent": _truth(Completion.IS_TRIGGER),
    "isUnifiedTargetAchievedEvent": _truth(Completion.IS_UNIFIED),
    "isStreakAchievedEvent": _truth(Completion.IS_STREAK),
}

_COMPLETION_FUNCTIONS = {
    "targetAchieved": _of_named_target(_achieved),
    "targetDefined": _of_named_target(_defined),
    "targetGaps": _of_named_target(_gap),
    "targetExists": Function((Parameter.TARGET,), Kind.BOOLEAN, _name_test(Completion.TARGET_NAME)),
    "streakName": Function((Parameter.LEVEL,), Kind.BOOLEAN, _name_test(Completion.STREAK_LEVEL)),
    "streakExists": Function((Parameter.LEVEL,), Kind.BOOLEAN, _name_test(Completion.STREAK_LEVEL)),
}

# The vendor's list and its examples spell the type differently. Rules and events may use either spelling.
_PREVIOUS_TYPE = _either("previousLoyaltytype", "previousLoyaltyType")
_CURRENT_TYPE = _either("currentLoyaltytype", "currentLoyaltyType")

_UPDATE: dict[str, Attribute] = {
    "previousLoyaltytype": _PREVIOUS_TYPE,
    "previousLoyaltyType": _PREVIOUS_TYPE,
    "currentLoyaltytype": _CURRENT_TYPE,
    "currentLoyaltyType": _CURRENT_TYPE,
    "previousCustomFieldValue": _of_activity(Kind.DYNAMIC, "previousCustomFieldValue", value_of),
    "currentCustomFieldValue": _of_activity(Kind.DYNAMIC, "currentCustomFieldValue", value_of),
}

_ELSEWHERE = dict.fromkeys((*_COMPLETION, *_COMPLETION_FUNCTIONS), f"only {TARGET_COMPLETED} has it") | dict.fromkeys(
    _UPDATE, f"only {CUSTOMER_UPDATE} has it"
)

EVENT_PROFILE = Profile({**_EVENT_TYPE, **_COMPLETION, **_UPDATE}, _COMPLETION_FUNCTIONS, _unlisted)
EVENT_ON_BILL_PROFILE = Profile(_EVENT_TYPE, absent=_ELSEWHERE)
AWARD_PROFILE = Profile({**_EVENT_TYPE, **AWARD_ATTRIBUTES}, absent=_ELSEWHERE)
