"""The two libraries that the page in the browser runs on, pinned to the byte."""

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tfnews import progress
from tfnews.errors import ExportError
from tfnews.files import folder_beside

_SECONDS = 600  # that the npm client may take


@dataclass(frozen=True)
class Package:
    """One package, and what is copied of it.

    Attributes:
        name: As npm has it.
        version: Exactly.
        integrity: Of its archive, as npm publishes it.
        files: Path in the package -> path below the page's runtime folder, SHA-256.
    """

    name: str
    version: str
    integrity: str
    files: dict[str, tuple[str, str]]

    @property
    def archive(self) -> str:
        """The name that the npm client gives its archive."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


# Of LiteRT.js a browser loads one of two builds, with or without relaxed SIMD. Those with threads
# want headers that a static server does not send; those with JSPI are for GPUs.
PACKAGES = (
    Package(
        "@litertjs/core",
        "2.5.3",
        "sha512-PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==",
        {
            "dist/index.js": (
                "litert/index.js",
                "e7daccc3a31eef890848a737ccb863ded5f046a6b40c3fdc0556495adeb5d9b3",
            ),
            "wasm/litert_wasm_internal.js": (
                "litert/wasm/litert_wasm_internal.js",
                "68efb69f770e3f76aff36a377de629ca496c131b86ac0f0f4b592a1543a898eb",
            ),
            "wasm/litert_wasm_internal.wasm": (
                "litert/wasm/litert_wasm_internal.wasm",
                "7280cf4471774867e385e6c3cd53e2b45e2975b80fea338fff4ef359b0865614",
            ),
            "wasm/litert_wasm_compat_internal.js": (
                "litert/wasm/litert_wasm_compat_internal.js",
                "4d8f894b7883654fd6e8439730aa41e79ceaab7d19184fc4f1f0b0f1a2a2c8a5",
            ),
            "wasm/litert_wasm_compat_internal.wasm": (
                "litert/wasm/litert_wasm_compat_internal.wasm",
                "5255c8ad06eabdbd2522cdebf6b22fc10faf74625c23a49b9e072570cd1fa41c",
            ),
        },
    ),
    Package(
        "@litertjs/wasm-utils",
        "2.5.3",
        "sha512-4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
        {
            "dist/index.js": (
                "litert/wasm-utils.js",
                "e0e20bc28ab001ac732cf40d15b6eebd24fb0deaeb95eeba5100f51eebf015f2",
            ),
        },
    ),
    Package(
        "@huggingface/tokenizers",
        "0.2.0",
        "sha512-LidMHe1FpcSYH4vcSjXooda34pC0M8m1gmDOv7SQi6Iv+ib1zX7J3sHBCC9/3FPCkn2k1b55FneVqMRxrr99pg==",
        {
            "dist/tokenizers.min.mjs": (
                "tokenizers/tokenizers.js",
                "258e46332101335ce8d95aed7745b19ac3b46d37f3e159a89cf894c2ea9b1d3a",
            ),
            "LICENSE": (
                "LICENSE",
                "c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4",
            ),
        },
    ),
)
# The one import by name. Written as a path it needs no import map, which would be a script in the
# page that its content security policy forbids.
_IMPORT = (b'from "@litertjs/wasm-utils"', b'from "./wasm-utils.js"')
_MAP = b"//# sourceMappingURL=index.js.map"  # is not copied


def files(folder: Path | None, say: Callable[[str], None] = lambda line: None) -> dict[str, bytes]:
    """Return what the page needs of both libraries, by path below its runtime folder.

    Args:
        folder: Holds the packages' archives as the npm client packs them, or the packages
            themselves as node_modules does. `None` takes the archives that were fetched before,
            and fetches missing ones with the npm client.
        say: Is told of what is fetched.

    Raises:
        ExportError: One is neither there nor can be had, or is not the one that is pinned.
    """
    found = {"NOTICE.txt": _notice()}
    for package in PACKAGES:
        source = _source(package, folder, say)
        for path, (place, digest) in package.files.items():
            content = _content(package, source, path)
            if hashlib.sha256(content).hexdigest() != digest:
                raise ExportError(_another(package, f"{path} in {source} has another SHA-256"))
            found[place] = content
    index = found["litert/index.js"]
    found["litert/index.js"] = index.replace(*_IMPORT).replace(_MAP, b"")
    return found


def _source(package: Package, folder: Path | None, say: Callable[[str], None]) -> Path:
    """Return where a package is: its folder, or its archive, whose integrity was checked."""
    if folder is not None and (folder / package.name).is_dir():
        return folder / package.name
    archive = (folder or _cache()) / package.archive
    if not archive.is_file():
        if folder is not None:
            raise ExportError(
                f"{folder} holds neither {package.name}, as node_modules does, nor "
                f"{package.archive}, as the npm client packs it. {_by_hand()}"
            )
        _fetch(package, archive, say)
    _check_integrity(package, archive)
    return archive


def _content(package: Package, source: Path, path: str) -> bytes:
    """Read one file, of an archive in memory: nothing is unpacked, so nothing can go astray."""
    try:
        if source.is_dir():
            return (source / path).read_bytes()
        with tarfile.open(source) as tar:
            return tar.extractfile(f"package/{path}").read()
    except (OSError, tarfile.TarError, KeyError, AttributeError) as error:
        raise ExportError(_another(package, f"{source} has no {path} ({error})")) from error


def _check_integrity(package: Package, archive: Path) -> None:
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    found = f"sha512-{base64.b64encode(digest).decode()}"
    if found != package.integrity:
        raise ExportError(_another(package, f"{archive} has the integrity {found}"))


def _fetch(package: Package, archive: Path, say: Callable[[str], None]) -> None:
    npm = shutil.which("npm")
    wanted = f"{package.name}@{package.version}"
    if npm is None:
        raise ExportError(
            f"The page needs {wanted}, which is not in {archive.parent}, and there is no npm "
            f"client to fetch it. {_by_hand()}"
        )
    say(f"Fetching {wanted} with the npm client, once.")
    progress.stage(f"Fetching {wanted}")
    with folder_beside(archive) as holder:
        packed = _packed(npm, wanted, holder)
        _check_integrity(package, packed)
        packed.replace(archive)


def _packed(npm: str, wanted: str, holder: Path) -> Path:
    command = [
        npm,
        "pack",
        wanted,
        "--pack-destination",
        str(holder),
        "--ignore-scripts",
        "--silent",
    ]
    try:
        done = subprocess.run(
            command, cwd=holder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        fault = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    except (OSError, subprocess.TimeoutExpired) as error:
        fault = [str(error)]
    found = list(holder.glob("*.tgz"))
    if fault or len(found) != 1:
        why = "".join(fault) or "it packed nothing"
        raise ExportError(f"The npm client could not fetch {wanted}: {why}. {_by_hand()}")
    return found[0]


def _cache() -> Path:
    """Return the folder that archives are kept in."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tfnews" / "runtime"


def _by_hand() -> str:
    wanted = " ".join(f"{package.name}@{package.version}" for package in PACKAGES)
    return (
        f"Where there is a network, run: npm pack {wanted} - then give the folder of the three "
        "files: --runtime FOLDER. Nothing was written."
    )


def _another(package: Package, reason: str) -> str:
    return (
        f"This is not {package.name} {package.version} as it was published: {reason}. Expected: "
        f"{package.integrity}. Delete it and fetch it again; nothing was written."
    )


def _notice() -> bytes:
    lines = [f"{package.name} {package.version} {package.integrity}" for package in PACKAGES]
    text = (
        "Third parties' code, under the Apache License 2.0, whose text is in LICENSE beside this.\n"
        "litert/index.js was changed in one line: it imports wasm-utils by its path.\n\n"
    )
    return (text + "\n".join(lines) + "\n").encode()
