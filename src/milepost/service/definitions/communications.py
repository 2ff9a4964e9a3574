"""Stores and reads communications about targets; subscribers to outcomes send them (facts 3.4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from milepost.model.definitions.communication import Communication
from milepost.model.organisation import Organisation
from milepost.model.problem import Problem, Refused
from milepost.model.target import Author
from milepost.model.time import Micros
from milepost.rules.definition.communications import (
    CommunicationDraft,
    Subject,
    build_communications,
    communication_problems,
)
from milepost.rules.definition.validation import merge_problems
from milepost.service.definitions.participation import UNKNOWN_GROUP, UNKNOWN_TARGET
from milepost.store import communications, definitions, organisations
from milepost.store.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunicationList:
    """The communications about a target, with its organisation."""

    organisation: Organisation
    communications: tuple[Communication, ...]


async def communications_of(database: Database, org_id: int, subject: Subject) -> CommunicationList:
    """Return the communications about a target. Raises Refused if the target does not exist."""
    async with database.transaction() as transaction:
        await _check(transaction, org_id, subject)
        version = (await organisations.versions(transaction, [org_id]))[org_id]
        of_target = await communications.of_target(transaction, org_id, subject.target_id)
        organisation = await organisations.at_version(transaction, org_id, version)
    return CommunicationList(organisation=organisation, communications=tuple(of_target))


async def keep_communications(
    database: Database,
    org_id: int,
    author: Author,
    subject: Subject,
    drafts: Sequence[CommunicationDraft],
    problems: tuple[Problem, ...],
    now: Micros,
) -> CommunicationList:
    """Store the communications of *drafts* about a target, all or none. Raises Refused.

    *problems* are those found while the request was read. *now* is in epoch microseconds.
    """

    async def work(transaction: Transaction) -> CommunicationList:
        organisation = await organisations.lock(transaction, org_id)
        await _check(transaction, org_id, subject)
        current = {
            communication.id: communication
            for communication in await communications.of_target(transaction, org_id, subject.target_id)
        }
        all_problems = merge_problems(problems, tuple(communication_problems(drafts, current)))
        if all_problems:
            raise Refused(*all_problems)
        new = sum(draft.id is None for draft in drafts)
        ids = iter(await communications.fresh_ids(transaction, new))
        stored = build_communications(drafts, current, subject, author, now, lambda: next(ids))
        await communications.save(transaction, org_id, stored)
        return CommunicationList(organisation=organisation, communications=tuple(stored))

    return await database.attempt(work)


async def _check(transaction: Transaction, org_id: int, subject: Subject) -> None:
    group = await definitions.newest(transaction, org_id, subject.group_id)
    if group is None or group.deleted:
        raise Refused(UNKNOWN_GROUP)
    if subject.target_id not in {target.id for target in group.targets}:
        raise Refused(UNKNOWN_TARGET)
