"""The clock of a sandbox: an organisation to try things in, whose time somebody moves."""

from typing import NamedTuple

from milepost.model.time import Micros


class SandboxClock(NamedTuple):
    """A clock that stands at `frozen_at`, or without that runs `ahead` of real time (both in microseconds)."""

    frozen_at: Micros | None
    ahead: int

    def at(self, real: Micros) -> Micros:
        """Return what the clock shows at this instant of real time."""
        return Micros(real + self.ahead) if self.frozen_at is None else self.frozen_at
