"""Two customers who live apart and become one: a history cut in two, a merge, and what comes afterwards."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from milepost.engine.apply import START, Replayed
from milepost.engine.commands.customer_merge import absorbed_progress
from milepost.engine.progress.history import Logged
from milepost.model.commands.correction import ReverseEvent, VoidAward
from milepost.model.event import ABSORB_CUSTOMER, NOWHERE, Bill, Event, EventKey, Return
from milepost.model.time import EPOCH
from tests.laws.draws import pick
from tests.laws.engine_histories import lived
from tests.laws.random_worlds import World

VICTIM = 2


class Apart(NamedTuple):
    """Events of the survivor and of the victim before the merge, and of the survivor afterwards."""

    ours: tuple[Event, ...]
    theirs: tuple[Event, ...]
    after: tuple[Event, ...]


class United(NamedTuple):
    """Where the victim was, and where the survivor stood before the merge, with the events of its log since."""

    victim: Replayed
    survivor: Replayed
    heard: tuple[Event, ...]
    start: Replayed


def apart(draw: st.DrawFn, events: Sequence[Event], *, anyhow: bool = False) -> Apart:
    """Cut a history in three; what is told of one bill is told of one customer, unless it may be told *anyhow*."""
    # Late, mostly: a merge is worth most where both have done much.
    cut = pick(draw, (len(events), len(events), len(events) * 2 // 3, len(events) // 2))
    owners: dict[str, bool] = {}
    first = [event for event in events if isinstance(event.payload, Bill)]
    for event in (*first, *events):
        names = _names(event)
        owner = next((owners[name] for name in names if name in owners), None)
        owner = pick(draw, (True, False)) if owner is None else owner
        owners.update(dict.fromkeys(names, owner))
        owners[f"{event.key.source}\0{event.key.id}"] = pick(draw, (True, False)) if anyhow else owner
    mine = [owners[f"{event.key.source}\0{event.key.id}"] for event in events]
    before = list(zip(events[:cut], mine[:cut], strict=True))
    return Apart(
        tuple(event for event, is_ours in before if is_ours),
        tuple(event for event, is_ours in before if not is_ours),
        tuple(events[cut:]),
    )


def _names(event: Event) -> list[str]:
    match event.payload:
        case Bill(number=number):
            return [event.key.id, number]
        case Return(original=original) | ReverseEvent(original=original):
            return [original]
        case VoidAward(decision=decision):
            return [decision]
        case _:
            return [event.key.id]


def unite(world: World, parts: Apart) -> United:
    """Apply the victim's events; return the survivor's events, the merge among them."""
    victim = lived(world, parts.theirs)
    survivor = lived(world, parts.ours)
    number = survivor.standing.seq + 1
    merge = merge_event(world, absorbed_progress(VICTIM, victim.standing, victim.history.values()))
    log = tuple(Logged(one.event, one.seq, one.entries, (number, *one.under)) for one in victim.log)
    return United(victim, survivor, (*parts.ours, merge, *parts.after), START._replace(log=log))


def merge_event(world: World, payload: object, name: str = "2") -> Event:
    """Make a merge, in the middle of all that happens."""
    at = max((period.opens_at for group in world.groups for period in group.periods), default=EPOCH)
    return Event(
        key=EventKey("milepost/merge", name),
        name=ABSORB_CUSTOMER,
        occurred_at=at,
        received_at=at,
        place=NOWHERE,
        member=None,
        payload=payload,  # type: ignore[arg-type]
    )
