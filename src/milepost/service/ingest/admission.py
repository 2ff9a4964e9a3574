"""Decides which events of a batch may come in, and as what: their names, their times and their currencies.

What does not come in has problems; what comes in otherwise than the client meant has warnings (facts 8 #65, #67, #69).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from milepost.model.event import Activity, AuthoriseAward, Bill, Return
from milepost.model.organisation import AheadOfClock
from milepost.model.problem import Problem
from milepost.model.time import DAY_US, SECOND_US
from milepost.rules.event_names import is_built_in, misspelt, resembled
from milepost.service.ingest.incoming_event import Answer, IncomingEvent
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store import event_definitions
from milepost.store.database import Transaction

AS_DATED_MINUTES = 15
AS_DATED_US = AS_DATED_MINUTES * 60 * SECOND_US
"""How far ahead of the server's clock an event may be dated and be judged as it is dated, in microseconds."""

AHEAD_MAX_US = DAY_US
"""How far ahead of the server's clock an event may be dated at all, in microseconds."""

TYPE = "type"
"""The path of problems with an event's name."""

Notes = tuple[Problem, ...]
NO_NOTES: Notes = ()


class Admission(NamedTuple):
    """The events of a batch as they are judged; problems and warnings by the position of the event."""

    incoming_events: Sequence[IncomingEvent]
    problems: dict[int, Notes]
    warnings: dict[int, Notes]

    def with_warning(self, position: int, answer: Answer) -> Answer:
        """Return *answer*, to the event at *position*, with the warnings of that event."""
        warnings = self.warnings.get(position)
        return answer if warnings is None else replace(answer, received_with=warnings)

    def with_warnings(self, answers: list[Answer]) -> list[Answer]:
        """Return *answers*, each with the warnings of its event."""
        for position, warnings in self.warnings.items():
            answers[position] = replace(answers[position], received_with=warnings)
        return answers


async def admit(
    transaction: Transaction, incoming_events: Sequence[IncomingEvent], snapshots: Mapping[int, OrganisationSnapshot]
) -> Admission:
    """Return the events of a batch as they are judged, with what is wrong and what is odd about them."""
    admission = Admission([*incoming_events], {}, {})
    unknown: list[int] = []
    judged = [*incoming_events]
    for position, event in enumerate(incoming_events):
        snapshot = snapshots[event.org_id]
        if not is_built_in(event.name) and not snapshot.rule_index.has_rules_for(event.name):
            unknown.append(position)
        if event.warnings:
            _note(admission.warnings, position, event.warnings)
        if event.occurred_at > event.received_at + AS_DATED_US:
            judged[position] = _judged_event(admission, position, snapshot)
        currency = _currency(event)
        if currency is not None:
            _check_currency(admission, position, currency, snapshot)
    if unknown:
        await _check_names(transaction, admission, unknown)
    return admission._replace(incoming_events=judged)


def _note(notes: dict[int, Notes], position: int, more: Notes) -> None:
    notes[position] = notes.get(position, NO_NOTES) + more


def _judged_event(admission: Admission, position: int, snapshot: OrganisationSnapshot) -> IncomingEvent:
    """Return an event that is dated ahead as it is judged: as of its receipt, with the given time beside it."""
    event, path = admission.incoming_events[position], "time"
    if event.occurred_at > event.received_at + AHEAD_MAX_US:
        problem = Problem(path, "lies more than 24 hours ahead of the server's clock")
        _note(admission.problems, position, (problem,))
        return event
    ahead = f"lies more than {AS_DATED_MINUTES} minutes ahead of the server's clock"
    if snapshot.organisation.settings.ahead_of_clock is AheadOfClock.REFUSE:
        problem = Problem(path, f"{ahead}, which the setting aheadOfClock refuses")
        _note(admission.problems, position, (problem,))
        return event
    _note(admission.warnings, position, (Problem(path, f"{ahead}; the event was judged as of its receipt"),))
    return replace(event, occurred_at=event.received_at, given_at=event.occurred_at)


def _currency(event: IncomingEvent) -> str | None:
    """Return the currency that the bill or return of an event names, None without one."""
    payload = event.payload
    if isinstance(payload, AuthoriseAward) and payload.bill is not None:
        payload = payload.bill
    return payload.currency or None if isinstance(payload, (Bill, Return)) else None


def _check_currency(admission: Admission, position: int, currency: str, snapshot: OrganisationSnapshot) -> None:
    path = "bill.currency" if isinstance(admission.incoming_events[position].payload, AuthoriseAward) else CURRENCY_PATH
    own = snapshot.organisation.settings.currency
    if own is None:
        reason = f"currencies are not told apart: {currency} counts like any other; see the setting currency"
        _note(admission.warnings, position, (Problem(path, reason),))
    elif currency != own:
        _note(admission.problems, position, (Problem(path, f"is {currency}, but the organisation counts in {own}"),))


CURRENCY_PATH = "data.currency"
"""The path of problems with the currency of a bill or return."""


async def _check_names(transaction: Transaction, admission: Admission, unknown: Sequence[int]) -> None:
    """Check names that no target counts: those that the organisation has defined are taken, others are looked at."""
    defined = {
        org_id: await event_definitions.by_name(transaction, org_id)
        for org_id in sorted({admission.incoming_events[position].org_id for position in unknown})
    }
    for position in unknown:
        event = admission.incoming_events[position]
        if event.name in defined[event.org_id]:
            continue
        for meant in _meant(event):
            problem = Problem(TYPE, f'there is no "{event.name}"; did you mean "{meant}"?')
            _note(admission.problems, position, (problem,))
            break
        else:
            warning = Problem(TYPE, f'no target counts events called "{event.name}", and no such event is defined')
            _note(admission.warnings, position, (warning,))


def _meant(event: IncomingEvent) -> Iterator[str]:
    """Yield the built-in names that an event of an unknown name may be meant for."""
    fields = event.payload.attributes if isinstance(event.payload, Activity) else ()
    for name in (misspelt(event.name), resembled(fields)):
        if name is not None:
            yield name
