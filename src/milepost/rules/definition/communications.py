"""Validates the communications of a request, and builds those to be stored (facts 2.10, 3.4)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from milepost.model.definitions.communication import Channel, Communication, CommunicationKind
from milepost.model.problem import Problem
from milepost.model.target import Attribution, Author
from milepost.model.time import Micros
from milepost.rules.definition.naming import DESCRIPTION_MAX, MISSING, NAME_MAX, text_problems

COMMUNICATIONS_MAX = 100
"""The largest number of communications of one target."""

MESSAGE_MAX = 4_000
"""The largest number of characters in a message."""

OFFSET_DAYS_MAX = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationDraft:
    """A communication at `path` in a request. Without an id it is a new communication; None means an absent field."""

    path: str
    id: int | None = None
    kind: CommunicationKind | None = None
    channel: Channel | None = None
    subject: str | None = None
    message: str | None = None
    sender: str | None = None
    offset_days: int | None = None
    active: bool | None = None


class Subject(NamedTuple):
    """The target that communications are about, and its group."""

    group_id: int
    target_id: int


def communication_problems(
    drafts: Sequence[CommunicationDraft], stored: Mapping[int, Communication]
) -> Iterator[Problem]:
    """Yield all problems of *drafts*; *stored* holds the communications of the target by id."""
    earlier_ids: set[int] = set()
    for draft in drafts:
        yield from _problems(draft, stored)
        if draft.id is not None and draft.id in earlier_ids:
            yield Problem(f"{draft.path}.id", "stands twice in the request")
        earlier_ids |= set() if draft.id is None else {draft.id}
    if len(stored) + sum(draft.id is None for draft in drafts) > COMMUNICATIONS_MAX:
        yield Problem("", f"a target must not have more than {COMMUNICATIONS_MAX} communications")


def build_communications(
    drafts: Sequence[CommunicationDraft],
    stored: Mapping[int, Communication],
    subject: Subject,
    author: Author,
    now: Micros,
    ids: Callable[[], int],
) -> list[Communication]:
    """Return the communications that valid *drafts* add to or change in *stored*.

    *author* makes the change at *now* (epoch microseconds). A communication that stays the same keeps its attribution.
    """
    attribution = Attribution(created_at=now, updated_at=now, created_by=author, updated_by=author)
    communications: list[Communication] = []
    for draft in drafts:
        if draft.id is None:
            communications.append(_new(draft, subject, attribution, ids()))
            continue
        before = stored[draft.id]
        after = _updated(draft, before)
        signed = replace(after, attribution=replace(before.attribution, updated_at=now, updated_by=author))
        communications.append(before if after == before else signed)
    return communications


def _problems(draft: CommunicationDraft, stored: Mapping[int, Communication]) -> Iterator[Problem]:
    path = draft.path
    if draft.id is not None and draft.id not in stored:
        yield Problem(f"{path}.id", "is no communication of this target")
    needed = (
        ("communicationType", draft.kind),
        ("channelId", draft.channel),
        ("messageTemplate", draft.message),
    )
    if draft.id is None:
        yield from (Problem(f"{path}.{name}", MISSING) for name, value in needed if value is None)
    if draft.message is not None and not draft.message.strip():
        yield Problem(f"{path}.messageTemplate", MISSING)
    yield from text_problems(f"{path}.messageTemplate", draft.message, MESSAGE_MAX)
    yield from text_problems(f"{path}.subjectTemplate", draft.subject, DESCRIPTION_MAX)
    yield from text_problems(f"{path}.sender", draft.sender, NAME_MAX)
    if draft.offset_days is not None and abs(draft.offset_days) > OFFSET_DAYS_MAX:
        yield Problem(f"{path}.offsetDays", f"must be between -{OFFSET_DAYS_MAX} and {OFFSET_DAYS_MAX}")


def _new(draft: CommunicationDraft, subject: Subject, attribution: Attribution, communication_id: int) -> Communication:
    assert draft.kind is not None
    assert draft.channel is not None
    assert draft.message is not None
    return Communication(
        id=communication_id,
        group_id=subject.group_id,
        target_id=subject.target_id,
        kind=draft.kind,
        channel=draft.channel,
        subject=draft.subject,
        message=draft.message,
        sender=draft.sender,
        offset_days=draft.offset_days,
        active=draft.active is not False,
        attribution=attribution,
    )


def _updated(draft: CommunicationDraft, before: Communication) -> Communication:
    """Return *before* with the fields that *draft* sets."""
    return replace(
        before,
        kind=draft.kind or before.kind,
        channel=draft.channel or before.channel,
        subject=before.subject if draft.subject is None else draft.subject,
        message=before.message if draft.message is None else draft.message,
        sender=before.sender if draft.sender is None else draft.sender,
        offset_days=before.offset_days if draft.offset_days is None else draft.offset_days,
        active=before.active if draft.active is None else draft.active,
    )
