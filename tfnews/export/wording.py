"""What is said of an export, on the screen and in its card alike."""

from collections.abc import Mapping
from dataclasses import asdict

from tfnews.export import serving
from tfnews.export.licences import UNKNOWN
from tfnews.export.repository import Labels, Model

# Without the reason, which names folders of whoever exports.
UNMEASURED = "F1 on the device was not measured: the run's splits could not be opened."


def licences(found: Mapping[str, str]) -> list[str]:
    """Say which licences are not known."""
    unknown = [of for of, text in found.items() if text == UNKNOWN]
    return [f"Licence of the {of} unknown: ask its publisher." for of in unknown]


def forgotten(found: dict) -> str:
    """Say which words do not leave."""
    least, of_guards = found["least_texts"], found["dropped_of_guards"]
    if least == 1:
        return "All words leave, also those of a single training text, as was asked for."
    guards = f"{of_guards} words of the guards" if of_guards else "no word of the guards"
    if not found["learnt"]:
        return f"The vocabulary is published with its weights and kept; dropped: {guards}."
    return (
        f"Dropped, because fewer than {least} training texts have them: {found['dropped']:,} of "
        f"{found['vocabulary']:,} words of the vocabulary, and {guards}."
    )


def measured(found: dict) -> list[str]:
    """Say both differences and the costs."""
    conversion, device = found["conversion"], found["device"]
    time = found["milliseconds"]
    others = [_mediapipe(found["mediapipe"])] if "mediapipe" in found else []
    return [
        f"Conversion: {conversion['largest']:.1g} off at most over {conversion['texts']:,} texts; "
        f"{conversion['limit']:g} is allowed.",
        _device(device),
        _guards(found["guards"]),
        f"{found['bytes'] / 1e6:.2f} MB; {time['a_text_alone']:.2f} ms for a text alone, "
        f"{time['a_text_together']:.2f} ms in a batch.",
        *others,
    ]


def _mediapipe(found: dict) -> str:
    if not found["measured"]:
        return f"How often MediaPipe reads texts otherwise was not measured. {found['reason']}"
    raw, normalised = (
        f"{one['differ']} answers are off by more than {found['tolerance']:g} (at most "
        f"{one['largest']:.2g}), {one['decisions']} decisions are not the run's"
        for one in (found["raw"], found["normalised"])
    )
    return (
        f"MediaPipe's TextClassifier against this file, {found['texts']} texts: raw, {raw}; after "
        f"the normaliser, {normalised}."
    )


def _device(device: dict) -> str:
    changed, texts = device["changed"], device["texts"]
    parts = [f"{one['texts']} by {reason}" for reason, one in device["reasons"].items()]
    why = f" ({', '.join(parts)})" if parts else ""
    line = f"Device: {changed} of {texts:,} decisions change{why}"
    if device["f1"]:
        line += f"; F1 {device['f1']['before']:.3f} before, {device['f1']['after']:.3f} after"
    return line + "."


def _guards(guards: dict) -> str:
    if not guards["computed"]:
        return "Guards: not computed by the runtime; the page, app or server does it."
    other = len(guards["otherwise_than_the_run"])
    return (
        f"Guards: {guards['not_scored']} of {guards['texts']:,} texts get an outcome and no label; "
        f"{other} otherwise than in the run."
    )


def moved(name: str, labels: Labels) -> str:
    """Say what a server does after the labels moved."""
    also = f", {labels.canary} is on trial as canary" if labels.canary != labels.stable else ""
    return (
        f"{name}: version {labels.stable} is stable{also}. A running server reads {serving.MODELS} "
        "within a minute; it moves a label only to a version that it has loaded, so after a way "
        "back start it anew: docker compose restart"
    )


def versions(model: Model) -> list[str]:
    """List a model's versions, newest last, with their labels."""
    labels = model.labels()
    named = asdict(labels) if labels else {}
    lines = [f"{model.name} in {model.repository}:"]
    for version in model.versions():
        told = model.told(version)
        under = [label for label, at in named.items() if at == version]
        size = told.get("bytes")
        megabytes = f"{size / 1e6:.2f} MB" if isinstance(size, int) else "size unknown"
        made = f"run {told.get('run', 'unknown')}, {told.get('written', 'time unknown')}"
        lines.append(f"  {version}: {made}, {megabytes}{', '.join(['', *under])}")
    return lines if len(lines) > 1 else [f"{lines[0]} no versions."]
