"""From news files to a folder of fixed splits."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd

from tfnews import progress
from tfnews.catalogue.bounds import bounded
from tfnews.catalogue.names import LABEL_BASES
from tfnews.data import cutting, duplicates, formats, splits, strategies
from tfnews.data.columns import in_source
from tfnews.data.pool import CONTRADICTION, Pool, found_in, pooled
from tfnews.data.readers import Reading, read
from tfnews.data.splits import PARTS, Splits
from tfnews.data.strategies import UNASSIGNED, Strategy
from tfnews.data.text import INPUT_RULE, combine
from tfnews.errors import DataError, UsageError

_CLASS_NAMES = {"satire": ("news", "satire"), "clickbait": ("news", "clickbait")}


def prepare(
    sources: Sequence[str | os.PathLike],
    out: str | os.PathLike,
    *,
    name: str | None = None,
    label_basis: str | None = None,
    licence: str | None = None,
    class_names: tuple[str, str] | None = None,
    strategy: str = "random",
    group_columns: Sequence[str] = (),
    time_column: str | None = None,
    ready: dict[str, str | os.PathLike] | None = None,
    ratios: Sequence[float] = strategies.DEFAULT_RATIOS,
    seed: int = 0,
    cut: Sequence[str] = (),
    near_duplicates: float = duplicates.NEAR,
    force: bool = False,
    **reading: object,
) -> Splits:
    """Read news files, find copies, and write train, validation and test splits.

    Copies and near-copies of a text form a cluster, and a cluster never crosses splits. The same
    files, options and seed give the same bytes.

    Args:
        sources: News files or folders; empty when `ready` names the parts.
        out: The folder to write.
        name: Name of the set; by default that of the source, or of the folder of several.
        label_basis: What the labels rest on, of `LABEL_BASES`; by default the format's.
        licence: Of the texts, in a line; by default what the sets' makers state, as far as it is
            known here.
        class_names: Names of label 0 and label 1; by default they follow the labels' basis.
        strategy: "random" (stratified by label), "group", "time" or "ready".
        group_columns: For "group": columns none of whose values crosses splits.
        time_column: For "time": column of dates; the oldest go to train, the newest to test.
        ready: For "ready": files of "train" and of "test", "validation" or both; the one not
            given is cut from train.
        ratios: Shares of train, validation and test, which sum to 1.
        seed: Seed of everything drawn.
        cut: What to cut from bodies, of `cutting.CUTS`.
        near_duplicates: Least Jaccard similarity of word shingles that joins two texts, in
            (0, 1]; 0 finds exact copies only.
        force: Replace splits already in `out`.
        **reading: How files are read, as `tfnews.data.readers.read` takes it: format,
            title_column, text_column, label_column, label_from, fake_values, real_values,
            drop_values.

    Returns:
        The splits as written.

    Raises:
        UsageError: Options that do not go together.
        DataError: Sources or a folder that cannot be used as they are.

    Example:
        >>> splits = tfnews.prepare(["Fake.csv", "True.csv"], "splits", cut=["dateline"])
        >>> splits.frame("train")[["combined_text", "label"]]
    """
    plan = Strategy(strategy, tuple(group_columns), time_column, tuple(ratios), seed)
    bounded("--seed", seed)
    _check_values(near_duplicates, label_basis, cut)
    files = _files(sources, dict(ready or {}), strategy)
    _check_survival(files, out)
    splits.check_destination(out, force)
    progress.stage("Looking at the sources")
    readings = {part: read(paths, **reading) for part, paths in files.items()}
    basis, names = _naming(list(readings.values()), label_basis, class_names)
    with pooled(out, near_duplicates > 0) as rows:
        changed = _gather(rows, readings, tuple(cut))
        progress.stage("Splitting")
        found, warnings = _split(rows, plan, near_duplicates, names)
        manifest = {
            "format": splits.FORMAT,
            "name": name or _set_name(files),
            "class_names": list(names),
            "label_basis": basis,
            "licence": " ".join((licence or "").split())
            or formats.together(reading.licence for reading in readings.values()),
            "input_rule": INPUT_RULE,
            "columns": _columns(list(readings.values()), reading),
            **_account(rows, list(readings.values()), names),
            "clusters": {**found, "threshold": near_duplicates},
            "seed": seed,
            "strategy": strategy,
            "ratios": list(plan.ratios),
            "group_columns": list(group_columns),
            "time_column": time_column,
            "cut": changed,
            "warnings": warnings + ([cutting.NOTE] if cut else []),
        }
        progress.stage("Writing the splits")
        rejects = pd.concat([*(one.rejects for one in readings.values()), *rows.rejects])
        return splits.write_splits(out, rows.frames(), rejects, manifest, force)


def _columns(readings: list[Reading], told: dict) -> list[dict]:
    """Say how the news was read, so that texts to score are read alike."""
    form = {name: told.get(name) for name in ("encoding", "delimiter")}
    form["header"] = told.get("header", True)
    found = (replace(columns, **form) for reading in readings for columns in reading.columns)
    return [asdict(columns) for columns in dict.fromkeys(found)]


def _check_values(near_duplicates: float, label_basis: str | None, cut: Sequence[str]) -> None:
    if not 0 <= near_duplicates <= 1:
        raise UsageError(
            f"--near-duplicates is a similarity from 0 (off) to 1. Received: {near_duplicates}."
        )
    if label_basis not in (None, splits.UNSTATED, *LABEL_BASES):
        raise UsageError(
            f"No label basis {label_basis!r}. Known: {', '.join(LABEL_BASES)}, {splits.UNSTATED}."
        )
    cutting.check_cuts(cut)


def _files(sources: Sequence, ready: dict, strategy: str) -> dict[str | None, list]:
    """Return the files of each ready-made part, or all under None."""
    if strategy != "ready":
        if ready or not sources:
            raise UsageError(
                "Name either sources to split, or ready-made parts with --train and --test "
                f"(strategy ready). Received {len(sources)} sources, {len(ready)} parts and the "
                f"strategy {strategy}."
            )
        return {None: list(sources)}
    if sources or "train" not in ready or len(ready) < 2 or not set(ready) <= set(PARTS):
        raise UsageError(
            "Ready-made parts are --train and --test, --validation, or both, without other "
            f"sources. Received {len(sources)} sources and: {', '.join(ready) or 'no part'}."
        )
    return {part: [ready[part]] for part in PARTS if part in ready}


def _check_survival(files: dict[str | None, list], out: str | os.PathLike) -> None:
    """Refuse to read from the folder that is to be replaced."""
    folder = Path(out).resolve()
    for path in (Path(path) for paths in files.values() for path in paths):
        if folder in (path.resolve(), *path.resolve().parents):
            raise DataError(
                f"The source {path} lies in {out}, which is to be written. Name another folder "
                "with --out."
            )


def _set_name(files: dict[str | None, list]) -> str:
    """Name the set after its only source, else after the folder of the first."""
    paths = [Path(path).resolve() for paths in files.values() for path in paths]
    if len(paths) > 1:
        return paths[0].parent.name
    return paths[0].name if paths[0].is_dir() else Path(paths[0].name.removesuffix(".gz")).stem


def _naming(
    readings: list[Reading], label_basis: str | None, class_names: tuple[str, str] | None
) -> tuple[str, tuple[str, str]]:
    """Return what the labels rest on and the class names: as told, as read, or by default."""
    basis = label_basis or readings[0].label_basis or splits.UNSTATED
    read_names = tuple(readings[0].class_names)
    default = _CLASS_NAMES.get(basis, read_names)
    return basis, tuple(
        class_names or (read_names if read_names != splits.CLASS_NAMES else default)
    )


def _gather(
    rows: Pool, readings: dict[str | None, Reading], cut: tuple[str, ...]
) -> dict[str, int]:
    """Read everything once: cut, combine and add each chunk.

    Returns:
        How many bodies each cut changed.
    """
    changed = dict.fromkeys(cut, 0)
    empty = []
    for part, reading in readings.items():
        for chunk in reading:
            texts, counts = cutting.cut_column(chunk["text"], cut)
            changed = {name: changed[name] + counts[name] for name in cut}
            taken = {name: in_source(name, chunk.columns) for name in ("combined_text", "cluster")}
            frame = chunk.rename(columns=taken)
            combined = [combine(*pair) for pair in zip(frame["title"], texts, strict=True)]
            frame = frame.assign(text=texts, combined_text=combined)
            rows.add(frame, PARTS.index(part) if part else UNASSIGNED)
            empty.append((frame["combined_text"] == "").to_numpy())
    if not empty:
        raise DataError(
            "The sources hold no usable row. See the reasons with --format and columns."
        )
    rows.drop(np.concatenate(empty), "empty after cutting")
    return changed


def _split(
    rows: Pool, plan: Strategy, near_duplicates: float, names: tuple[str, str]
) -> tuple[dict[str, int], list[str]]:
    """Find copies, drop what cannot be used, and give each row a cluster and a part.

    Returns:
        Number of clusters of exact copies and of near-copies, and warnings.
    """
    given = rows.frame["part"].to_numpy()
    rows.drop(rows.contradictions(), CONTRADICTION)
    dates = _dates(rows, plan.time_column) if plan.kind == "time" else None
    exact, clusters = duplicates.clusters(rows.prints, near_duplicates)
    found = found_in(exact, clusters)
    warnings = _label_warnings(rows.frame["label"], clusters, names)
    if plan.kind == "random":
        told = strategies.telling(rows.columns)
        warnings += strategies.source_warnings(rows.read(told), clusters)
    elif plan.kind == "group":
        clusters, missing = _by_group(rows, clusters, plan.group_columns)
        warnings += missing
    elif plan.kind == "ready":
        clusters = rows.drop_leaks(clusters)
        warnings += strategies.loss_warnings(given, rows.frame["part"].to_numpy())
    labels, parts = (rows.frame[name].to_numpy() for name in ("label", "part"))
    if plan.kind == "time":
        parts = strategies.assign_by_time(clusters, dates, plan.ratios, plan.seed)
    elif plan.kind == "ready":
        untested = not (parts == PARTS.index("test")).any()
        parts = strategies.assign_rest(clusters, labels, parts, plan, names)
        warnings += _cut_test(parts) if untested else []
    else:
        parts = strategies.assign(clusters, labels, plan.ratios, plan.seed, names)
    rows.frame = rows.frame.assign(cluster=clusters, part=parts)
    rows.check_parts(names, "add sources, choose another --strategy, or other --ratios.")
    if plan.kind != "ready":
        warnings += strategies.size_warnings(parts, clusters, plan.ratios)
    warnings += strategies.few_warnings(parts, labels, names)
    warnings += strategies.balance_warnings(parts, labels, names[1])
    return found, warnings


def _by_group(
    rows: Pool, clusters: np.ndarray, columns: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Join clusters by columns, of which only these are read."""
    found = [strategies.named_column(rows.columns, one, "--group-column") for one in columns]
    return strategies.merge_groups(rows.read(found), clusters, columns)


