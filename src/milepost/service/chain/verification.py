"""Checks the chains: the stored events against the heads of the standings, and against the latest signed root."""

import asyncio
import hmac
import struct
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple

from milepost.service.chain.signatures import is_signed
from milepost.service.runtime.outgoing import SecretBox
from milepost.store.chain import roots
from milepost.store.chain.digests import NO_HEAD, NUMBERED_BYTES, head_over, last_of
from milepost.store.chain.roots import BUCKETS, ChainedStanding, Customer, DigestedLog, Root
from milepost.store.database import Database, Transaction

PAGE_BUCKETS = 16
"""Buckets that are checked as of one moment, in one transaction."""

PAGES_AT_ONCE = 2
"""Pages that are checked at the same time: the database reads one while this process computes the other."""

NOTHING = b""

CHANGED_SINCE_ROOT = "the log is not what it was when the latest root was made"


class Break(NamedTuple):
    """What does not fit: a customer (None for a root), and what is wrong in words."""

    customer: Customer | None
    text: str


class CheckedPage(NamedTuple):
    """How many chains of some buckets were checked over how many events, and what was wrong."""

    customers: int
    events: int
    breaks: list[Break]


class _Chain(NamedTuple):
    """A log's chain as it is computed again: how many events it has, its head, and whether it passes the root's end."""

    events: int
    head: bytes
    holds_root: bool


async def verify_chain(
    database: Database, box: SecretBox, page_buckets: int = PAGE_BUCKETS
) -> AsyncIterator[CheckedPage]:
    """Check every root, and every chain against its head and against the latest root, page by page.

    An event that was changed, removed or added is found if it was in the log when the latest root was made; a later one
    is found as long as the head beside the standing was not changed to fit.
    """
    async with database.transaction() as transaction:
        everything = await roots.roots_after(transaction, 0)
    latest = everything[-1] if everything else None
    yield CheckedPage(0, 0, [*_root_breaks(everything, box)])
    digests: list[bytes] = []
    pages = [range(first, first + page_buckets) for first in range(0, BUCKETS, page_buckets)]
    for start in range(0, len(pages), PAGES_AT_ONCE):
        together = (_checked(database, buckets, latest) for buckets in pages[start : start + PAGES_AT_ONCE])
        for page, digests_of_page in await asyncio.gather(*together):
            digests += digests_of_page
            yield page
    if latest is not None and not hmac.compare_digest(sha256(b"".join(digests)).digest(), latest.digest):
        yield CheckedPage(0, 0, [Break(None, f"root {latest.root_id} does not hold the ends of chains that it signed")])


def _root_breaks(everything: list[Root], box: SecretBox) -> Iterator[Break]:
    previous = everything[0].previous_id if everything else 0
    if previous:
        yield Break(None, f"the root {previous} is missing, after which root {everything[0].root_id} was made")
    digest = NOTHING
    for root in everything:
        if root.previous_id != previous:
            yield Break(None, f"between the roots {previous} and {root.root_id} one is missing")
        if not is_signed(box, root, digest):
            yield Break(None, f"the signature of root {root.root_id} is wrong")
        previous, digest = root.root_id, root.digest


async def _checked(database: Database, buckets: range, latest: Root | None) -> tuple[CheckedPage, list[bytes]]:
    """Check the chains of some buckets; return also the digest of what the root holds of each bucket."""
    first, past = buckets.start, buckets.stop
    async with database.transaction() as transaction:
        await roots.see_one_moment(transaction)
        packed = {} if latest is None else await roots.leaves(transaction, latest.root_id, first, past)
        page = await _page(transaction, first, past, packed)
    return page, [sha256(packed.get(bucket, NOTHING)).digest() for bucket in buckets]


async def _page(transaction: Transaction, first: int, past: int, packed: Mapping[int, bytes]) -> CheckedPage:
    leaves: dict[Customer, bytes] = {}
    breaks: list[Break] = []
    for bucket, body in packed.items():
        try:
            leaves |= roots.unpack_leaves(body)
        except struct.error:
            breaks.append(Break(None, f"what the root holds of bucket {bucket} cannot be read"))
    standings = await roots.standings(transaction, first, past)
    erased = await roots.erased_heads(transaction, first, past)
    chains = computed_chains(await roots.digests(transaction, first, past), leaves)
    left = computed_chains(await roots.erased_digests(transaction, first, past), leaves)
    for customer in sorted({*standings, *erased, *chains, *left, *leaves}):
        is_erased = customer in erased or customer in left
        chain = (left if is_erased else chains).get(customer, _EMPTY)
        end = erased.get(customer, chain.head) if is_erased else None
        text = _break_of(chain, standings.get(customer), end, leaves.get(customer))
        if is_erased and (customer in chains or customer in standings):
            text = "was erased, and has events or a standing"
        if text is not None:
            breaks.append(Break(customer, text))
    events = sum(chain.events for found in (chains, left) for chain in found.values())
    return CheckedPage(len({*standings, *erased}), events, breaks)


_EMPTY = _Chain(0, NO_HEAD, holds_root=False)


def computed_chains(logs: Iterable[DigestedLog], leaves: Mapping[Customer, bytes]) -> dict[Customer, _Chain]:
    """Return the chains over *logs* by customer; *leaves* are their ends in the latest root."""
    found: dict[Customer, _Chain] = {}
    for customer, packed in logs:
        head, holds_root = head_over(packed, leaves.get(customer, NO_HEAD))
        found[customer] = _Chain(len(packed) // NUMBERED_BYTES, head, holds_root)
    return found


def _break_of(chain: _Chain, standing: ChainedStanding | None, erased: bytes | None, leaf: bytes | None) -> str | None:
    """Return what does not fit between a log, the head beside its standing, and the root; None if all fits."""
    if leaf is not None and not chain.holds_root:
        return CHANGED_SINCE_ROOT
    if erased is not None:
        return None if chain.head == erased else "what is left of the erased log does not lead to its head"
    if standing is None:
        return "has events and no standing" if chain.events else "is gone"
    if last_of(chain.head) != standing.seq:
        return f"the log ends with event {last_of(chain.head)}, the standing with {standing.seq}"
    if standing.head is not None and last_of(standing.head) == standing.seq and standing.head != chain.head:
        return "the log does not lead to the head beside the standing"
    return None
