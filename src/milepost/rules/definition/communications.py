"""From what a request says of communications to those that are kept (facts 2.10, 3.4)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from milepost.model.communication import Channel, Communication, CommunicationKind
from milepost.model.problem import Problem
from milepost.model.target import Attribution, Author
from milepost.rules.definition.naming import DESCRIPTION_MAX, MISSING, NAME_MAX, text_problems

COMMUNICATIONS_MAX = 100
"""Communications of one target."""

MESSAGE_MAX = 4_000
"""Characters of a message."""

OFFSET_DAYS_MAX = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationDraft:
    """A communication as a request writes it at `path`: a new one if it has no id; None means nothing was said."""

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
    """The target that is spoken of, and the group it belongs to."""

    group_id: int
    target_id: int


def communication_problems(
    drafts: Sequence[CommunicationDraft], known: Mapping[int, Communication]
) -> Iterator[Problem]:
    """Find everything that is wrong with *drafts*, where the target has those *known* by their ids."""
    seen: set[int] = set()
    for draft in drafts:
        yield from _problems(draft, known)
        if draft.id is not None and draft.id in seen:
            yield Problem(f"{draft.path}.id", "stands twice in the request")
        seen |= set() if draft.id is None else {draft.id}
    if len(known) + sum(draft.id is None for draft in drafts) > COMMUNICATIONS_MAX:
        yield Problem("", f"a target must not have more than {COMMUNICATIONS_MAX} communications")


def kept_communications(
    drafts: Sequence[CommunicationDraft],
    known: Mapping[int, Communication],
    subject: Subject,
    author: Author,
    now: int,
    ids: Callable[[], int],
) -> list[Communication]:
    """Return what sound *drafts* of *author* make at *now* (epoch microseconds), of nothing or of those *known*."""
    made = Attribution(created_at=now, updated_at=now, created_by=author, updated_by=author)
    kept: list[Communication] = []
    for draft in drafts:
        if draft.id is None:
            kept.append(_new(draft, subject, made, ids()))
            continue
        before = known[draft.id]
        after = _changed(draft, before)
        changed = replace(after, attribution=replace(before.attribution, updated_at=now, updated_by=author))
        kept.append(before if after == before else changed)
    return kept


def _problems(draft: CommunicationDraft, known: Mapping[int, Communication]) -> Iterator[Problem]:
    path = draft.path
    if draft.id is not None and draft.id not in known:
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


def _new(draft: CommunicationDraft, subject: Subject, made: Attribution, communication_id: int) -> Communication:
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
        attribution=made,
    )


def _changed(draft: CommunicationDraft, before: Communication) -> Communication:
    """Return *before* with all that *draft* says."""
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
