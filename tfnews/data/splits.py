"""The folder of fixed splits: the only module that knows its file names."""

import csv
import json
import os
import shlex
import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from tfnews.catalogue.names import DATA_SET, PARTS, UNSTATED
from tfnews.data import columns, formats, tables
from tfnews.data.rows import Layout
from tfnews.data.text import combine, listed, shown
from tfnews.errors import DataError, UsageError
from tfnews.files import TAKEN, folder_beside, read_text, resolved, sha256, write_json
from tfnews.links import check_links
from tfnews.records import ColumnsRecord
from tfnews.records.manifest import ManifestRecord
from tfnews.runs import Run

FORMAT = "tfnews-splits-1"
MANIFEST = "manifest.json"
REJECTS = "rejects.csv"
CLASS_NAMES = ("real", "fake")

Rows = pd.DataFrame | Path | Iterable[pd.DataFrame]

_LAYOUT = Layout(encoding="utf-8")  # as they are written: a text may look like another encoding
_OPENING_ROWS = 1_000
_OWN = (columns.COMBINED, "label", "title", "text", "cluster")


class Splits:
    """A folder of train, validation and test rows, made by `prepare` or by anyone.

    Args:
        path: The folder. Use `open_splits`, which checks it, rather than this constructor.
        files: The file of each part.
        manifest: What `prepare` recorded; empty for a folder made by other means.
        trained: Columns to make combined_text of where there is none.
    """

    def __init__(
        self,
        path: Path,
        files: dict[str, Path],
        manifest: dict,
        trained: Sequence[ColumnsRecord] = (),
    ):
        self.path = path
        self.files = files
        self.manifest = manifest
        self._trained = trained

    @property
    def name(self) -> str:
        """The set's name, as scores and sentences quote it."""
        return self.manifest.get("name") or self.path.resolve().name

    @property
    def class_names(self) -> tuple[str, str]:
        """The names of label 0 and label 1."""
        return tuple(self.manifest.get("class_names") or CLASS_NAMES)

    @property
    def label_basis(self) -> str:
        """What the labels rest on: publisher, factcheck, crowd, satire, clickbait or unstated."""
        return self.manifest.get("label_basis") or UNSTATED

    @property
    def columns(self) -> tuple[ColumnsRecord, ...]:
        """How the news was read, where `prepare` recorded it."""
        return _checked(self.manifest, self.path / MANIFEST).columns if self.manifest else ()

    @property
    def is_joined(self) -> bool:
        """Whether `join` made it of several sets, which its column data_set then names."""
        return bool(self.manifest.get("sets"))

    @property
    def licence(self) -> str | None:
        """What is stated of the texts' licence; `None` where nothing is known."""
        if "licence" in self.manifest:
            return self.manifest["licence"] or None
        # Of a folder that was prepared before licences were kept, the sets it was made of tell.
        sources = self.manifest.get("sources") or ()
        return formats.licence_of(source.get("format") for source in sources)

    @cached_property
    def _digests(self) -> dict[str, str]:
        return {part: sha256(path) for part, path in self.files.items()}

    def digest(self, part: str) -> str:
        """Return the SHA-256 of a part's file, as 64 hex digits."""
        return self._digests[part]

    def frame(self, part: str) -> pd.DataFrame:
        """Read one part.

        Args:
            part: "train", "validation" or "test".

        Returns:
            Columns combined_text, label (int8, 0 or 1), title, text, cluster (int64), then the
            others as the file has them; but data_set, which names the sets of a union, is
            data_set_in_source elsewhere. Text is never missing: an empty cell is "".

        Raises:
            DataError: The file cannot be read, is empty, or has other labels than 0 and 1.
        """
        path = self.files[part]
        frame = _combined(_spelt(_read(path)), self._trained)
        _check_columns(frame, path)
        _check_rows(frame, path)
        frame["label"] = frame["label"].astype(np.int8)
        if not self.is_joined:  # a source's column of this name may hold outlets, or anything
            frame = without_sets(frame)
        defaults = {"title": "", "text": frame["combined_text"]}
        frame = frame.assign(**{k: v for k, v in defaults.items() if k not in frame})
        frame["cluster"] = _cluster_numbers(frame)
        first = ["combined_text", "label", "title", "text", "cluster"]
        return frame[first + [name for name in frame.columns if name not in first]]

    def openings(self, part: str, count: int) -> dict[int, list[str]]:
        """Return the first titles of each label in a part that `prepare` wrote.

        Args:
            part: "train", "validation" or "test", of which no more is read than it takes.
            count: How many of each, at most; a text stands for a title where there is none.
        """
        found = {1: [], 0: []}
        form = {"dtype": str, "na_filter": False, "usecols": ["label", "title", _OWN[0]]}
        with pd.read_csv(self.files[part], chunksize=_OPENING_ROWS, **form) as frames:
            for frame in frames:
                titles = frame["title"].where(frame["title"] != "", frame[_OWN[0]])
                for label, held in found.items():
                    held += titles[frame["label"] == str(label)].head(count - len(held)).tolist()
                if all(len(held) == count for held in found.values()):
                    break
        return found


