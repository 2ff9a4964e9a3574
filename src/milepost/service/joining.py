"""Customers whose standing says that more has to be looked at: merged ones, and those who lost a name.

Each is known by its standing once that is locked; so a server learns of it without being told (decision 0022).
"""

from collections.abc import Mapping, Sequence

from milepost.model.customer import IdentifierKind
from milepost.model.event import DECIDE, FREEZE, MOVE_IN, OWN_EVENTS, PAUSE
from milepost.model.standing import Standing
from milepost.service.offer import Answer, Offer
from milepost.service.registering import Named
from milepost.service.repeats import Heard, answered_before
from milepost.store import customers, log
from milepost.store.database import Stale, Transaction
from milepost.store.log import Who, who_is

NAMED_BY_STANDING = OWN_EVENTS - {DECIDE, FREEZE, PAUSE, MOVE_IN}
"""Own events that are named by what a standing was: two customers have heard different ones of one name."""

Forwards = dict[Who, Who]
"""Into whom merged customers were merged: it never changes."""


def forwarded(forwards: Forwards, who: Who) -> Who:
    """Give whom *who* is by now, as far as that is known."""
    while who in forwards:
        who = forwards[who]
    return who


def forward(forwards: Forwards, joined: Sequence[tuple[Who, Standing]]) -> None:
    """Note who is merged into somebody; raises Stale if anybody is, so that all begins again with whom they are now."""
    found = {who: who_is(who.org_id, one.lineage.merged_into) for who, one in joined if one.lineage.merged_into}
    forwards.update(found)
    if found:
        raise Stale


async def ask_names_again(
    transaction: Transaction,
    forwards: Forwards,
    names: dict[Named, Who],
    offers: Sequence[Offer],
    joined: Sequence[tuple[Who, Standing]],
    fresh: Mapping[Who, Sequence[Heard]],
) -> None:
    """Ask for the names of those who lost one; raises Stale, and forgets them, if one leads to somebody else by now."""
    asked = {
        (offer.org_id, offer.customer): who
        for who, standing in joined
        if standing.lineage.has_lost_names
        for offer in (offers[one.position] for one in fresh[who])
        if offer.customer.kind is not IdentifierKind.ID
    }
    if not asked:
        return
    known = await customers.known(transaction, list(asked))
    wrong = [name for name, who in asked.items() if not _is_still(forwards, name, known.get(name), who)]
    for name in wrong:
        names.pop(name, None)
    if wrong:
        raise Stale


def _is_still(forwards: Forwards, name: Named, customer_id: int | None, who: Who) -> bool:
    return customer_id is not None and forwarded(forwards, who_is(name[0], customer_id)) == who


async def sift_merged(
    transaction: Transaction,
    joined: Sequence[tuple[Who, Standing]],
    fresh: Mapping[Who, list[Heard]],
    answers: list[Answer | None],
) -> dict[Who, list[Heard]]:
    """Answer what a merged customer had heard before, and give the rest."""
    asked = [
        (who_is(who.org_id, merged.customer_id), one)
        for who, standing in joined
        for merged in standing.lineage.merged
        for one in fresh[who]
        if one.event.name not in NAMED_BY_STANDING
    ]
    if asked:
        keys = [(who, one.event.key) for who, one in asked]
        for place, row in sorted((await log.known_events(transaction, keys)).items(), reverse=True):
            one = asked[place][1]
            answers[one.position] = answered_before(one, row)
    return {who: [one for one in fresh[who] if answers[one.position] is None] for who, _ in joined}
