"""Validates what a measure needs besides its type: the vendor's `extendedFieldInfo` (facts 2.3, 6)."""

from collections.abc import Iterator

from milepost.model.problem import Problem
from milepost.model.target import Entity, Kpi
from milepost.rules.definition.draft import MetadataDraft, TargetDraft, WindowDraft
from milepost.rules.definition.naming import MISSING, NAME_MAX, text_problems

WINDOW_UNIT = "DAY"
WINDOW_VALUE = "1"
"""An aggregate window is one day; the vendor has no other (S1)."""

_ATTRIBUTES = frozenset({Kpi.EXTENDED_FIELD, Kpi.EVENT_ATTRIBUTE})


def metadata_problems(path: str, target: TargetDraft) -> Iterator[Problem]:
    """Yield the problems of the metadata of the target at *path*. Fields that its type ignores may have any value."""
    path = f"{path}.extendedFieldInfo"
    is_currency = target.entity is Entity.ALTERNATE_CURRENCIES
    if target.metadata is None:
        if is_currency or target.kpi in _ATTRIBUTES:
            yield Problem(
                path,
                "Target rule metadata is required in case of EXTENDED_FIELD/ALTERNATE_CURRENCIES target type",
                310094,
            )
        return
    if is_currency:
        yield from _currency_problems(path, target.metadata)
    if target.kpi in _ATTRIBUTES:
        yield from _field_problems(path, target.metadata)
    yield from text_problems(f"{path}.name", target.metadata.name, NAME_MAX)
    yield from text_problems(f"{path}.alternateCurrencyIdentifier", target.metadata.currency, NAME_MAX)
    if target.metadata.window is not None:
        yield from _window_problems(f"{path}.aggregateWindow", target.metadata.window)


def _currency_problems(path: str, metadata: MetadataDraft) -> Iterator[Problem]:
    if metadata.program_id is None or metadata.program_id < 1:
        yield Problem(f"{path}.programId", "Invalid program id", 310146)
    if not (metadata.currency or "").strip():
        yield Problem(
            f"{path}.alternateCurrencyIdentifier",
            "Invalid or null Alternate Currency Identifier for target rule",
            310147,
        )


def _field_problems(path: str, metadata: MetadataDraft) -> Iterator[Problem]:
    if not (metadata.name or "").strip():
        yield Problem(f"{path}.name", "Extended field name or data type is invalid", 310092)


def _window_problems(path: str, window: WindowDraft) -> Iterator[Problem]:
    if window.kind is None:
        yield Problem(f"{path}.windowType", MISSING)
    if window.unit != WINDOW_UNIT:
        yield Problem(f"{path}.windowTimeUnit", f"must be {WINDOW_UNIT}")
    if window.value != WINDOW_VALUE:
        yield Problem(f"{path}.windowValue", f"must be {WINDOW_VALUE}")
