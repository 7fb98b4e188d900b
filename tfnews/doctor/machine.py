"""The machine as the system tells of it: processor, memory, graphics, disks and caches."""

import contextlib
import os
import platform
import re
import shutil
import tempfile
from pathlib import Path

from tfnews.records.checkup import Place, Processor
from tfnews.runs import saved_models_root

# As /proc/cpuinfo names them, of x86 and of ARM.
_FEATURES = (
    *("avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_bf16", "amx_int8", "asimd", "bf16", "i8mm", "sve"),
)
_LEAST_FREE = 2.0  # GB, which a table of a million words and its moments need
_VARIABLES = re.compile(
    r"(TFNEWS|KERAS|TFHUB|KAGGLE|KAGGLEHUB|HF|CUDA|XLA|OMP|MKL|OPENBLAS)_\w+|TMPDIR"
    r"|TF_(CPP|ENABLE|NUM|XLA|FORCE|GPU|USE|DETERMINISTIC|CUDNN|DISABLE)_\w+"
)
_SECRET = re.compile("KEY|TOKEN|SECRET|PASS|USER", re.I)
_OURS = "TF_CPP_MIN_LOG_LEVEL"  # which the command line sets itself
_CGROUP = Path("/sys/fs/cgroup")


def system() -> str:
    """Return name, release and kind of machine; nothing that names it."""
    return f"{platform.system()} {platform.release()}, {platform.machine()}"


def processor(cpuinfo: str | None = None) -> Processor:
    """Return what the processor is and can.

    Args:
        cpuinfo: The content of /proc/cpuinfo; by default that of this machine.
    """
    text = _read(Path("/proc/cpuinfo")) if cpuinfo is None else cpuinfo
    lines = dict(re.findall(r"^(model name|flags|Features)\s*:\s*(.*)$", text, re.M))
    flags = lines.get("flags", lines.get("Features"))
    found = None if flags is None else tuple(one for one in _FEATURES if one in flags.split())
    return Processor(
        name=lines.get("model name") or platform.processor() or None,
        logical=os.cpu_count() or 1,
        usable=usable_cores(),
        features=found,
        advice=_advice(found),
    )


def usable_cores() -> int:
    """Return how many cores this process may use; all, where the system does not tell."""
    limited = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if limited else os.cpu_count() or 1


def _advice(features: tuple[str, ...] | None) -> str:
    """Say which precision is worth it, by the rule of `--precision auto`."""
    if features is None:
        return "The system does not tell its instructions. --precision auto trains in float32."
    if "amx_bf16" in features:
        return (
            "Transformers train faster in mixed_bfloat16, by its matrix unit (AMX), which "
            "--precision auto takes for them; everything else in float32."
        )
    slow = "" if {"avx2", "asimd"} & set(features) else " It has no AVX2 and will be slow."
    return f"It has no matrix unit for bfloat16: train in float32, as --precision auto does.{slow}"


def memory() -> tuple[float | None, float | None]:
    """Return GB of memory in all and available; of a container what it may have."""
    found = dict(re.findall(r"^(MemTotal|MemAvailable):\s*(\d+) kB$", _read_memory(), re.M))
    total, free = (
        int(found[name]) * 1024 if name in found else None for name in ("MemTotal", "MemAvailable")
    )
    limit = _read(_CGROUP / "memory.max").strip()
    if limit.isdigit() and total is not None and int(limit) < total:
        used = _read(_CGROUP / "memory.current").strip()
        total = int(limit)
        free = min(free or total, total - int(used)) if used.isdigit() else free
    return _gb(total), _gb(free)


def gpu_driver() -> str | None:
    """Return the version of NVIDIA's driver; `None` where there is none."""
    found = re.search(r"Module\s+([\d.]+)", _read(Path("/proc/driver/nvidia/version")))
    return found and found[1]


def places(root: str | os.PathLike | None = None) -> tuple[Place, ...]:
    """Return the folders that tfnews writes to, with what is free and what they hold.

    Args:
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
    """
    home = Path.home()
    hub = os.environ.get("TFHUB_CACHE_DIR") or Path(tempfile.gettempdir()) / "tfhub_modules"
    face = Path(os.environ.get("HF_HOME") or home / ".cache" / "huggingface")
    caches = {
        "cache of TF-Hub": Path(hub),
        "cache of Keras": Path(os.environ.get("KERAS_HOME") or home / ".keras"),
        "cache of Kaggle": Path(os.environ.get("KAGGLEHUB_CACHE") or home / ".cache/kagglehub"),
        "cache of Hugging Face": Path(os.environ.get("HF_HUB_CACHE") or face / "hub"),
    }
    written = {"runs": saved_models_root(root), "temporary files": Path(tempfile.gettempdir())}
    return (
        *(_written(name, path) for name, path in written.items()),
        *(_cache(name, path) for name, path in caches.items()),
    )


def variables() -> tuple[str, ...]:
    """Return the names of the environment's variables that change what is done; no values."""
    names = (name for name in os.environ if _VARIABLES.fullmatch(name))
    return tuple(sorted(name for name in names if name != _OURS and not _SECRET.search(name)))


def _written(name: str, path: Path) -> Place:
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    free, fault = None, None
    with contextlib.suppress(OSError):
        free = _gb(shutil.disk_usage(there).free)
    if not there.is_dir():
        fault = "it is a file, not a folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        fault = "nothing can be written there"
    elif free is not None and free < _LEAST_FREE:
        fault = f"only {free:.1f} GB are free"
    return Place(name, _shown(path), free, None, fault)


def _cache(name: str, path: Path) -> Place:
    return Place(name, _shown(path), None, _gb(_size(path)))


def _size(path: Path) -> int:
    """Count the bytes of the files below a folder, 0 where there is none."""
    size = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                size += os.lstat(os.path.join(folder, name)).st_size
    return size


def _shown(path: Path) -> str:
    home = str(Path.home())
    said = os.fspath(path)
    return f"~{said[len(home) :]}" if Path(said).is_relative_to(home) else said


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _read_memory() -> str:
    return _read(Path("/proc/meminfo"))


def _gb(size: int | None) -> float | None:
    return None if size is None else round(size / 1e9, 2)
