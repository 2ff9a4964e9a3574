"""What is answered about adjustments."""

from msgspec import Struct

from milepost.api.http.body import Number, number
from milepost.model.amount import to_units
from milepost.service.customers.adjustments import Adjusted

SHOWN = "dryRun"
"""The status of an adjustment that was only shown."""


class AdjustmentOutcomeItem(Struct, rename="camel"):
    """Something that an adjustment would lead to."""

    type: str
    target_id: int | None
    period_id: int | None


class AdjustmentItem(Struct, rename="camel"):
    """A correction of a progress with the value before and after it.

    `status` is applied, duplicate for a request that was sent before, or dryRun. `source` and `id` name its event.
    `leadsTo` is known of a dry run only; of an applied one the event says it.
    """

    id: str
    source: str
    status: str
    target_id: int
    period_id: int
    period: str
    amount: Number
    before: Number | None
    after: Number | None
    goal: Number
    reason: str
    author: str
    reverses: str | None
    leads_to: list[AdjustmentOutcomeItem] | None


def adjustment_item(adjusted: Adjusted) -> AdjustmentItem:
    """Return an adjustment."""
    payload = adjusted.payload
    outcomes = [
        AdjustmentOutcomeItem(
            type=one.kind.name, target_id=one.target_id if one.target_id > 0 else None, period_id=one.period_id or None
        )
        for one in adjusted.outcomes
    ]
    return AdjustmentItem(
        id=adjusted.key.id,
        source=adjusted.key.source,
        status=SHOWN if adjusted.status is None else adjusted.status.value,
        target_id=payload.target_id,
        period_id=payload.period_id,
        period=adjusted.ref_code,
        amount=number(to_units(payload.amount)),
        before=None if adjusted.before is None else number(adjusted.before),
        after=None if adjusted.after is None else number(adjusted.after),
        goal=number(adjusted.goal),
        reason=payload.note,
        author=payload.author,
        reverses=payload.reverses or None,
        leads_to=outcomes if adjusted.status is None else None,
    )
