"""Named groups of customers, in versions."""

from dataclasses import dataclass
from typing import NamedTuple


class AudienceVersion(NamedTuple):
    """A version of an audience, which has members of its own; `created_at` in epoch microseconds."""

    id: int
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A named group of customers; its versions are in order, today's is the last."""

    id: int
    name: str
    created_at: int
    versions: tuple[AudienceVersion, ...]

    @property
    def current(self) -> AudienceVersion:
        """Return the version that is meant where none is named."""
        return self.versions[-1]

    def version(self, version_id: int | None) -> AudienceVersion | None:
        """Return the version with this id, today's for none; None if there is no such version."""
        if version_id is None:
            return self.current
        return next((version for version in self.versions if version.id == version_id), None)


class AudienceMember(NamedTuple):
    """A customer in a version of an audience, since `entered_at` (epoch microseconds)."""

    bucket: int
    customer_id: int
    entered_at: int
