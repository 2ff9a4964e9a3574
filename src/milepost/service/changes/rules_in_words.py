"""The rules of target groups in words: of those in force, of drafts, and of a definition that is only tried."""

from dataclasses import dataclass

from milepost.model.target import TargetGroup
from milepost.model.time import Micros
from milepost.rules.definition.schedule import ruling_calendar
from milepost.service.definitions.define import DefinitionRequest
from milepost.service.definitions.drafted_group import DraftedGroup, drafted_group
from milepost.service.definitions.group_queries import list_groups
from milepost.service.explanations.words import place_names
from milepost.service.runtime.runtime import Runtime, current_snapshot
from milepost.service.snapshot.access import Caller
from milepost.service.snapshot.organisation_snapshot import OrganisationSnapshot
from milepost.store.database import Transaction
from milepost.store.drafts import changes
from milepost.store.drafts.changes import StoredDraft
from milepost.wording.catalogue import Language
from milepost.wording.targets import rule_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRules:
    """A group, the rules of its targets in words, whether it is in force, and its draft, if it has one."""

    group: TargetGroup
    sentences: tuple[str, ...]
    is_live: bool
    draft: StoredDraft | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRules:
    """A definition that is not kept, the rules of its targets in words, and the warnings for its author."""

    group: TargetGroup
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]


async def rules_of_groups(runtime: Runtime, org_id: int, language: Language) -> list[GroupRules]:
    """Return the groups of an organisation with their rules: those that have only a draft first, then newest first."""
    snapshot = await current_snapshot(runtime, org_id)
    listed = await list_groups(runtime.database, runtime.snapshots, org_id)
    async with runtime.database.reading() as reading:
        kept = await changes.drafts(reading, org_id)
    drafts = {draft.group.id: draft for draft in sorted(kept, key=lambda draft: draft.saved_at, reverse=True)}
    live_ids = {group.id for group in listed.groups}
    found = [
        GroupRules(group=draft.group, sentences=_sentences(snapshot, draft.group, language), is_live=False, draft=draft)
        for draft in drafts.values()
        if draft.group.id not in live_ids
    ]
    found += [
        GroupRules(
            group=group, sentences=_sentences(snapshot, group, language), is_live=True, draft=drafts.get(group.id)
        )
        for group in listed.groups
    ]
    return found


async def tried_rules(
    runtime: Runtime, caller: Caller, request: DefinitionRequest, language: Language, now: Micros
) -> TriedRules:
    """Return what *request* says in words, and keep nothing of it. Raises Refused with all problems."""
    snapshot = await current_snapshot(runtime, caller.org_id)

    async def work(transaction: Transaction) -> DraftedGroup:
        return await drafted_group(transaction, snapshot.organisation, caller.author, request, now, only_tried=True)

    drafted = await runtime.database.attempt(work)
    return TriedRules(
        group=drafted.group,
        sentences=_sentences(snapshot, drafted.group, language),
        warnings=drafted.warnings,
    )


def _sentences(snapshot: OrganisationSnapshot, group: TargetGroup, language: Language) -> tuple[str, ...]:
    """Return the rule of each target of *group*, with the names of its places."""
    calendar = ruling_calendar(snapshot.organisation, group.time_zone_name)
    names = place_names(snapshot.places)
    return tuple(rule_in_words(language, group, target, calendar, names) for target in group.targets)
