"""Which versions of which models answer, by number and by label, as they come and go."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tfnews.serving.asked import Limits
from tfnews.serving.batching import Batcher
from tfnews.serving.metrics import Metrics
from tfnews.serving.opened import LoadError, Opened, open_export
from tfnews.serving.refused import RefusedError, shown
from tfnews.serving.wanted import Wanted, stamp

_log = logging.getLogger(__name__)

# The states that TensorFlow Serving tells of a version.
LOADING, AVAILABLE, END = "LOADING", "AVAILABLE", "END"


@dataclass
class Version:
    """A version of a model.

    Attributes:
        number: From 1.
        state: One of `LOADING`, `AVAILABLE`, `END`.
        error: Why it could not be loaded; empty where it could.
        stamp: Of the files that could not be loaded: they are tried again once they change.
        opened: What answers, while it is available.
        batcher: What asks it.
    """

    number: int
    state: str = LOADING
    error: str = ""
    stamp: object = None
    opened: Opened | None = None
    batcher: Batcher | None = None


@dataclass
class Model:
    """All versions of a model.

    Attributes:
        name: Of the model.
        source: The repository it comes from; `None` for a run.
        versions: By number, those that have ended included.
        labels: Label -> version, as they are followed now.
    """

    name: str
    source: Path | None = None
    versions: dict[int, Version] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)

    def available(self) -> dict[int, Version]:
        """Return the versions that answer."""
        found = self.versions.items()
        return {number: one for number, one in found if one.state == AVAILABLE}


class Models:
    """The models that a server answers for. All but the loading happens in the event loop.

    Args:
        limits: Of batches and queues.
        metrics: Are told of batches.
    """

    def __init__(self, limits: Limits, metrics: Metrics):
        self.limits = limits
        self.metrics = metrics
        self.models: dict[str, Model] = {}

    def add(self, name: str, number: int, opened: Opened) -> None:
        """Serve a version that is loaded."""
        model = self.models.setdefault(name, Model(name))
        version = model.versions.setdefault(number, Version(number))
        self._start(model, version, opened)

    def find(self, name: str, number: int | None, label: str | None) -> Version:
        """Return the version that a request asks for: by default the newest that is available.

        Raises:
            RefusedError: There is none.
        """
        model = self.models.get(name)
        if label is not None:
            number = self.labelled(name, label)
        available = model.available() if model else {}
        if number is None and available:
            return available[max(available)]
        if number in available:
            return available[number]
        asked = f"Latest({shown(name)})" if number is None else f"Specific({shown(name)}, {number})"
        raise RefusedError(f"Servable not found for request: {asked}", "NOT_FOUND")

    def labelled(self, name: str, label: str) -> int:
        """Return the version that a label stands for.

        Raises:
            RefusedError: No such label.
        """
        labels = self.models[name].labels if name in self.models else {}
        if label not in labels:
            raise RefusedError(f"Unrecognized servable version label: {shown(label)}")
        return labels[label]

    def told(self, name: str, number: int | None) -> list[Version]:
        """Return the versions whose status is asked for, newest first.

        Raises:
            RefusedError: There are none.
        """
        versions = self.models[name].versions if name in self.models else {}
        if number is not None:
            if number not in versions:
                raise RefusedError(
                    f"Could not find version {number} of model {shown(name)}", "NOT_FOUND"
                )
            return [versions[number]]
        if not versions:
            raise RefusedError(f"Could not find any versions of model {shown(name)}", "NOT_FOUND")
        return [versions[one] for one in sorted(versions, reverse=True)]

    async def follow(self, repository: Path, asked: Mapping[str, Wanted]) -> None:
        """Make a repository's models what is asked for; the old goes on until the new answers.

        Args:
            repository: The folder.
            asked: What it asks for, by model.
        """
        for name, one in asked.items():
            model = self.models.setdefault(name, Model(name, repository))
            if model.source == repository:
                await self._follow(model, one)
            else:
                _log.warning("%s in %s is left out: it is served already.", shown(name), repository)
        for model in [m for m in self.models.values() if m.source == repository]:
            if model.name not in asked:
                for version in model.available().values():
                    self._end(model, version)

    async def _follow(self, model: Model, asked: Wanted) -> None:
        for number, folder in asked.folders.items():
            version = model.versions.get(number)
            if version is None or (version.state == END and version.stamp != stamp(folder)):
                await self._load(model, number, folder)
        self._label(model, asked.labels)
        available = model.available()
        if available.keys() & asked.folders.keys():  # else the old ones go on
            needed = {*asked.folders, *asked.missing, *model.labels.values()}
            for number in available.keys() - needed:
                self._end(model, available[number])

    def _label(self, model: Model, asked: Mapping[str, int]) -> None:
        """Move labels to versions that are available; the others stay where they are."""
        available = model.available()
        kept = {
            label: model.labels[label]
            for label, number in asked.items()
            if number not in available and model.labels.get(label) in available
        }
        model.labels = {**asked, **kept}

    async def _load(self, model: Model, number: int, folder: Path) -> None:
        version = model.versions[number] = Version(number)
        self._tell(model, version)
        seen = stamp(folder)
        try:
            opened = await asyncio.to_thread(open_export, folder)
        except LoadError as error:
            version.state, version.error, version.stamp = END, str(error), seen
            self._tell(model, version)
            _log.error("%s version %d: %s", shown(model.name), number, error)
        else:
            self._start(model, version, opened)

    def _start(self, model: Model, version: Version, opened: Opened) -> None:
        name, number = model.name, str(version.number)

        def watch(rows: int, outputs: Mapping) -> None:
            self.metrics.batch(name, number, rows, outputs)

        version.opened = opened
        version.batcher = Batcher(f"{name}-{number}", self.limits, opened.pads, watch)
        version.state = AVAILABLE
        self._tell(model, version)

    def _end(self, model: Model, version: Version) -> None:
        version.batcher.close()  # what waits is still answered
        version.state, version.opened, version.batcher = END, None, None
        self._tell(model, version)

    def _tell(self, model: Model, version: Version) -> None:
        self.metrics.version(model.name, str(version.number), version.state)

    def close(self) -> None:
        """Answer what waits and end all threads."""
        batchers = [v.batcher for m in self.models.values() for v in m.available().values()]
        for batcher in batchers:
            batcher.close()
        for batcher in batchers:
            batcher.join()
