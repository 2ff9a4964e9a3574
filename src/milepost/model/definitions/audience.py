"""Audiences: named groups of customers, in versions."""

from dataclasses import dataclass
from typing import NamedTuple

from milepost.model.time import Micros


class AudienceVersion(NamedTuple):
    """One version of an audience. Each version has its own members; `created_at` is in epoch microseconds."""

    id: int
    created_at: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A named group of customers. The versions are in ascending order; the last is the current version."""

    id: int
    name: str
    created_at: Micros
    versions: tuple[AudienceVersion, ...]

    @property
    def current(self) -> AudienceVersion:
        """The current version; a request that names no version means this version."""
        return self.versions[-1]

    def version(self, version_id: int | None) -> AudienceVersion | None:
        """Return the version with this id, or the current version for None. Return None if the id is unknown."""
        if version_id is None:
            return self.current
        return next((version for version in self.versions if version.id == version_id), None)


class AudienceMember(NamedTuple):
    """A customer who has been a member of an audience version since `entered_at` (epoch microseconds)."""

    bucket: int
    customer_id: int
    entered_at: Micros
