"""Lifetime counts of a customer that rules read. They do not depend on the order in which events were received."""

from msgspec import Struct


class Facts(Struct, frozen=True, array_like=True, gc=False):
    """Counts over all applied events. Returns do not reduce them.

    `lines` is the number of lines on all bills; `points` is the sum of all PointsAwarded, in units. `planes` counts the
    bills of each day: bit n of plane k is the k-th binary digit of the number of bills on day `first_day` + n (a
    proleptic ordinal). Planes are little-endian bytes without zeros at the end. A year takes 46 bytes, and 46 more once
    a day has two bills.
    """

    lines: int = 0
    points: int = 0
    first_day: int = 0
    planes: tuple[bytes, ...] = ()

    @property
    def visits(self) -> int:
        """The number of days with a bill."""
        days = 0
        for plane in self.planes:
            days |= int.from_bytes(plane, "little")
        return days.bit_count()

    def bills_on(self, day: int) -> int:
        """Return the number of bills on *day*."""
        byte, bit = divmod(day - self.first_day, 8)
        if byte < 0:
            return 0
        return sum((plane[byte] >> bit & 1) << place for place, plane in enumerate(self.planes) if byte < len(plane))


NO_FACTS = Facts()
