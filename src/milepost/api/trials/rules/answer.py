"""What is answered about rules in words."""

from msgspec import Struct

from milepost.api.native.answer import iso
from milepost.service.changes.rules_in_words import GroupRules, TriedRules


class RuleItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A target and its rule in a sentence."""

    target_id: int
    name: str
    sentence: str


class DraftStateItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """The draft of a target group: its revision, and when it was saved by whom."""

    revision: int
    saved_at: str
    saved_by: str


class GroupRulesItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A target group with its rules in words. `live` is false for a group that only has a draft."""

    target_group_id: int
    name: str
    live: bool
    draft: DraftStateItem | None
    targets: list[RuleItem]


class TriedSentenceItem(Struct, forbid_unknown_fields=True):
    """A target of a definition that is only tried, and its rule in a sentence."""

    name: str
    sentence: str


class TriedPeriodItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """A period of a definition that is only tried; `endsAt` is the first instant after it."""

    ref_code: str
    starts_at: str
    ends_at: str


class TriedRulesItem(Struct, forbid_unknown_fields=True, rename="camel"):
    """What a definition says in words, its periods, and the warnings for its author."""

    targets: list[TriedSentenceItem]
    periods: list[TriedPeriodItem]
    warnings: list[str]


def group_rules_item(rules: GroupRules) -> GroupRulesItem:
    """Return a group with its rules."""
    draft = rules.draft
    return GroupRulesItem(
        target_group_id=rules.group.id,
        name=rules.group.name,
        live=rules.is_live,
        draft=None if draft is None else DraftStateItem(draft.revision, iso(draft.saved_at), draft.saved_by),
        targets=[
            RuleItem(target.id, target.name, sentence)
            for target, sentence in zip(rules.group.targets, rules.sentences, strict=True)
        ],
    )


def tried_rules_item(tried: TriedRules) -> TriedRulesItem:
    """Return what a definition says."""
    group = tried.group
    return TriedRulesItem(
        targets=[
            TriedSentenceItem(target.name, sentence)
            for target, sentence in zip(group.targets, tried.sentences, strict=True)
        ],
        periods=[
            TriedPeriodItem(period.ref_code, iso(period.opens_at), iso(period.closes_at)) for period in group.periods
        ],
        warnings=list(tried.warnings),
    )
