"""Text from bytes: which encoding a source is in, and its lines.

A source is UTF-8, UTF-16 or UTF-32 where its mark or its zero bytes say so, else what the user
names, else UTF-8 line by line; a line that cannot be UTF-8 is Windows-1252, as browsers read it, or
what charset-normalizer makes of such lines where Windows-1252 gives no words.
"""

import codecs
import io
import itertools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from tfnews.data import blocks, contents, guessing, streams
from tfnews.data.text import shown
from tfnews.errors import DataError, UsageError

UTF_8 = "utf-8"
WINDOWS_1252 = "windows-1252"
NOT_UTF8 = "lines that are not UTF-8, read as Windows-1252"
REPLACED = "characters that could not be decoded, read as \N{REPLACEMENT CHARACTER}"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What browsers make of a name, where Python's codec of that name is narrower.
_AS_BROWSERS = {
    "ascii": WINDOWS_1252,
    "iso8859-1": WINDOWS_1252,
    "cp1252": WINDOWS_1252,
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "utf-8-sig": UTF_8,
    "utf-16": "utf-16-le",
    "utf-32": "utf-32-le",
}
_GUESSED_FROM = 2**20  # bytes of the file
_SAMPLE = 2**15  # bytes of lines that are not UTF-8
_ASCII = bytes(range(32, 127)) + b"\t\r\n\0"
_LEAST_ZEROS = 0.02  # of the halves of two bytes
_LEAST_BEYOND = 0.25  # of the bytes, neither ASCII nor zero, where no letter is Latin


class Fallback(NamedTuple):
    """How lines that are not UTF-8 are read.

    Attributes:
        encoding: Name of a codec, or `WINDOWS_1252`.
        first: Whether it goes before UTF-8, since no line of the sample was UTF-8.
    """

    encoding: str
    first: bool = False

    @property
    def note(self) -> str:
        """What is said of each line read so."""
        if self.encoding == WINDOWS_1252:
            return NOT_UTF8
        return (
            f"lines that are not UTF-8, read as {self.encoding}, which is a guess that --encoding "
            "overrules"
        )


USUAL_FALLBACK = Fallback(WINDOWS_1252)


class Account(Counter):
    """What was odd in a source, counted, and how it was read.

    Attributes:
        encoding: Name of the encoding of all, or of the lines that are not UTF-8.
        delimiter: What divides its fields; None where nothing does.
    """

    encoding = UTF_8
    delimiter: str | None = None


def begins_as_utf8(source: str | os.PathLike) -> bool:
    """Say whether the first 16 kB of a file are UTF-8, which other text hardly ever is."""
    with streams.opened(source) as stream:
        head, _ = streams.head(stream)
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(head)
    except UnicodeDecodeError:
        return False
    return b"\0" not in head  # as UTF-16 has


class Lines:
    """The text of a source, by lines, each with its end (CR, LF or both), or by pieces.

    Args:
        stream: What is read, once; a byte order mark at its start is left out.
        name: What messages call it.
        account: Where `NOT_UTF8` and other notes are counted, and the encoding is told.
        kind: Which of `tables.FORMATS` it is read as.
        encoding: What the user says; None to find out.
        longest: Bytes of a line, characters where it is not UTF-8.

    Attributes:
        longest: As given.
        opening: Its first characters, right in their ASCII part at least.

    Raises:
        DataError: It is binary, or something else than news.
        UsageError: No encoding has that name.
    """

    def __init__(
        self,
        stream: io.BufferedReader,
        name: str,
        account: Counter,
        kind: str = "csv",
        encoding: str | None = None,
        longest: int = blocks.LONGEST_RECORD,
    ):
        self.name = name
        self.longest = longest
        self._account = account
        head, self._stream = streams.head(stream)
        contents.refuse(name, head, kind)
        mark, self._encoding = _told(head, encoding)
        if self._encoding is None and contents.is_binary(head):
            raise DataError(
                f"{name} is a binary file, not text. Name a file of CSV, JSON lines or other text, "
                "or say its encoding with --encoding if it has an unusual one."
            )
        self._stream.read(len(mark))
        account.encoding = self._encoding or UTF_8
        codec = "latin-1" if self._encoding in (None, WINDOWS_1252) else self._encoding
        self.opening = head[len(mark) :].decode(codec, "replace")

    def __iter__(self) -> Iterator[str]:
        """Yield the lines; of one longer than `longest` its opening, a `blocks.TooLong`."""
        if self._encoding is None:
            bounded = blocks.lines(self._blocks(), b"", self.longest)
            for texts in self._guessed(bounded, blocks.split, blocks.split):
                yield from texts
            return
        for text in blocks.lines(self._transcoded(self._blocks()), "", self.longest):
            yield from [text] if isinstance(text, blocks.TooLong) else blocks.split(text)

    def pieces(self) -> Iterator[str]:
        """Yield the text as it comes, in pieces of no meaning."""
        if self._encoding is None:
            for texts in self._guessed(blocks.pieces(self._blocks()), _whole, _strings):
                yield "".join(texts)
        else:
            yield from self._transcoded(self._blocks())

    def _blocks(self) -> Iterator[bytes]:
        return iter(lambda: self._stream.read1(streams.BLOCK), b"")

    def _transcoded(self, found: Iterator[bytes]) -> Iterator[str]:
        if self._encoding == WINDOWS_1252:
            yield from map(guessing.as_windows_1252, found)
            return
        decoder = codecs.getincrementaldecoder(self._encoding)("replace")
        for block in itertools.chain(found, [b""]):
            text = decoder.decode(block, final=not block)
            self._account[REPLACED] += text.count("\N{REPLACEMENT CHARACTER}")
            if text:
                yield text

    def _guessed(
        self,
        found: Iterator[bytes],
        units: Callable[[bytes], list[bytes]],
        parts: Callable[[bytes], list[bytes]],
    ) -> Iterator[Iterable[str]]:
        """Yield the units of each block as text, parts of them from where one is not UTF-8."""
        for block in found:
            try:
                yield _marked(block, list(map(bytes.decode, units(block))))
            except UnicodeDecodeError:
                ahead = _ahead(block, found)
                fallback = guess(b"".join(ahead))
                self._account.encoding = fallback.encoding
                for later in itertools.chain(ahead, found):
                    texts = [decoded(unit, self._account, fallback) for unit in parts(later)]
                    yield _marked(later, texts)


