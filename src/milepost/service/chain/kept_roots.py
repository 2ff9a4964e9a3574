"""Roots outside the database: written to a file that is kept elsewhere, and compared with what is stored."""

from base64 import b64decode, b64encode
from collections.abc import Iterator

import msgspec

from milepost.model.problem import Problem, Refused
from milepost.model.time import Micros
from milepost.service.chain.signatures import public_key, verifies
from milepost.service.chain.verification import NOTHING, Break
from milepost.service.runtime.runtime import Runtime
from milepost.store.chain import roots
from milepost.store.chain.roots import Root


class KeptRoot(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """A root as a file holds it; the instant is in epoch microseconds, bytes are in base64."""

    root_id: int
    previous_id: int
    made_at: int
    customers: int
    events: int
    digest: str
    signature: str
    checked: int
    broken: int
    recomputed: int
    differing: int


class KeptRoots(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """All roots of an installation, and the key by which their signatures are checked."""

    public_key: str
    roots: list[KeptRoot]


def kept(root: Root) -> KeptRoot:
    """Return a root as a file holds it."""
    texts = {"digest": b64encode(root.digest).decode(), "signature": b64encode(root.signature).decode()}
    return KeptRoot(**(root._asdict() | texts))


async def export_roots(runtime: Runtime) -> KeptRoots:
    """Return all roots, to be kept elsewhere."""
    async with runtime.database.reading() as reading:
        stored = await roots.roots_after(reading, 0)
    return KeptRoots(public_key=b64encode(public_key(runtime.outgoing.box)).decode(), roots=[*map(kept, stored)])


def read_roots(text: bytes) -> KeptRoots:
    """Return the roots in a file. Raises Refused if they are not what was written, or were not signed by one key."""
    try:
        found = msgspec.json.decode(text, type=KeptRoots)
        public, stored = b64decode(found.public_key), [_stored(root) for root in found.roots]
        digests = [NOTHING, *(root.digest for root in stored)]
        wrong = [
            root.root_id for root, before in zip(stored, digests, strict=False) if not verifies(public, root, before)
        ]
    except (msgspec.DecodeError, ValueError) as error:
        raise Refused(Problem("--roots", f"is not a file of `milepost chain export`: {error}")) from None
    if wrong:
        raise Refused(Problem("--roots", f"holds roots whose signatures are wrong: {wrong}"))
    return found


async def breaks_with(runtime: Runtime, file: KeptRoots) -> list[Break]:
    """Return what differs between the roots of a file and those that are stored."""
    return [*_breaks(file, await export_roots(runtime))]


def _breaks(file: KeptRoots, stored: KeptRoots) -> Iterator[Break]:
    if file.public_key != stored.public_key:
        yield Break(None, "the kept roots were signed by another key than that of this installation")
    by_id = {root.root_id: root for root in stored.roots}
    for root in file.roots:
        if root.root_id not in by_id:
            yield Break(None, f"the kept root {root.root_id} is not in the database")
        elif by_id[root.root_id] != root:
            yield Break(None, f"root {root.root_id} is not what was kept")


def _stored(root: KeptRoot) -> Root:
    return Root(
        root_id=root.root_id,
        previous_id=root.previous_id,
        made_at=Micros(root.made_at),
        customers=root.customers,
        events=root.events,
        digest=b64decode(root.digest),
        signature=b64decode(root.signature),
        checked=root.checked,
        broken=root.broken,
        recomputed=root.recomputed,
        differing=root.differing,
    )
