"""Where exports lie: a folder a model, in it a folder a version, and what serves which of them.

A model repository as TensorFlow Serving reads it. Versions are whole numbers; a run exported under
a name that is taken becomes its next version, and none is ever deleted here.
"""

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tfnews.errors import ExportError, UsageError
from tfnews.export import serving
from tfnews.files import folder_beside, held, read_text, write_json, write_text
from tfnews.naming import is_name

PARITY, CARD = "parity.json", "README.md"
_LABELS = "labels.json"  # of a model's folder: which version each label stands for
_GRAPH = "saved_model.pb"
_WRITING = "writing"  # no number, so a server does not take what lies beside it for a version
_LAST = 2**63 - 1  # version that a server can be told of
_PATIENCE = 60  # seconds to wait for another export, which renames a folder and writes small files


@dataclass(frozen=True)
class Labels:
    """Which versions of a model are loaded and under which labels.

    Attributes:
        stable: The version that clients rely on.
        canary: The newest one on trial; the stable one where none is.
    """

    stable: int
    canary: int

    @property
    def loaded(self) -> list[int]:
        """The versions that a server is to load."""
        return sorted({self.stable, self.canary})


class Model:
    """One model's folder in a repository.

    Args:
        repository: The folder of all models.
        name: The model's folder in it.
    """

    def __init__(self, repository: Path, name: str):
        self.repository = repository
        self.name = name
        self.path = repository / name

    def versions(self) -> list[int]:
        """Return the versions there are, rising."""
        if not self.path.is_dir():
            return []
        names = (path.name for path in self.path.iterdir() if path.is_dir())
        numbers = (int(name) for name in names if name.isdecimal() and name.isascii())
        return sorted(number for number in numbers if number <= _LAST)

    def labels(self) -> Labels | None:
        """Return which version each label stands for; `None` before the first export.

        Raises:
            ExportError: The file is damaged.
        """
        path = self.path / _LABELS
        if not path.is_file():
            return None
        try:
            found = json.loads(read_text(path))
            return Labels(_version(found["stable"]), _version(found["canary"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise ExportError(
                f"{path} is not what tfnews writes ({error}). Write into it which versions the "
                'labels stand for: {"stable": 1, "canary": 2}.'
            ) from error

    def label_of(self, version: Path) -> str:
        """Return the label by which a version that was just published is asked for."""
        labels = self.labels()
        return "stable" if labels is None or labels.stable == int(version.name) else "canary"

    def told(self, version: int) -> dict:
        """Return what a version's parity.json says; empty where it is missing or damaged."""
        try:
            found = json.loads(read_text(self.path / str(version) / PARITY))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @contextlib.contextmanager
    def writing(self) -> Iterator[Path]:
        """Give a folder beside the versions, which goes with all in it if it is not published.

        What an export that was killed has left goes too.
        """
        before = [path for path in (self.repository, self.path) if not path.exists()]
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            with folder_beside(self.path / _WRITING) as holder:
                yield holder / "new"
        finally:
            for path in reversed(before):
                with contextlib.suppress(OSError):  # it holds something by now
                    path.rmdir()

    def publish(self, folder: Path, *, served: bool) -> Path:
        """Move a whole folder to the next version.

        The first version is stable at once; each later one is the canary until it is promoted.

        Args:
            folder: What `writing` gave.
            served: Whether it is for a server, which is then told of it.

        Returns:
            The version's folder.
        """
        with self._locked():
            version = max(self.versions(), default=0) + 1
            place = self.path / str(version)
            before = self.labels()
            folder.rename(place)
            try:
                if served:
                    self._label(Labels(before.stable if before else version, version))
            except BaseException:
                shutil.rmtree(place, ignore_errors=True)
                with contextlib.suppress(OSError):
                    self._restore(before)
                raise
            return place

    def promote(self) -> Labels:
        """Make the canary stable.

        Raises:
            UsageError: There is none.
        """
        with self._locked():
            labels = self._labelled()
            if labels.canary == labels.stable:
                raise UsageError(
                    f"{self.name} has no version on trial: {labels.stable} is stable. Versions: "
                    f"{_listed(self.versions())}. Export a run under this name to have one."
                )
            return self._label(Labels(labels.canary, labels.canary))

    def roll_back(self) -> Labels:
        """Withdraw the canary; where there is none, make the version before the stable one stable.

        Raises:
            UsageError: There is no version to go back to.
        """
        with self._locked():
            labels, back = self._labelled(), None
            if labels.canary != labels.stable:
                back = labels.stable
            else:
                back = max((v for v in self.versions() if v < labels.stable), default=None)
            if back is None:
                raise UsageError(
                    f"{self.name} has no version before {labels.stable} to go back to. Versions: "
                    f"{_listed(self.versions())}."
                )
            return self._label(Labels(back, back))

    def _labelled(self) -> Labels:
        labels = self.labels()
        if labels is None:
            raise UsageError(
                f"{self.repository} holds no served model named {self.name!r}. There are: "
                f"{_listed(model.name for model in served(self.repository))}. Write one with: "
                "tfnews export RUN"
            )
        return labels

    def _label(self, labels: Labels) -> Labels:
        write_json(self.path / _LABELS, asdict(labels))
        models = {model.name: model.labels() for model in served(self.repository)}
        rows = [(name, one.loaded, asdict(one)) for name, one in models.items()]
        write_text(self.repository / serving.MODELS, serving.models_config(rows))
        for name, content in serving.FILES.items():
            if not (self.repository / name).exists():  # an operator's changes stay
                write_text(self.repository / name, content)
        return labels

    def _restore(self, before: Labels | None) -> None:
        if before is None:
            (self.path / _LABELS).unlink(missing_ok=True)
        else:
            self._label(before)

    def _locked(self) -> contextlib.AbstractContextManager:
        # One for the whole repository, whose models share a file.
        path = self.repository / ".lock"
        if not self.repository.is_dir():
            raise UsageError(f"There is no folder of exports {self.repository}. Name it with --to.")
        return held(
            path,
            _PATIENCE,
            ExportError(
                f"Another process has kept {path} locked for {_PATIENCE} s. Nothing was written. "
                "Wait for it to end and try again."
            ),
        )


def _version(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LAST:
        raise ValueError("a label stands for a version, a whole number from 1")
    return value


def served(repository: Path) -> list[Model]:
    """Return the models of a repository that a server is told of, by name.

    A folder whose name could be more than a name in models.config is none.
    """
    names = sorted(path.parent.name for path in repository.glob(f"*/{_LABELS}"))
    return [Model(repository, name) for name in names if is_name(name)]


def models(repository: Path) -> list[Model]:
    """Return all models of a repository, by name."""
    paths = sorted(repository.iterdir()) if repository.is_dir() else []
    found = (Model(repository, path.name) for path in paths if path.is_dir())
    return [model for model in found if model.versions()]


def size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _listed(names: object) -> str:
    return ", ".join(map(str, names)) or "none"
