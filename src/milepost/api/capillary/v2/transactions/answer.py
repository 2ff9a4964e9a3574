"""The answers to transactions, and target data among the side effects of v2 answers (facts 3.9)."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import UNSET, UnsetType

from milepost.api.capillary.answer import AnswerStruct, thousandths
from milepost.api.capillary.envelope import WarningAnswer, warning_answers
from milepost.api.http.body import Number
from milepost.model.problem import Problem
from milepost.service.customers.side_effects import TargetEffect
from milepost.service.ingest.admission import CURRENCY_PATH
from milepost.service.ingest.incoming_event import ORIGINAL, Answer, Status

CODE_INVALID_BILL = 624
CODE_NO_CUSTOMER = 603
CODE_FAULT = 500


class EffectAnswer(AnswerStruct):
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


class StatusAnswer(AnswerStruct):
    """A problem or a warning of a v2 call, with the vendor's code."""

    status: bool
    code: int
    message: str


class TransactionAnswer(AnswerStruct):
    """What became of a bill or return; `createdId` is null when it was refused."""

    created_id: int | None
    warnings: list[WarningAnswer]
    errors: list[StatusAnswer]
    side_effects: list[EffectAnswer]
    loyalty_details: list[Any]
    customer_info: dict[str, Any]


class BulkItemAnswer(AnswerStruct):
    """What became of one of several transactions, with what was sent; `entityId` is null when it was refused."""

    entity_id: int | None
    result: Any
    errors: list[StatusAnswer]
    warnings: list[WarningAnswer]
    side_effects: list[EffectAnswer] | UnsetType = UNSET


class BulkAnswer(AnswerStruct):
    """What became of each transaction, in order."""

    response: list[BulkItemAnswer]
    total_count: int
    failure_count: int


def transaction_answer(
    created_id: int | None,
    errors: Sequence[StatusAnswer] = (),
    effects: Sequence[EffectAnswer] = (),
    warnings: Iterable[str] = (),
) -> TransactionAnswer:
    """Return what became of one transaction; *created_id* is None when it was refused."""
    return TransactionAnswer(
        created_id=created_id,
        warnings=warning_answers(warnings),
        errors=list(errors),
        side_effects=list(effects),
        loyalty_details=[],
        customer_info={},
    )


def error_answers(problems: Iterable[Problem]) -> list[StatusAnswer]:
    """Return the problems of a transaction with the vendor's codes: 603 for its customer, else 624."""
    return [
        StatusAnswer(
            status=False,
            code=CODE_NO_CUSTOMER if problem.path.startswith("customer") else CODE_INVALID_BILL,
            message=_message(problem),
        )
        for problem in problems
    ]


def warning_texts(warnings: Iterable[Problem]) -> list[str]:
    """Return the texts of warnings, each once: the events of one transaction may have the same."""
    return list(dict.fromkeys(_message(warning) for warning in warnings))


_FIELDS = {CURRENCY_PATH: "currencyCode", "time": "billingDate", ORIGINAL: "billNumber"}
"""The names of the vendor's fields for those of our own events."""


def _message(problem: Problem) -> str:
    path = _FIELDS.get(problem.path, problem.path)
    return f"{path}: {problem.reason}" if path else problem.reason


def fault_answers(answers: Iterable[Answer]) -> list[StatusAnswer]:
    """Return the faults of ours among the answers to one transaction, with the code 500 (facts 8 #96)."""
    return [
        StatusAnswer(status=False, code=CODE_FAULT, message=problem.reason)
        for answer in answers
        if answer.status is Status.FAILED
        for problem in answer.problems
    ]


def effect_answers(customer_id: int, effects: Iterable[TargetEffect]) -> list[EffectAnswer]:
    """Return the side effects of one event of a customer."""
    return [
        EffectAnswer(
            entity_type="USER",
            type="target",
            target_group_id=effect.group.id,
            target_group_name=effect.group.name,
            target_rule_id=effect.target.id,
            target_name=effect.target.name,
            user_id=customer_id,
            target_evaluation_type=effect.group.evaluation.value,
            period_ref_code=effect.period.ref_code,
            period_start_date=effect.period.starts_on,
            period_end_date=effect.period.ends_on,
            defined_target_value=thousandths(effect.goal),
            current_event_target_value=thousandths(effect.amount),
            target_achieved_value_before_event=thousandths(effect.before),
            target_achieved_value_after_event=thousandths(effect.after),
        )
        for effect in effects
    ]