def _cut_test(parts: np.ndarray) -> list[str]:
    rows = int((parts == PARTS.index("test")).sum())
    return [
        f"No test part was given, so {rows:,} rows of train were drawn to be one. Give the set's "
        "own with --test, if it has one: scores on the validation part are too good, for models "
        "are chosen by them."
    ]


def _dates(rows: Pool, column: str) -> pd.Series:
    """Parse the dates and drop the rows without one."""
    found = strategies.named_column(rows.columns, column, "--time-column")
    dates = strategies.read_dates(rows.read([found])[found])
    rows.drop(dates.isna().to_numpy(), f"no readable date in {column!r}")
    return dates.dropna().reset_index(drop=True)


def _label_warnings(labels: pd.Series, clusters: np.ndarray, names: tuple[str, str]) -> list[str]:
    both = int((labels.groupby(clusters).nunique() > 1).sum())
    if not both:
        return []
    return [
        f"{both} clusters of near-duplicates hold rows labelled {names[0]} and rows labelled "
        f"{names[1]}; they were kept, whole. Look at them: their labels may be wrong."
    ]


def _account(rows: Pool, readings: list[Reading], names: tuple[str, str]) -> dict:
    """Return the manifest's account of what was read, kept and dropped."""
    summaries = [summary for reading in readings for summary in reading.summaries]
    dropped = Counter()
    for summary in summaries:
        dropped.update(summary["rejected"])
    dropped.update(rows.dropped())
    return {
        "mapping": {key: value for reading in readings for key, value in reading.mapping.items()},
        "sources": summaries,
        "rows": {
            "read": sum(summary["rows"] for summary in summaries),
            "kept": len(rows.frame),
            "dropped": dict(sorted(dropped.items())),
        },
        "counts": rows.counts(names),
    }
