"""The units of time: instants and spans are whole numbers, and each says whether it counts microseconds or seconds.

An event carries epoch microseconds. A stored progress carries epoch seconds, because its stamps are shown to the second
and a smaller number takes fewer bytes.
"""

from typing import NewType

Micros = NewType("Micros", int)
"""An instant in microseconds since 1970-01-01T00:00:00Z, or a span of microseconds."""

Seconds = NewType("Seconds", int)
"""An instant in seconds since 1970-01-01T00:00:00Z, or a span of seconds."""

SECOND_US = 1_000_000
"""Microseconds in a second."""

DAY_US = 86_400_000_000
"""Microseconds in a day of 24 hours; a calendar day may be longer or shorter."""

NEVER = 2**62
"""An instant after all others; it is stored where nothing is due."""
