"""Definitions of behavioural events and of their attributes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from milepost.model.event import Scalar
from milepost.model.time import Micros


class EventFieldType(Enum):
    """The type of an attribute of a behavioural event."""

    TILL_CODE = "tillCode"
    COUPON_CODE = "couponCode"
    CUSTOMER = "customer"
    PRODUCT_SKU = "productSku"
    PRODUCT_BRAND = "productBrand"
    PRODUCT_CATEGORY = "productCategory"
    STRING = "string"
    DOUBLE = "double"
    ENUM = "enum"


def scalar_text(value: Scalar) -> str:
    """Return *value* as text, spelt as in JSON: `true`, `2`, `red`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventField:
    """An attribute of a behavioural event.

    `attributes` holds its own properties by name; answers repeat them as given.
    """

    name: str
    type: EventFieldType
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def setting(self, attribute: str, usual: str) -> str:
        """Return the value of the property *attribute* as text, or *usual* if the definition does not set it."""
        value = self.attributes.get(attribute, {}).get("value", usual)
        return scalar_text(value)

    @property
    def is_required(self) -> bool:
        """Whether each event must carry the attribute. It must, unless the definition says otherwise."""
        return self.type is not EventFieldType.CUSTOMER and self.setting("isRequired", "true").lower() == "true"

    @property
    def possible_values(self) -> frozenset[str]:
        """Return the values that the attribute may have, as text; empty if it may have any (facts 8 #92)."""
        listed = self.attributes.get("possibleValues", {})
        values = listed.get("values", listed.get("value"))
        values = values.split(",") if isinstance(values, str) else values
        return frozenset(scalar_text(value).strip() for value in values) if isinstance(values, list) else frozenset()

    @property
    def registers_customers(self) -> bool:
        """Whether an event whose customer is not known registers the customer (facts 8 #91)."""
        adds = self.setting("addCustomerIfNotExists", "false").lower() == "true"
        return self.type is EventFieldType.CUSTOMER and adds

    @property
    def is_key(self) -> bool:
        """Whether the attribute belongs to the key by which repeated events are recognised."""
        return self.setting("isUniqueKeyField", "false").lower() == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDefinition:
    """A behavioural event that an organisation has defined; `changed_at` is in epoch microseconds."""

    id: str
    name: str
    actions: tuple[str, ...]
    fields: tuple[EventField, ...]
    label: str
    description: str
    is_active: bool
    changed_at: Micros
