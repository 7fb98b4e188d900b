"""Several folders of splits as one: the union of their rows, without copies across splits."""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from tfnews import progress
from tfnews.catalogue.names import DATA_SET, PARTS
from tfnews.data import duplicates, formats, splits
from tfnews.data.pool import CONTRADICTION, Pool, found_in, pooled
from tfnews.data.splits import Splits, open_splits
from tfnews.data.text import INPUT_RULE
from tfnews.errors import DataError, UsageError
from tfnews.files import read_text

_LONGEST = 100  # characters of a folder's name
_REJECTED = ("file", "line", "reason", "excerpt")


def join(
    sets: Sequence[str | os.PathLike],
    out: str | os.PathLike | None = None,
    *,
    name: str | None = None,
    force: bool = False,
) -> Splits:
    """Join folders of splits into one, whose column data_set says which set a row comes from.

    Each row stays in its part, unless another set holds a copy or near-copy of it in a later part:
    then it is left out, by the rule of `prepare` for ready-made parts. Texts that stand with both
    labels are left out too.

    Args:
        sets: Two folders of splits or more, whose classes have the same names.
        out: The folder to write; by default the sets' names joined by "+", beside the first. If it
            holds these sets, joined already, it is opened as it is.
        name: Name of the union; by default the sets' names joined by "+".
        force: Replace splits already in `out`.

    Returns:
        The union, opened.

    Raises:
        UsageError: Fewer than two sets.
        DataError: A set cannot be used or is given twice, classes have other names, the folder
            holds something else, or nothing of a class is left in a part.

    Example:
        >>> tfnews.join(["splits/isot", "splits/celebrity"]).path
        PosixPath('/home/me/splits/isot+celebrity')
    """
    if len(sets) < 2:
        raise UsageError(f"Two folders of splits or more can be joined. Received: {len(sets)}.")
    opened = [open_splits(path) for path in sets]
    check_alike(opened)
    out = _beside(opened) if out is None else Path(out)
    if not force and _sets_in(out) == _made_of(opened):
        return open_splits(out)
    splits.check_destination(out, force)
    progress.stage("Joining the sets")
    with pooled(out) as pool:
        own = _added(pool, opened)
        found = _without_copies(pool, own)
        names = opened[0].class_names
        pool.check_parts(names, "join other sets, or prepare them with other --ratios.")
        manifest = {
            "format": splits.FORMAT,
            "name": name or "+".join(names_of(opened)),
            "class_names": list(names),
            "label_basis": _basis(opened),
            "licence": formats.together(one.licence for one in opened),
            "input_rule": INPUT_RULE,
            "columns": _columns(opened),
            "sources": [source for one in opened for source in one.manifest.get("sources") or ()],
            "sets": _made_of(opened),
            "rows": _account(pool, len(own)),
            "counts": pool.counts(names),
            "clusters": found,
            "strategy": "joined",
            "warnings": [],
        }
        rejects = pd.concat([pd.DataFrame(columns=_REJECTED), *pool.rejects])
        return splits.write_splits(out, pool.frames(), rejects, manifest, force)


def names_of(sets: Sequence[Splits]) -> list[str]:
    """Return the sets' names, later namesakes numbered."""
    names = []
    for one in sets:
        name, number = one.name, 2
        while name in names:
            name, number = f"{one.name} ({number})", number + 1
        names.append(name)
    return names


def check_apart(sets: Sequence[Splits]) -> None:
    """Refuse the same splits given twice.

    Raises:
        DataError: They are.
    """
    first = {}
    for one in sets:
        digests = tuple(one.digest(part) for part in PARTS)
        if digests in first:
            raise DataError(
                f"{first[digests]} and {one.path} are the same splits. Name each set once."
            )
        first[digests] = one.path


