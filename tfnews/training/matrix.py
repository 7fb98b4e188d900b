"""One architecture trained on each of several data sets and tested on each of them."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from tfnews import places
from tfnews.catalogue.rows import DEFAULT, Row, row
from tfnews.data.join import names_of
from tfnews.data.splits import PARTS, Splits
from tfnews.evaluation.leave_one_out import Answers, answers
from tfnews.evaluation.matrix import Column, cells, columns
from tfnews.files import write_json, write_text
from tfnews.models import load
from tfnews.records.matrix import Matrix
from tfnews.report.matrix import page, tables
from tfnews.runs import Run, every_run
from tfnews.training import leave_one_out as left
from tfnews.training.asked import check_out, opened_sets
from tfnews.training.fit import fit
from tfnews.training.settings import recorded, resolve
from tfnews.training.setup import settled

FILES = ("matrix.html", "matrix.md", "matrix.csv", "matrix.json")


def matrix(
    data: Sequence[str | os.PathLike],
    arch: str | None = None,
    *,
    test_only: Sequence[str | os.PathLike] = (),
    leave_one_out: bool = False,
    out: str | os.PathLike = "matrix",
    weights: str | None = None,
    seed: int | None = None,
    config: str | os.PathLike | None = None,
    assignments: Iterable[str] = (),
    root: str | os.PathLike | None = None,
    command: str | None = None,
    trust_graph: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Matrix:
    """Train an architecture on each of several data sets and test each model on all of them.

    A set that is trained on is tested on its test split, another whole, without copies and
    near-copies of any training text. A run that was trained on the same splits with the same
    settings is taken as it is, and one that was broken off is gone on with: the same call after an
    interruption trains what is missing.

    Args:
        data: Folders of splits to train on and to test on.
        arch: Name of a catalogue row; tfidf by default.
        test_only: Folders of splits to test on only.
        leave_one_out: Whether models are trained on all of `data` joined too, and on all but each.
        out: Folder for matrix.html, matrix.md, matrix.csv and matrix.json.
        weights: As `fit` takes it.
        seed: As `fit` takes it.
        config: As `fit` takes it.
        assignments: As `fit` takes it.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        command: The command line that was typed, for the report.
        trust_graph: As `fit` takes it.
        say: Prints a line of what was found; what goes on meanwhile, `tfnews.progress` shows.

    Returns:
        What was found.

    Raises:
        UsageError: A setting that is not allowed, or fewer than two sets.
        DataError: Splits that cannot be used, are given twice, or have no text left to test on.
        WeightsError: The weights cannot be found or read.
        RunError: Another process is training a run that is needed.

    Example:
        >>> found = tfnews.matrix(["isot", "celebrity"], test_only=["mcintire"])
        >>> found.cell("isot", "celebrity").scores["accuracy"]
    """
    assignments, chosen = list(assignments), row(arch or DEFAULT)
    given = {"weights": weights, "seed": seed, "config": config, "assignments": assignments}
    manner = {"root": root, "floor": False, "trust_graph": trust_graph, "say": say}
    options = resolve(chosen, {"weights": weights, "seed": seed}, config, assignments)
    trained, others = opened_sets(data, test_only, leave_one_out)
    check_out(out)
    learnt = ("train", "validation") if options["refit"] else ("train",)
    names = names_of([*trained, *others])
    tested = columns(names, trained, others, learnt)

    def run_of(splits: Splits) -> Run:
        known = _trained(chosen, splits, options, manner)
        return known or fit(splits.path, chosen.name, **given, **manner)

    def answers_of(run: Run, columns: Mapping[str, Column]) -> Answers:
        return answers(load(run, trust_graph=trust_graph), columns)

    runs, found = {}, []
    for name, splits in zip(names, trained, strict=False):
        run = run_of(splits)
        run.count_test_read()
        runs[name] = run.name
        found += cells(load(run, trust_graph=trust_graph), name, tested)
    joined = None
    if leave_one_out:
        sets = dict(zip(names, trained, strict=False))
        joined = left.leave_one_out(sets, tested, learnt, run_of, answers_of)
    made = Matrix(
        arch=chosen.name,
        recipe={**options, "weights": places.recorded(options["weights"], Path(out))},
        command=command and places.neutral(command),
        runs=runs,
        sets=tuple(column.scored for column in tested),
        cells=tuple(found),
        leave_one_out=joined,
    )
    _write(Path(out), made)
    return made


def _trained(
    chosen: Row,
    splits: Splits,
    options: dict,
    manner: dict,
) -> Run | None:
    """Return a run of these settings on these splits, gone on with if it was broken off."""
    alike = [run for run in every_run(manner["root"]) if _is_alike(run, chosen, splits, options)]
    complete = [run for run in alike if run.config.state == "complete"]
    if complete:
        manner["say"](f"Using {complete[0].name}, trained on {splits.name} with the same settings")
        return Run.open(complete[0].path)
    if alike:
        return fit(resume=alike[0].path, **manner)
    return None


def _is_alike(run: Run, chosen: Row, splits: Splits, options: dict) -> bool:
    """Tell whether a run is, or will be, what a fit with these settings would make."""
    config = run.config
    if config.arch != chosen.name or config.lineage or config.tuning:
        return False
    if config.splits.digests != {part: splits.digest(part) for part in PARTS}:
        return False
    return recorded(config) == settled(chosen, splits, options, config.weights)


def _write(out: Path, made: Matrix) -> None:
    write_text(out / "matrix.html", page.render(made))
    write_text(out / "matrix.md", tables.markdown_text(made))
    write_text(out / "matrix.csv", tables.csv_text(made))
    write_json(out / "matrix.json", made.to_json())
