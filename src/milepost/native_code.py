"""Whether the compiled modules are used where they are there: asked once, when the first of them is imported.

`engine/rows` and `store/wire` have each of their hot loops twice, in Python and compiled (decision 0025). The Python is
the reference. `MILEPOST_PURE_PYTHON=1` picks it, whatever was compiled.
"""

import os

PURE_PYTHON = "MILEPOST_PURE_PYTHON"
TRUE = frozenset({"1", "true", "yes", "on"})


def is_wanted() -> bool:
    """Whether the environment leaves the choice to what was compiled; the settings refuse any other word."""
    return os.environ.get(PURE_PYTHON, "").lower() not in TRUE
