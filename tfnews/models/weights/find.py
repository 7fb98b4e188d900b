"""Find pretrained weights: from a handle to a local folder."""

import hashlib
import os
import re
import tempfile
import warnings
from pathlib import Path
from types import ModuleType

from tfnews.errors import WeightsError

SAVED_MODEL = "saved_model.pb"

_SITE = "https://tfhub.dev/"
# publisher/.../name/version, as in google/tf2-preview/nnlm-en-dim128/1.
_SHORT_HANDLE = re.compile(r"[\w-]+(/[\w.-]+)+/\d+")


def find(handle: str | os.PathLike) -> Path:
    """Return the local folder of a TF-Hub module, downloading it if it must and can.

    Args:
        handle: A folder that holds saved_model.pb, an address
            (https://tfhub.dev/google/tf2-preview/nnlm-en-dim128/1), or the same without its site
            (google/tf2-preview/nnlm-en-dim128/1).

    Returns:
        A folder that holds saved_model.pb. The folder TFHUB_CACHE_DIR names is searched before
        the network, by the handle's path and by the SHA-1 name that tensorflow_hub gives it.

    Raises:
        WeightsError: Nothing was found; says what was tried and where to put the files.
    """
    handle = os.fspath(handle)
    address = _address(handle)
    tried = [Path(handle)] if address != handle else []
    if address:
        tried += _cached(address)
    for folder in tried:
        if (folder / SAVED_MODEL).is_file():
            return folder
    without = [f"{folder} (no {SAVED_MODEL})" for folder in tried]
    if not address or Path(handle).is_dir():
        raise WeightsError(_not_found(handle, without))
    return _download(handle, address, without)


def _address(handle: str) -> str | None:
    if handle.startswith(("https://", "http://", "gs://")):
        return handle
    return _SITE + handle if _SHORT_HANDLE.fullmatch(handle) else None


def _cache() -> Path:
    """Return tensorflow_hub's cache folder, by its own rule."""
    default = Path(tempfile.gettempdir(), "tfhub_modules")
    return Path(os.environ.get("TFHUB_CACHE_DIR") or default)


def _cached(address: str) -> list[Path]:
    readable = address.partition("://")[2].partition("/")[2].strip("/")
    hashed = hashlib.sha1(address.encode("utf-8"), usedforsecurity=False).hexdigest()
    # A crafted address must not lead out of the cache.
    names = [hashed] if ".." in readable.split("/") else [readable, hashed]
    return [_cache() / name for name in names if name]


def _download(handle: str, address: str, tried: list[str]) -> Path:
    hub = _import_hub(handle)
    try:
        folder = Path(hub.resolve(address))
    # Resolvers raise what their transport raises: OSError, ValueError, RuntimeError, TF's errors.
    except Exception as error:
        tried = [*tried, f"{address} ({type(error).__name__}: {error})"]
        raise WeightsError(_not_found(handle, tried)) from error
    if not (folder / SAVED_MODEL).is_file():
        raise WeightsError(_not_found(handle, [*tried, f"{address} (no {SAVED_MODEL} in it)"]))
    return folder


def _import_hub(handle: str) -> ModuleType:
    try:
        with warnings.catch_warnings():
            # tensorflow_hub still imports setuptools' deprecated pkg_resources.
            for category in (UserWarning, DeprecationWarning):
                warnings.filterwarnings("ignore", ".*pkg_resources", category)
            import tensorflow_hub
    except ImportError as error:
        raise WeightsError(
            f"Downloading {handle} needs tensorflow_hub, which cannot be imported ({error}). "
            "Install it: pip install 'tfnews[hub]'. Or give a local folder: --weights FOLDER"
        ) from error
    return tensorflow_hub


def _not_found(handle: str, tried: list[str]) -> str:
    return (
        f"No weights for {handle!r}. Tried: {'; '.join(tried)}. Put the module's files "
        f"({SAVED_MODEL}, variables/, assets/) in a folder and name it with --weights FOLDER, or "
        f"in the folder TFHUB_CACHE_DIR names (now {_cache()}), under the handle's path. Without "
        "pretrained weights: --weights none, or the architecture tfidf."
    )
