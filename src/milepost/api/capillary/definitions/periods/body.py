"""The periods of a request: those of a new target group, and those that are added or changed (facts 3.2)."""

from typing import ClassVar

from milepost.api.capillary.document import Code, Document, Id, read_each
from milepost.api.http.body import read_json
from milepost.model.problem import Problem
from milepost.rules.definition.draft import PeriodDraft
from milepost.rules.edits.amendment import PeriodAmendment


class PeriodBody(Document):
    """A period; its status is not read: it follows from the dates (facts 2.2). Only changes look at the id."""

    shown_only: ClassVar[frozenset[str]] = frozenset({"attribution", "periodStatus", "targetGroupId"})

    id: Id = None
    ref_code: Code = None
    start_date: str | None = None
    end_date: str | None = None
    description: str | None = None
    active: bool | None = None

    def draft(self) -> PeriodDraft:
        """Return the period that the request describes."""
        return PeriodDraft(
            ref_code=self.ref_code,
            starts=self.start_date,
            ends=self.end_date,
            description=self.description,
            active=self.active,
        )


def read_periods(body: bytes) -> tuple[tuple[PeriodAmendment, ...], tuple[Problem, ...]]:
    """Read a list of periods, new ones or changed ones; a single period need not stand in a list."""
    periods, problems = read_each(PeriodBody, read_json(body), alone=True)
    return tuple(period_amendment(path, period) for path, period in periods), problems


def period_amendment(path: str, period: PeriodBody) -> PeriodAmendment:
    """Return the change of a period that stands at *path* in the body."""
    return PeriodAmendment(path=path, id=period.id, draft=period.draft())
