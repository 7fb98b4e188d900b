"""The devices that a fit trains on: how they are named, made ready and used together.

Naming them needs no TensorFlow, so that a typing error is answered at once.
"""

import contextlib
import functools
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tfnews.errors import RunError, TfnewsError, UsageError

if TYPE_CHECKING:
    import tensorflow as tf

AUTO = "auto"  # the one that TensorFlow takes
_PARTS_OF_CPU = re.compile(r"cpu:([1-9]|1[0-6])")
_NUMBERS = re.compile(r"[0-9]{1,3}(,[0-9]{1,3})*")
_SHOWN = 100
# What TensorFlow raises when a device no longer answers.
_LOST = ("InternalError", "UnknownError", "UnavailableError", "AbortedError")


def check(devices: str) -> None:
    """Check how devices are named.

    Args:
        devices: auto, all, numbers of GPUs such as 0,1, or cpu:N.

    Raises:
        UsageError: Otherwise, or a GPU is named twice.
    """
    if devices in (AUTO, "all") or _PARTS_OF_CPU.fullmatch(devices):
        return
    numbers = devices.split(",")
    if not _NUMBERS.fullmatch(devices) or len({int(one) for one in numbers}) < len(numbers):
        raise UsageError(
            "--devices names what to train on: auto (the one that TensorFlow takes), all (every "
            "GPU), numbers of GPUs such as 0,1, each once, or cpu:2 to cpu:16, which cuts the "
            f"processor up to try without GPUs. Received: {devices[:_SHOWN]!r}."
        )


def make_ready(devices: str) -> None:
    """Have TensorFlow see the devices of a fit; later fits of the process have the same.

    Args:
        devices: As `check` allows them.

    Raises:
        UsageError: They are not there, or TensorFlow has already started with others.
    """
    if devices == AUTO:
        return
    import tensorflow as tf

    check(devices)
    if parts := _PARTS_OF_CPU.fullmatch(devices):
        cpu, count = tf.config.list_physical_devices("CPU")[0], int(parts[1])
        with contextlib.suppress(RuntimeError):  # it has started
            tf.config.set_visible_devices([], "GPU")  # else scores would be computed there
            tf.config.set_logical_device_configuration(
                cpu, [tf.config.LogicalDeviceConfiguration()] * count
            )
        if len(tf.config.list_logical_devices("CPU")) < count:
            raise _started(devices)
        return
    wanted = _asked_gpus(devices)
    with contextlib.suppress(RuntimeError):  # else it would fill the memory of the others too
        tf.config.set_visible_devices(wanted, "GPU")
    if not {one.name for one in wanted} <= {one.name for one in _visible()}:
        raise _started(devices)


def names(devices: str) -> tuple[str, ...]:
    """Return TensorFlow's names of the devices of a fit that were made ready, () for its own."""
    if devices == AUTO:
        return ()
    if parts := _PARTS_OF_CPU.fullmatch(devices):
        return tuple(f"CPU:{number}" for number in range(int(parts[1])))
    seen = [one.name for one in _visible()]
    return tuple(f"GPU:{seen.index(one.name)}" for one in _asked_gpus(devices))


def described(devices: str) -> tuple[str, ...]:
    """Return the devices of a fit that were made ready, in words; () for TensorFlow's own."""
    import tensorflow as tf

    if _PARTS_OF_CPU.fullmatch(devices) or devices == AUTO:
        return names(devices)
    details = map(tf.config.experimental.get_device_details, _asked_gpus(devices))
    kinds = [one.get("device_name", "unnamed") for one in details]
    return tuple(f"{name} ({kind})" for name, kind in zip(names(devices), kinds, strict=True))


def strategy(devices: str) -> "tf.distribute.Strategy | None":
    """Return what keeps a copy of each variable on every device of a fit; `None` for auto."""
    return None if devices == AUTO else _mirrored(names(devices))


def scope(devices: str) -> contextlib.AbstractContextManager:
    """Return the scope in which variables are made on every device of a fit."""
    chosen = strategy(devices)
    return contextlib.nullcontext() if chosen is None else chosen.scope()


def said(devices: str, batch_size: int) -> str | None:
    """Say in a line what trains, where it is not the only device; `None` where it is."""
    gpus = len(_visible())
    if devices != AUTO:
        return f"Each batch of {batch_size} texts is shared out to {', '.join(described(devices))}"
    if gpus > 1:
        return f"One of {gpus} GPUs trains. All would with: --devices all"
    return None


@contextlib.contextmanager
def explained(options: dict, run: str) -> Iterator[None]:
    """Say what to do when a device is lost, or cannot compute deterministically.

    Args:
        options: The resolved configuration.
        run: The run's name.

    Raises:
        RunError: In place of TensorFlow's errors.
    """
    try:
        yield
    except TfnewsError:
        raise
    except Exception as error:
        said = str(error)
        line = next(iter(said.splitlines()), "")[:_SHOWN]
        if options["deterministic"] and "determinis" in said.lower():
            raise RunError(
                f"An operation cannot be computed deterministically on this device: {line}. Train "
                "without --deterministic, or on the processor: CUDA_VISIBLE_DEVICES=-1."
            ) from error
        if type(error).__name__ in _LOST and (options["devices"] != AUTO or _visible()):
            raise RunError(
                f"A device no longer answers: {type(error).__name__}: {line}. Go on from the "
                f"newest checkpoint, on what is left: tfnews fit --resume {run} --devices 0 (or "
                "auto, all, cpu:1)"
            ) from error
        raise


@functools.cache  # a second strategy of a process would mistake the first one's sums for its own
def _mirrored(names: tuple[str, ...]) -> "tf.distribute.Strategy":
    import tensorflow as tf

    if names[0].startswith("CPU"):
        # Not by collective operations: each waits for those of the other devices, and parts of one
        # processor may have a single thread.
        adding = tf.distribute.ReductionToOneDevice()
        return tf.distribute.MirroredStrategy(names, cross_device_ops=adding)
    return tf.distribute.MirroredStrategy(names)


def _visible() -> list:
    import tensorflow as tf

    return tf.config.get_visible_devices("GPU")


def _asked_gpus(devices: str) -> list:
    """Return the GPUs that are named, of those that are there.

    Raises:
        UsageError: One is not there.
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    numbers = range(len(gpus)) if devices == "all" else [int(one) for one in devices.split(",")]
    if not gpus or max(numbers) >= len(gpus):
        there = f"numbers 0 to {len(gpus) - 1}" if gpus else "none"
        raise UsageError(
            f"TensorFlow finds {len(gpus)} GPU{'s' * (len(gpus) != 1)} here ({there}). Received: "
            f"--devices {devices}. Name those that are there, or leave --devices out. Without GPUs "
            "--devices cpu:2 shows how it goes, no faster. A fit that was begun on others goes on "
            "with: tfnews fit --resume RUN --devices auto"
        )
    return [gpus[number] for number in numbers]


def _started(devices: str) -> UsageError:
    return UsageError(
        "TensorFlow has already started with other devices in this process, and cannot change "
        f"them. Received: devices={devices}. Fit in a new process, or name the devices in the "
        "first fit of this one."
    )
