"""A customer's way through the events of a batch: what folding `step` over them gives, at less cost.

Most events only add to plain sums (`engine.summing`). As long as they do, the standing is changed in place; the first
one that does more goes the way of `step`, and so do those after it until plain ones come again. The laws hold the two
ways against each other.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from milepost.engine.facts import heard
from milepost.engine.log import SETTLE_AFTER_US, Logged
from milepost.engine.reaching import occasion_of
from milepost.engine.replay import relive
from milepost.engine.summing import add_up
from milepost.language import Occasion
from milepost.model.amount import to_units
from milepost.model.event import Activity, Award, Bill, Event
from milepost.model.standing import EMPTY, Entry, Outcome, Progress, ProgressKey, Standing
from milepost.rules.matching import Catalogue

_PLAIN = frozenset({Bill, Activity, Award})


class Told(NamedTuple):
    """What one event led to, and the number it was given."""

    event: Event
    seq: int
    entries: tuple[Entry, ...]
    outcomes: tuple[Outcome, ...]


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
        if passage is not None:
            plain = passage.hear(event)
            if plain is not None:
                told.append(plain)
                continue
            standing = passage.standing()
            passage = None
        past += [Logged(one.event, one.seq, one.entries) for one in told[len(past) - len(log) :]]
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
        "_progress",
        "_purchases",
        "_seq",
        "_settles_at",
    )

    def __init__(self, catalogue: Catalogue, standing: Standing) -> None:
        """Begin at *standing*, of which `may_pass` holds."""
        self._catalogue = catalogue
        self._before = standing
        self._progress = dict(standing.progress)
        self._seq = standing.seq
        self._latest_at = standing.latest_at
        self._settles_at = standing.settles_at
        self._bills = standing.bills
        self._purchases = standing.purchases
        self._facts = standing.facts

    def hear(self, event: Event) -> Told | None:
        """Let *event* happen if it is plain, that is if it and the customer leave nothing to do but adding up."""
        payload, occurred_at, latest_at = event.payload, event.occurred_at, self._latest_at
        if type(payload) not in _PLAIN or not latest_at - SETTLE_AFTER_US <= occurred_at < self._settles_at:
            return None
        catalogue = self._catalogue
        listening = catalogue.listening(event)
        if not listening.is_plain:
            return None
        entries: list[Entry] = []
        outcomes: list[Outcome] = []
        if listening.plain:
            needs = catalogue.needs
            occasion = Occasion(event, None, EMPTY)
            if needs.standing or needs.reached:
                occasion = occasion_of(catalogue, event, self.standing())
                # What was given away stays as it is.
                self._progress = dict(self._progress)
            settles_at = add_up(listening.plain, occasion, self._progress, entries, outcomes) + SETTLE_AFTER_US
            self._settles_at = min(self._settles_at, settles_at)
        if type(payload) is Bill:
            self._bills += 1
            self._purchases += to_units(payload.net)
        self._facts = heard(self._facts, event, catalogue.calendar)
        self._seq += 1
        if occurred_at > latest_at:
            self._latest_at = occurred_at
        return Told(event, self._seq, tuple(entries), tuple(outcomes))

    def standing(self) -> Standing:
        """Give the standing by now; its progress goes with it."""
        return replace(
            self._before,
            seq=self._seq,
            latest_at=self._latest_at,
            settles_at=self._settles_at,
            bills=self._bills,
            purchases=self._purchases,
            progress=self._progress,
            facts=self._facts,
        )
