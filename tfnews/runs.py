"""The run directory: the only module that knows its file names."""

import contextlib
import csv
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import filelock

from tfnews.errors import RunError, UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class SplitsRecord:
    """The fixed splits a run was trained on.

    Attributes:
        path: Where they were.
        name: The set's name.
        digests: SHA-256 of each part's file.
        class_names: Names of class 0 and class 1.
        label_basis: What the labels rest on.
    """

    path: str
    name: str
    digests: dict[str, str]
    class_names: tuple[str, str]
    label_basis: str = "unstated"


@dataclass(frozen=True)
class WeightsRecord:
    """What a run started from.

    Attributes:
        handle: As the user or the catalogue named it; "none" for fresh weights.
        digest: SHA-256 of the weights; `None` where nothing was read.
        licence: Of the weights.
        normalise: Rule by which the words of their vocabulary are looked up.
        oov_buckets: Rows for words that they do not know.
        precision: The only one they compute in; `None` where any will do.
        note: A line for the user.
    """

    handle: str = "none"
    digest: str | None = None
    licence: str = "none: learnt from the training split"
    normalise: str | None = None
    oov_buckets: int | None = None
    precision: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Ancestor:
    """An earlier run that a run goes on from: its name, place, digest and the name of its set."""

    run: str
    path: str
    digest: str
    splits: str


@dataclass(frozen=True)
class Parameters:
    """A classifier's weights as published counts count them: all, and those that training moves."""

    total: int
    trainable: int


@dataclass(frozen=True)
class Config:
    """What config.json says of a run.

    Attributes:
        state: "training" or "complete".
        name: As it was created.
        arch: Name of the catalogue's row.
        trainable: Whether pretrained weights were trained.
        weights: What it started from.
        splits: What it was trained on.
        recipe: Every setting with its value.
        seed: Of initial weights, order and dropout.
        precision: In training; runs are saved in float32.
        versions: Of Python and the libraries.
        command: As it was typed; `None` where no command line started the fit.
        input_rule: Name of the rule that joined title and body.
        parameters: Counts.
        lineage: Earlier runs it goes on from, oldest first.
        test_reads: How often the test split was scored.
        unknown_tokens: Share of the validation split's words that the model does not know, 0 to 1.
        megabytes: Of the saved model, 10**6 bytes.
        fit_seconds: From the first batch to the saved scores, broken-off legs included.
        floor: Comparison with the simplest model on the validation split.
        more: What another version wrote; kept as it is.
    """

    state: str
    name: str
    arch: str
    splits: SplitsRecord
    trainable: bool = False
    weights: WeightsRecord = WeightsRecord()
    recipe: dict[str, object] = field(default_factory=dict)
    seed: int = 0
    precision: str = "float32"
    versions: dict[str, str] = field(default_factory=dict)
    command: str | None = None
    input_rule: str = ""
    parameters: Parameters | None = None
    lineage: tuple[Ancestor, ...] = ()
    test_reads: int = 0
    unknown_tokens: float | None = None
    megabytes: float | None = None
    fit_seconds: float = 0.0
    floor: dict | None = None
    more: dict = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: dict) -> "Config":
        """Make it of the content of config.json."""
        known = {one.name for one in fields(cls)} - {"more"}
        values = {name: value for name, value in content.items() if name in known}
        values["splits"] = _record(SplitsRecord, content["splits"])
        values["splits"] = replace(
            values["splits"], class_names=tuple(values["splits"].class_names)
        )
        values["weights"] = _record(WeightsRecord, content.get("weights") or {})
        if content.get("parameters"):
            values["parameters"] = _record(Parameters, content["parameters"])
        values["lineage"] = tuple(_record(Ancestor, one) for one in content.get("lineage") or ())
        more = {name: value for name, value in content.items() if name not in known}
        return cls(**values, more=more)

    def to_json(self) -> dict:
        """Return the content of config.json."""
        content = asdict(self)
        return {**content.pop("more"), **content}


def _record(kind: type, content: dict) -> object:
    """Make a record of the keys of a JSON object that it knows."""
    return kind(**{one.name: content[one.name] for one in fields(kind) if one.name in content})


def saved_models_root(root: str | os.PathLike | None = None) -> Path:
    """Return the folder runs land in: `root`, else TFNEWS_SAVED_MODELS, else ./saved_models."""
    return Path(root or os.environ.get("TFNEWS_SAVED_MODELS") or "saved_models")


@contextlib.contextmanager
def replacing(path: str | os.PathLike, mode: str = "w", **options) -> Iterator:
    """Open a file beside `path` for writing and rename it into place when the block succeeds."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if "b" not in mode:
        options.setdefault("encoding", "utf-8")
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, mode, **options) as file:
            yield file
        os.chmod(beside, 0o666 & ~_umask())
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text file beside `path`, then rename it into place."""
    with replacing(path, newline="\n") as file:
        file.write(text)


