"""What a server is asked to serve, checked before TensorFlow starts."""

import contextlib
import importlib
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from tfnews.catalogue.bounds import bounded
from tfnews.errors import ExportError, RunError, UsageError
from tfnews.export.serving import MODELS
from tfnews.runs import Run, is_run, model_folder

_NEEDS = ("starlette", "uvicorn", "httptools", "prometheus_client", "tensorflow_serving")


@dataclass(frozen=True)
class Limits:
    """Bounds of what a server takes, so that no request can stop it.

    Attributes:
        max_batch: Texts that are computed together, at least 1.
        max_wait: Seconds that a text waits for others to be computed with.
        max_queue: Texts of a version that may wait.
        max_rows: Texts of a request.
        max_text: Bytes of a text.
        max_body: Bytes of a request's body.
        read_within: Seconds that a client may take to send a request, or to take an answer.
        answer_within: Seconds until a request that waits is given up.
    """

    max_batch: int = 64
    max_wait: float = 0.002
    max_queue: int = 1024
    max_rows: int = 512
    max_text: int = 1_000_000
    max_body: int = 4_000_000
    read_within: float = 10.0
    answer_within: float = 60.0

    def __post_init__(self):
        for field in fields(self):
            bounded(f"--{field.name.replace('_', '-')}", getattr(self, field.name))


@dataclass(frozen=True)
class Asked:
    """What is to be served.

    Attributes:
        runs: By name, each as version 1.
        repositories: Folders of exports.
        poll: Seconds between two looks at the repositories.
        limits: Of requests.
        trust_graph: Whether graphs may do more than compute.
    """

    runs: dict[str, Run]
    repositories: tuple[Path, ...]
    poll: float
    limits: Limits
    trust_graph: bool = False


def check(
    targets: Sequence[str | os.PathLike],
    *,
    poll: float = 5.0,
    limits: Limits | None = None,
    root: str | os.PathLike | None = None,
    trust_graph: bool = False,
) -> Asked:
    """Check what `tfnews serve` is asked for, without TensorFlow.

    Args:
        targets: Runs, by name or folder, and repositories.
        poll: Seconds between two looks at the repositories.
        limits: Of requests.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        trust_graph: Whether graphs of exports and modules may do more than compute.

    Raises:
        UsageError: A library is missing, a number is not allowed, a name is served twice.
        RunError: No such run, or its training has not finished.
        ExportError: A repository without versions, or with a models.config that cannot be read.
    """
    _check_libraries()
    bounded("--poll", poll)
    runs: dict[str, Run] = {}
    repositories: list[Path] = []
    owners: dict[str, str] = {}
    for target in targets:
        names = _take(target, runs, repositories, root)
        for name in names:
            if name in owners:
                raise UsageError(
                    f"{name!r} would be served twice: from {owners[name]} and from {target}. Leave "
                    "one out, or export it under another name: tfnews export RUN --name NAME"
                )
            owners[name] = str(target)
    return Asked(runs, tuple(repositories), poll, limits or Limits(), trust_graph)


def _take(
    target: str | os.PathLike,
    runs: dict[str, Run],
    repositories: list[Path],
    root: str | os.PathLike | None,
) -> list[str]:
    """Put a target where it belongs and return the names it brings."""
    from tfnews.serving.wanted import wanted  # needs what `_check_libraries` looks for

    if is_run(target, root):
        run = Run.open(target, root)
        model_folder(run)
        runs.setdefault(run.name, run)
        return [run.name]
    if not Path(target).is_dir():
        _say_unknown(target, root)
    found = wanted(Path(target))
    if not any(one.folders for one in found.values()):
        raise ExportError(
            f"{target} holds no version to serve: neither a {MODELS} that names some nor folders "
            "NAME/1 with a saved_model.pb. Write one with: tfnews export RUN --to "
            f"{target}"
        )
    repositories.append(Path(target))
    return list(found)


def _say_unknown(target: str | os.PathLike, root: str | os.PathLike | None) -> None:
    try:
        Run.open(target, root)
    except RunError as error:
        raise RunError(f"{error} Nor is there a folder of exports {str(target)!r}.") from None


def _check_libraries() -> None:
    for name in _NEEDS:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise UsageError(
                f"Serving needs {name.replace('_', '-')}, and importing it failed: {error}. "
                "Install it with: pip install 'tfnews[serve]'"
            ) from error


def bind(host: str, port: int) -> socket.socket:
    """Take a port, before models are loaded, which takes seconds; nobody is answered yet.

    Raises:
        UsageError: Another program has it, or there is no such address.
    """
    bounded("--port", port)  # the system would take another one
    with contextlib.ExitStack() as mistakes:
        try:
            family, kind, _, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            bound = mistakes.enter_context(socket.socket(family, kind))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except (OSError, UnicodeError) as error:
            raise UsageError(
                f"The server cannot listen on {host}:{port}: {error}. If another program does, "
                "give another port with --port, or 0 for one that is free."
            ) from error
        mistakes.pop_all()  # none: it stays open
        return bound
