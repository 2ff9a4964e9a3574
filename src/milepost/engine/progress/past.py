"""The logged events of a customer in an open fold, found by the names that connect corrections with other events.

A customer may have thousands of events in one batch, or in a replay, and any of them may be corrected. What names find
is found without looking at all the others, so that an event costs the same however long the history is.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from milepost.engine.progress.corrections import all_names, decision_of, is_about
from milepost.engine.progress.history import Logged, says_amounts
from milepost.model.commands.correction import VoidAward
from milepost.model.event import Event

IsKnown = Callable[[Logged], bool]
"""Whether a logged event was applied to the customer so far."""


class Past:
    """Logged events in their order; each gets its place in the index when names are first asked for."""

    def __init__(self, logged: Iterable[Logged]) -> None:
        """Begin with *logged*."""
        self.events = [*logged]
        self._indexed = 0
        self._named: dict[str, list[int]] = {}
        self._decided: dict[str, list[int]] = {}
        self._revisions: list[int] = []

    def related(self, event: Event, is_known: IsKnown, *, with_decisions: bool) -> list[Logged]:
        """Return the events that the matching of *event* depends on: those that names connect with it.

        *with_decisions*: also the decisions about these bills with their voids, and of a void the bills of its
        decision. What a revision says of the events is needed as well.
        """
        self._index()
        pending = {*all_names(event)}
        if with_decisions and isinstance(event.payload, VoidAward):
            for at in self._known(self._decided.get(event.payload.decision, ()), is_known):
                pending.update(all_names(self.events[at].event))
        found, asked = set[int](), set[str]()
        while pending:
            name = pending.pop()
            asked.add(name)
            for at in self._known(self._named.get(name, ()), is_known):
                if at not in found:
                    found.add(at)
                    pending.update(other for other in all_names(self.events[at].event) if other not in asked)
        if with_decisions:
            decisions = {decision_of(one) for one in (event, *(self.events[at].event for at in found))} - {None}
            found.update(
                at
                for decision in decisions
                for at in self._known(self._named.get(decision or "", ()), is_known)
                if is_about(self.events[at].event, decisions)
            )
        found.update(self._known(self._revisions, is_known))
        return [self.events[at] for at in sorted(found)]

    def _index(self) -> None:
        for at in range(self._indexed, len(self.events)):
            event = self.events[at].event
            for name in all_names(event):
                self._named.setdefault(name, []).append(at)
            decision = decision_of(event)
            if decision is not None:
                self._decided.setdefault(decision, []).append(at)
            if says_amounts(event):
                self._revisions.append(at)
        self._indexed = len(self.events)

    def _known(self, places: Sequence[int], is_known: IsKnown) -> Iterator[int]:
        return (at for at in places if is_known(self.events[at]))
