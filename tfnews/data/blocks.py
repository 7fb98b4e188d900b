"""Blocks of bytes or text put together anew, so that each ends with a line, in bounded memory."""

import io
from collections.abc import Iterable, Iterator

LONGEST_RECORD = 2**26  # bytes: longer than any article, short enough for any machine

_KEPT = 200  # bytes or characters of a line that is too long, for the one who looks for it
_JSON_ENDS = b'\n" ,'
_LONGEST_PIECE = 2**20  # bytes of JSON in which nothing ends


class TooLong(str):
    """The opening of a line that is too long to be kept; the rest has been passed over.

    Its quotes are as many as the whole line's, or an even number fewer, so that whoever counts them
    knows whether a quote goes on.
    """


class TooLongBytes(bytes):
    """The same before it is decoded."""


def lines(blocks: Iterable, empty: str | bytes, longest: int) -> Iterator:
    r"""Yield blocks that end with a line each; of a line that is too long its opening alone.

    Args:
        blocks: Bytes or text.
        empty: The empty one of these.
        longest: Bytes or characters of a line, its end not counted.

    Yields:
        Whole lines, one or many together, each with its end (CR, LF or both), or a `TooLong`
        or `TooLongBytes`, which ends with LF.
    """
    blocks = iter(blocks)
    rest, size = [], 0
    block = next(blocks, None)
    while block is not None:
        end = _last_end(block, "\n" if empty == "" else b"\n") + 1
        if end:
            yield from _bounded(empty.join([*rest, block[:end]]), longest)
            rest, size = [], 0
        rest.append(block[end:])
        size += len(block) - end
        block = next(blocks, None)
        if size > longest:
            *whole, begun = split(empty.join(rest))  # CR alone may end lines
            yield from _bounded(empty.join(whole), longest)
            rest, size = [begun], len(begun)
            if _size(begun) > longest:
                opening, block = _passed_over(begun, block, blocks)
                yield opening
                rest, size = [], 0
    if last := empty.join(rest):
        yield last


def pieces(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield blocks of JSON that end where no character is parted, nor a word of it if possible."""
    rest = b""
    for block in blocks:
        block = rest + block
        end = max(_last_end(block, _JSON_ENDS[i : i + 1]) for i in range(len(_JSON_ENDS))) + 1
        if not end and len(block) > _LONGEST_PIECE:
            end = len(block) - _begun_sign(block)
        if end:
            yield block[:end]
        rest = block[end:]
    if rest:
        yield rest


def within(texts: Iterable[str], longest: int) -> Iterator[str]:
    """Pass lines on, up to one that is too long or makes all too long, as a `TooLong`."""
    size = 0
    for text in texts:
        size += len(text)
        if size > longest or isinstance(text, TooLong):
            yield TooLong(text[:_KEPT])
            return
        yield text


def split(block: str | bytes) -> list:
    """Return the lines of a block, each with its end: CR, LF or both."""
    if isinstance(block, str):
        return list(io.StringIO(block, newline=""))
    return block.splitlines(keepends=True)


def _size(line: str | bytes) -> int:
    return len(line.rstrip("\r\n" if isinstance(line, str) else b"\r\n"))


def _bounded(block: str | bytes, longest: int) -> Iterator:
    if len(block) <= longest:
        yield block
        return
    for line in split(block):
        yield line if _size(line) <= longest else _opening(line, 0)


def _passed_over(
    begun: str | bytes, block: str | bytes | None, blocks: Iterator
) -> tuple[str | bytes, str | bytes | None]:
    """Read to the end of a line; return its opening, and what of its last block follows."""
    text = isinstance(begun, str)
    carriage, line_feed, quote = ("\r", "\n", '"') if text else (b"\r", b"\n", b'"')
    if begun.endswith(carriage):
        return _opening(begun, 0), block and block.removeprefix(line_feed)
    quotes = 0
    while block is not None:
        if block.endswith(carriage):  # LF may follow
            block += next(blocks, block[:0])
        ends = [end for end in (block.find(carriage), block.find(line_feed)) if end >= 0]
        if ends:
            quotes += block.count(quote, 0, min(ends))
            width = 2 if block.startswith(carriage + line_feed, min(ends)) else 1
            return _opening(begun, quotes), block[min(ends) + width :]
        quotes += block.count(quote)
        block = next(blocks, None)
    return _opening(begun, quotes), None


def _opening(line: str | bytes, quotes: int) -> TooLong | TooLongBytes:
    """Return the opening of a line of which `quotes` more follow."""
    kind, quote, end = (
        (TooLong, '"', "\n") if isinstance(line, str) else (TooLongBytes, b'"', b"\n")
    )
    kept = line[: min(_KEPT, _size(line))]
    if isinstance(kept, bytes):
        kept = kept[: len(kept) - _begun_sign(kept)]
    odd = (kept.count(quote) + line.count(quote) + quotes) % 2
    return kind(kept + quote * odd + end)


def _begun_sign(data: bytes) -> int:
    """Return how many bytes at the end are of a sign of UTF-8 that may not be whole."""
    for back in range(1, min(4, len(data)) + 1):
        if data[-back] >= 0xC0:
            return back
        if data[-back] < 0x80:
            return 0
    return 0


def _last_end(block: str | bytes, end: str | bytes) -> int:
    """Return the place of the last end in a block, or -1."""
    place = block.rfind(end)
    if place < 0:  # lines may end in CR alone; after the last one LF may follow
        place = block.rfind("\r" if isinstance(block, str) else b"\r", 0, -1)
    return place
