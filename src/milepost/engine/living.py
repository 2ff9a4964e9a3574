"""A customer's way through the events of a batch: what folding `step` over them gives, at less cost.

Most events only add to plain sums (`engine.summing`). As long as they do, the standing is changed in place; the first
one that does more goes the way of `step`, and so do those after it until plain ones come again. The laws hold the two
ways against each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from milepost.engine.facts import heard
from milepost.engine.log import PLAIN, SETTLE_AFTER_US, Logged
from milepost.engine.reaching import occasion_of
from milepost.engine.replay import relive
from milepost.engine.summing import Added
from milepost.engine.tallying import NOTHING_COUNTED, Tallying, amounts
from milepost.engine.whole_returns import whole_return
from milepost.language import Occasion
from milepost.model.amount import to_units
from milepost.model.event import Bill, Event, Return
from milepost.model.organisation import AfterAchievement
from milepost.model.standing import EMPTY, NO_LINEAGE, Entry, Outcome, Progress, ProgressKey, Standing
from milepost.rules.matching import Catalogue


class Told(NamedTuple):
    """What one event led to, and the number it was given."""

    event: Event
    seq: int
    entries: Sequence[Entry]
    outcomes: Sequence[Outcome]


class Lived(NamedTuple):
    """Where the events lead: the standing, all progress outside it, and what each event led to."""

    standing: Standing
    history: dict[ProgressKey, Progress]
    told: list[Told]


def live(
    catalogue: Catalogue,
    standing: Standing,
    history: dict[ProgressKey, Progress],
    log: Sequence[Logged],
    events: Iterable[Event],
) -> Lived:
    """Let *events* happen, in this order; *history* and *log* hold what `log.need` asks for."""
    told: list[Told] = []
    past = [*log]
    passage: Passage | None = None
    for event in events:
        if passage is None and may_pass(standing):
            passage = Passage(catalogue, standing)
        is_plain = type(event.payload) in PLAIN
        passed = passage.hear(event) if passage is not None and is_plain else None
        if passed is None:
            past += [Logged(one.event, one.seq, one.entries) for one in told[len(past) - len(log) :]]
            if passage is not None and not is_plain:
                passed = passage.take_back(event, past, history)
        if passed is not None:
            told.append(passed)
            continue
        if passage is not None:
            standing = passage.standing()
            passage = None
        taken = relive(catalogue, standing, history, past, event)
        standing = taken.standing
        if taken.settled:
            history = history | {
                ProgressKey(progress.target_id, progress.period_id): progress for progress in taken.settled
            }
        told.append(Told(event, standing.seq, taken.entries, taken.outcomes))
    return Lived(standing if passage is None else passage.standing(), history, told)


def may_pass(standing: Standing) -> bool:
    """Tell whether plain events leave everything but sums as it is: nothing else in *standing* listens to them."""
    return not standing.enrolments and not standing.waiting


class Passage:
    """A standing that plain events change in place."""

    __slots__ = (
        "_before",
        "_bills",
        "_catalogue",
        "_facts",
        "_latest_at",
        "_purchases",
        "_seq",
        "_settles_at",
        "_tallying",
    )

    def __init__(self, catalogue: Catalogue, standing: Standing) -> None:
        """Begin at *standing*, of which `may_pass` holds."""
        self._catalogue = catalogue
        self._before = standing
        self._tallying = Tallying(standing.progress)
        self._seq = standing.seq
        self._latest_at = standing.latest_at
        self._settles_at = standing.settles_at
        self._bills = standing.bills
        self._purchases = standing.purchases
        self._facts = standing.facts

    def hear(self, event: Event) -> Told | None:
        """Let *event*, of a plain payload, happen if it leaves nothing to do but adding up."""
        added = self._added(event)
        if added is None:
            return None
        payload = event.payload
        closing, entries, outcomes = self._tallying.count(added, event) if added else NOTHING_COUNTED
        self._settles_at = min(self._settles_at, closing + SETTLE_AFTER_US)
        if type(payload) is Bill:
            self._bills += 1
            self._purchases += to_units(payload.net)
        return self._told(event, entries, outcomes)

    def take_back(self, event: Event, past: Sequence[Logged], history: Mapping[ProgressKey, Progress]) -> Told | None:
        """Let *event* happen if it is a return that only takes back what a bill added, which *past* holds."""
        if type(event.payload) is not Return or history or self._before.lineage is not NO_LINEAGE:
            return None
        if self._added(event) != []:
            return None
        returned = whole_return(self._catalogue, self._before, self._seq + 1, event, past)
        if returned is None:
            return None
        revoking = self._catalogue.settings.after_achievement is AfterAchievement.REVOKE
        entries = self._tallying.take_back(returned.added, event, revoking=revoking)
        if entries is None:
            return None
        self._purchases -= returned.net
        return self._told(event, entries, ())

    def _added(self, event: Event) -> list[Added] | None:
        """Give what plain sums get of *event*; None if it does more, or comes when more is to be done."""
        if not self._latest_at - SETTLE_AFTER_US <= event.occurred_at < self._settles_at:
            return None
        catalogue = self._catalogue
        listening = catalogue.listening(event)
        if not listening.is_plain:
            return None
        if not listening.plain:
            return []
        needs = catalogue.needs
        if needs.standing or needs.reached:
            return amounts(listening.plain, occasion_of(catalogue, event, self.standing()))
        return amounts(listening.plain, Occasion(event, None, EMPTY))

    def _told(self, event: Event, entries: Sequence[Entry], outcomes: Sequence[Outcome]) -> Told:
        self._facts = heard(self._facts, event, self._catalogue.calendar)
        self._seq += 1
        self._latest_at = max(self._latest_at, event.occurred_at)
        return Told(event, self._seq, entries, outcomes)

    def standing(self) -> Standing:
        """Give the standing by now."""
        return replace(
            self._before,
            seq=self._seq,
            latest_at=self._latest_at,
            settles_at=self._settles_at,
            bills=self._bills,
            purchases=self._purchases,
            progress=self._tallying.progress(),
            facts=self._facts,
        )
