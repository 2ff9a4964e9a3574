"""Target data among the side effects of v2 answers (facts 3.9), and their shape."""

from collections.abc import Iterable

from msgspec import Struct

from milepost.api.capillary.envelope import Json
from milepost.api.capillary.users.target_groups.answer import thousandths
from milepost.api.http.body import Number
from milepost.service.customers.side_effects import TargetEffect


class EffectShape(Struct, forbid_unknown_fields=True, rename="camel"):
    """What an event did to the customer's progress on one target in one period."""

    entity_type: str
    type: str
    target_group_id: int
    target_group_name: str
    target_rule_id: int
    target_name: str
    user_id: int
    target_evaluation_type: str
    period_ref_code: str
    period_start_date: str
    period_end_date: str
    defined_target_value: Number
    current_event_target_value: Number
    target_achieved_value_before_event: Number
    target_achieved_value_after_event: Number


def effects_shown(customer_id: int, effects: Iterable[TargetEffect]) -> list[Json]:
    """Return the side effects of one event of a customer."""
    return [
        {
            "entityType": "USER",
            "type": "target",
            "targetGroupId": one.group.id,
            "targetGroupName": one.group.name,
            "targetRuleId": one.target.id,
            "targetName": one.target.name,
            "userId": customer_id,
            "targetEvaluationType": one.group.evaluation.value,
            "periodRefCode": one.period.ref_code,
            "periodStartDate": one.period.starts_on,
            "periodEndDate": one.period.ends_on,
            "definedTargetValue": thousandths(one.goal),
            "currentEventTargetValue": thousandths(one.amount),
            "targetAchievedValueBeforeEvent": thousandths(one.before),
            "targetAchievedValueAfterEvent": thousandths(one.after),
        }
        for one in effects
    ]
