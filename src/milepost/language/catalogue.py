"""All operations on values, by name."""

from collections.abc import Mapping

from milepost.language.dates import DATE_OPERATIONS
from milepost.language.operations import NUMBER_OPERATIONS, PRESENCE_OPERATIONS, TEXT_OPERATIONS, Operation

OPERATIONS: Mapping[str, Operation] = {
    **TEXT_OPERATIONS,
    **NUMBER_OPERATIONS,
    **DATE_OPERATIONS,
    **PRESENCE_OPERATIONS,
}
"""Each name means one operation, whatever it stands after."""
