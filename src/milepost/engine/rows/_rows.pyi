from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from milepost.language import EvaluationContext
from milepost.rules.compiled.index import RowTarget, RuleBatch

NEVER: int
ENROLLED: int
ACHIEVED: int
COUNTED: int
RETURNED: int

Added: TypeAlias = Sequence[tuple[Sequence[tuple[int, int, int | None, int]], int]]

def contributions(sums: Iterable[RuleBatch], context: EvaluationContext) -> list[tuple[tuple[RowTarget, ...], int]]: ...

class Tally:
    def add_up(self, added: Added, at: int, received_at: int, log_id: Callable[[], int]) -> int | None: ...
    def take_back(self, taken: Added, received_at: int, revoking: bool) -> bool: ...
    def told(self) -> tuple[bytes, bytes]: ...
    def packed(self) -> bytes: ...

def tally(packed: bytes) -> Tally | None: ...
