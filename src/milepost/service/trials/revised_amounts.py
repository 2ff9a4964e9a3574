"""What earlier events add to revised progress, where their entries say otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from msgspec.structs import replace

from milepost.engine.apply import Replayed
from milepost.engine.fold import Fold
from milepost.engine.progress.added_amounts import NOT_REVISED, RevisedRows, added_by, decided_by, revised_rows
from milepost.engine.progress.corrections import Place, entries_by_event, is_correctable, matching
from milepost.engine.progress.history import Logged
from milepost.model.commands.revision import RevisedAmount
from milepost.model.event import AuthoriseAward
from milepost.model.standing import ProgressKey, Reason

Amounts = Mapping[ProgressKey, int]


class TriedCustomer(NamedTuple):
    """The stored log of a customer with its entries, and where the log leads under the changed definition."""

    logged: Sequence[Logged]
    replayed: Replayed


def revised_amounts(fold: Fold, keys: AbstractSet[ProgressKey], tried: TriedCustomer) -> tuple[RevisedAmount, ...]:
    """Return what events add to the rows of *keys* by the changed definition, where that differs from what they added.

    *fold* is the customer's standing, open under the changed definition.
    """
    trial = Fold(fold.rule_index, tried.replayed.standing)
    before = _amounts(fold, tried.logged, revised_rows(fold, tried.logged))
    after = _amounts(trial, _with_stored_counts(tried.replayed), {})
    return tuple(
        RevisedAmount(place, key.target_id, key.period_id, now.get(key))
        for place in sorted({*before, *after})
        for was, now in [(before.get(place, {}), after.get(place, {}))]
        for key in sorted(keys & {*was, *now})
        if was.get(key) != now.get(key)
    )


def _amounts(
    fold: Fold, logged: Sequence[Logged], revised: Mapping[Place, RevisedRows]
) -> dict[Place, Mapping[ProgressKey, int]]:
    """Return what each of the *logged* events adds, by its place."""
    found: dict[Place, Mapping[ProgressKey, int]] = {}
    entries = entries_by_event(logged, matching(logged, fold.rule_index.calendar.day))
    for one in logged:
        if not is_correctable(one.event):
            continue
        said = revised.get(one.place, NOT_REVISED)
        if isinstance(one.event.payload, AuthoriseAward):
            found[one.place] = decided_by(one, said)
        else:
            added = added_by(fold, entries.get(one.place, ()), said)
            found[one.place] = {key: added.amounts[key] for key in map(ProgressKey._make, added.counted)}
    return found


def _with_stored_counts(replayed: Replayed) -> list[Logged]:
    """Return the log of a trial; what an enrolment counted of the log is said by the events that it counted."""
    counted: dict[Place, list[Logged]] = {}
    for one in replayed.applied:
        for stored in one.stored_counts:
            made = list(one.entries)[stored.first : stored.until]
            entries = [replace(entry, reason=Reason.COUNTED) for entry in made]
            counted.setdefault(stored.place, []).append(Logged(one.event, one.seq, entries))
    return [*_counted_too(replayed.log, counted)]


def _counted_too(log: Sequence[Logged], counted: Mapping[Place, Sequence[Logged]]) -> Iterator[Logged]:
    for one in log:
        more = [entry for enrolment in counted.get(one.place, ()) for entry in enrolment.entries]
        yield one._replace(entries=(*more, *one.entries)) if more else one
