"""Progress, entries and outcomes as stored bytes, decoded only when they are read (decision 0025).

Most standings of a batch go from stored bytes to stored bytes, and most entries from the engine to the log, unread.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar, cast, overload

import msgspec

from milepost.model.standing import Entry, Outcome, Progress, ProgressKey
from milepost.model.wide import pack

_rows = msgspec.msgpack.Decoder(list[Progress], strict=False)
read_entries = msgspec.json.Decoder(tuple[Entry, ...])
read_outcomes = msgspec.json.Decoder(tuple[Outcome, ...])
"""What reads the texts of entries and of outcomes."""

Item = TypeVar("Item")


class LazyRows(Mapping[ProgressKey, Progress]):
    """Rows of progress by their keys; `body` is their msgpack array, in the order of the keys."""

    __slots__ = ("_opened", "body")

    def __init__(self, body: bytes) -> None:
        """Hold *body*, which is trusted: it was packed by Milepost."""
        self.body = body
        self._opened: dict[ProgressKey, Progress] | None = None

    @property
    def opened(self) -> Mapping[ProgressKey, Progress]:
        """The rows themselves, in a dictionary."""
        if self._opened is None:
            self._opened = _by_key(_rows.decode(self.body))
        return self._opened

    def __getitem__(self, key: ProgressKey) -> Progress:
        """Return the row of *key*."""
        return self.opened[key]

    def __iter__(self) -> Iterator[ProgressKey]:
        """Return the keys, in order."""
        return map(ProgressKey._make, self.opened)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.opened)

    def __eq__(self, other: object) -> bool:
        """Return whether *other* holds the same progress."""
        return self.opened == (other.opened if isinstance(other, LazyRows) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Show the rows."""
        return f"Packed({self.opened})"


def pack_rows(progress: Mapping[ProgressKey, Progress]) -> bytes:
    """Return the bytes of *progress*: equal progress gives equal bytes."""
    return progress.body if isinstance(progress, LazyRows) else pack(sorted(progress.values()))


def unpack_rows(progress: Mapping[ProgressKey, Progress]) -> dict[ProgressKey, Progress]:
    """Return *progress* as a dictionary that is the caller's own."""
    return dict(progress.opened if isinstance(progress, LazyRows) else progress)


def _by_key(rows: list[Progress]) -> dict[ProgressKey, Progress]:
    """Return *rows* by their keys; a bare tuple is as good a key, and three times cheaper to make."""
    return cast("dict[ProgressKey, Progress]", {(row.target_id, row.period_id): row for row in rows})


class LazyJson(Sequence[Item], Generic[Item]):
    """A list in its stored form: `text` is a JSON array."""

    __slots__ = ("_decoder", "_items", "text")

    def __init__(self, text: bytes, decoder: "msgspec.json.Decoder[tuple[Item, ...]]") -> None:
        """Hold *text*, which *decoder* reads."""
        self.text = text
        self._decoder = decoder
        self._items: tuple[Item, ...] | None = None

    @property
    def items(self) -> tuple[Item, ...]:
        """The items of the text."""
        if self._items is None:
            self._items = self._decoder.decode(self.text)
        return self._items

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | Sequence[Item]:
        """Return the item at *place*."""
        return self.items[place]

    def __iter__(self) -> Iterator[Item]:
        """Return the items, in order."""
        return iter(self.items)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.items)

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return self.text != _NOTHING

    def __eq__(self, other: object) -> bool:
        """Return whether *other* holds the same items."""
        return self.items == (other.items if isinstance(other, LazyJson) else other)

    def __hash__(self) -> int:
        """Return the hash of the items."""
        return hash(self.items)

    def __repr__(self) -> str:
        """Show the items."""
        return f"Written({self.items})"


_NOTHING = b"[]"
