"""A transformer's answers by LiteRT: weights in 8 bits, one text at a time on each core."""

import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from tfnews import progress
from tfnews.doctor.machine import usable_cores
from tfnews.errors import UsageError
from tfnews.export import tflite
from tfnews.export.quiet import no_notices
from tfnews.models import NewsClassifier, batches
from tfnews.models.transformer.family import TransformerClassifier
from tfnews.statistics.sample import flagged

_COMPARED = 32  # texts
_AT_ONCE = 64  # texts that are packed together


@dataclass(frozen=True)
class Parity:
    """How far answers are from those that TensorFlow gives in float32.

    Attributes:
        texts: How many were compared.
        largest: Largest difference of a fake probability.
        changed: Decisions that are not TensorFlow's.
    """

    texts: int
    largest: float
    changed: int


class LiteRT:
    """Scores texts as a transformer does, by LiteRT on the CPU, its large weights in 8 bits.

    Each text is read at its own length, without padding, so that no answer depends on the texts
    beside it. As many are read at the same time as there are threads: a second thread for the same
    text gains nothing.

    Args:
        classifier: A transformer in float32. Its weights and calibration are copied: after a
            change of either another `LiteRT` is needed.
        threads: Texts read at the same time, each by an interpreter with a copy of the weights; by
            default as many as the process has cores.
        threshold: Fake probability at which decisions are compared; the classifier's by default.

    Attributes:
        parity: How far the answers to the first 32 texts are from TensorFlow's, at most so many;
            `None` before.

    Raises:
        UsageError: The classifier is no transformer or not in float32, or `ai_edge_litert` is not
            installed.

    Example:
        >>> fast = LiteRT(tfnews.load("minilm-1"))
        >>> fast.probabilities(texts), fast.parity
    """

    def __init__(
        self,
        classifier: NewsClassifier,
        threads: int | None = None,
        threshold: float | None = None,
    ):
        _check(classifier)
        tflite.runtime()  # told before the conversion, which takes seconds
        self.parity: Parity | None = None
        self.threads = threads or usable_cores()
        self._classifier = classifier
        self._threshold = classifier.threshold if threshold is None else threshold
        self._calibration = classifier.calibration
        self._content = tflite.convert_any_length(classifier)
        self._idle: queue.SimpleQueue[tflite.Device] = queue.SimpleQueue()
        with no_notices():  # of the first interpreter's first answer alone
            self._answer(next(self._packed(classifier.encode([""]))))

    def probabilities(
        self, texts: Sequence[str] | tf.RaggedTensor, batch_size: int | None = None
    ) -> np.ndarray:
        """Return the probability of the fake class of each text, as the classifier's own does.

        Args:
            texts: Combined texts, or what the classifier's `encode` made of them, (texts, tokens).
            batch_size: Without effect.

        Returns:
            float32 (texts,), in the order of the texts.

        Raises:
            UsageError: `texts` is a single one, or the classifier was calibrated anew.
        """
        if self._classifier.calibration != self._calibration:
            raise UsageError(
                "The classifier was calibrated after LiteRT had copied it. Make another: "
                "LiteRT(classifier)."
            )
        ids = texts if isinstance(texts, tf.RaggedTensor) else self._classifier.encode(texts)
        answers = np.empty(ids.nrows(), np.float32)
        with ThreadPoolExecutor(self.threads, "tfnews-litert") as pool:
            for rows in batches.by_length(ids.row_lengths().numpy(), _AT_ONCE):
                packed = self._packed(tf.gather(ids, rows))
                for row, answer in zip(rows, pool.map(self._answer, packed), strict=True):
                    answers[row] = answer
                    progress.advance()
        if self.parity is None and len(answers):
            self.parity = self._compare(ids[:_COMPARED], answers[:_COMPARED])
        return answers

    def _packed(self, ids: tf.RaggedTensor) -> Iterator[np.ndarray]:
        """Pack texts (batch, tokens), each as it is packed alone: (tokens,), (windows, tokens)."""
        preprocessor = self._classifier.preprocessor
        together = preprocessor.pack(ids)
        for tokens, mask in zip(
            together["token_ids"].numpy(), together["padding_mask"].numpy(), strict=True
        ):
            longest = mask.sum(axis=-1).max() + preprocessor.pad_after
            yield tokens[mask.any(axis=-1)][:, :longest] if mask.ndim > 1 else tokens[:longest]

    def _answer(self, tokens: np.ndarray) -> float:
        try:
            device = self._idle.get_nowait()
        except queue.Empty:  # as many are made as are ever used at the same time
            device = tflite.Device(self._content)
        try:
            return device.answers_ids([tokens])[0]
        finally:
            self._idle.put(device)

    def _compare(self, ids: tf.RaggedTensor, answers: np.ndarray) -> Parity:
        expected = np.empty_like(answers)
        # Not by `probabilities`, which would tell progress of these texts a second time.
        for rows in batches.by_length(ids.row_lengths().numpy(), self._classifier.prediction_batch):
            expected[rows] = self._classifier.answer(tf.gather(ids, rows)).numpy()
        changed = flagged(answers, self._threshold) != flagged(expected, self._threshold)
        largest = np.abs(answers.astype(np.float64) - expected).max()
        return Parity(len(answers), float(largest), int(changed.sum()))


def _check(classifier: NewsClassifier) -> None:
    """Refuse a classifier that LiteRT gains nothing for, or cannot take."""
    if not isinstance(classifier, TransformerClassifier):
        raise UsageError(
            "--backend litert is for transformers. Texts of all others TensorFlow scores faster, "
            "many at once. Leave --backend out."
        )
    if (policy := classifier.backbone.dtype_policy.name) != "float32":
        raise UsageError(
            f"LiteRT takes a classifier in float32. Received: {policy}. Open the run anew."
        )
