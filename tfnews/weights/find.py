"""Find pretrained weights: from what the user names to a local folder."""

import contextlib
import hashlib
import os
import re
import tempfile
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

from tfnews import catalogue
from tfnews.errors import WeightsError
from tfnews.files import folder_beside, read_text, sha256, write_text
from tfnews.weights import archive
from tfnews.weights.digests import check_pin, split_pin
from tfnews.weights.download import download

SAVED_MODEL = "saved_model.pb"

_SITE = "https://tfhub.dev/"
# publisher/.../name/version, as in google/tf2-preview/nnlm-en-dim128/1.
_SHORT_HANDLE = re.compile(r"[\w-]+(/[\w.-]+)+/\d+")
# owner/model/framework/variation/version, as Kaggle's client or the address of its page has it.
_KAGGLE_HANDLE = re.compile(
    r"(?:https://(?:www\.)?kaggle\.com/models/)?(?P<owner>[\w-]+)/(?P<model>[\w-]+)/"
    r"(?:frameworks/)?tensorflow2/(?:variations/)?(?P<variation>[\w.-]+)/"
    r"(?:versions/)?(?P<version>\d+)/?(?:\?.*)?",
    re.IGNORECASE,
)
_KAGGLE_API = "https://www.kaggle.com/api/v1/models/{}/download"
_ARCHIVE_LINE = "Archive SHA-256: "


def find(handle: str | os.PathLike, fetch: Callable[[str, Path], str] = download) -> Path:
    """Return the local folder of a TF-Hub module, downloading it if it must and can.

    Args:
        handle: A module's folder or .tar.gz archive; an http(s) address
            (https://tfhub.dev/google/tf2-preview/nnlm-en-dim128/1), or the same without its site
            (google/tf2-preview/nnlm-en-dim128/1); Kaggle's name or page of it
            (google/nnlm/tensorFlow2/en-dim128/1). Each may end in #sha256=HEX, which pins the
            module's digest or its archive's.
        fetch: Downloads an address to a file and returns its SHA-256.

    Returns:
        A folder that holds saved_model.pb. The folder TFHUB_CACHE_DIR names is searched before
        the network, by the handle's path and by the SHA-1 name that tensorflow_hub gives it;
        downloads and archives are unpacked there.

    Raises:
        WeightsError: Nothing was found (says what was tried and where to put the files), the
            archive is unsafe, or the pinned digest is another.
    """
    handle, pin = split_pin(os.fspath(handle))
    if os.path.isfile(handle) and handle.endswith(archive.SUFFIXES):
        return _opened(handle, pin)
    address = _address(handle)
    tried = [Path(handle)] if "://" not in handle else []
    tried += _cached(handle, address) if address else []
    for folder in tried:
        if (folder / SAVED_MODEL).is_file():
            check_pin(handle, pin, folder, _archive_digest(folder))
            return folder
    hashed = _cache() / _hashed(address or "")  # as good as the name before it, and unreadable
    told = [folder for folder in tried if folder != hashed or len(tried) == 1]
    without = [f"{_below_cache(folder)} (no {SAVED_MODEL})" for folder in told]
    if not address or Path(handle).is_dir():
        raise _not_found(handle, without)
    return _downloaded(handle, address, pin, without, fetch)


def absolute(handle: str) -> str:
    """Return a handle that means the same from any working folder."""
    place, pin = split_pin(handle)
    pinned = f"#sha256={pin}" if pin else ""
    return os.path.abspath(place) + pinned if os.path.exists(place) else handle


def _address(handle: str) -> str | None:
    kaggle = _KAGGLE_HANDLE.fullmatch(handle)
    if kaggle:
        return _KAGGLE_API.format(_kaggle_name(kaggle))
    if handle.startswith(("https://", "http://")):
        return handle
    return _SITE + handle if _SHORT_HANDLE.fullmatch(handle) else None


def _kaggle_name(match: re.Match) -> str:
    return "{owner}/{model}/tensorFlow2/{variation}/{version}".format(**match.groupdict())


def _request(address: str) -> str:
    """Return the address to ask: TF-Hub's protocol gives the archive to those who say so."""
    parts = urllib.parse.urlsplit(address)
    if parts.path.endswith((*archive.SUFFIXES, "/download")):
        return address
    query = [*urllib.parse.parse_qsl(parts.query), ("tf-hub-format", "compressed")]
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query)))


def _cache() -> Path:
    """Return tensorflow_hub's cache folder, by its own rule."""
    default = Path(tempfile.gettempdir(), "tfhub_modules")
    return Path(os.environ.get("TFHUB_CACHE_DIR") or default)