def open_splits(path: str | os.PathLike, trained: Sequence[ColumnsRecord] = ()) -> Splits:
    """Open a folder with train, validation and test as .csv or .csv.gz.

    Args:
        path: A folder made by `prepare`, or by anyone whose files have at least the columns
            combined_text and label (1 = fake, 0 = real), in capitals or not.
        trained: How the news was read that a run was trained on: the columns that stand for
            combined_text in files without one.

    Returns:
        The splits. Without a manifest they are named after the folder, the classes real and
        fake, and each row is its own cluster.

    Raises:
        UsageError: `path` is a file.
        DataError: A file or a column is missing, a file is not the one the manifest describes, or a
            link leads out of the folder.
    """
    path = Path(path)
    if path.is_file():
        raise UsageError(
            f"{path} is a file, and a folder of splits is wanted. Make one with: tfnews data "
            f"prepare {shlex.quote(str(path))} {_named(trained)}--out FOLDER"
        )
    check_links(path, DataError)
    files = {part: _part_file(path, part) for part in PARTS}
    missing = [part for part, file in files.items() if file is None]
    if missing:
        names = ", ".join(f"{part}.csv" for part in missing)
        raise DataError(
            f"{path} is not a folder of splits: {names} not found (.csv.gz would do too). "
            "Make one with: tfnews data prepare SOURCE --out FOLDER"
        )
    splits = Splits(path, files, _read_manifest(path / MANIFEST), trained)
    for file in files.values():
        header = pd.DataFrame(columns=tables.columns(file, _LAYOUT))
        _check_columns(_combined(_spelt(header), trained), file)
    _check_digests(splits)
    return splits


def _named(trained: Sequence[ColumnsRecord]) -> str:
    """Return the options of prepare that name the columns of the training news."""
    for record in trained[:1]:
        named = {"title": record.title, "text": record.text, "label": record.label}
        said = ((role, name) for role, name in named.items() if name and name != role)
        return "".join(f"--{role}-column {shlex.quote(name)} " for role, name in said)
    return ""


def own_splits(run: Run, path: str | os.PathLike | None = None) -> Splits:
    """Open the splits a run was trained on, at `path` if they have moved.

    Raises:
        DataError: They are gone or were changed.
    """
    recorded = run.config.splits
    if path is None and not os.path.isdir(recorded.path):
        raise DataError(
            f"The splits {run.name} was trained on are no longer at {recorded.path}. "
            "Put them back there; tfnews evaluate, drift and stress also take their new place, "
            "with --splits FOLDER."
        )
    splits = open_splits(path or recorded.path)
    for part, digest in recorded.digests.items():
        if splits.digest(part) != digest:
            raise DataError(
                f"The {part} split in {splits.path} is not the one {run.name} was trained on: "
                f"its digest is {splits.digest(part)[:12]}…, the run has {digest[:12]}…. Prepare "
                "the data again with the same options and seed, or train a new run on it."
            )
    return splits


