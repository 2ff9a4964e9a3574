"""The order of a backfill: customer after customer, the events of each in the order of their times.

Two events meet only if they are of one customer, or if two customers claim one name. So this order gives what the order
of times gives: customers who share a name come last, each such group together, in the order of times.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from milepost.api.native.events.incoming_event import EventHeading, heading_of
from milepost.cli.imports.backfill.shared_names import CUSTOMER_BYTES, SharedNames
from milepost.cli.imports.event_files import Read
from milepost.cli.imports.external_sort import Piece, merged, pieces_of
from milepost.model.customer import Identifier

PART_EVENTS = 2_000
"""How many events are received at once, or some more: a customer's events stay together."""

PART_EVENTS_MAX = 10_000
"""How many events of one customer are received at once."""

NO_CUSTOMER = bytes(CUSTOMER_BYTES)
"""The key of events without a readable customer: they are refused, before all others are sent."""

_FIRST = datetime.min.replace(tzinfo=UTC)

LookUp = Callable[[Sequence[Identifier]], Mapping[Identifier, str]]
"""Returns for each identifier a text that is the same for all identifiers of one customer."""


class FileRead(NamedTuple):
    """An event of one of several files, with the position of the file."""

    file: int
    read: Read


class Part(NamedTuple):
    """Events that are received together.

    `whole_until` is the key up to which all customers are whole with this part, None for customers who share names.
    `continues` says that the part goes on with the customer of the part before.
    """

    reads: list[FileRead]
    whole_until: bytes | None
    continues: bool


class _Entry(NamedTuple):
    """An event in the order: its customer's key, its time and its position among the events of the files."""

    customer: bytes
    time: datetime
    position: int
    read: FileRead


class CustomerOrder:
    """Brings the events of files into the order; `checksum` tells files and customers apart once all is read."""

    def __init__(self, look_up: LookUp, folder: Path) -> None:
        """Sort in temporary files in *folder*; *look_up* says which identifiers are those of one customer."""
        self._look_up = look_up
        self._folder = folder
        self._customers: dict[Identifier, bytes] = {}
        self._firsts: dict[str, bytes] = {}
        self.checksum = 0
        self.events = 0

    def parts(self, reads: Iterable[FileRead], whole_until: Callable[[], bytes]) -> Iterator[Part]:
        """Return the events in parts. All of *reads* are read before the first one.

        *whole_until*, which is asked then, is the key up to which customers are left out.
        """
        with SharedNames(self._folder) as shared:
            entries = merged(self._pieces(reads, shared), _place, self._folder)
            first = next(entries, None)
            groups = shared.groups()
        if first is None:
            return
        done, sharing = whole_until(), list[_Entry]()
        yield from _cut(_own(first, entries, done, groups, sharing), marks=True)
        again = (entry._replace(customer=groups[entry.customer]) for entry in sharing)
        yield from _cut(merged(pieces_of(again, _size), _place, self._folder), marks=False)

    def _pieces(self, reads: Iterable[FileRead], shared: SharedNames) -> Iterator[Piece]:
        position = 0
        for piece, is_last in pieces_of(reads, lambda one: len(one.read.json)):
            headings = [heading_of(one.read.json) for one in piece]
            self._learn(headings)
            entries: list[_Entry] = []
            for one, heading in zip(piece, headings, strict=True):
                entries.append(self._entry(one, heading, position, shared))
                position += 1
            yield Piece(entries, is_last)
        self.events = position

    def _entry(self, read: FileRead, heading: EventHeading | None, position: int, shared: SharedNames) -> _Entry:
        if heading is None:
            return _Entry(NO_CUSTOMER, _FIRST, position, read)
        customer = self._customers[heading.customer]
        shared.add(heading.key, customer)
        digest = blake2b(customer + f"{heading.key}{heading.time}".encode(), digest_size=8).digest()
        # A sum does not depend on the order.
        self.checksum = (self.checksum + int.from_bytes(digest)) % 2**64
        return _Entry(customer, heading.time, position, read)

    def _learn(self, headings: Iterable[EventHeading | None]) -> None:
        """Find the keys of customers who are named for the first time: the digest of their first name in the files."""
        unknown = dict.fromkeys(
            heading.customer for heading in headings if heading is not None and heading.customer not in self._customers
        )
        texts = self._look_up([*unknown]) if unknown else {}
        for identifier in unknown:
            name = f"{identifier.kind.value}:{identifier.value}".encode()
            own = blake2b(name, digest_size=CUSTOMER_BYTES).digest()
            self._customers[identifier] = self._firsts.setdefault(texts[identifier], own)


def _own(
    first: _Entry, entries: Iterator[_Entry], done: bytes, groups: Mapping[bytes, bytes], sharing: list[_Entry]
) -> Iterator[_Entry]:
    """Return the entries beyond *done* of customers who share no name; those of the others are added to *sharing*."""
    entry: _Entry | None = first
    while entry is not None:
        if entry.customer in groups:
            sharing.append(entry)
        elif entry.customer > done or entry.customer == NO_CUSTOMER:
            yield entry
        entry = next(entries, None)


def _cut(entries: Iterable[_Entry], *, marks: bool) -> Iterator[Part]:
    """Cut *entries* into parts."""
    part: list[FileRead] = []
    customer, whole_until, continues = NO_CUSTOMER, NO_CUSTOMER, False
    for entry in entries:
        is_same = entry.customer == customer
        if part and (len(part) >= PART_EVENTS_MAX or (len(part) >= PART_EVENTS and not is_same)):
            whole_until = whole_until if is_same else customer
            yield Part(part, whole_until if marks else None, continues)
            part, continues = [], is_same
        elif not is_same:
            whole_until = customer
        part.append(entry.read)
        customer = entry.customer
    if part:
        yield Part(part, customer if marks else None, continues)


def _place(entry: _Entry) -> tuple[bytes, datetime, int]:
    return entry.customer, entry.time, entry.position


def _size(entry: _Entry) -> int:
    return len(entry.read.read.json)
