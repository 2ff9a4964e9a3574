"""Amounts of a transaction with more than four decimals, which are rounded once, where they come in (facts 8 #68)."""

from collections.abc import Mapping, Sequence
from typing import Any

from milepost.model.amount import PLACES, decimal_of, is_counted_exactly, rounded
from milepost.model.problem import Problem

AMOUNTS = ("billAmount", "grossAmount", "discount")
LINE_AMOUNTS = ("qty", "value", "discount", "amount")
LINES = "lineItemsV2"


def with_rounded_amounts(transaction: Mapping[str, Any], warnings: list[Problem]) -> Mapping[str, Any]:
    """Return *transaction* with its amounts rounded half to even; each that this changes is added to *warnings*.

    What cannot be counted even so stays as it is, and is refused later.
    """
    changed: dict[str, Any] = _rounded(transaction, AMOUNTS, "", warnings)
    lines = transaction.get(LINES)
    if isinstance(lines, list):
        rounded_lines = [
            _rounded(line, LINE_AMOUNTS, f"{LINES}[{place}].", warnings) if isinstance(line, dict) else {}
            for place, line in enumerate(lines)
        ]
        if any(rounded_lines):
            changed[LINES] = [
                line | amounts if amounts else line for line, amounts in zip(lines, rounded_lines, strict=True)
            ]
    return {**transaction, **changed} if changed else transaction


def _rounded(value: Mapping[str, Any], fields: Sequence[str], prefix: str, warnings: list[Problem]) -> dict[str, Any]:
    """Return those of *fields* whose amounts have more than four decimals, with the amounts that are kept."""
    amounts: dict[str, Any] = {}
    for field in fields:
        amount = decimal_of(value.get(field))
        if amount is None or is_counted_exactly(amount):
            continue
        kept = rounded(amount)
        if kept is not None:
            amounts[field] = kept
            reason = f"has more than {PLACES} decimals; it was rounded to {kept:f}"
            warnings.append(Problem(f"{prefix}{field}", reason))
    return amounts