def _part_file(path: Path, part: str) -> Path | None:
    candidates = [path / f"{part}.csv", path / f"{part}.csv.gz"]
    return next((file for file in candidates if file.is_file()), None)


def _read_manifest(path: Path) -> dict:
    if not path.is_file():
        return {}
    try:
        manifest = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON ({error}). Run tfnews data prepare again.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise DataError(
            f"{path} is not a manifest this version reads: its format is not {FORMAT!r}. "
            "Run tfnews data prepare again, or remove the manifest if the files are your own."
        )
    _checked(manifest, path)
    return manifest


def _checked(manifest: dict, path: Path) -> ManifestRecord:
    try:
        return ManifestRecord.from_json(manifest)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is damaged: {error}. Run tfnews data prepare again.") from error


def _check_digests(splits: Splits) -> None:
    if not splits.manifest:
        return
    recorded = splits.manifest.get("digests") or {}
    for part, file in splits.files.items():
        if recorded.get(file.name) != splits.digest(part):
            raise DataError(
                f"{file} was changed after prepare: it is not the file {MANIFEST} describes. "
                "Run tfnews data prepare again, or, if the change is meant, remove "
                f"{splits.path / MANIFEST}."
            )


def _read(path: Path) -> pd.DataFrame:
    tables.columns(
        path, _LAYOUT
    )  # pandas takes the first of two columns of one name and says nothing
    try:
        return pd.read_csv(path, dtype=str, na_filter=False, encoding="utf-8-sig")
    except (ValueError, OSError, EOFError) as error:  # pandas' parser errors are ValueErrors
        raise DataError(
            f"{path} cannot be read as a UTF-8 CSV file: {shown(str(error))}."
        ) from error


def without_sets(frame: pd.DataFrame) -> pd.DataFrame:
    """Rename a column data_set to data_set_in_source, or the like that no other column has."""
    return frame.rename(columns={DATA_SET: columns.in_source(DATA_SET, frame.columns)})


def _spelt(frame: pd.DataFrame) -> pd.DataFrame:
    """Spell the columns of splits as `prepare` does; their case is no difference."""
    found = {columns.find(name, list(frame.columns)): name for name in _OWN}
    return frame.rename(columns={old: new for old, new in found.items() if old})


def _combined(frame: pd.DataFrame, trained: Sequence[ColumnsRecord]) -> pd.DataFrame:
    """Make the texts of the columns that were trained on, where nobody has made them."""
    if not trained or columns.COMBINED in frame:
        return frame
    title, text = columns.as_trained(list(frame.columns), trained, named=False)
    if text is None:
        return frame
    titles = frame[title] if title else [""] * len(frame)
    texts = [combine(*pair) for pair in zip(titles, frame[text], strict=True)]
    return frame.assign(**{columns.COMBINED: texts})


def _check_columns(frame: pd.DataFrame, path: Path) -> None:
    for column in ("combined_text", "label"):
        if column not in frame:
            raise DataError(
                f"{path} has no column {column!r}. It has: {listed(frame.columns)}. "
                "A split needs combined_text and label; tfnews data prepare writes them."
            )


def _check_rows(frame: pd.DataFrame, path: Path) -> None:
    if frame.empty:
        raise DataError(f"{path} has no rows. Each split needs some of both classes.")
    wrong = ~frame["label"].isin(["0", "1"])
    if wrong.any():
        label = shown(frame["label"][wrong].iloc[0])
        raise DataError(
            f"{path} has the label {label!r} in {int(wrong.sum())} rows, "
            f"first in data row {int(wrong.argmax()) + 1}. Labels must be 1 (fake) or 0 (real). "
            "Map other values with tfnews data prepare --fake-value X --real-value Y."
        )


