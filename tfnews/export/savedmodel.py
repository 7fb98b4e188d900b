"""Target "savedmodel": what TensorFlow Serving serves, from raw texts to labels."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfnews.export.operations import beyond_core, oldest
from tfnews.export.parity import Facts
from tfnews.export.request import Options
from tfnews.models import NewsClassifier

_BATCH = 64


def write(
    classifier: NewsClassifier, folder: Path, options: Options, training: Sequence[str]
) -> Facts:
    """Write a SavedModel that takes raw texts, and check its operations.

    Args:
        classifier: In float32.
        folder: Is made.
        options: Nothing of them is for this target.
        training: Training texts, of no use here.

    Raises:
        ExportError: Its graph holds operations that a server may not have.
    """
    module = classifier.servable()
    tf.saved_model.save(module, str(folder), signatures=module.signatures())
    foreign = beyond_core(folder)
    notes = () if foreign else ("Operations: TensorFlow's own alone.",)
    if foreign:
        notes = (f"Operations of tensorflow-text: {', '.join(foreign)}; {oldest(foreign)}.",)
    return Facts(operations=foreign, left_out=_LEFT_OUT, notes=notes)


def refusal(classifier: NewsClassifier) -> str | None:
    """Return `None`: every row has this form."""
    return None


_LEFT_OUT = (
    "Why a text was not scored: the graph says that the guards refuse it, not for which reason. "
    "tfnews predict says it.",
    "Joining title and body, and removing white space around both: whoever asks does it, by the "
    "rule title-space-text.",
    "The signature token_ids has no outcome: the guards read texts.",
)


class SavedModel:
    """A SavedModel, opened by TensorFlow's own loader.

    Args:
        folder: Its folder.
    """

    def __init__(self, folder: Path):
        loaded = tf.saved_model.load(str(folder))
        self._loaded = loaded  # frees its tables once it is gone
        self._text = loaded.signatures["serving_default"]
        self._ids = loaded.signatures["token_ids"]

    def answers(self, texts: Sequence[str]) -> np.ndarray:
        """Return the fake probabilities of raw texts, float32 (texts,)."""
        return self._asked(texts, "fake_probability")

    def answers_ids(self, ids: tf.RaggedTensor) -> np.ndarray:
        """Return the fake probabilities of encoded texts (texts, tokens), float32 (texts,)."""
        parts = [ids[start : start + _BATCH] for start in range(0, ids.nrows(), _BATCH)]
        given = [{"token_ids": p.flat_values, "row_lengths": p.row_lengths()} for p in parts]
        return np.concatenate([self._ids(**one)["fake_probability"] for one in given])

    def scored(self, texts: Sequence[str]) -> np.ndarray:
        """Tell which raw texts the guards let pass, bool (texts,)."""
        return self._asked(texts, "outcome") != b"not_scored"

    def _asked(self, texts: Sequence[str], output: str) -> np.ndarray:
        parts = [texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH)]
        return np.concatenate([self._text(text=tf.constant(part))[output] for part in parts])


opened = SavedModel