def _below_cache(folder: Path) -> Path:
    cache = _cache()
    return "TFHUB_CACHE_DIR" / folder.relative_to(cache) if folder.is_relative_to(cache) else folder


def _cached(handle: str, address: str) -> list[Path]:
    """Return where a module may be: by its path, by tensorflow_hub's name, in Kaggle's cache."""
    folders = [_cache() / _hashed(address)]
    kaggle = _KAGGLE_HANDLE.fullmatch(handle)
    if kaggle:
        theirs = os.environ.get("KAGGLEHUB_CACHE") or Path.home() / ".cache" / "kagglehub"
        return [*folders, Path(theirs, "models", _kaggle_name(kaggle))]
    readable = urllib.parse.urlsplit(address).path.strip("/")
    # A crafted address must not lead out of the cache.
    if not readable or ".." in readable.split("/"):
        return folders
    return [_cache() / readable, *folders]


def _hashed(address: str) -> str:
    return hashlib.sha1(address.encode("utf-8"), usedforsecurity=False).hexdigest()


def _opened(handle: str, pin: str | None) -> Path:
    """Unpack a local archive into the cache, under its digest."""
    digest = sha256(handle)
    folder = _cache() / digest
    if not (folder / SAVED_MODEL).is_file():
        with _beside(folder) as beside:
            _install(handle, Path(handle), beside / "module", folder, pin, digest)
    check_pin(handle, pin, folder, digest)
    return folder


def _downloaded(
    handle: str, address: str, pin: str | None, tried: list[str], fetch: Callable[[str, Path], str]
) -> Path:
    folder = _cache() / _hashed(address)
    with _beside(folder) as beside:
        path = beside / "module.tar.gz"
        try:
            digest = fetch(_request(address), path)
        except WeightsError as error:
            raise _not_found(handle, [*tried, str(error)]) from error
        _install(handle, path, beside / "module", folder, pin, digest)
    return folder


@contextlib.contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    """Give a temporary folder next to `folder`, on the same disk."""
    with contextlib.ExitStack() as stack:
        try:
            beside = stack.enter_context(folder_beside(folder))
        except OSError as error:
            raise WeightsError(
                f"Nothing can be written to the cache folder {folder.parent}: {error.strerror}. "
                "Name another in the environment variable TFHUB_CACHE_DIR."
            ) from error
        yield beside


def _install(
    handle: str, path: Path, beside: Path, folder: Path, pin: str | None, digest: str
) -> None:
    """Unpack an archive, check what came out, and rename it into its place in the cache."""
    archive.unpack(path, beside)
    root = _root(handle, beside)
    check_pin(handle, pin, root, digest)
    # tensorflow_hub leaves such a file beside a module, too; nothing but people reads its.
    descriptor = f"Module: {handle}\n{_ARCHIVE_LINE}{digest}\n"
    write_text(_descriptor(folder), descriptor)
    try:
        root.rename(folder)
    except OSError as error:
        if not (folder / SAVED_MODEL).is_file():  # else another process was faster
            raise WeightsError(
                f"{folder} is in the way: it exists and holds no {SAVED_MODEL}. Remove it."
            ) from error


def _root(handle: str, folder: Path) -> Path:
    """Return the module in an unpacked archive: its root, or the one folder in it."""
    inside = [path for path in folder.iterdir() if path.is_dir()]
    for root in [folder, *inside[: len(inside) == 1]]:
        if (root / SAVED_MODEL).is_file():
            return root
    found = ", ".join(sorted(path.name for path in folder.iterdir())[:10]) or "nothing"
    raise WeightsError(
        f"The archive of {handle!r} holds no {SAVED_MODEL}, so it is no TF-Hub module for "
        f"TensorFlow 2. It holds: {found}. Name another with --weights."
    )


def _descriptor(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.descriptor.txt")


def _archive_digest(folder: Path) -> str | None:
    path = _descriptor(folder)
    lines = read_text(path).splitlines() if path.is_file() else []
    digests = [line.removeprefix(_ARCHIVE_LINE) for line in lines if _ARCHIVE_LINE in line]
    return digests[0] if digests else None


def _not_found(handle: str, tried: list[str]) -> WeightsError:
    none = "nothing, for it is neither a path nor an http(s) address"
    without = " | ".join(row.name for row in catalogue.rows().values() if not row.weights)
    return WeightsError(
        f"No weights for {handle[:120]!r}. Tried:",
        *(f"  {one}" for one in tried or [none]),
        "Name the module's folder or its .tar.gz: --weights PATH",
        f"or put the folder below that of TFHUB_CACHE_DIR, now {_cache()}",
        f"or start without: --weights none, or --arch {without}",
    )
