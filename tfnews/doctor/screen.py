"""A checkup on a terminal."""

import textwrap
from collections.abc import Iterator

from tfnews.records.checkup import Checkup, Extra, Library, Place, Processor

_WIDTH = 100


def render(found: Checkup) -> str:
    """Return what was found as lines, what is wrong first and again last."""
    return "\n".join(
        [
            f"tfnews {found.tfnews}, Python {found.python}, {found.system}",
            "",
            _wrapped(f"Libraries: {_versions(found.libraries)}", 2),
            "",
            "Parts that are installed apart",
            *map(_extra, found.extras),
            "",
            *_processor(found.processor),
            *_memory(found),
            *_devices(found),
            "",
            "Disks and caches",
            *map(_place, found.places),
            *_variables(found),
            *_closing(found),
        ]
    )


def _wrapped(text: str, indent: int) -> str:
    """Break a text into lines, those after the first further in."""
    return textwrap.fill(
        text,
        _WIDTH,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _versions(libraries: tuple[Library, ...]) -> str:
    return ", ".join(f"{one.name} {one.version}" for one in libraries if not one.fault)


def _extra(extra: Extra) -> str:
    start = f"  {extra.name:<9}"
    if not extra.missing:
        return _wrapped(f"{start} there: {_versions(extra.libraries)}", 12)
    missing = f"missing: {', '.join(extra.missing)}; needed for {extra.needed_for}"
    return f"{_wrapped(f'{start} {missing}', 12)}\n{'':12}pip install 'tfnews[{extra.name}]'"


def _processor(processor: Processor) -> Iterator[str]:
    count = f"{processor.logical} logical processors"
    if processor.usable and processor.usable != processor.logical:
        count += f", of which this process may use {processor.usable}"
    yield f"Processor: {processor.name or 'not named'}; {count}"
    if processor.features is not None:
        yield f"  Instructions: {', '.join(processor.features) or 'none of those that matter'}"
    yield _wrapped(f"  {processor.advice}", 2)


def _memory(found: Checkup) -> Iterator[str]:
    if found.memory_gb is None:
        yield "Memory: the system does not tell"
    else:
        free = "" if found.available_gb is None else f", {found.available_gb:.1f} GB available"
        yield f"Memory: {found.memory_gb:.1f} GB{free}"


def _devices(found: Checkup) -> Iterator[str]:
    driver = found.gpu_driver
    if found.devices is None:
        said = f"NVIDIA's driver {driver} is there" if driver else "no driver of NVIDIA"
        yield f"Graphics: {said}. To ask TensorFlow, which takes seconds: tfnews doctor --devices"
    else:
        named = ", ".join(f"{one.kind} ({one.name})" for one in found.devices)
        yield f"Devices that TensorFlow sees: {named or 'none'}"


def _place(place: Place) -> str:
    sizes = {"free": place.free_gb, "used": place.used_gb}
    said = ", ".join(f"{size:.1f} GB {what}" for what, size in sizes.items() if size is not None)
    return f"  {place.name:<22} {said:<14} {place.path or ''}".rstrip()


def _variables(found: Checkup) -> Iterator[str]:
    if found.variables:
        yield _wrapped(f"Set in the environment: {', '.join(found.variables)}", 2)


def _closing(found: Checkup) -> Iterator[str]:
    yield ""
    for note in found.notes:
        yield f"Note: {note}."
    for fault in found.faults:
        yield f"Fault: {fault}."
    if not found.faults:
        yield "What every command needs is there."
