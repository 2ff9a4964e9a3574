"""Which outcomes an organisation wants to be told of: only those are written to the outbox (decision 0028)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from milepost.model.delivery.outcome_type import USUAL_TYPES, OutcomeType
from milepost.model.delivery.webhook import StoredWebhook, Style
from milepost.model.event import ENROL, Enrol, Event
from milepost.model.organisation import OutcomeFeed
from milepost.model.standing import Entry, Outcome, OutcomeKind
from milepost.service.snapshot.vendor_types import VENDOR_TYPES

KIND_OF_TYPE = {
    OutcomeType.TARGET_ENROLLED: OutcomeKind.ENROLLED,
    OutcomeType.TARGET_UNENROLLED: OutcomeKind.UNENROLLED,
    OutcomeType.TARGET_MILESTONE_REACHED: OutcomeKind.TRIGGER_REACHED,
    OutcomeType.TARGET_ACHIEVED: OutcomeKind.ACHIEVED,
    OutcomeType.TARGET_UNACHIEVED: OutcomeKind.UNACHIEVED,
    OutcomeType.GROUP_ACHIEVED: OutcomeKind.UNIFIED_ACHIEVED,
    OutcomeType.GROUP_UNACHIEVED: OutcomeKind.UNIFIED_UNACHIEVED,
    OutcomeType.STREAK_STARTED: OutcomeKind.STREAK_STARTED,
    OutcomeType.STREAK_LEVEL_ACHIEVED: OutcomeKind.STREAK_LEVEL_ACHIEVED,
    OutcomeType.STREAK_LEVEL_UNACHIEVED: OutcomeKind.STREAK_LEVEL_UNACHIEVED,
    OutcomeType.STREAK_BROKEN: OutcomeKind.STREAK_BROKEN,
    OutcomeType.STREAK_ENDED: OutcomeKind.STREAK_ENDED,
    OutcomeType.CAP_REACHED: OutcomeKind.CAP_REACHED,
    OutcomeType.PERIOD_STARTED: OutcomeKind.PERIOD_STARTED,
    OutcomeType.PERIOD_CLOSED: OutcomeKind.PERIOD_CLOSED,
}
"""The types that the engine notes; the others follow from entries, from commands and from what the server does."""

TYPE_OF_KIND = {kind: type_ for type_, kind in KIND_OF_TYPE.items()}


class WantedOutcomes(NamedTuple):
    """The types that somebody waits for, the engine's kinds among them, and whether these are all of its kinds."""

    types: frozenset[OutcomeType] = frozenset()
    kinds: frozenset[OutcomeKind] = frozenset()
    has_every_kind: bool = False

    def rows_of(self, event: Event, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> Sequence[Outcome] | None:
        """Return the outcomes of *event* that are to be written; None if nobody waits for anything of it."""
        if not self.types:
            return None
        # Where every kind is wanted, what the engine wrote goes to the outbox unread.
        wanted = outcomes if self.has_every_kind else [one for one in outcomes if one.kind in self.kinds]
        if wanted or (entries and OutcomeType.TARGET_VALUE_CHANGED in self.types) or self._wants_goal(event):
            return wanted
        return None

    def _wants_goal(self, event: Event) -> bool:
        payload = event.payload
        return (
            event.name == ENROL
            and isinstance(payload, Enrol)
            and bool(payload.goals)
            and not _GOALS.isdisjoint(self.types)
        )


_GOALS = frozenset({OutcomeType.GOAL_CHANGED, OutcomeType.GOAL_CREATED})

NOTHING_WANTED = WantedOutcomes()


def types_wanted(webhook: StoredWebhook) -> frozenset[OutcomeType]:
    """Return the types that *webhook* names, in our own words."""
    named = webhook.webhook.types
    if webhook.webhook.style is Style.CAPILLARY:
        return frozenset(VENDOR_TYPES[name] for name in named)
    return frozenset(OutcomeType(name) for name in named)


def wanted_outcomes(webhooks: Iterable[StoredWebhook], feed: OutcomeFeed) -> WantedOutcomes:
    """Return what an organisation with these active *webhooks* and this *feed* wants."""
    types = frozenset[OutcomeType]().union(*(types_wanted(webhook) for webhook in webhooks if webhook.active))
    match feed:
        case OutcomeFeed.OFF:
            pass
        case OutcomeFeed.ON:
            types |= frozenset(USUAL_TYPES)
        case OutcomeFeed.WITH_VALUES:
            types |= frozenset(OutcomeType)
    if not types:
        return NOTHING_WANTED
    # A goal is told from its enrolment, an unenrolment of a streak from that of its target.
    kinds = {KIND_OF_TYPE[type_] for type_ in types if type_ in KIND_OF_TYPE}
    if types & _GOALS:
        kinds.add(OutcomeKind.ENROLLED)
    return WantedOutcomes(types, frozenset(kinds), kinds.issuperset(OutcomeKind))
