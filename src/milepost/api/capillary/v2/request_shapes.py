"""Bodies of the vendor's face that are read field by field, as the document tells them.

More than what is listed may stand in a bill, a return and a webhook's event.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from milepost.api.capillary.identifiers import VALUE_CHARACTERS_MAX
from milepost.api.capillary.v2.transactions.body import CODE_CHARACTERS_MAX, LINES_MAX, NUMBER_CHARACTERS_MAX
from milepost.api.capillary.webhooks.routes import NAME_CHARACTERS_MAX
from milepost.api.http.body import ID_MAX, Amount
from milepost.model.customer import IdentifierKind
from milepost.model.event import ReturnKind

Id = Annotated[int, Meta(ge=1, le=ID_MAX)]


class TokenRequest(Struct):
    """A client's key and secret."""

    key: str
    secret: str


class EnrolmentBody(Struct, rename="camel", forbid_unknown_fields=True):
    """Who takes part, from which period on; a list holds exactly one."""

    customer_id: Id | str
    period_name: str | None = None
    initial_balance: Amount | None = None
    reset_streak_status: bool | None = None


class LeavingBody(Struct, rename="camel", forbid_unknown_fields=True):
    """Who takes part no more from the running period on; a list holds exactly one."""

    customer_id: Id | str
    period_name: str | None = None


class TransactionLine(Struct, rename="camel"):
    """One line of a bill; `value` is gross, `amount` net."""

    item_code: Annotated[str, Meta(min_length=1, max_length=CODE_CHARACTERS_MAX)]
    qty: Amount | UnsetType = UNSET
    rate: Amount | UnsetType = UNSET
    value: Amount | UnsetType = UNSET
    discount: Amount | UnsetType = UNSET
    amount: Amount | UnsetType = UNSET
    description: str | UnsetType = UNSET
    attributes: dict[str, Any] | UnsetType = UNSET
    extended_fields: dict[str, Any] | UnsetType = UNSET


class RegularTransaction(Struct, rename="camel", kw_only=True):
    """A bill; `billAmount` is net, `billingDate` without an offset is UTC."""

    type: Literal["REGULAR"]
    bill_number: Annotated[str, Meta(min_length=1, max_length=NUMBER_CHARACTERS_MAX)]
    bill_amount: Amount
    gross_amount: Amount | UnsetType = UNSET
    discount: Amount | UnsetType = UNSET
    billing_date: str | UnsetType = UNSET
    line_items_v2: Annotated[list[TransactionLine], Meta(max_length=LINES_MAX)] | UnsetType = UNSET
    extended_fields: dict[str, Any] | UnsetType = UNSET
    note: str | UnsetType = UNSET


class MixedLine(TransactionLine, rename="camel"):
    """A line that is bought, or that comes back from the bill it names."""

    type: Literal["REGULAR", "RETURN"] | UnsetType = UNSET
    return_type: ReturnKind | UnsetType = UNSET
    parent_bill_number: Annotated[str, Meta(min_length=1, max_length=NUMBER_CHARACTERS_MAX)] | UnsetType = UNSET


class MixedTransaction(Struct, rename="camel", kw_only=True):
    """A bill some of whose lines come back; what was bought is worth what its lines are worth."""

    type: Literal["REGULAR", "MIXED"]
    bill_number: Annotated[str, Meta(min_length=1, max_length=NUMBER_CHARACTERS_MAX)]
    bill_amount: Amount
    billing_date: str | UnsetType = UNSET
    line_items_v2: Annotated[list[MixedLine], Meta(min_length=1, max_length=LINES_MAX)]
    extended_fields: dict[str, Any] | UnsetType = UNSET
    note: str | UnsetType = UNSET


class BulkTransaction(Struct, rename="camel", kw_only=True):
    """One of several transactions: what one alone holds, and the name of its customer."""

    identifier_type: IdentifierKind
    identifier_value: Annotated[str, Meta(min_length=1, max_length=VALUE_CHARACTERS_MAX)]
    type: Literal["REGULAR", "RETURN", "MIXED"]
    return_type: ReturnKind | UnsetType = UNSET
    bill_number: Annotated[str, Meta(min_length=1, max_length=NUMBER_CHARACTERS_MAX)]
    bill_amount: Amount | UnsetType = UNSET
    billing_date: str | UnsetType = UNSET
    line_items_v2: Annotated[list[MixedLine], Meta(max_length=LINES_MAX)] | UnsetType = UNSET


class ReturnTransaction(Struct, rename="camel", kw_only=True):
    """A return; `billNumber` names the bill, `billAmount` is what came back when `returnType` is AMOUNT."""

    type: Literal["RETURN"]
    return_type: ReturnKind
    bill_number: Annotated[str, Meta(min_length=1, max_length=NUMBER_CHARACTERS_MAX)]
    bill_amount: Amount | UnsetType = UNSET
    billing_date: str | UnsetType = UNSET
    line_items_v2: Annotated[list[TransactionLine], Meta(max_length=LINES_MAX)] | UnsetType = UNSET
    extended_fields: dict[str, Any] | UnsetType = UNSET


class WebhookEvent(Struct):
    """A behavioural event: its name, one identifier of the customer, and its attributes beside them."""

    event_name: Annotated[str, Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
    eventDateTime: str | UnsetType = UNSET  # noqa: N815 - the vendor's words, which do not follow one rule
    uniqueId: str | UnsetType = UNSET  # noqa: N815
    customerId: Id | str | UnsetType = UNSET  # noqa: N815
    userId: Id | str | UnsetType = UNSET  # noqa: N815
    externalId: str | UnsetType = UNSET  # noqa: N815
    mobile: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    cardnumber: str | UnsetType = UNSET
    cardExternalId: str | UnsetType = UNSET  # noqa: N815
    wechat: str | UnsetType = UNSET
    martjackId: str | UnsetType = UNSET  # noqa: N815
    fbId: str | UnsetType = UNSET  # noqa: N815
