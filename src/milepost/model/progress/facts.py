"""Lifetime counts of a customer that rules read. They do not depend on the order in which events were received."""

from collections.abc import Mapping, Sequence

from msgspec import Struct


class Facts(Struct, frozen=True, array_like=True, gc=False):
    """Counts over all applied events. Returns do not reduce them.

    `lines` is the number of lines on all bills; `points` is the sum of all PointsAwarded, in units. `planes` counts the
    bills of each day of the organisation's zone: bit n of plane k is the k-th binary digit of the number of bills on
    day `first_day` + n (a proleptic ordinal). Planes are little-endian bytes without zeros at the end. A year takes 46
    bytes, and 46 more once a day has two bills.
    """

    lines: int = 0
    points: int = 0
    first_day: int = 0
    planes: tuple[bytes, ...] = ()

    @property
    def visits(self) -> int:
        """The number of days with a bill."""
        return _days_with_a_bill(self.planes)

    def bills_on(self, day: int) -> int:
        """Return the number of bills on *day*."""
        return _bills_on(self.first_day, self.planes, day)


class ZoneDays(Struct, frozen=True, array_like=True, gc=False):
    """The bills of each day of a time zone that rules a target and is not the organisation's; see `Facts`."""

    zone: str
    first_day: int = 0
    planes: tuple[bytes, ...] = ()

    @property
    def visits(self) -> int:
        """The number of days with a bill."""
        return _days_with_a_bill(self.planes)

    def bills_on(self, day: int) -> int:
        """Return the number of bills on *day*."""
        return _bills_on(self.first_day, self.planes, day)


def _days_with_a_bill(planes: Sequence[bytes]) -> int:
    days = 0
    for plane in planes:
        days |= int.from_bytes(plane, "little")
    return days.bit_count()


def _bills_on(first_day: int, planes: Sequence[bytes], day: int) -> int:
    byte, bit = divmod(day - first_day, 8)
    if byte < 0:
        return 0
    return sum((plane[byte] >> bit & 1) << place for place, plane in enumerate(planes) if byte < len(plane))


NO_FACTS = Facts()
NO_ZONE_DAYS: Mapping[str, ZoneDays] = {}
