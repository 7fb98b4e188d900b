"""Libraries that are installed, and whether they are what tfnews and they themselves ask for."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import InvalidRequirement, Requirement

from tfnews.records.checkup import Extra, Library

# Extra -> what it is needed for. One that is not named here is for development.
EXTRAS = {
    "excel": "data prepare, predict, drift, trial and compare, of .xlsx files",
    "labels": "data audit --labels",
    "word2vec": "fit --arch word2vec without a file of vectors",
    "export": "export, for warm-up requests that spare a server's first answers time",
    "tflite": "export of .tflite files, asking them, and predict --backend litert",
    "serve": "serve",
    "tune": "tune",
    "beam": "predict --runner",
}
_OWN = "tfnews"
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


def core() -> tuple[Library, ...]:
    """Return the libraries that every command needs, in the order in which they are declared."""
    return tuple(_library(one) for one in _declared() if _applies(one, ""))


def extras() -> tuple[Extra, ...]:
    """Return the extras that users install, as far as this version of tfnews has them."""
    named = {name: [] for name in EXTRAS}
    for one in _declared():
        extra = _EXTRA.search(str(one.marker or ""))
        if extra and extra[1] in named and _applies(one, extra[1]):
            named[extra[1]].append(_library(one))
    return tuple(Extra(name, EXTRAS[name], tuple(found)) for name, found in named.items() if found)


def conflicts(libraries: tuple[Library, ...]) -> Iterator[str]:
    """Yield what installed libraries, and those below them, ask of each other and do not get.

    Args:
        libraries: Where to begin; those that are missing are passed over.
    """
    waiting = [one.name for one in libraries if one.version is not None]
    seen = set(waiting)
    while waiting:
        name = waiting.pop()
        for needed in _required(name):
            if not _applies(needed, ""):
                continue
            found = _library(needed)
            if found.fault:
                yield f"{name} asks for {needed.name}{found.wanted}: {found.fault}"
            elif needed.name not in seen:
                seen.add(needed.name)
                waiting.append(needed.name)


def _declared() -> list[Requirement]:
    return list(_required(_OWN))


def _required(name: str) -> Iterator[Requirement]:
    try:
        lines = requires(name) or ()
    except PackageNotFoundError:
        return
    for line in lines:
        try:
            yield Requirement(line)
        except InvalidRequirement:
            continue


def _applies(requirement: Requirement, extra: str) -> bool:
    """Tell whether a requirement counts on this system, for an extra or "" for none."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _library(requirement: Requirement) -> Library:
    wanted, fault, found = str(requirement.specifier), None, None
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        fault = "missing"
    else:
        if not requirement.specifier.contains(found, prereleases=True):
            fault = f"{found} is installed"
    return Library(requirement.name, wanted, found, fault)
