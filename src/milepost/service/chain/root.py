"""Makes the roots: once a day all chains are checked, and their ends are signed together."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import NamedTuple

from milepost.model.time import DAY_US
from milepost.service.chain.signatures import sign
from milepost.service.chain.verification import CHANGED_SINCE_ROOT, NOTHING, PAGE_BUCKETS, Break, verify_chain
from milepost.service.runtime.runtime import Runtime
from milepost.service.scheduled.verify import verify_customers
from milepost.store import log
from milepost.store.chain import roots
from milepost.store.chain.digests import last_of
from milepost.store.chain.roots import BUCKETS, Root
from milepost.store.database import Transaction
from milepost.store.log import CustomerKey

SAMPLE = 1_000
"""Customers whose logs are replayed for the report of a day."""


Pause = Callable[[], Awaitable[None]]
"""Rests between two pages."""


async def no_pause() -> None:
    """Go on at once."""


class ConsistencyReport(NamedTuple):
    """What a check of everything found: chains checked and broken, customers recomputed and differing."""

    checked: int
    broken: int
    recomputed: int
    differing: int
    breaks: list[Break]


class _SignedEnds(NamedTuple):
    """The digest of the ends of all chains, how many customers have an event, and how many events they have."""

    digest: bytes
    customers: int
    events: int


async def make_root_when_due(runtime: Runtime, pause: Pause = no_pause) -> bool:
    """Make a root if the latest one is a day old; return whether one was made."""
    async with runtime.database.reading() as reading:
        latest = await roots.latest_root(reading)
    if latest is not None and runtime.clock() - latest.made_at < DAY_US:
        return False
    return await make_root(runtime, pause=pause) is not None


async def make_root(
    runtime: Runtime,
    sample: int = SAMPLE,
    page_buckets: int = PAGE_BUCKETS,
    pause: Pause = no_pause,
    rewritten_org_id: int | None = None,
) -> Root | None:
    """Check all chains, replay a sample of logs, and sign the ends of all chains.

    The logs of the organisation *rewritten_org_id* may differ from the latest root, because they were rewritten on
    purpose. Return the root; None if another server has made one meanwhile.
    """
    report = await check_everything(runtime, sample, page_buckets, pause, rewritten_org_id)
    async with runtime.database.transaction() as transaction:
        latest = await roots.latest_root(transaction)
        root_id = await roots.fresh_root_id(transaction)
    signed = await _signed_ends(runtime, root_id, page_buckets)
    unsigned = Root(
        root_id=root_id,
        previous_id=0 if latest is None else latest.root_id,
        made_at=runtime.clock(),
        customers=signed.customers,
        events=signed.events,
        digest=signed.digest,
        signature=NOTHING,
        checked=report.checked,
        broken=report.broken,
        recomputed=report.recomputed,
        differing=report.differing,
    )
    root = unsigned._replace(
        signature=sign(runtime.outgoing.box, unsigned, NOTHING if latest is None else latest.digest)
    )
    async with runtime.database.transaction() as transaction:
        return root if await roots.add_root(transaction, root) else None


async def make_root_after_rewriting(
    runtime: Runtime, org_id: int, sample: int = SAMPLE, page_buckets: int = PAGE_BUCKETS
) -> Root:
    """Make a root over the logs of an organisation that were rewritten on purpose; return it.

    If another server makes a root meanwhile, that one reports the rewritten logs as broken, so one more is made.
    """
    while True:
        root = await make_root(runtime, sample, page_buckets, rewritten_org_id=org_id)
        if root is not None:
            return root


async def check_everything(
    runtime: Runtime,
    sample: int,
    page_buckets: int = PAGE_BUCKETS,
    pause: Pause = no_pause,
    rewritten_org_id: int | None = None,
) -> ConsistencyReport:
    """Check all chains, and replay the logs of *sample* customers; see `make_root` for *rewritten_org_id*."""
    checked, breaks = 0, list[Break]()
    async for page in verify_chain(runtime.database, runtime.outgoing.box, page_buckets):
        checked += page.customers
        breaks += [one for one in page.breaks if not _is_rewritten(one, rewritten_org_id)]
        await pause()
    recomputed = [one async for one in verify_customers(runtime.database, sample)]
    differing = sum(not one.agrees for one in recomputed)
    return ConsistencyReport(
        checked=checked, broken=len(breaks), recomputed=len(recomputed), differing=differing, breaks=breaks
    )


def _is_rewritten(found: Break, org_id: int | None) -> bool:
    """Whether *found* says only that a log of this organisation was rewritten after the latest root."""
    return found.customer is not None and found.customer[0] == org_id and found.text == CHANGED_SINCE_ROOT


async def _signed_ends(runtime: Runtime, root_id: int, page_buckets: int) -> _SignedEnds:
    """Keep the ends of all chains with a root, and return what is signed of them."""
    digests: list[bytes] = []
    customers = events = 0
    for first in range(0, BUCKETS, page_buckets):
        buckets = range(first, first + page_buckets)
        await _compute_missing(runtime, buckets)
        async with runtime.database.transaction() as transaction:
            ends = await _ends(transaction, buckets)
            leaves = {bucket: roots.pack_leaves(of_bucket) for bucket, of_bucket in ends.items()}
            await roots.add_leaves(transaction, root_id, {bucket: body for bucket, body in leaves.items() if body})
        digests += [sha256(leaves.get(bucket, NOTHING)).digest() for bucket in buckets]
        found = [head for of_bucket in ends.values() for _, head in of_bucket if head]
        customers, events = customers + len(found), events + sum(map(last_of, found))
    return _SignedEnds(sha256(b"".join(digests)).digest(), customers, events)


async def _compute_missing(runtime: Runtime, buckets: range) -> None:
    """Compute the heads that were not computed so far, each in a transaction of its own, so no event waits long."""
    async with runtime.database.reading() as reading:
        missing = [key for key, head in await roots.heads(reading, buckets.start, buckets.stop) if head is None]
    for customer_key in missing:
        async with runtime.database.transaction() as transaction:
            if await log.lock_standings(transaction, [customer_key]):
                head = await roots.recomputed_head(transaction, customer_key)
                await roots.save_head(transaction, customer_key, head)


async def _ends(transaction: Transaction, buckets: range) -> dict[int, list[tuple[CustomerKey, bytes]]]:
    """Return the ends of all chains of some buckets."""
    ends: dict[int, list[tuple[CustomerKey, bytes]]] = {}
    for key, head in await roots.heads(transaction, buckets.start, buckets.stop):
        if head is not None:
            ends.setdefault(key.bucket, []).append((key, head))
    return ends
