"""Target "tflite": one text at a time on phones, by TensorFlow Lite's built-in operations."""

import dataclasses
import functools
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfnews.errors import ExportError
from tfnews.export import mediapipe, tflite
from tfnews.export.parity import CUT, PRUNED, Before, Facts, Texts
from tfnews.export.pruning import pruned, shortened
from tfnews.export.quiet import no_notices
from tfnews.export.request import Options
from tfnews.export.snippets import classify
from tfnews.export.tokenizer_files import SPEC_FILE
from tfnews.models import NewsClassifier

_LEFT_OUT = (
    "Joining title and body, and removing white space around both: the app does it.",
    "Guards, tokens and cutting are not in the file: classify.py beside it does them as the run "
    "does; Classify.kt, Classify.swift and normalise.js are written after it and were not run in "
    "an app.",
    "Threshold and label: spec.json holds them; MediaPipe calls the likelier class.",
)


def write(
    classifier: NewsClassifier, folder: Path, options: Options, training: Sequence[str]
) -> Facts:
    """Write model.tflite and what stands beside it.

    Args:
        classifier: In float32.
        folder: Is made.
        options: How much smaller the file is to be.
        training: Training texts, in which words are counted where few are kept.

    Raises:
        ExportError: The row has no form for a device.
    """
    tflite.refuse(classifier)
    stages = []
    words = _words(classifier, options)
    if words:
        stages.append((PRUNED, pruned(classifier, words, training or None)))
    smaller = stages[-1][1] if stages else classifier
    length = options.max_tokens or tflite.default_length(classifier)
    if length != tflite.own_length(classifier):
        smaller = shortened(smaller, length)
        stages.append((CUT, smaller))
    folder.mkdir(exist_ok=True)
    described = tflite.write(smaller, folder, options.quantize)
    raw = described.reason is None
    notes = (
        f"Reads {length:,} tokens of a text.",
        "MediaPipe's TextClassifier takes raw text from the file alone."
        if raw
        else f"MediaPipe cannot take raw text from the file alone: {described.reason}.",
    )
    facts = Facts(tuple(stages), _LEFT_OUT, notes=notes)
    if not raw:
        return facts
    also = functools.partial(_mediapipe, folder, classifier.threshold)
    return dataclasses.replace(facts, also=also)


def _mediapipe(
    folder: Path,
    threshold: float,
    asked: Texts,
    before: Before,
    after: np.ndarray,
) -> dict:
    content = (folder / tflite.MODEL_FILE).read_bytes()
    rule = json.loads((folder / SPEC_FILE).read_text(encoding="utf-8"))["tokenizer"]
    with no_notices():
        found = mediapipe.compare(content, rule, asked, before, after, threshold)
    return {"mediapipe": found}


def refusal(classifier: NewsClassifier) -> str | None:
    """Return why a classifier has no such form, `None` where it has."""
    try:
        tflite.refuse(classifier)
    except ExportError as error:
        return str(error)
    return None


def _words(classifier: NewsClassifier, options: Options) -> int | None:
    """Return how many words are kept; `None` for all, whose unknown ones share one row."""
    tokenizer = classifier.preprocessor.tokenizer
    # With more buckets every app would have to hash unknown words as TensorFlow does.
    hashed = getattr(tokenizer, "oov_buckets", 0) > 1
    return options.vocabulary or (len(tokenizer.vocabulary) if hashed else None)


class Phone:
    """A folder as a phone answers from it: by the reference that travels with it.

    Args:
        folder: What `write` filled.
    """

    def __init__(self, folder: Path):
        with no_notices():
            self.reference = classify.Classifier(folder)
            self.reference.probability("")  # the first answer is what starts the runtime

    def answers(self, texts: Sequence[str]) -> np.ndarray:
        """Return the fake probabilities of raw texts, float32 (texts,)."""
        return np.array([self.reference.probability(text) for text in texts], np.float32)

    def answers_ids(self, ids: tf.RaggedTensor) -> np.ndarray:
        """Return the fake probabilities of encoded texts (texts, tokens), float32 (texts,)."""
        packed = (classify.packed(one, self.reference.spec) for one in ids.to_list())
        return np.array([self.reference.probability_of_ids(one) for one in packed], np.float32)

    def scored(self, texts: Sequence[str]) -> np.ndarray:
        """Tell which texts the reference lets pass, bool (texts,)."""
        reasons = (classify.reason(text, self.reference.guards) for text in texts)
        return np.array([reason is None for reason in reasons], bool)


opened = Phone
