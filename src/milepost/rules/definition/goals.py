"""Goals and triggers of a target: their validation, and the goal of each period (facts 8 #32, #33)."""

from collections.abc import Iterator
from decimal import Decimal

from milepost.model.amount import AMOUNT_MAX, PLACES, fits, to_decimal, to_units
from milepost.model.problem import Problem
from milepost.model.target import EnrolmentMethod, Evaluation, TriggerValueKind
from milepost.rules.definition.draft import TargetDraft, TriggerDraft
from milepost.rules.definition.naming import MISSING, NAME_MAX, duplicate_problems, name_problems, text_problems

TRIGGERS_MAX = 20
"""The largest number of triggers of one target."""

SHARE_MAX = Decimal(100)
"""The largest percentage of a goal at which a trigger may be."""


def enrolment_of(target: TargetDraft) -> EnrolmentMethod:
    """Return the enrolment method of a target; without one customers are imported (S1)."""
    return target.enrolment or EnrolmentMethod.IMPORT


def goals_of(target: TargetDraft, periods: int) -> tuple[Decimal, ...]:
    """Return the goal of each of *periods* periods of a valid *target*.

    The last goal is repeated: with the goals 10 and 20, three periods have 10, 20 and 20. The result is empty if the
    target has no goal, because then each customer has their own.
    """
    goals = [canonical_amount(value) for value in target.goals if value is not None]
    if not goals:
        return ()
    return tuple(goals[min(place, len(goals) - 1)] for place in range(periods))


def canonical_amount(amount: Decimal) -> Decimal:
    """Return *amount* without needless decimals: `1.00` is stored and shown as 1 (facts 8 #35)."""
    return to_decimal(to_units(amount))


def goal_problems(path: str, target: TargetDraft, periods: int, evaluation: Evaluation) -> Iterator[Problem]:
    """Yield the problems of the goals of the target at *path* in a group of *periods* periods."""
    if not target.goals and enrolment_of(target) is not EnrolmentMethod.IMPORT:
        yield Problem(f"{path}.defaultValues", "are needed unless enrolmentMethod is IMPORT")
    if periods and len(target.goals) > periods:
        yield Problem(f"{path}.defaultValues", f"must not have more entries than the group has periods ({periods})")
    for place, value in enumerate(target.goals[: periods or None]):
        value_path = f"{path}.defaultValues[{place}].defaultValue"
        if value is None:
            yield Problem(value_path, MISSING)
        else:
            yield from amount_problems(value_path, value)
    if evaluation is not Evaluation.FIXED_CALENDAR_WINDOW and len(set(target.goals)) > 1:
        yield Problem(f"{path}.defaultValues", "may differ between periods only for FIXED_CALENDAR_WINDOW")


def trigger_problems(path: str, triggers: tuple[TriggerDraft, ...]) -> Iterator[Problem]:
    """Yield the problems of the triggers at *path*."""
    if len(triggers) > TRIGGERS_MAX:
        yield Problem(path, f"must not have more than {TRIGGERS_MAX} entries")
    for place, trigger in enumerate(triggers[:TRIGGERS_MAX]):
        yield from name_problems(f"{path}[{place}].triggerName", trigger.name)
        yield from text_problems(f"{path}[{place}].triggerType", trigger.kind, NAME_MAX)
        if trigger.value_kind is None:
            yield Problem(f"{path}[{place}].triggerValueType", MISSING)
        if trigger.value is None:
            yield Problem(f"{path}[{place}].triggerValue", MISSING)
            continue
        yield from amount_problems(f"{path}[{place}].triggerValue", trigger.value)
        if trigger.value_kind is TriggerValueKind.PERCENTAGE and trigger.value > SHARE_MAX:
            yield Problem(f"{path}[{place}].triggerValue", f"must not be more than {SHARE_MAX} percent")
    yield from duplicate_problems(
        (f"{path}[{place}].triggerName", trigger.name) for place, trigger in enumerate(triggers)
    )


def amount_problems(path: str, value: Decimal) -> Iterator[Problem]:
    """Yield the problems of an amount that is to be reached."""
    if not fits(value):
        yield Problem(path, f"must be a number up to {AMOUNT_MAX} with at most {PLACES} decimals")
    elif value <= 0:
        yield Problem(path, "must be greater than 0")
