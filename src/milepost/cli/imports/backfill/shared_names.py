"""Customers who share the name of an event: one of them may claim it, so their events are received together."""

from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

from milepost.model.event import EventKey

CUSTOMER_BYTES = 16
"""The length of a customer's key."""

_NAME_BYTES = 8
"""Names are told apart by so many bytes; names taken for one only join customers who need not be joined."""

_RECORD_BYTES = _NAME_BYTES + CUSTOMER_BYTES
_BUCKETS = 64


class SharedNames:
    """The names of all events with their customers, in temporary files, so that memory holds a part at a time."""

    def __init__(self, folder: Path) -> None:
        """Keep the files in *folder*."""
        self._stack = ExitStack()
        self._buckets: list[IO[bytes]] = [
            self._stack.enter_context(TemporaryFile(dir=folder))  # noqa: SIM115 - closed with the stack
            for _ in range(_BUCKETS)
        ]

    def __enter__(self) -> Self:
        """Return these names."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Remove the files."""
        self._stack.close()

    def add(self, name: EventKey, customer: bytes) -> None:
        """Note that an event of *customer*, a key, has this name."""
        digest = blake2b(f"{name.source}\0{name.id}".encode(), digest_size=_NAME_BYTES).digest()
        self._buckets[digest[0] % _BUCKETS].write(digest + customer)

    def groups(self) -> dict[bytes, bytes]:
        """Return for each customer who shares a name with another one the key of their group: its smallest key."""
        roots: dict[bytes, bytes] = {}
        for bucket in self._buckets:
            first: dict[bytes, bytes] = {}
            for name, customer in _records(bucket):
                other = first.setdefault(name, customer)
                if other != customer:
                    one, two = sorted((_root(roots, other), _root(roots, customer)))
                    roots[two] = roots.setdefault(one, one)
        return {customer: _root(roots, customer) for customer in roots}


def _records(bucket: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    bucket.seek(0)
    while record := bucket.read(_RECORD_BYTES):
        yield record[:_NAME_BYTES], record[_NAME_BYTES:]


def _root(roots: dict[bytes, bytes], customer: bytes) -> bytes:
    while (above := roots.get(customer, customer)) != customer:
        customer = above
    return customer
