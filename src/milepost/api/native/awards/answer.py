"""What is answered about authorised awards and about caps."""

from msgspec import Struct

from milepost.api.http.body import Number, number
from milepost.api.native.answer import ProblemItem, iso_or_null
from milepost.model.standing import Reason
from milepost.service.awards.authorisation import Authorisation
from milepost.service.customers.caps import RunningCap
from milepost.service.ingest.incoming_event import Answer


class UsedCapItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """How much of one cap the award used: from `before` to `after`, of at most `limit`."""

    target_id: int
    period_id: int
    limit: Number
    before: Number
    after: Number


class DecisionItem(Struct, forbid_unknown_fields=True):
    """How much may be given: all that was requested (granted), less (reduced), or nothing (denied).

    `warnings` say what is odd about the request.
    """

    id: str
    status: str
    asked: Number
    given: Number
    caps: list[UsedCapItem]
    warnings: list[ProblemItem]


class FreedCapItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """How much of one cap is used: `before` and `after` a decision was void."""

    target_id: int
    period_id: int
    before: Number
    after: Number


class VoidItem(Struct, forbid_unknown_fields=True):
    """A decision that is void, and the caps that it gave back."""

    id: str
    decision: str
    caps: list[FreedCapItem]
    warnings: list[ProblemItem]


class CapItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A cap in its current period. The bounds are null until the customer's own window begins."""

    group_id: int
    group_name: str
    target_id: int
    target_name: str
    period_id: int
    period_ref_code: str
    scope: str
    limit: Number
    used: Number
    left: Number
    starts_at: str | None
    ends_at: str | None


def decision_item(id_: str, decision: Authorisation) -> DecisionItem:
    """Return the decision about the award with the id *id_*."""
    caps = [
        UsedCapItem(
            target_id=cap.target_id,
            period_id=cap.period_id,
            limit=None if cap.limit is None else number(cap.limit),
            before=number(cap.before),
            after=number(cap.after),
        )
        for cap in decision.caps
    ]
    status = "denied" if not decision.granted else "granted" if decision.granted == decision.requested else "reduced"
    return DecisionItem(
        id=id_,
        status=status,
        asked=number(decision.requested),
        given=number(decision.granted),
        caps=caps,
        warnings=[ProblemItem(warning.path, warning.reason) for warning in decision.warnings],
    )


def void_item(id_: str, decision: str, answer: Answer) -> VoidItem:
    """Return what the void with the id *id_* gave back."""
    caps = [
        FreedCapItem(
            target_id=entry.target_id,
            period_id=entry.period_id,
            before=number(entry.before),
            after=number(entry.after),
        )
        for entry in answer.entries
        if entry.reason is Reason.VOIDED
    ]
    return VoidItem(
        id=id_,
        decision=decision,
        caps=caps,
        warnings=[ProblemItem(warning.path, warning.reason) for warning in answer.warnings],
    )


def cap_item(cap: RunningCap) -> CapItem:
    """Return a cap in its current period."""
    span = cap.span
    return CapItem(
        group_id=cap.group.id,
        group_name=cap.group.name,
        target_id=cap.target.id,
        target_name=cap.target.name,
        period_id=cap.period.id,
        period_ref_code=cap.period.ref_code,
        scope=cap.group.cap_scope.value,
        limit=number(cap.limit),
        used=number(cap.used),
        left=number(cap.left),
        starts_at=iso_or_null(None if span is None else span.opens_at),
        ends_at=iso_or_null(None if span is None else span.closes_at),
    )