def _cluster_numbers(frame: pd.DataFrame) -> np.ndarray:
    """Return the clusters as written when they are whole numbers, else numbered anew."""
    if "cluster" not in frame:
        return np.arange(len(frame))
    try:
        return frame["cluster"].astype(np.int64).to_numpy()
    except ValueError:
        return pd.factorize(frame["cluster"])[0]


def check_destination(out: str | os.PathLike, force: bool = False) -> None:
    """Make sure a folder of splits may be written to `out`, which need not exist.

    Args:
        out: Where the folder goes.
        force: Whether a folder of splits already there may be replaced.

    Raises:
        DataError: `out` is a file, or a folder that holds anything and may not be replaced.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file. Name a new folder with --out.")
    held = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
    if not held:
        return
    if not force:
        raise DataError(
            f"{out} is not empty. Name a new folder with --out, or replace the splits in it "
            "with --force."
        )
    own = {MANIFEST, REJECTS, *(f"{part}.csv" for part in PARTS)}
    others = [name for name in held if name not in own]
    if others or not _read_manifest(out / MANIFEST):
        what = f"it also holds {listed(others)}" if others else f"it has no {MANIFEST}"
        raise DataError(
            f"{out} will not be replaced: {what}, so more than prepared splits would be lost. "
            "Name a new folder with --out."
        )


def write_splits(
    out: str | os.PathLike,
    frames: Mapping[str, Rows],
    rejects: pd.DataFrame,
    manifest: dict,
    force: bool = False,
) -> Splits:
    """Write a folder of splits beside `out`, then rename it into place.

    Args:
        out: Where the folder goes; see `check_destination`.
        frames: The rows of each part, whole or some at a time under the same columns, or a .csv
            file of them that is copied to the byte.
        rejects: The rows left out, with the reason.
        manifest: What to record; the digests of the parts are added.
        force: Whether a folder of splits already there is replaced, once the new one is whole.

    Returns:
        The splits, opened.
    """
    out = resolved(out)
    check_destination(out, force)
    try:
        _write_beside(out, frames, rejects, manifest, force)
    except OSError as error:
        if error.errno in TAKEN:
            check_destination(out, force=False)
        if error.errno:
            error.filename = os.fspath(out)  # not the folder beside it
        raise
    return open_splits(out)


def _write_beside(
    out: Path,
    frames: Mapping[str, Rows],
    rejects: pd.DataFrame,
    manifest: dict,
    force: bool,
) -> None:
    with folder_beside(out) as holder:
        made = holder / "new"
        made.mkdir()
        for part in PARTS:
            _write_csv(frames[part], made / f"{part}.csv")
        _write_csv(rejects, made / REJECTS)
        digests = {f"{part}.csv": sha256(made / f"{part}.csv") for part in PARTS}
        write_json(made / MANIFEST, {**manifest, "digests": digests})
        check_destination(out, force)  # another process may have been faster
        _swap(made, out, holder / "old")


def _write_csv(rows: Rows, path: Path) -> None:
    if isinstance(rows, Path):
        shutil.copyfile(rows, path)
        return
    # Every string is quoted: Python 3.11's writer leaves a lone carriage return bare otherwise,
    # and readers take it for the end of the row.
    form = {"index": False, "lineterminator": "\n", "quoting": csv.QUOTE_NONNUMERIC}
    frames = [rows] if isinstance(rows, pd.DataFrame) else rows
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, frame in enumerate(frames):
            frame.to_csv(file, header=number == 0, **form)


def _swap(made: Path, out: Path, old: Path) -> None:
    """Put `made` in the place of `out`, which is put back if that fails."""
    if not out.exists():
        os.rename(made, out)
        return
    os.rename(out, old)
    try:
        os.rename(made, out)
    except BaseException:
        os.rename(old, out)
        raise
