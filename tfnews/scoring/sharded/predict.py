"""Scoring all files that a pattern names, on an engine, and going on where it was broken off."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfnews import progress
from tfnews.data.text import shown
from tfnews.errors import DataError, RunError, TfnewsError
from tfnews.files import read_text
from tfnews.runs import TASK, is_run, model_folder
from tfnews.scoring.predict import BATCHES
from tfnews.scoring.request import check, trained_columns
from tfnews.scoring.sharded import manifest, shards, storage
from tfnews.scoring.sharded.inputs import folder_digest, matched
from tfnews.scoring.sharded.runners import check_runner, has_workers, pipeline_options
from tfnews.scoring.sharded.shards import Job
from tfnews.scoring.tally import Tally

SHARD = 4096  # records of a shard, at least
_USUAL_BATCH = 64  # texts; what an architecture takes by default divides it
_READING = (
    "format", "id_column", "title_column", "text_column", "encoding", "delimiter", "header",
    "max_record_bytes",
)  # fmt: skip
_SCORING = ("score_anyway", "batch_size", "threshold", "precision")


@dataclass(frozen=True)
class Outcome:
    """What came of scoring files.

    Attributes:
        tally: Of all texts.
        notes: What was odd in the files, and how often.
        class_names: Of class 0 and class 1.
        trained_on: Name of the training set.
        finished_before: Shards that were finished before.
        finished: Shards that are finished now.
        failures: Files that could not be read to their end, and why.
    """

    tally: Tally
    notes: Counter
    class_names: tuple[str, str]
    trained_on: str
    finished_before: int
    finished: int
    failures: dict[str, str]

    def check_all_read(self) -> None:
        """Stop a command that could not read a file to its end.

        Raises:
            DataError: There is one.
        """
        for path, reason in self.failures.items():
            others = len(self.failures) - 1
            more = f", nor could {others} more files" if others else ""
            raise DataError(
                f"{shown(os.path.basename(path), 60)} could not be read to its end{more}: "
                f"{reason} All other files, and its shards before that, are scored. To score it "
                "mended, name another --output."
            )


def predict_files(
    run: str | os.PathLike,
    pattern: str,
    out: str | os.PathLike,
    *,
    runner: str = "DirectRunner",
    runner_options: Sequence[str] = (),
    output_format: str = "jsonl",
    trust_graph: bool = False,
    shard_records: int | None = None,
    **options: object,
) -> Outcome:
    """Score all files that a pattern names as `predict` scores each, as an Apache Beam pipeline.

    The answers to the first file are in `out`/input-00000/answers-00000.jsonl and the files after
    it, those to the next file in `out`/input-00001, and so on. What was finished before is not
    scored again.

    Args:
        run: A run's name or folder, or a model folder.
        pattern: A file, or a pattern with `*`, `?`, `[...]` and `**`.
        out: Folder of the answers, which is new, empty, or of the same files, run and options. It
            and the files may also be addresses that Beam knows, such as gs://.
        runner: One of `catalogue.names.RUNNERS`.
        runner_options: Of the engine, as Beam has them on a command line.
        output_format: One of `manifest.FORMATS`.
        trust_graph: As `predict` takes it.
        shard_records: Records of a file that are scored and finished together; by default 2,048,
            or what fits `batch_size`.
        **options: As `predict` takes them, but for the account.

    Raises:
        UsageError: The runner or an option cannot be used, no file matches, or `out` is another's.
        DataError: A file is missing or broken, or has not the columns.
        RunError: There is no such run, another process writes to `out`, or a worker died.
    """
    check_runner(runner, runner_options)
    folder, out = model_folder(run), storage.absolute(os.fspath(out))
    if storage.is_address(os.fspath(pattern)) or storage.is_address(out):
        storage.use(pipeline_options(runner, runner_options))
    manifest.check_out(out, output_format)
    scoring = _scoring(run, trust_graph, options)
    paths = matched(os.fspath(pattern), out)
    _check_inputs(run, paths, scoring)
    task = _task(folder)
    job = Job(
        run=os.path.abspath(folder),
        run_digest=folder_digest(folder),
        out=out,
        inputs=tuple(paths),
        scoring=scoring,
        threshold=task["threshold"] if scoring["threshold"] is None else scoring["threshold"],
        format=output_format,
        shard_records=shard_records or _shard_records(scoring["batch_size"]),
    )
    with manifest.kept_alone(out):
        manifest.take_up(job, _name(folder))
        before = shards.count_finished(job)
        shards.forget_failures(job)
        _run(job, runner, list(runner_options))
        return _outcome(job, task, before)


# --- Before -----------------------------------------------------------------------------------


def _scoring(run: object, trust_graph: bool, options: dict) -> dict[str, object]:
    """Return arguments of `check`, all of them, so that workers take no default of their own."""
    unknown = options.keys() - {*_READING, *_SCORING}
    if unknown:
        raise TypeError(f"predict_files takes no {sorted(unknown)[0]}")
    defaults = check.__kwdefaults__
    given = {name: options.get(name, defaults[name]) for name in (*_READING, *_SCORING)}
    return {**given, "trained": trained_columns(run), "trust_graph": trust_graph}


def _check_inputs(run: object, paths: Sequence[str], scoring: dict) -> None:
    """Look into each file, so that one that cannot be read is told before any is scored."""
    progress.stage("Looking into the files", "files", len(paths))
    check(run, [], **scoring)
    for path in paths:
        if not storage.is_address(path):  # else the workers tell
            check(run, path, **scoring)
        progress.advance()


def _task(folder: Path) -> dict:
    """Return what a model's task.json says of its answers."""
    path = folder / TASK
    try:
        config = json.loads(read_text(path))["config"]
        real, fake = config["class_names"]
        return {
            "class_names": (str(real), str(fake)),
            "trained_on": str(config["trained_on"]),
            "threshold": float(config["threshold"]),
        }
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise RunError(
            f"{str(path)[-150:]} is not what tfnews writes ({type(error).__name__}). Copy the run "
            "again from where it was made, or train again."
        ) from error