def write_json(path: str | os.PathLike, content: object) -> None:
    """Write `content` as indented JSON beside `path`, then rename it into place."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def sha256(path: str | os.PathLike) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Run:
    """One trained model and all that was learnt about it, in one folder.

    Args:
        path: The run's folder. Use `Run.create` or `Run.open` rather than this constructor.

    Raises:
        RunError: Its config.json is not JSON.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        try:
            self.config = json.loads(self.config_path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RunError(
                f"{self.config_path} is not JSON ({error}), so {self.path} is no run of tfnews or "
                "was damaged. Put the file back, or train again under another name."
            ) from error

    @classmethod
    def create(cls, name: str, config: dict, root: str | os.PathLike | None = None) -> "Run":
        """Claim a new run's folder, in state "training".

        Raises:
            UsageError: `name` is not a plain file name.
            RunError: The folder exists.
        """
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"A run's name may hold letters, digits, '.', '_' and '-'. Received: {name!r}."
            )
        path = saved_models_root(root) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.mkdir()
        except FileExistsError:
            raise RunError(
                f"A run named {name!r} exists in {path.parent}. Choose another with --name, "
                "or remove that folder."
            ) from None
        write_json(path / "config.json", {"state": "training", "name": name, **config})
        return cls(path)

    @classmethod
    def open(cls, name: str | os.PathLike, root: str | os.PathLike | None = None) -> "Run":
        """Open a complete run by its name under the saved models' folder, or by its path.

        Raises:
            RunError: No such run, or its training has not finished.
        """
        path = next((p for p in _candidates(name, root) if (p / "config.json").is_file()), None)
        if path is None:
            raise RunError(_not_found(name, root))
        run = cls(path)
        if run.config.get("state") != "complete":
            raise RunError(
                f"The run {path} is not complete: its state is {run.config.get('state')!r}. Wait "
                f"for its training to end, or take it up with: tfnews fit --resume {run.name}"
            )
        return run

    @classmethod
    def unfinished(cls, name: str | os.PathLike, root: str | os.PathLike | None = None) -> "Run":
        """Open a run whose training was broken off.

        Raises:
            RunError: No such run, or it is complete.
        """
        path = next((p for p in _candidates(name, root) if (p / "config.json").is_file()), None)
        if path is None:
            raise RunError(_not_found(name, root))
        run = cls(path)
        if run.config.get("state") == "complete":
            shutil.rmtree(run.checkpoints_dir, ignore_errors=True)  # a kill may have left them
            raise RunError(
                f"The run {path} is complete: there is nothing to resume. "
                f"Go on from it on other data with: tfnews fit --from {run.name} --data SPLITS"
            )
        return run

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from training this run; the system frees it if this one dies.

        Raises:
            RunError: Another process is training it.
        """
        lock = filelock.FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise RunError(
                f"Another process is training {self.path} at this moment. Wait for it, or choose "
                "another name with --name."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def cut_history(self, epochs: int) -> None:
        """Keep the first `epochs` epochs of the history: those after them are trained again."""
        if self.history_path.is_file():
            lines = self.history_path.read_text(encoding="utf-8").splitlines(keepends=True)
            write_text(self.history_path, "".join(lines[:epochs]))

    def update_config(self, **changes: object) -> None:
        """Merge `changes` into config.json."""
        self.config = {**self.config, **changes}
        write_json(self.config_path, self.config)

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
        """Return the epochs as recorded, oldest first; empty when none was."""
        if not self.history_path.is_file():
            return []
        lines = self.history_path.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


def write_predictions(
    run: Run, part: str, labels: Iterable[int], probabilities: Iterable[float]
) -> None:
    """Write one split's predictions: row, label, fake_probability."""
    with replacing(run.predictions_path(part), newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["row", "label", "fake_probability"])
        pairs = zip(labels, probabilities, strict=True)
        table.writerows([row, int(y), str(p)] for row, (y, p) in enumerate(pairs))


def next_name(stem: str, root: str | os.PathLike | None = None) -> str:
    """Return `stem-N` with the first N, counted from 1, that no run has taken."""
    taken = {path.name for path in saved_models_root(root).glob(f"{stem}-*")}
    number = 1
    while f"{stem}-{number}" in taken:
        number += 1
    return f"{stem}-{number}"


def _candidates(name: str | os.PathLike, root: str | os.PathLike | None) -> list[Path]:
    return [saved_models_root(root) / Path(name), Path(name)]


def _not_found(name: str | os.PathLike, root: str | os.PathLike | None) -> str:
    folder = saved_models_root(root)
    names = sorted(path.parent.name for path in folder.glob("*/config.json"))
    known = ", ".join(names) if names else "none"
    return (
        f"No run {str(name)!r}: neither {folder / Path(name)} nor {Path(name)} holds a "
        f"config.json. Runs in {folder}: {known}. Train one with: tfnews fit --data SPLITS"
    )
