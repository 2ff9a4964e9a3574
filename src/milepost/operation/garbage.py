"""How often cyclic garbage is collected."""

import gc

COLLECT_AFTER_ALLOCATIONS = 100_000
"""Allocations after which the garbage collector looks at the youngest generation."""


def tune_gc() -> None:
    """Make cyclic garbage collection rare: a batch makes many small values and no cycles (docs/performance.md).

    Objects that exist by now live as long as the process; they are frozen, so that no collection visits them again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_ALLOCATIONS, 20, 100)
