"""What an export changes, measured: by its conversion, and by how its runtime reads texts."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import tensorflow as tf

from tfnews.errors import ExportError
from tfnews.models import NewsClassifier
from tfnews.statistics import metrics
from tfnews.statistics.sample import flagged

# Largest difference of a fake probability that a conversion may make, by quantisation.
LIMITS = {"none": 1e-5, "float16": 1e-3, "dynamic": 2e-2}
_TIMED_TEXTS = 256

PRUNED, CUT, CONVERSION, TOKENIZER = "pruned words", "cut", "conversion", "tokenizer"
_LINE = "The {office} of Arvel has put the {thing} off until spring, its speaker said on Monday. "
# Texts that every target is asked besides those of a data set, made up.
PROBES = {
    "empty": "",
    "white space": " \t\n\u2003",
    "one word": "Harbour",
    "very long": _LINE.format(office="harbour office", thing="repair of the old pier") * 400,
    "accented": "Prefeito de Brañó não comenta a decisão; «à suivre», dit l'élève. Größe? ÉTÉ!",
    "emoji": "SHOCKING 😱😱 you won't believe 👩‍🚒 what the mayor did 🇪🇺 next!!! 👇🏽",
    "right to left": "قال رئيس بلدية أرفيل إن الجسر سيفتح غدا. ראש העיר אמר שהגשר ייפתח מחר.",
    "Chinese and Japanese": "阿維爾市長表示，大橋將於明日開放。橋は明日開通する。",
}


class Opened(Protocol):
    """A file as its own runtime answers from it."""

    def answers(self, texts: Sequence[str]) -> np.ndarray:
        """Return fake probabilities float32 (texts,) of raw texts, read as the runtime reads."""

    def answers_ids(self, ids: tf.RaggedTensor) -> np.ndarray:
        """Return those of texts that the last of `Facts.stages` encoded, int32 (texts, tokens)."""

    def scored(self, texts: Sequence[str]) -> np.ndarray | None:
        """Tell which texts the runtime lets pass, bool (texts,); `None` where it does not ask."""


Stage = tuple[str, NewsClassifier]


@dataclass(frozen=True)
class Facts:
    """What a target says of the file that it wrote.

    Attributes:
        stages: What was made of the classifier on its way to the file, in order, each with what
            its texts lose there: such as (CUT, one that reads fewer tokens). The file was made
            from the last.
        left_out: What the runtime cannot compute, and who has to, one sentence each.
        operations: Those beyond the runtime's own, such as tensorflow-text's.
        notes: Further lines for the screen and the card.
        also: Measures what only this target has, `also(asked, before, after)`, where after is what
            the file answers raw texts, (texts,); returns entries for parity.json.
    """

    stages: tuple[Stage, ...] = ()
    left_out: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    also: Callable[["Texts", "Before", np.ndarray], dict] = lambda asked, before, after: {}

    def made_from(self, classifier: NewsClassifier) -> NewsClassifier:
        """Return what the file was made from; the classifier itself where there is no stage."""
        return self.stages[-1][1] if self.stages else classifier


@dataclass(frozen=True)
class Texts:
    """What is asked: probes, then the rows of a data set, if any.

    Attributes:
        texts: All of them.
        names: What each is called; data sets' texts are named by their row, never quoted.
        labels: Of the data set's rows, which come last, (rows,).
    """

    texts: list[str]
    names: list[str]
    labels: np.ndarray = field(default_factory=lambda: np.empty(0, np.int8))

    @classmethod
    def of(cls, texts: Sequence[str] = (), labels: Sequence[int] = ()) -> "Texts":
        """Put the probes before a validation split's rows."""
        names = [f"probe: {name}" for name in PROBES]
        names += [f"validation row {row}" for row in range(1, len(texts) + 1)]
        return cls([*PROBES.values(), *texts], names, np.asarray(labels, np.int8))


@dataclass(frozen=True)
class Before:
    """What the run answers, before anything was changed for the export: each (texts,)."""

    probabilities: np.ndarray
    scored: np.ndarray

    @classmethod
    def of(cls, classifier: NewsClassifier, asked: Texts) -> "Before":
        """Ask a run's classifier."""
        reason = classifier.guards.reason if classifier.guards else lambda text: None
        scored = [bool(text.strip()) and reason(text) is None for text in asked.texts]
        return cls(classifier.probabilities(asked.texts), np.array(scored, bool))


def measure(
    opened: Opened,
    facts: Facts,
    classifier: NewsClassifier,
    asked: Texts,
    before: Before,
    kept: np.ndarray | None = None,
) -> dict:
    """Measure both differences of a file.

    Conversion: the same ids through the file and through the Keras model that it was made from.
    Device: raw texts through the file as its runtime reads them, against the run.

    Args:
        opened: The file.
        facts: What its target says of it.
        classifier: The run's, with the vocabulary it was given.
        asked: Texts.
        before: What the run answered them.
        kept: What the classifier answers them, (texts,), where that is known.

    Returns:
        A JSON-able dict: `conversion`, `device`, `guards`, `milliseconds`, and what the target
        measures besides.
    """
    threshold = classifier.threshold
    kept = classifier.probabilities(asked.texts) if kept is None else kept
    answers = [(reason, one.probabilities(asked.texts)) for reason, one in facts.stages]
    steps = [("run", before.probabilities), (PRUNED, kept), *answers]
    ids, made_from = facts.made_from(classifier).encode(asked.texts), steps[-1][1]
    converted, on_device = opened.answers_ids(ids), opened.answers(asked.texts)
    steps += [(CONVERSION, converted), (TOKENIZER, on_device)]
    decisions = [(reason, flagged(answers, threshold)) for reason, answers in steps]
    return {
        "conversion": _conversion(made_from, converted, asked.names),
        "device": _device(decisions, before.probabilities, on_device, asked, threshold),
        "guards": _guards(opened.scored(asked.texts), before, asked.names),
        "milliseconds": _milliseconds(opened, asked),
        **facts.also(asked, before, on_device),
    }


