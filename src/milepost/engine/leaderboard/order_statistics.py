"""A blocked sorted list with logarithmic rank lookup (order statistics); four bytes per member."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from array import array

BLOCK = 1_000
"""Members of a block when it is made; it is cut at twice as many, and joined to its neighbour at half as many."""

MEMBER = "I"
"""How a member is kept: as a whole number of four bytes from 0 on."""

Key = TypeVar("Key", int, tuple[int, int, int])
Level = Callable[[int], int]


class OrderedKeys(Generic[Key]):
    """Members in the order of their keys, no two of them alike; the key of a member stays what it is.

    With a *level*, by which the order must go first, it also knows how many different levels there are up to a member.
    """

    __slots__ = ("_blocks", "_fences", "_key", "_level", "_levels", "_levels_before", "_starts")

    def __init__(self, key: Callable[[int], Key], members: "array[int]", level: Level | None = None) -> None:
        """Hold *members*, which are in order."""
        self._key: Callable[[int], Key] = key
        self._level = level
        self._blocks = [members[first : first + BLOCK] for first in range(0, max(len(members), 1), BLOCK)]
        # What lies in block n is no less than fence n - 1 and less than fence n.
        self._fences: list[Key] = [key(block[0]) for block in self._blocks[1:]]
        self._levels = [self._count(block) for block in self._blocks]
        self._starts: list[int] | None = None
        self._levels_before: list[int] | None = None

    def __len__(self) -> int:
        """Return how many members there are."""
        return self._from()[-1]

    def add(self, member: int) -> None:
        """Put *member* in its place."""
        at, within = self._before(self._key(member))
        block = self._blocks[at]
        block.insert(within, member)
        self._levels[at] += self._is_alone(block, within)
        self._starts = self._levels_before = None
        if len(block) > 2 * BLOCK:
            self._replace(at, at + 1, [block[:BLOCK], block[BLOCK:]])

    def remove(self, member: int) -> None:
        """Take *member* out, which is there."""
        at, within = self._before(self._key(member))
        block = self._blocks[at]
        self._levels[at] -= self._is_alone(block, within)
        del block[within]
        self._starts = self._levels_before = None
        if len(block) < BLOCK // 2 and len(self._blocks) > 1:
            left = max(at - 1, 0)
            joined = self._blocks[left] + self._blocks[left + 1]
            parts = [joined[:BLOCK], joined[BLOCK:]] if len(joined) > 2 * BLOCK else [joined]
            self._replace(left, left + 2, parts)

    def found(self, key: Key) -> int | None:
        """Return the member with this key; None if there is none."""
        at, within = self._before(key)
        block = self._blocks[at]
        return block[within] if within < len(block) and self._key(block[within]) == key else None

    def before(self, key: Key) -> int:
        """Return how many members have a smaller key."""
        at, within = self._before(key)
        return self._from()[at] + within

    def levels_to(self, member: int) -> int:
        """Return how many levels there are up to that of *member*, its own included."""
        at, within = self._before(self._key(member))
        return self._levels_from()[at] + self._count(self._blocks[at][: within + 1])

    def part(self, first: int, count: int) -> list[int]:
        """Return *count* members from place *first* (from 0) on, or as many as there are."""
        starts = self._from()
        at = bisect_right(starts, first) - 1
        found: list[int] = []
        while at < len(self._blocks) and len(found) < count:
            within = first + len(found) - starts[at]
            found += self._blocks[at][within : within + count - len(found)]
            at += 1
        return found

    def _before(self, key: Key) -> tuple[int, int]:
        at = bisect_right(self._fences, key)
        return at, bisect_left(self._blocks[at], key, key=self._key)

    def _replace(self, first: int, last: int, blocks: Sequence["array[int]"]) -> None:
        self._blocks[first:last] = blocks
        self._fences[first : last - 1] = [self._key(block[0]) for block in blocks[1:]]
        self._levels[first:last] = [self._count(block) for block in blocks]

    def _from(self) -> list[int]:
        """Return at which place each block begins, and at last how many members there are."""
        if self._starts is None:
            self._starts = [0, *accumulate(map(len, self._blocks))]
        return self._starts

    def _levels_from(self) -> list[int]:
        """Return how many levels lie before each block, less the one that the block goes on with."""
        if self._levels_before is None:
            before = [0]
            for at in range(1, len(self._blocks)):
                before.append(before[-1] + self._levels[at - 1] - self._goes_on(at))
            self._levels_before = before
        return self._levels_before

    def _goes_on(self, at: int) -> bool:
        before, runtime = self._blocks[at - 1], self._blocks[at]
        return self._level is not None and self._level(before[-1]) == self._level(runtime[0])

    def _count(self, block: "array[int]") -> int:
        return 0 if self._level is None else len(set(map(self._level, block)))

    def _is_alone(self, block: "array[int]", within: int) -> bool:
        """Return whether no neighbour of a member in its block has the member's level."""
        if self._level is None:
            return False
        mine = self._level(block[within])
        neighbours = block[max(within - 1, 0) : within] + block[within + 1 : within + 2]
        return all(self._level(one) != mine for one in neighbours)
