"""Which versions of which models a repository asks for, as TensorFlow Serving reads it.

Source: TensorFlow Serving's document "Serving Configuration".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from tfnews.errors import ExportError
from tfnews.export.serving import MODELS
from tfnews.files import read_text

_GRAPH = "saved_model.pb"
_MOUNTED = Path("/models")  # where compose.yaml puts the repository


@dataclass(frozen=True)
class Wanted:
    """What is to be served of a model.

    Attributes:
        folders: Version -> its folder; only versions that are there.
        missing: Versions that are asked for and not there.
        labels: Label -> version.
    """

    folders: Mapping[int, Path]
    missing: tuple[int, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)


def wanted(repository: Path) -> dict[str, Wanted]:
    """Return what a repository asks for, by model.

    Where there is no models.config, the newest version of each model.

    Raises:
        ExportError: models.config cannot be read.
    """
    config = repository / MODELS
    if not config.is_file():
        return _newest(repository)
    asked = model_server_config_pb2.ModelServerConfig()
    try:
        text_format.Parse(read_text(config), asked, allow_unknown_field=True)
        return {one.name: _asked(repository, one) for one in asked.model_config_list.config}
    except (text_format.ParseError, ValueError, OSError) as error:
        raise ExportError(
            f"{config} cannot be read ({error}). Mend it, or let tfnews export write it anew: "
            "tfnews export --promote or --rollback."
        ) from error


def _newest(repository: Path) -> dict[str, Wanted]:
    found = {}
    for path in sorted(repository.iterdir()):
        versions = _versions(path)
        if versions:
            found[path.name] = Wanted({max(versions): versions[max(versions)]})
    return found


def _asked(repository: Path, config: model_server_config_pb2.ModelConfig) -> Wanted:
    there = _versions(_folder(repository, config.base_path or config.name))
    policy = config.model_version_policy
    kind = policy.WhichOneof("policy_choice")
    if kind == "specific":
        numbers = sorted(set(policy.specific.versions))
    elif kind == "all":
        numbers = sorted(there)
    else:
        numbers = sorted(there)[-max(1, policy.latest.num_versions) :]
    return Wanted(
        {number: there[number] for number in numbers if number in there},
        tuple(number for number in numbers if number not in there),
        dict(config.version_labels),
    )


def _folder(repository: Path, base: str) -> Path:
    """Return a model's folder: what lies under /models in a container lies in the repository."""
    path = Path(base)
    if path.is_absolute() and path.is_relative_to(_MOUNTED):
        path = path.relative_to(_MOUNTED)
    return repository / path


def _versions(folder: Path) -> dict[int, Path]:
    """Return the versions that hold a graph, by number; none where there is no such folder."""
    paths = folder.iterdir() if folder.is_dir() else ()
    return {
        int(path.name): path
        for path in paths
        if path.name.isdecimal() and path.name.isascii() and (path / _GRAPH).is_file()
    }


def stamp(folder: Path) -> tuple[float, int] | None:
    """Return what changes when a version's graph is written anew."""
    try:
        told = (folder / _GRAPH).stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size
