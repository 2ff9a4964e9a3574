"""What is answered about drafts, previews and versions."""

from typing import Any

import msgspec
from msgspec import Struct

from milepost.api.capillary.definitions.target_groups.answer import CreatedGroupAnswer, created_group
from milepost.api.native.answer import iso, iso_or_null
from milepost.api.trials.changes.patch import PatchStep, json_patch
from milepost.model.definitions.change import ChangeEffect, DefinitionChange
from milepost.model.organisation import Organisation
from milepost.model.target import TargetGroup
from milepost.model.time import EPOCH
from milepost.rules.calendar import calendar_of
from milepost.rules.definition.schedule import ruling_calendar
from milepost.service.changes.drafts import SavedDraft
from milepost.service.changes.previews import PreviewView
from milepost.service.changes.versions import GroupVersion, TwoVersions
from milepost.wording.catalogue import Language
from milepost.wording.changes import changes_in_words


class DraftItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A draft of a target group: its revision, what it changes in words, and the whole definition."""

    target_group_id: int
    revision: int
    changes: list[str]
    warnings: list[str]
    definition: CreatedGroupAnswer


class EffectItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A customer who gains or loses by a change: targets with their periods."""

    customer_id: int
    gains: list[str]
    losses: list[str]


class PreviewItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A change of a target group: its state, what changes in words, and how many customers gain and lose."""

    change_id: int
    target_group_id: int
    state: str
    policy: str
    below: str
    changes: list[str]
    looked_at: int
    gain: int
    lose: int
    unchanged: int
    sample: list[EffectItem]
    draft_revision: int
    live_version: int
    asked_at: str
    asked_by: str
    reviewed_by: str | None
    comment: str
    starts_at: str | None
    published_at: str | None
    version: int | None


class GroupVersionItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A version of a target group: from which version of the organisation on, since when, by whom, how and why."""

    version: int
    changed_at: str
    changed_by: str
    policy: str | None
    comment: str | None
    reviewed_by: str | None


class DiffItem(Struct, forbid_unknown_fields=True):
    """What differs between two versions: in words, and as a JSON patch of the definition."""

    changes: list[str]
    patch: list[PatchStep]


def draft_item(draft: SavedDraft, organisation: Organisation, language: Language) -> DraftItem:
    """Return a draft as it is answered."""
    return DraftItem(
        target_group_id=draft.group.id,
        revision=draft.revision,
        changes=words(organisation, draft.live, draft.group, language),
        warnings=list(draft.warnings),
        definition=created_group(draft.group, calendar_of(organisation.zone), EPOCH),
    )


def words(organisation: Organisation, before: TargetGroup | None, after: TargetGroup, language: Language) -> list[str]:
    """Return what changes from *before* to *after* in sentences."""
    return changes_in_words(language, before, after, ruling_calendar(organisation, after.time_zone_name))


def preview_item(view: PreviewView, language: Language) -> PreviewItem:
    """Return a change as it is answered."""
    change = view.change
    return PreviewItem(
        change_id=change.id,
        target_group_id=change.group_id,
        state=change.state.value,
        policy=change.policy.value,
        below="REVOKE" if change.revokes else "KEEP",
        changes=words(view.organisation, view.live, change.group, language),
        looked_at=change.looked_at,
        gain=change.gain,
        lose=change.lose,
        unchanged=view.unchanged,
        sample=[effect_item(effect) for effect in view.sample],
        draft_revision=change.draft_revision,
        live_version=change.live_version,
        asked_at=iso(change.asked_at),
        asked_by=change.asked_by,
        reviewed_by=change.reviewed_by,
        comment=change.comment,
        starts_at=iso_or_null(change.starts_at),
        published_at=iso_or_null(change.published_at),
        version=change.version,
    )


def effect_item(effect: ChangeEffect) -> EffectItem:
    """Return a customer who gains or loses."""
    return EffectItem(effect.customer_id, list(effect.gains), list(effect.losses))


def version_item(version: GroupVersion) -> GroupVersionItem:
    """Return a version as it is answered."""
    change: DefinitionChange | None = version.change
    attribution = version.group.attribution
    return GroupVersionItem(
        version=version.version,
        changed_at=iso(attribution.updated_at),
        changed_by=attribution.updated_by.code,
        policy=None if change is None else change.policy.value,
        comment=None if change is None else change.comment,
        reviewed_by=None if change is None else change.reviewed_by,
    )


def diff_item(two: TwoVersions, language: Language) -> DiffItem:
    """Return what differs between two versions."""
    before, after = (_json(group, two.organisation) for group in (two.before, two.after))
    return DiffItem(words(two.organisation, two.before, two.after, language), json_patch(before, after))


def _json(group: TargetGroup, organisation: Organisation) -> Any:
    return msgspec.to_builtins(created_group(group, calendar_of(organisation.zone), EPOCH), enc_hook=str)
