"""Which behavioural events a brand has defined, and what each carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from milepost.model.event import Scalar


class EventFieldType(Enum):
    """What an attribute of a behavioural event is."""

    TILL_CODE = "tillCode"
    COUPON_CODE = "couponCode"
    CUSTOMER = "customer"
    PRODUCT_SKU = "productSku"
    PRODUCT_BRAND = "productBrand"
    PRODUCT_CATEGORY = "productCategory"
    STRING = "string"
    DOUBLE = "double"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventField:
    """An attribute of a behavioural event; `attributes` are shown as they were given, by name."""

    name: str
    type: EventFieldType
    attributes: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)

    def says(self, attribute: str, usual: str) -> str:
        """Return the value of an attribute, as text; the *usual* one where nothing is said."""
        value = self.attributes.get(attribute, {}).get("value", usual)
        return str(value).lower() if isinstance(value, bool) else str(value)

    @property
    def is_required(self) -> bool:
        """Return whether an event must carry the attribute; so it is unless the definition says otherwise."""
        return self.type is not EventFieldType.CUSTOMER and self.says("isRequired", "true").lower() == "true"

    @property
    def is_key(self) -> bool:
        """Return whether the attribute is part of what makes an event the same as another."""
        return self.says("isUniqueKeyField", "false").lower() == "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDefinition:
    """A behavioural event that a brand has defined; `changed_at` in epoch microseconds."""

    id: str
    name: str
    actions: tuple[str, ...]
    fields: tuple[EventField, ...]
    label: str
    description: str
    is_active: bool
    changed_at: int
