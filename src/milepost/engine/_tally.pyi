from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from milepost.language import Occasion
from milepost.rules.matching import Spot, Sums

NEVER: int
ENROLLED: int
ACHIEVED: int
COUNTED: int
RETURNED: int

Added: TypeAlias = Sequence[tuple[Sequence[tuple[int, int, int | None, int]], int]]

def amounts(sums: Iterable[Sums], occasion: Occasion) -> list[tuple[tuple[Spot, ...], int]]: ...

class Tally:
    def add_up(self, added: Added, at: int, heard_at: int, log_id: Callable[[], int]) -> int | None: ...
    def take_back(self, taken: Added, heard_at: int, revoking: bool) -> bool: ...
    def told(self) -> tuple[bytes, bytes]: ...
    def packed(self) -> bytes: ...

def tally(packed: bytes) -> Tally | None: ...
