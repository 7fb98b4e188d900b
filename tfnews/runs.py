"""The run directory: the only module that knows its file names."""

import contextlib
import csv
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tfnews import places
from tfnews.catalogue.names import PARTS
from tfnews.errors import RunError
from tfnews.files import (
    TAKEN,
    folder_beside,
    held,
    read_text,
    replacing,
    sha256,
    write_json,
    write_text,
)
from tfnews.links import check_links
from tfnews.naming import check_name
from tfnews.records import Config, Judged, OtherSet, Reliability, Scores
from tfnews.records.record import parsed

_T = TypeVar("_T")

TASK = "task.json"  # what keras-hub opens a task's preset by
_WRITING = ".writing"  # the lock of whoever changes config.json or metrics.json
_LOCKS = (_WRITING, ".lock")
_PATIENCE = 30  # seconds to wait for it; a change takes a few milliseconds


def saved_models_root(root: str | os.PathLike | None = None) -> Path:
    """Return the folder runs land in: `root`, else TFNEWS_SAVED_MODELS, else ./saved_models."""
    return Path(root or os.environ.get("TFNEWS_SAVED_MODELS") or "saved_models")


class Run:
    """One trained model and all that was learnt about it, in one folder.

    Attributes:
        path: The folder.
        config: What config.json said when the run was opened, or last changed through it.

    Args:
        path: The run's folder. Use `Run.create` or `Run.open` rather than this constructor.

    Raises:
        RunError: Its config.json is damaged.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self.config = self._read_config()

    @classmethod
    def create(cls, config: Config, root: str | os.PathLike | None = None) -> "Run":
        """Claim the folder of a new run.

        Args:
            config: Its name is the folder's.
            root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.

        Raises:
            UsageError: The name is not a plain file name.
            RunError: The folder exists.
        """
        path = check_free(config.name, root)
        with folder_beside(path) as beside:
            made = beside / path.name
            made.mkdir()
            # Now, as a run without it could not be told from a damaged one.
            write_json(made / "config.json", _passed_on(config, path).to_json())
            try:
                made.rename(path)
            except OSError as error:
                raise (_taken(path) if error.errno in TAKEN else error) from None
        return cls(path)

    @classmethod
    def open(cls, name: str | os.PathLike, root: str | os.PathLike | None = None) -> "Run":
        """Open a complete run by its name under the saved models' folder, or by its path.

        Raises:
            RunError: No such run, its training has not finished, or a link leads out of it.
        """
        path = _found(name, root)
        check_links(path, RunError)
        run = cls(path)
        if run.config.state != "complete":
            raise RunError(
                f"The run {run.path} is not complete: its state is {run.config.state!r}. Wait "
                f"for its training to end, or take it up with: tfnews fit --resume {run.name}"
            )
        return run

    @classmethod
    def unfinished(cls, name: str | os.PathLike, root: str | os.PathLike | None = None) -> "Run":
        """Open a run whose training was broken off.

        Raises:
            RunError: No such run, or it is complete.
        """
        path = _found(name, root)
        check_links(path, RunError)
        run = cls(path)
        if run.config.state == "complete":
            shutil.rmtree(run.checkpoints_dir, ignore_errors=True)  # a kill may have left them
            raise RunError(
                f"The run {run.path} is complete: there is nothing to resume. Train another, or, "
                "where weights are drawn and not solved, go on from it on other data: "
                f"tfnews fit --from {run.name} --data SPLITS"
            )
        return run

    def copy_to(self, root: str | os.PathLike | None) -> "Run":
        """Copy the run into another folder of runs, under its name, and return the copy.

        Raises:
            RunError: A run of that name is there.
        """
        path = check_free(self.config.name, root)
        with folder_beside(path) as beside:
            made = beside / path.name
            shutil.copytree(self.path, made, ignore=shutil.ignore_patterns(*_LOCKS))
            write_json(made / "config.json", _passed_on(self.config, path).to_json())
            try:
                made.rename(path)
            except OSError as error:
                raise (_taken(path) if error.errno in TAKEN else error) from None
        return type(self)(path)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from training or calibrating this run; freed if this one dies.

        Raises:
            RunError: Another process is at it.
        """
        refusal = RunError(
            f"Another process is training or calibrating {self.path} at this moment. Wait for it, "
            "or choose another name with --name."
        )
        with held(self.path / _LOCKS[1], 0, refusal):
            yield

    def cut_history(self, epochs: int) -> None:
        """Keep the first `epochs` epochs of the history: those after them are trained again."""
        if self.history_path.is_file():
            lines = read_text(self.history_path).splitlines(keepends=True)
            write_text(self.history_path, "".join(lines[:epochs]))

    def update(self, **changes: object) -> None:
        """Change fields of config.json as it is now, whoever changed it since it was opened.

        Raises:
            RunError: Another process kept it locked, or the file is damaged.
        """
        self._change_config(lambda config: replace(config, **changes))

    def count_test_read(self) -> None:
        """Add a reading of the test split to those counted in config.json.

        Raises:
            RunError: Another process kept it locked, or the file is damaged.
        """
        self._change_config(lambda config: replace(config, test_reads=config.test_reads + 1))

    def scores(self) -> Scores:
        """Return what metrics.json says; nothing before the first scores.

        Raises:
            RunError: It is damaged.
        """
        return self._read_scores(Scores.from_json)

    def update_scores(self, **changes: object) -> None:
        """Change fields of metrics.json as it is now, whoever changed it meanwhile.

        Raises:
            RunError: Another process kept it locked, or the file is damaged.
        """
        self.change_scores(lambda scores: replace(scores, **changes))

    def record_parts(
        self, parts: dict[str, Judged], reliability: dict[str, Reliability], **facts: object
    ) -> None:
        """Write what splits score, and other fields of metrics.json; they count as current.

        Raises:
            RunError: Another process kept it locked, or the file is damaged.
        """
        self.change_scores(lambda scores: replace(scores.with_parts(parts, reliability), **facts))

    def configure_classifier(self, **changes: object) -> None:
        """Change how the saved classifier reads its scores: fields of model/task.json's config.

        No other function writes into the model of a complete run. Scores and predictions that it
        had are outdated by it: they are kept, and set aside first, so that a process which dies
        in between leaves none that look current.

        Raises:
            RunError: Another process kept it locked, or a file is damaged.
        """
        self.change_scores(Scores.all_outdated)
        for part in PARTS:
            if self.predictions_path(part).exists():
                self.predictions_path(part).replace(self.predictions_path(f"{part}.outdated"))
        self._note_digest("")  # not known, which is opened: the process may die before the next
        with self._writing():
            content = _read(self.task_path, _with_config)
            content["config"] |= changes
            write_json(self.task_path, content)
        self._note_digest(sha256(self.task_path))

    def _note_digest(self, digest: str) -> None:
        """Record the digest of task.json, where the run has digests."""

        def noted(config: Config) -> Config:
            known = config.digests
            return replace(config, digests=known and {**known, self.task_path.name: digest})

        self._change_config(noted)

    def record_other_set(self, away: OtherSet) -> None:
        """Add another set's scores; only those of the very same files are replaced.

        Raises:
            RunError: Another process kept it locked, or the file is damaged.
        """
        self.change_scores(lambda scores: scores.with_other_set(away))

    def record_predictions(
        self, part: str, labels: Iterable[int], probabilities: Iterable[float]
    ) -> None:
        """Write one split's predictions: row, label, fake_probability.

        Args:
            part: "train", "validation" or "test".
            labels: (texts,).
            probabilities: Of the fake class, (texts,).
        """
        with replacing(self.predictions_path(part), newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["row", "label", "fake_probability"])
            pairs = zip(labels, probabilities, strict=True)
            table.writerows([row, int(y), str(p)] for row, (y, p) in enumerate(pairs))

    def _change_config(self, change: Callable[[Config], Config]) -> None:
        with self._writing():
            self.config = change(self._read_config())
            write_json(self.config_path, _passed_on(self.config, self.path).to_json())

    def change_scores(self, change: Callable[[Scores], Scores]) -> None:
        """Change metrics.json as it is now, and keep in it what another version wrote.

        Raises:
            RunError: Another process kept it locked, or the file is damaged.
        """
        with self._writing():
            found = self.scores()
            known, changed = found.to_json(), change(found).to_json()
            before = self._read_scores(dict)  # with what another version wrote
            kept = {name: before[name] for name in before if name in changed or name not in known}
            write_json(self.metrics_path, kept | changed)

    def _read_config(self) -> Config:
        return _placed(_read(self.config_path, Config.from_json), self.path, places.found)

    def _read_scores(self, read: Callable[[object], _T]) -> _T:
        return _read(self.metrics_path, read) if self.metrics_path.is_file() else read({})

    def _writing(self) -> contextlib.AbstractContextManager:
        """Keep other processes from changing config.json and metrics.json."""
        refusal = RunError(
            f"Another process has kept {self.path / _WRITING} locked for {_PATIENCE} s, so "
            f"{self.path} could not be changed. Wait for it to end and try again."
        )
        return held(self.path / _WRITING, _PATIENCE, refusal)

    @property
    def name(self) -> str:
        """The folder's name, which is the run's."""
        return self.path.resolve().name

    @property
    def config_path(self) -> Path:
        """The whole resolved configuration."""
        return self.path / "config.json"

    @property
    def model_dir(self) -> Path:
        """The keras-hub preset."""
        return self.path / "model"

    @property
    def task_path(self) -> Path:
        """The classifier's configuration, in the preset."""
        return self.model_dir / "task.json"

    @property
    def metrics_path(self) -> Path:
        """Scores of each split, with intervals."""
        return self.path / "metrics.json"

    @property
    def history_path(self) -> Path:
        """One JSON line an epoch."""
        return self.path / "history.jsonl"

    @property
    def figures_dir(self) -> Path:
        """Figures as PNG files."""
        return self.path / "figures"

    @property
    def report_path(self) -> Path:
        """The self-contained page."""
        return self.path / "report.html"

    @property
    def card_path(self) -> Path:
        """The model card."""
        return self.path / "card.md"

    @property
    def logs_dir(self) -> Path:
        """TensorBoard's event files."""
        return self.path / "logs"

    @property
    def checkpoints_dir(self) -> Path:
        """The states of a fit that is not complete."""
        return self.path / "checkpoints"

    def predictions_path(self, part: str) -> Path:
        """Return the predictions file of one split: row, label, fake_probability."""
        return self.path / "predictions" / f"{part}.csv"

    def history(self) -> list[dict]:
        """Return the epochs as recorded, oldest first; empty when none was.

        Raises:
            RunError: The file is damaged.
        """
        if not self.history_path.is_file():
            return []
        try:
            lines = read_text(self.history_path).splitlines()
            epochs = [json.loads(line) for line in lines]
            if not all(isinstance(epoch, dict) for epoch in epochs):
                raise ValueError("a line is no object")
        except (ValueError, RecursionError) as error:
            raise RunError(
                f"{self.history_path} is not what tfnews writes ({error}). Put the file back, or "
                "train again under another name."
            ) from error
        return epochs