def conversion(opened: Opened, facts: Facts, classifier: NewsClassifier, asked: Texts) -> dict:
    """Measure the first difference alone, as `measure` does.

    Returns:
        A JSON-able dict: `largest`, the `text` it is of, and how many `texts` were asked.
    """
    made_from = facts.made_from(classifier)
    ids = made_from.encode(asked.texts)
    return _conversion(made_from.probabilities(ids), opened.answers_ids(ids), asked.names)


def check(
    found: dict,
    quantize: str,
    max_drop: float,
    target: str,
    remedy: Callable[[], str] = lambda: "",
) -> None:
    """Hold what `measure` found against the limits.

    Args:
        found: What `measure` returned.
        quantize: What weights became.
        max_drop: Fall of F1 that is accepted.
        target: For which target.
        remedy: Is asked what a user can do about a conversion that is off by too much; an empty
            text is no remedy.

    Raises:
        ExportError: The conversion is off by more than its limit, or F1 falls too far.
    """
    off, limit = found["conversion"]["largest"], LIMITS[quantize]
    if not off <= limit:  # NaN is too much
        raise ExportError(
            f"The {target} file answers otherwise than the model it was made from: by {off:.2g} "
            f"for {found['conversion']['text']}, where {limit:g} is allowed for quantisation "
            f"{quantize!r}. Nothing was written. {remedy() or _REPORT}"
        )
    f1 = found["device"]["f1"]
    if f1 and f1["before"] - f1["after"] > max_drop:
        raise ExportError(
            f"By the {target} file F1 falls by {100 * (f1['before'] - f1['after']):.1f} points, "
            f"from {f1['before']:.3f} to {f1['after']:.3f} on the validation split, mainly by "
            f"{_first(found['device']['reasons'])}. Nothing was written. Accept it with "
            f"--max-drop {f1['before'] - f1['after'] + 0.001:.3f}, or take less away."
        )


_REPORT = "Please report it with the run's config.json."


def _conversion(made_from: np.ndarray, converted: np.ndarray, names: Sequence[str]) -> dict:
    off = np.abs(made_from.astype(np.float64) - converted)
    row = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
    return {"largest": float(off[row]), "text": names[row], "texts": len(off)}


def _device(
    decisions: Sequence[tuple[str, np.ndarray]],
    before: np.ndarray,
    after: np.ndarray,
    asked: Texts,
    threshold: float,
) -> dict:
    """Say which decisions change, why, and what that does to F1."""
    first, last = decisions[0][1], decisions[-1][1]
    changed = [
        {
            "text": asked.names[row],
            "before": float(before[row]),
            "after": float(after[row]),
            "reason": _reason([(name, bool(flags[row])) for name, flags in decisions]),
        }
        for row in np.flatnonzero(first != last)
    ]
    counts = Counter(one["reason"] for one in changed)
    return {
        "texts": len(first),
        "changed": len(changed),
        "reasons": {
            reason: {"texts": count, "share": count / len(changed)}
            for reason, count in counts.most_common()
        },
        "largest": float(np.max(np.abs(before.astype(np.float64) - after))),
        "f1": _f1(asked, before, after, threshold),
        "each": changed,
    }


def _reason(steps: Sequence[tuple[str, bool]]) -> str:
    """Return the last stage that turned a decision: from there on it is what the device says."""
    pairs = itertools.pairwise(steps)
    return [name for (_, flag), (name, then) in pairs if flag != then][-1]


def _f1(asked: Texts, before: np.ndarray, after: np.ndarray, threshold: float) -> dict | None:
    rows = len(asked.labels)
    if not rows or not np.isfinite(after).all():  # NaN fails as a conversion
        return None
    found = (metrics.scores(asked.labels, part[-rows:], threshold) for part in (before, after))
    return dict(zip(("before", "after"), (one["f1"] for one in found), strict=True))


def _guards(scored: np.ndarray | None, before: Before, names: Sequence[str]) -> dict:
    if scored is None:
        return {"computed": False}
    other = np.flatnonzero(scored != before.scored)
    return {
        "computed": True,
        "texts": len(scored),
        "not_scored": int((~scored).sum()),
        "otherwise_than_the_run": [names[row] for row in other],
    }


def _milliseconds(opened: Opened, asked: Texts) -> dict:
    """Time raw texts to answers, one by one and together, after a pass that is not counted."""
    texts = asked.texts[len(PROBES) :][:_TIMED_TEXTS] or asked.texts
    opened.answers(texts)
    started = time.perf_counter()
    opened.answers(texts)
    together = time.perf_counter() - started
    alone = texts[:32]
    opened.answers(alone[:1])
    started = time.perf_counter()
    for text in alone:
        opened.answers([text])
    each = time.perf_counter() - started
    return {
        "texts": len(texts),
        "a_text_alone": round(1000 * each / len(alone), 3),
        "a_text_together": round(1000 * together / len(texts), 3),
    }


def _first(reasons: dict) -> str:
    return next(iter(reasons), "rounding")
