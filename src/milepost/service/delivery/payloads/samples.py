"""A made-up message of each type, for trying a webhook and for the document of types."""

from collections.abc import Mapping
from typing import Any

import msgspec

from milepost.model.delivery.outcome_type import OutcomeType
from milepost.model.delivery.webhook import Envelope, StoredWebhook, Style, Webhook
from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.rules.calendar import calendar_of
from milepost.service.delivery.payloads.bodies import native_body, vendor_envelope
from milepost.service.delivery.payloads.native import (
    BoardOutcome,
    ChangePart,
    Content,
    CustomerPart,
    EventPart,
    GroupOutcome,
    IdentifierPart,
    JobOutcome,
    LevelPart,
    MemberPart,
    Message,
    MilestonePart,
    NamedPart,
    PeriodPart,
    StorePart,
    StreakOutcome,
    TargetOutcome,
    TargetPart,
    WebhookOutcome,
    shape_of,
)
from milepost.service.delivery.payloads.vendor_samples import vendor_sample
from milepost.service.snapshot.vendor_types import VENDOR_TYPES

_CUSTOMER = CustomerPart(
    id=40000001,
    external_id="anna",
    first_name="Anna",
    last_name="Berg",
    identifiers=(IdentifierPart(type="externalId", value="anna"),),
)
_GROUP = NamedPart(id=2001, name="Monthly spend")
_TARGET = TargetPart(id=3001, name="Spend 500")
_PERIOD = PeriodPart(
    id=30001, name="January", starts_at="2026-01-01T00:00:00Z", ends_at="2026-02-01T00:00:00Z", zone="UTC"
)
_EVENT = EventPart(
    source="pos/1",
    id="4711",
    type="TransactionAdd",
    occurred_at="2026-01-20T10:00:00Z",
    received_at="2026-01-20T10:00:01Z",
    request_id="3f2b8c",
    bill="4711",
    store=StorePart(id=50001, code="S1", name="First street"),
    till_id=50002,
)


def sample_message(type_: OutcomeType, message_id: str, organisation: int, now: Micros) -> Message:
    """Return a message of *type_* about a customer who does not exist; *now* is in epoch microseconds."""
    return Message(
        id=message_id,
        type=type_.value,
        time=calendar_of("UTC").iso(now),
        organisation=organisation,
        data=_data(type_),
    )


def _data(type_: OutcomeType) -> Content:
    shape = shape_of(type_)
    if shape is GroupOutcome:
        member = MemberPart(id=3001, name="Spend 500", value="520", goal="500", achieved=True)
        return GroupOutcome(
            customer=_CUSTOMER,
            group=_GROUP,
            period=_PERIOD,
            event=_EVENT,
            version=7,
            sequence=1,
            value="520",
            members=(member,),
        )
    if shape is StreakOutcome:
        return StreakOutcome(
            customer=_CUSTOMER,
            group=_GROUP,
            period=_PERIOD,
            event=_EVENT,
            version=7,
            sequence=1,
            target=_TARGET,
            run=3,
            level=LevelPart(id=101, name="Bronze", count=3),
        )
    return _OF_THE_ORGANISATION.get(type_) or _target_data(type_)


def _target_data(type_: OutcomeType) -> TargetOutcome:
    milestone = MilestonePart(id=10001, name="Half way", value="250")
    return TargetOutcome(
        customer=_CUSTOMER,
        group=_GROUP,
        period=_PERIOD,
        event=_EVENT,
        version=7,
        sequence=1,
        target=_TARGET,
        value="520",
        goal="500",
        remaining="0",
        milestone=milestone if type_ is OutcomeType.TARGET_MILESTONE_REACHED else msgspec.UNSET,
        change=ChangePart(amount="20", before="500", after="520")
        if type_ is OutcomeType.TARGET_VALUE_CHANGED
        else msgspec.UNSET,
        achieved=True if type_ is OutcomeType.PERIOD_CLOSED else msgspec.UNSET,
    )


_OF_THE_ORGANISATION: Mapping[OutcomeType, Content] = {
    OutcomeType.LEADERBOARD_CLOSED: BoardOutcome(group=_GROUP, target=_TARGET, period_id=30001),
    OutcomeType.JOB_FINISHED: JobOutcome(
        id=1, kind="COUNT_STORED", target_group_id=2001, looked_at=1000, concerned=40, failed=0
    ),
    OutcomeType.WEBHOOK_DISABLED: WebhookOutcome(
        id=1001, url="https://example.com/hook", reason="every attempt of five days failed"
    ),
}


def sample_body(stored: StoredWebhook, type_: str, message_id: str, now: Micros) -> msgspec.Raw:
    """Return the body of a made-up message in the style of a webhook. Raises Refused for a type of another style."""
    webhook: Webhook = stored.webhook
    known = [one.value for one in OutcomeType] if webhook.style is Style.MILEPOST else list(VENDOR_TYPES)
    if type_ not in known:
        raise Refused(Problem("types", f"{type_} is no type of the style {webhook.style.value}"))
    if webhook.style is Style.CAPILLARY:
        flat = vendor_sample(type_, message_id, stored.org_id, now)
        return msgspec.Raw(msgspec.json.encode(vendor_envelope(webhook.envelope, flat, now)))
    message = sample_message(OutcomeType(type_), message_id, stored.org_id, now)
    return msgspec.Raw(native_body(message, webhook.envelope))


def sample_of_document(type_: OutcomeType) -> Any:
    """Return a made-up message of *type_* as plain JSON."""
    message = sample_message(type_, "msg_example", 1001, Micros(1_768_903_200_000_000))
    return msgspec.json.decode(native_body(message, Envelope.PLAIN))
