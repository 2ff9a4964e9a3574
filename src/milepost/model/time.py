"""The units of time: instants and spans are whole numbers, and each says whether it counts microseconds or seconds.

An event carries epoch microseconds. A stored progress carries epoch seconds, because its stamps are shown to the second
and a smaller number takes fewer bytes. Arithmetic gives a plain number; `Micros(…)` makes an instant of it.
"""

from typing import NewType

Micros = NewType("Micros", int)
"""An instant in microseconds since 1970-01-01T00:00:00Z, or a span of microseconds."""

Seconds = NewType("Seconds", int)
"""An instant in seconds since 1970-01-01T00:00:00Z, or a span of seconds."""

SECOND_US = 1_000_000
"""Microseconds in a second."""

HOUR_US = 3_600_000_000
"""Microseconds in an hour."""

DAY_US = 86_400_000_000
"""Microseconds in a day of 24 hours; a calendar day may be longer or shorter."""

EPOCH = Micros(0)
"""The instant from which all others are counted."""

NEVER = Micros(2**62)
"""An instant after all others; it is stored where nothing is due."""


def to_seconds(instant: Micros) -> Seconds:
    """Return the second that contains *instant*."""
    # This runs twice for each event, and a call of Seconds costs as much as the division.
    return instant // SECOND_US  # type: ignore[return-value]


def to_micros(instant: Seconds) -> Micros:
    """Return the first microsecond of *instant*."""
    return Micros(instant * SECOND_US)