def _shard_records(batch_size: int | None) -> int:
    """Return a number of records that is a multiple of what plain `predict` reads ahead."""
    ahead = BATCHES * (batch_size or _USUAL_BATCH)
    return -(-SHARD // ahead) * ahead


def _name(folder: Path) -> str:
    """Return the name of the run that a model's folder is of, else the folder's."""
    folder = folder.resolve()
    return folder.parent.name if is_run(folder.parent) else folder.name


# --- After ------------------------------------------------------------------------------------


def _run(job: Job, runner: str, options: list[str]) -> None:
    todo = shards.stripes(job)
    if not todo:
        return
    progress.stage(f"Scoring with {runner}", "shards" if has_workers(runner, options) else "")
    if has_workers(runner, options):
        from tfnews.scoring.sharded.watched import run_watched

        run_watched(job, todo, runner, options)
        return
    from tfnews.scoring.sharded.pipeline import run_pipeline
    from tfnews.scoring.sharded.watched import raised

    try:
        run_pipeline(job, todo, runner, options)
    except TfnewsError:
        raise
    except Exception as error:  # Beam's, with what a worker raised in its message
        raise raised(f"{type(error).__name__}: {error}") from error


def _outcome(job: Job, task: dict, before: int) -> Outcome:
    tally, notes, failures = Tally(job.threshold), Counter(), {}
    for number, path in enumerate(job.inputs):
        shards.add(tally, shards.counts(job, number))
        reason = shards.failure(job, number)
        if reason is not None:
            failures[path] = reason
        elif not shards.is_finished(job, number):
            raise RunError(
                f"The pipeline ended, but not all of {shown(os.path.basename(path), 100)} is "
                "scored. Finished shards are kept: give the same command again to go on."
            )
        else:
            notes.update(shards.was_read(job, number).notes)
    if not failures:
        manifest.note_complete(job.out)
    names, set_name = task["class_names"], task["trained_on"]
    return Outcome(tally, notes, names, set_name, before, shards.count_finished(job), failures)
