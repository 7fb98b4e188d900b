"""Rows on their way to splits, on disk: what is asked of them is read a chunk at a time.

A chunk is an Arrow file, of which single columns can be read; the MinHash signatures of all rows
are one file of numbers.
"""

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

_NUMBERS = ("label", "line", "cluster")  # columns that need not hold texts
_SIGNATURES = "signatures"
_DENSE = 4  # times as many rows read as asked for is still faster than one by one


class SignatureFile:
    """MinHash signatures in a file, read where they are asked for.

    Args:
        path: The file, of uint32 `(rows, permutations)`.
        permutations: Values of a signature.
        rows: Which of its rows these are, int64 `(some,)`, ascending.

    Attributes:
        shape: How many signatures there are, and their values.
    """

    def __init__(self, path: Path, permutations: int, rows: np.ndarray):
        self.shape = (len(rows), permutations)
        self._path = path
        self._rows = rows

    def __getitem__(self, asked: np.ndarray) -> np.ndarray:
        """Return some signatures, by index int64 `(some,)`, as uint32 `(some, permutations)`."""
        rows, places = np.unique(self._rows[asked], return_inverse=True)
        if not len(rows):
            return np.empty((0, self.shape[1]), np.uint32)
        with open(self._path, "rb", buffering=0) as file:
            if rows[-1] - rows[0] < _DENSE * len(rows):
                span = self._read(file, rows[0], rows[-1] + 1 - rows[0])
                return span[rows - rows[0]][places]
            return np.concatenate([self._read(file, row, 1) for row in rows])[places]

    def _read(self, file, first: int, count: int) -> np.ndarray:
        size = 4 * self.shape[1]
        file.seek(int(first) * size)
        return np.fromfile(file, np.uint32, int(count) * self.shape[1]).reshape(-1, self.shape[1])


class Spool:
    """Rows in a folder, in the order in which they were added.

    Args:
        folder: An empty folder, which nobody else writes to.
        place: What an error names where the disk is full: the folder is hidden.

    Attributes:
        columns: The columns of all chunks, by first appearance.
        starts: The number of the first row of each chunk, and that of all rows.
    """

    def __init__(self, folder: Path, place: Path):
        self.columns: list[str] = []
        self.starts = [0]
        self._folder = folder
        self._place = place

    def add(self, frame: pd.DataFrame, signatures: np.ndarray) -> None:
        """Add rows.

        Args:
            frame: The rows.
            signatures: Their MinHash signatures, uint32 `(rows, permutations)`.
        """
        self.columns += [name for name in frame.columns if name not in self.columns]
        table = pa.Table.from_pandas(frame, preserve_index=False)
        try:
            _write(self._chunk(len(self.starts) - 1), table)
            with open(self._folder / _SIGNATURES, "ab") as file:
                file.write(signatures.data)
        except OSError as error:
            error.filename = os.fspath(self._place)
            raise
        self.starts.append(self.starts[-1] + len(frame))

    def signatures(self, permutations: int, rows: np.ndarray) -> SignatureFile:
        """Return the signatures of some rows, int64 `(some,)`, ascending."""
        return SignatureFile(self._folder / _SIGNATURES, permutations, rows)

    def read(self, names: Sequence[str], rows: np.ndarray) -> pd.DataFrame:
        """Return columns of some rows, int64 `(some,)`, ascending, at least one."""
        frames = [frame for frame, _ in self.chunks(names, rows)]
        return pd.concat(frames, ignore_index=True)

    def chunks(
        self, names: Sequence[str], rows: np.ndarray
    ) -> Iterator[tuple[pd.DataFrame, slice]]:
        """Yield columns of some rows, chunk by chunk, and where in `rows` those of the chunk are.

        Args:
            names: The columns. One that a chunk lacks is empty there.
            rows: Which rows, int64 `(some,)`, ascending.
        """
        for number, (start, end) in enumerate(itertools.pairwise(self.starts)):
            here = slice(*np.searchsorted(rows, [start, end]))
            if here.start < here.stop:
                yield self._read(number, names, rows[here] - start), here

    def _chunk(self, number: int) -> Path:
        return self._folder / f"{number}.arrow"

    def _read(self, number: int, names: Sequence[str], rows: np.ndarray) -> pd.DataFrame:
        with pa.OSFile(os.fspath(self._chunk(number))) as file:
            held = pa.ipc.open_file(file).schema.names
            wanted = [held.index(name) for name in names if name in held]
            options = pa.ipc.IpcReadOptions(included_fields=wanted)
            frame = pa.ipc.open_file(file, options=options).read_all().take(rows).to_pandas()
        texts = {
            name: frame[name].fillna("") if name in frame else ""
            for name in names
            if name not in _NUMBERS
        }
        return frame.assign(**texts)[list(names)]


def _write(path: Path, table: pa.Table) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with open(path, "xb") as file, pa.ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table)