def _passed_on(config: Config, folder: Path) -> Config:
    """Return what is written of a configuration: its places and command tell of no machine."""
    command = places.neutral(config.command) if config.command else config.command
    return replace(_placed(config, folder, places.recorded), command=command)


def _placed(config: Config, folder: Path, place: Callable[[str, Path], str]) -> Config:
    """Return a configuration with each place in it as `place` has it, seen from a folder."""
    weights, recipe = config.weights, dict(config.recipe)
    if isinstance(recipe.get("weights"), str):
        recipe["weights"] = place(recipe["weights"], folder)
    if weights.handle:
        weights = replace(weights, handle=place(weights.handle, folder))
    lineage = tuple(replace(one, path=place(one.path, folder)) for one in config.lineage)
    members = tuple(replace(one, path=place(one.path, folder)) for one in config.members)
    splits = replace(config.splits, path=place(config.splits.path, folder))
    kept = {"weights": weights, "recipe": recipe, "lineage": lineage, "members": members}
    return replace(config, **kept, splits=splits)


def check_free(name: str, root: str | os.PathLike | None = None) -> Path:
    """Return the folder of a run to come.

    Raises:
        UsageError: The name is not a plain file name.
        RunError: The folder exists.
    """
    check_name(name, "A run's name")
    path = saved_models_root(root) / name
    if path.exists():
        raise _taken(path)
    return path