def check_alike(sets: Sequence[Splits]) -> None:
    """Refuse what cannot be joined: the same splits twice, and classes of other names.

    Raises:
        DataError: One is so.
    """
    check_apart(sets)
    for other in sets[1:]:
        if other.class_names != sets[0].class_names:
            raise DataError(
                f"The classes of {sets[0].path} are {' and '.join(sets[0].class_names)}, those of "
                f"{other.path} {' and '.join(other.class_names)}: they cannot be learnt as one. "
                "Join sets of the same classes, or prepare one again with --class-name if the "
                "names alone differ."
            )


def _beside(sets: Sequence[Splits]) -> Path:
    """Return the place beside the first set that is named after all, or after their digests too."""
    made_of = _made_of(sets)
    name = re.sub(r"[^\w.+-]+", "_", "+".join(names_of(sets)))[:_LONGEST]
    place = sets[0].path.resolve().parent / name
    if not place.exists() or _sets_in(place) == made_of:
        return place
    digest = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()
    return place.with_name(f"{name}-{digest[:8]}")


def _made_of(sets: Sequence[Splits]) -> list[dict]:
    return [
        {"name": name, "digests": {part: one.digest(part) for part in PARTS}}
        for name, one in zip(names_of(sets), sets, strict=True)
    ]


def _sets_in(out: Path) -> list[dict] | None:
    """Return the sets that a folder is a union of, if it is one with their own labels."""
    try:
        manifest = json.loads(read_text(out / splits.MANIFEST))
        return None if "relabelled" in manifest else manifest.get("sets")
    except (OSError, ValueError, RecursionError, AttributeError):
        return None


def _added(pool: Pool, sets: Sequence[Splits]) -> np.ndarray:
    """Add the rows of all sets; return their clusters as the sets have them, int64 `(rows,)`."""
    own, first = [], 0
    for name, one in zip(names_of(sets), sets, strict=True):
        for number, part in enumerate(PARTS):
            frame = _sourced(one.frame(part), one.files[part].name)
            # By part, too: a folder that names no clusters has them numbered anew in each.
            codes, distinct = pd.factorize(frame.pop("cluster"))
            own.append(first + codes)
            first += len(distinct)
            pool.add(frame.assign(**{DATA_SET: name}), number)
    return np.concatenate(own)


def _sourced(frame: pd.DataFrame, file: str) -> pd.DataFrame:
    """Say where rows stand, if they do not say it themselves; rename a column of our own name."""
    frame = splits.without_sets(frame)
    defaults = {"source_file": file, "line": range(2, len(frame) + 2)}
    return frame.assign(**{name: cells for name, cells in defaults.items() if name not in frame})


def _without_copies(pool: Pool, own: np.ndarray) -> dict[str, object]:
    """Drop what must not be learnt, number the clusters of the rest, and say what was found.

    Args:
        pool: The rows of all sets.
        own: Their clusters as the sets have them, `(rows,)`.
    """
    exact = duplicates.exact_clusters(pool.prints)
    near = duplicates.near_pairs(pool.prints, duplicates.NEAR)
    pairs = [duplicates.same_value_pairs(codes) for codes in (exact, own)]
    clusters = duplicates.connect(len(own), [*pairs, near])
    both = pool.contradictions()
    pool.drop(both, CONTRADICTION)
    pool.frame["cluster"] = pool.drop_leaks(clusters[~both])
    return {**found_in(exact, clusters), "threshold": duplicates.NEAR}


def _basis(sets: Sequence[Splits]) -> str:
    """Return what the labels of the sets rest on: "publisher", or "publisher and factcheck"."""
    return " and ".join(dict.fromkeys(one.label_basis for one in sets))


def _columns(sets: Sequence[Splits]) -> list[dict]:
    """Say how the news of all sets was read, so that texts to score are read alike."""
    return [asdict(columns) for columns in dict.fromkeys(c for one in sets for c in one.columns)]


def _account(pool: Pool, read: int) -> dict:
    dropped = dict(sorted(pool.dropped().items()))
    return {"read": read, "kept": len(pool.frame), "dropped": dropped}