def _marked(block: bytes, texts: list[str]) -> list[str]:
    """Say of the text of a line that was too long that it was."""
    if isinstance(block, blocks.TooLongBytes):
        return [blocks.TooLong("".join(texts))]
    return texts


def _whole(block: bytes) -> list[bytes]:
    return [block]


def _strings(block: bytes) -> list[bytes]:
    """Part a piece of JSON where no string goes on."""
    return re.split(rb'(?<=[\n"])', block)


def decoded(data: bytes, counts: Counter, fallback: Fallback = USUAL_FALLBACK) -> str:
    """Decode one line or value; what is not UTF-8 is counted."""
    if not fallback.first or data.isascii():
        try:
            return data.decode()
        except UnicodeDecodeError:
            pass
    if fallback.encoding != WINDOWS_1252:
        try:
            text = data.decode(fallback.encoding)
            counts[fallback.note] += 1
            return text
        except UnicodeDecodeError:
            if fallback.first and _is_utf8(data):
                return data.decode()
    counts[NOT_UTF8] += 1
    return guessing.as_windows_1252(data)


def codec_named(encoding: str) -> str:
    """Return the codec that browsers use for an encoding's name.

    Raises:
        UsageError: There is none.
    """
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)  # some codecs turn bytes into bytes
    except (LookupError, TypeError, ValueError, UnicodeError) as error:
        raise UsageError(
            f"No encoding is called {shown(encoding, 40)!r}. Allowed: the names that Python and "
            "browsers know, such as utf-8, windows-1252, utf-16, windows-1251, gb18030, shift_jis."
        ) from error
    return _AS_BROWSERS.get(name, name)


def guess(data: bytes) -> Fallback:
    """Tell how the lines of a source that are not UTF-8 are best read.

    Args:
        data: Its opening, from the first such line on.
    """
    beyond = [line for line in data.splitlines() if not line.isascii()]
    wrong = [line for line in beyond if not _is_utf8(line)]
    encoding = guessing.single_encoding(b"\n".join(wrong)[:_SAMPLE])
    if encoding is None:
        return USUAL_FALLBACK
    return Fallback(encoding, first=len(wrong) == len(beyond))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _told(head: bytes, encoding: str | None) -> tuple[bytes, str | None]:
    """Return a source's byte order mark, and its encoding where mark, user or zeros tell it."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return mark, None if name == UTF_8 and encoding is None else name
    if encoding is not None:
        return b"", codec_named(encoding)
    return b"", _by_zeros(head)


def _by_zeros(head: bytes) -> str | None:
    """Tell UTF-16 without its mark, by the zeros beside each letter of a Latin script."""
    whole = head[: len(head) // 2 * 2]
    no_ascii = len(whole.translate(None, _ASCII)) > _LEAST_BEYOND * len(whole)
    for name, high, low in (
        ("utf-16-le", whole[1::2], whole[::2]),
        ("utf-16-be", whole[::2], whole[1::2]),
    ):
        if high[:2] == b"\0\0" and not low[:2].count(0):
            return name
        # Delimiters, digits and line ends have zeros in every script.
        least = max(_LEAST_ZEROS * len(high), 2 * low.count(0))  # a few letters end in a zero too
        if high.count(0) > least and no_ascii:
            return name
    return None


def _ahead(block: bytes, found: Iterator[bytes]) -> Sequence[bytes]:
    """Return a block and those after it, up to what a guess is made from."""
    ahead, size = [block], len(block)
    while size < _GUESSED_FROM and (block := next(found, b"")):
        ahead.append(block)
        size += len(block)
    return ahead
