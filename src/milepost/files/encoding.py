"""The encoding of a file: as requested, by its byte-order mark, or UTF-8. What is only likely is named, never used."""

import codecs
from collections.abc import Callable
from typing import BinaryIO

from milepost.model.problem import Problem, Refused

Open = Callable[[], BinaryIO]
"""A function that opens the bytes of a file from the start."""

UTF_8 = ("utf-8", "utf-8-sig")
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SAMPLE_BYTES = 4096
_CHUNK_BYTES = 1 << 18
_UNASSIGNED = frozenset(b"\x81\x8d\x8f\x90\x9d")
"""Bytes that stand for nothing in Windows-1252."""


class UnreadableFile(Refused):
    """The file as a whole cannot be read as asked, so that none of its rows is taken."""


def encoding_of(open_: Open, requested: str | None, hint: str) -> str:
    """Return the name of the encoding that the file is in, after all of its bytes were decoded; raises UnreadableFile.

    *hint* is how a caller asks for another encoding, such as `--encoding {}`.
    """
    if requested is not None:
        encoding = _requested(requested)
    else:
        with open_() as file:
            encoding = _marked(file.read(_SAMPLE_BYTES))
    _check(open_, encoding, requested, hint)
    return encoding


def _requested(name: str) -> str:
    try:
        codec = codecs.lookup(name)
    except LookupError:
        codec = None
    if codec is None or not getattr(codec, "_is_text_encoding", True):
        raise Refused(Problem("encoding", f'"{name}" is not an encoding; try utf-8, utf-16 or windows-1252'))
    return "utf-8-sig" if codec.name == "utf-8" else codec.name


def _marked(sample: bytes) -> str:
    """Return the encoding that the byte-order mark names; UTF-8 without one."""
    for mark, name in _MARKS.items():
        if sample.startswith(mark) and len(sample) > len(mark):
            return name
    return "utf-8"


def _check(open_: Open, encoding: str, requested: str | None, hint: str) -> None:
    """Decode the whole file, so that no row takes effect before an unreadable byte is met."""
    decoder = codecs.getincrementaldecoder(encoding)()
    before = 0
    with open_() as file:
        while True:
            chunk = file.read(_CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                at = before - (len(error.object) - len(chunk)) + error.start
                name = "UTF-8" if encoding in UTF_8 else encoding
                likely = "" if requested else _likely(open_, hint)
                reason = f"the file is not {name}: {error.reason} at byte {at}{likely}"
                raise UnreadableFile(Problem("", reason)) from None
            except UnicodeError as error:  # UTF-16 without the mark that was promised
                raise UnreadableFile(Problem("", f"the file is not {encoding}: {error}")) from None
            if "\0" in text:
                likely = "" if requested else _likely(open_, hint)
                raise UnreadableFile(Problem("", f"the file holds the character U+0000{likely}"))
            before += len(chunk)
            if not chunk:
                return


def _likely(open_: Open, hint: str) -> str:
    """Return the end of a sentence that names the likely encoding; empty if none is likely."""
    with open_() as file:
        sample = file.read(1 << 20)
    pairs = max(len(sample) // 2, 1)
    if sample[1::2].count(0) > pairs * 0.4:
        return f"; it looks like UTF-16 without a byte-order mark: {hint.format('utf-16-le')}"
    if sample[0::2].count(0) > pairs * 0.4:
        return f"; it looks like UTF-16 without a byte-order mark: {hint.format('utf-16-be')}"
    high = [byte for byte in sample if byte >= 0x80]
    if high and len(high) * 2 < len(sample) and not _UNASSIGNED.intersection(high) and 0 not in sample:
        return f"; it looks like Windows-1252: {hint.format('windows-1252')}"
    return ""
