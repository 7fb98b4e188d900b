"""Look at a machine: what is there, what is missing for which command, and what to do."""

import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version

from tfnews import progress
from tfnews.doctor import devices as tensorflow
from tfnews.doctor import libraries, machine
from tfnews.records.checkup import Checkup, Library

_PYTHONS = ((3, 11), (3, 14))  # from, and below
_LITTLE = 4.0  # GB of memory, with which a large table of words does not fit


def doctor(devices: bool = False, root: str | os.PathLike | None = None) -> Checkup:
    """Look at this machine.

    Example:
        >>> found = tfnews.doctor()
        >>> print(found.faults)

    Args:
        devices: Whether to start TensorFlow in a process of its own, and ask what it computes on.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.

    Returns:
        What it has; `faults` is empty where every command has what it cannot do without.
    """
    progress.stage("Looking at the libraries")
    core, extras = libraries.core(), libraries.extras()
    progress.stage("Looking at disks and caches")
    places, (total, available) = machine.places(root), machine.memory()
    seen, broken = None, None
    if devices:
        progress.stage("Starting TensorFlow")
        seen, broken = tensorflow.seen()
    found = Checkup(
        tfnews=version("tfnews"),
        python=platform.python_version(),
        system=machine.system(),
        libraries=core,
        extras=extras,
        processor=machine.processor(),
        memory_gb=total,
        available_gb=available,
        gpu_driver=machine.gpu_driver(),
        devices=seen,
        places=places,
        variables=machine.variables(),
        faults=(*_faults(core), *([broken] if broken else [])),
    )
    return replace(found, notes=tuple(_notes(found)))


def _faults(core: tuple[Library, ...]) -> Iterator[str]:
    """Yield what no command can do without and is not there."""
    if not _PYTHONS[0] <= sys.version_info[:2] < _PYTHONS[1]:
        yield (
            f"Python {platform.python_version()} is not one of 3.11 to 3.13. Make a new environment"
        )
    wrong = [one for one in core if one.fault]
    for one in wrong:
        yield f"{one.name}{one.wanted} is needed: {one.fault}"
    if wrong:
        named = " ".join(f"'{one.name}{one.wanted}'" for one in wrong)
        yield f"Install what is needed: pip install {named}"


def _notes(found: Checkup) -> Iterator[str]:
    """Yield what does no harm to every command, but may to some."""
    brought = tuple(library for extra in found.extras for library in extra.libraries)
    yield from libraries.conflicts(found.libraries + brought)
    for place in found.places:
        if place.fault:
            yield f"{place.name}: {place.fault}"
    if found.available_gb is not None and found.available_gb < _LITTLE:
        yield (
            f"Only {found.available_gb:.1f} GB of memory are available: large tables of words may "
            "not fit"
        )
    if found.gpu_driver and found.devices and all(one.kind != "GPU" for one in found.devices):
        yield (
            "NVIDIA's driver is there and TensorFlow sees no GPU. Install its libraries: pip "
            "install 'tensorflow[and-cuda]'"
        )