def _taken(path: Path) -> RunError:
    return RunError(
        f"A run named {path.name!r} exists in {path.parent}. Choose another with --name, take one "
        f"up that was broken off with: tfnews fit --resume {path.name}, or remove that folder."
    )


def next_name(stem: str, root: str | os.PathLike | None = None) -> str:
    """Return `stem-N` with the first N, counted from 1, that no run has taken."""
    taken = {path.name for path in saved_models_root(root).glob(f"{stem}-*")}
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def every_run(root: str | os.PathLike | None = None) -> list[Run]:
    """Return the runs under the saved models' folder, by name; damaged ones are left out."""
    runs = []
    for path in sorted(saved_models_root(root).glob("*/config.json")):
        with contextlib.suppress(RunError):
            runs.append(Run(path.parent))
    return runs


def group_of(name: str, root: str | os.PathLike | None = None) -> list[Run]:
    """Return the runs of a group of seeds, complete or not, in the order of their seeds."""
    found = (run for run in every_run(root) if run.config.group == name)
    return sorted(found, key=lambda run: run.config.seed)


def is_run(name: str | os.PathLike, root: str | os.PathLike | None = None) -> bool:
    """Tell whether a run goes by this name under the saved models' folder, or by this path."""
    return any((path / "config.json").is_file() for path in _candidates(name, root))


