"""What packed files may unpack to: a few bytes can stand for more than any memory holds."""

from typing import TYPE_CHECKING

from tfnews.errors import TfnewsError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

UNQUESTIONED = 2**28  # bytes that anything may unpack to
MOST_TIMES = 500  # its packed size, beyond which it is no news and no words


def check(name: str, packed: int, unpacked: int, kind: type[TfnewsError]) -> None:
    """Refuse what a few bytes unpack to, where it is more than memory should be asked for.

    Args:
        name: Of the file.
        packed: Bytes that it takes.
        unpacked: Bytes that it says it will take.
        kind: Of the error.

    Raises:
        TfnewsError: It is too much.
    """
    if unpacked > max(UNQUESTIONED, MOST_TIMES * packed):
        raise kind(
            f"{name} unpacks to {unpacked:,} bytes, more than {MOST_TIMES:,} times what it takes "
            "on the disk. It may be a trap; if you trust it, write it anew as text, such as CSV."
        )


def largest_group(metadata: "pq.FileMetaData") -> int:
    """Return the bytes that the largest group of rows of a Parquet file unpacks to."""
    # Of groups, not of their columns: Arrow aborts the process over some damaged ones of these.
    groups = range(metadata.num_row_groups)
    return max((metadata.row_group(group).total_byte_size for group in groups), default=0)