def model_folder(run: "str | os.PathLike | Run", root: str | os.PathLike | None = None) -> Path:
    """Return the folder of a trained model, without opening it.

    Args:
        run: The name or path of a complete run, the run itself, or a model folder.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.

    Raises:
        RunError: There is no such run or model.
    """
    if not isinstance(run, Run):
        if (Path(run) / TASK).is_file():
            return Path(run)
        if Path(run).is_dir() and not is_run(run, root):
            raise RunError(
                f"{run} holds neither a run's config.json nor a model's {TASK}. Give a run's "
                "name or folder, or the model folder in it."
            )
        run = Run.open(run, root)
    if not (run.model_dir / TASK).is_file():
        raise RunError(
            f"The run {run.path} has lost its model: {run.model_dir / TASK} is not there. "
            "Put it back, or train again under another name."
        )
    return run.model_dir


def _found(name: str | os.PathLike, root: str | os.PathLike | None) -> Path:
    held = (path for path in _candidates(name, root) if (path / "config.json").is_file())
    path = next(held, None)
    if path is None:
        raise RunError(_not_found(name, root))
    return path


def _candidates(name: str | os.PathLike, root: str | os.PathLike | None) -> list[Path]:
    return [saved_models_root(root) / Path(name), Path(name)]


def _read(path: Path, read: Callable[[object], _T]) -> _T:
    """Read a JSON file of a run, or say that it is not what tfnews writes."""
    try:
        return read(parsed(read_text(path)))
    except (ValueError, RecursionError) as error:
        raise RunError(
            f"{path} is not what tfnews writes ({error}), so {path.parent} is no run of tfnews "
            "or was damaged. Put the file back, or train again under another name."
        ) from error


def _with_config(content: object) -> dict:
    """Return the content of a task.json."""
    if not isinstance(content, dict) or not isinstance(content.get("config"), dict):
        raise ValueError("it has no config")
    return content


def _not_found(name: str | os.PathLike, root: str | os.PathLike | None) -> str:
    folder = saved_models_root(root)
    group = [run.name for run in group_of(os.fspath(name), root)]
    if group:
        return (
            f"No run {str(name)!r}: it is a group of runs that differ in their seed. Name one of "
            f"them: {', '.join(group[:4])}{' ...' * (len(group) > 4)}"
        )
    names = sorted(path.parent.name for path in folder.glob("*/config.json"))
    known = ", ".join(names) if names else "none"
    return (
        f"No run {str(name)!r}: neither {folder / Path(name)} nor {Path(name)} holds a "
        f"config.json. Runs in {folder}: {known}. Train one with: tfnews fit --data SPLITS"
    )
