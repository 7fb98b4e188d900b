"""The one task every architecture is: a keras-hub text classifier that answers probabilities."""

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import ClassVar

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from keras import ops

from tfnews.catalogue.bounds import bounded
from tfnews.data.text import INPUT_RULE
from tfnews.errors import ExportError, UsageError
from tfnews.models import batches
from tfnews.models.guards import Guards
from tfnews.models.probabilities import Probabilities, checked, log_odds
from tfnews.models.servable import Servable
from tfnews.records import Band, Calibration


@keras.saving.register_keras_serializable("tfnews")
class MeanOfWindows(keras.layers.Layer):
    """Averages the logits of a text's windows, in float32."""

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def call(self, logits: keras.KerasTensor, windows: keras.KerasTensor) -> keras.KerasTensor:
        """Map (batch, windows, units) and a 0/1 mask (batch, windows) to (batch, units)."""
        mask = ops.cast(ops.expand_dims(windows, -1), "float32")
        return ops.sum(logits * mask, axis=1) / ops.sum(mask, axis=1)


class NewsClassifier(keras_hub.models.TextClassifier):
    """A backbone that gives features (batch, width), a head, and what its answers mean.

    A family subclasses it only to name its backbone, which is how keras-hub finds the class of a
    preset. Outputs are probabilities: (batch, 1) that of the fake class, or (batch, 2) those of
    both classes, real first. `fake_probability` turns either into (batch,).

    Args:
        backbone: A `keras_hub.models.Backbone` with output (batch, width), or, where texts are cut
            into windows, a dict of features (batch, windows, width) and windows (batch, windows).
        preprocessor: Strings (batch,) to the backbone's inputs; `None` when they come ready made.
        head: {"hidden": units of each hidden layer, "dropout": rate after each, "units": 1 or 2}.
            With one more rate than hidden layers, the first is applied to the features.
        class_names: Names of class 0 (real) and class 1 (fake) in the training set.
        trained_on: Name of the training set.
        label_basis: Who decided the labels: publisher, factcheck, crowd, satire, clickbait.
        threshold: Fake probability from which a text is flagged.
        temperature: Divides the logits; with bias and knots it makes the `calibration`.
        bias: Added to the log odds of the fake class.
        knots: Where the map of the log odds bends, each with the change of its slope.
        band: Fake probabilities at which no class is called: low, high and coverage, as
            `records.Band` has them; `None` where one always is.
        guards: Configuration of the `Guards` fitted on the training texts.
        input_rule: Name of the rule that joined title and body.
    """

    prediction_batch = 64  # texts that are scored together unless told otherwise
    exports: ClassVar[tuple[str, ...]] = (
        "savedmodel",
        "tflite",
        "web",
    )  # what it can be written for

    def __init__(
        self,
        backbone: keras_hub.models.Backbone,
        preprocessor: keras_hub.models.TextClassifierPreprocessor | None = None,
        head: dict | None = None,
        class_names: tuple[str, str] = ("real", "fake"),
        trained_on: str = "unnamed",
        label_basis: str = "unstated",
        threshold: float = 0.5,
        temperature: float = 1.0,
        bias: float = 0.0,
        knots: Sequence[Sequence[float]] = (),
        band: dict | None = None,
        guards: dict | None = None,
        input_rule: str = INPUT_RULE,
        **kwargs,
    ):
        head = head or {"hidden": [], "dropout": [], "units": 1}
        # === Layers ===
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.head_layers = self._head_of(head)

        # === Functional Model ===
        inputs = backbone.input
        features = backbone(inputs)
        windows = features["windows"] if isinstance(features, dict) else None
        logits = features if windows is None else features["features"]
        for layer in self.head_layers:
            logits = layer(logits)
        if windows is not None:
            logits = MeanOfWindows(name="mean_of_windows")(logits, windows)
        probabilities = Probabilities(temperature, bias, knots)
        super().__init__(inputs=inputs, outputs=probabilities(logits), **kwargs)

        # === Config ===
        self.logits = logits
        self.head = head
        self.class_names = tuple(class_names)
        self.trained_on = trained_on
        self.label_basis = label_basis
        self.threshold = threshold
        self.band = Band(**band) if band else None
        self._probabilities = probabilities
        self.guards = Guards.from_config(guards) if guards else None
        self.input_rule = input_rule

    def _head_of(self, head: dict) -> list[keras.layers.Layer]:
        """Return the layers from the backbone's features to logits."""
        return _head(head, self.backbone.dtype_policy)

    @property
    def threshold(self) -> float:
        """Fake probability from which a text is flagged, in [0, 1]."""
        return self._threshold

    @threshold.setter
    def threshold(self, threshold: float) -> None:
        self._threshold = bounded("--threshold", threshold)

    @property
    def band(self) -> Band | None:
        """Fake probabilities at which no class is called."""
        return self._band

    @band.setter
    def band(self, band: Band | None) -> None:
        if band and not (0 <= band.low <= band.high <= 1 and 0 < band.coverage < 1):
            raise UsageError(
                "A band goes from a low to a high probability, with a coverage between 0 and 1. "
                f"Received: {band.low} to {band.high}, {band.coverage}."
            )
        self._band = band

    @property
    def calibration(self) -> Calibration:
        """How the log odds become probabilities; it holds from the next answer on."""
        return self._probabilities.calibration

    @calibration.setter
    def calibration(self, calibration: Calibration) -> None:
        self._probabilities.calibration = checked(**asdict(calibration))
        self._trace_again()

    def calibrated(self, logits: tf.Tensor) -> tf.Tensor:
        """Map logits (batch, units) to those of its probabilities, (batch, units)."""
        return self._probabilities.calibrated(logits)

    @property
    def temperature(self) -> float:
        """What the logits are divided by; it holds from the next answer on."""
        return self.calibration.temperature

    @temperature.setter
    def temperature(self, temperature: float) -> None:
        self.calibration = replace(self.calibration, temperature=temperature)

    @property
    def scoring(self) -> dict:
        """What `tfnews calibrate` chooses, as `get_config` has it: no weights, and no more."""
        known = self.calibration
        return {
            "threshold": self.threshold,
            "temperature": known.temperature,
            "bias": known.bias,
            "knots": [list(knot) for knot in known.knots],
            "band": asdict(self.band) if self.band else None,
        }

    @property
    def labels(self) -> tuple[str, str]:
        """What is said of a text below the threshold, and of one at it or above."""
        names, place = self.class_names, self.trained_on
        return tuple(f"resembles texts labelled {name} in {place}" for name in names)

    @property
    def explains(self) -> tuple[str, ...]:
        """Ways in which `tfnews.explain` can explain an answer, the one to prefer first."""
        return ("occlusion",)

    def forget(self, ids: Sequence[int]) -> None:
        """Make tokens of the vocabulary unknown for good, as the tokenizer's `forget` does.

        Args:
            ids: Their ids, which nothing else takes: the weights stay as they are.
        """
        self.preprocessor.tokenizer.forget(ids)
        self._trace_again()

    def compile(self, optimizer="auto", loss="auto", *, metrics="auto", **kwargs) -> None:
        """Configure Keras' own `fit` and `evaluate`, as for any keras-hub classifier.

        Args:
            optimizer: As keras-hub takes it.
            loss: "auto" is the cross-entropy over the probabilities.
            metrics: "auto" is the accuracy.
            **kwargs: As `keras.Model.compile` takes them. XLA is off unless asked for: it cannot
                compile ragged inputs.
        """
        one = self.head_layers[-1].units == 1
        if loss == "auto":
            loss = "binary_crossentropy" if one else "sparse_categorical_crossentropy"
        if metrics == "auto":
            metrics = ["accuracy"]
        kwargs.setdefault("jit_compile", False)
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, **kwargs)

    def rows_in_use(self, ids: tf.RaggedTensor) -> dict[str, np.ndarray]:
        """Return the rows of each table that training on some texts can move, as far as is known.

        Args:
            ids: Encoded texts, (texts, tokens).

        Returns:
            Row numbers by the path of the table's variable; of other variables, all may move.
        """
        return {}

    def encode(self, texts: Sequence[str]) -> tf.RaggedTensor:
        """Tokenise texts once: int32 ids (texts, tokens), without special tokens, kept in memory.

        Raises:
            UsageError: `texts` is a single one.

        Example:
            >>> classifier.probabilities(classifier.encode(texts))  # as probabilities(texts)
        """
        return batches.encode(self._encoded, listed(texts))

    def probabilities(
        self, texts: Sequence[str] | tf.RaggedTensor, batch_size: int | None = None
    ) -> np.ndarray:
        """Return the probability of the fake class of each text: the one way to an answer.

        Which texts are scored together changes no answer by more than rounding.

        Args:
            texts: Combined texts, or what `encode` made of them, (texts, tokens).
            batch_size: Texts scored together; `prediction_batch` by default.

        Returns:
            float32 (texts,), in the order of the texts.

        Raises:
            UsageError: `texts` is a single one, or the batch size is below 1.

        Example:
            >>> tfnews.load("tfidf-1").probabilities(["Headline and body of an article"])
        """
        if batch_size is not None:
            bounded("--batch-size", batch_size)
        return self._answered(texts, batch_size or self.prediction_batch)

    def _answered(self, texts: Sequence[str] | tf.RaggedTensor, batch_size: int) -> np.ndarray:
        """Return `probabilities` in the way that suits the backbone: those of like length together.

        Args:
            texts: Combined texts, or encoded ones (texts, tokens).
            batch_size: Texts answered together.

        Returns:
            float32 (texts,), in the order of the texts.
        """
        ids = texts if isinstance(texts, tf.RaggedTensor) else self.encode(texts)
        return batches.answered(self._answers, ids, batch_size)

    def log_odds(self, texts: Sequence[str] | tf.RaggedTensor) -> np.ndarray:
        """Return the log odds of the fake class before calibration, which is fitted on them.

        Args:
            texts: As `probabilities` takes them.

        Returns:
            float32 (texts,), in the order of the texts.
        """
        ids = texts if isinstance(texts, tf.RaggedTensor) else self.encode(texts)
        model = keras.Model(self.input, log_odds(self.logits))

        @tf.function(input_signature=[batches.IDS])
        def uncalibrated(ids: tf.RaggedTensor) -> tf.Tensor:
            return model(self.preprocessor.pack(ids), training=False)

        return batches.answered(uncalibrated, ids, self.prediction_batch)

    def from_tokens(self, token_ids: tf.Tensor, row_lengths: tf.Tensor) -> tf.Tensor:
        """Return the fake probabilities of encoded texts, in TensorFlow operations.

        Args:
            token_ids: The ids of all texts one after the other, int32 (tokens,).
            row_lengths: How many of them each text has, int64 (batch,).

        Returns:
            float32 (batch,).
        """
        ids = tf.RaggedTensor.from_row_lengths(token_ids, row_lengths, validate=False)
        return self.answer(ids)

    def answer(self, ids: tf.RaggedTensor) -> tf.Tensor:
        """Return the fake probabilities (batch,) of encoded texts (batch, tokens)."""
        outputs = self(self.preprocessor.pack(ids), training=False)  # (batch, units)
        return outputs[:, -1]

    def one_text(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the fake probability of one text by operations that TensorFlow Lite has built in.

        Args:
            ids: What `preprocessor.fixed` makes of its ids, int32 (1, length).

        Returns:
            float32 (1,).
        """
        outputs = self.backbone.one_text(ids)  # (1, width)
        for layer in self.head_layers:
            outputs = layer(outputs, training=False)
        return self._probabilities(outputs)[:, -1]

    def resources(self) -> list:
        """Return what an export must track besides functions: variables, tables, models.

        Tracking the Keras model instead makes an export fail, or answer NaN without complaint.
        """
        return [weight.value for weight in self.weights] + self.preprocessor.tokenizer.resources()

    def servable(self) -> Servable:
        """Return the classifier as `tf.saved_model.save` and TensorFlow Lite's converter take it.

        Example:
            >>> tf.saved_model.save(module := classifier.servable(), folder, module.signatures())
        """
        return Servable(self)

    def export(
        self, filepath: str | os.PathLike, format: str = "tf_saved_model", **kwargs: object
    ) -> None:
        """Write a SavedModel that answers raw texts, as `keras.Model.export` does for other models.

        Args:
            filepath: The folder to write.
            format: "tf_saved_model".
            **kwargs: `verbose`, which is ignored.

        Raises:
            ExportError: Another format, or a signature: Keras' own conversion of this model would
                fail, or answer NaN.
        """
        if format != "tf_saved_model" or kwargs.keys() - {"verbose"}:
            raise ExportError(
                "A classifier of tfnews exports itself as tf_saved_model, from raw texts, without "
                f"options. Received: format={format!r}, {', '.join(sorted(kwargs)) or 'none'}. For "
                "another format convert functions of `classifier.servable()`, not the Keras model."
            )
        module = self.servable()
        tf.saved_model.save(module, os.fspath(filepath), signatures=module.signatures())

    @property
    def _default_save_signature(self) -> Callable:
        """Serve raw texts where TensorFlow saves the model itself; Keras would trace dense ids."""
        return self.servable().text

    def _trace_again(self) -> None:
        """Drop the traced functions, which hold the vocabulary and the calibration of before."""
        self.train_function = self.test_function = self.predict_function = None
        for traced in ("_encoded", "_answers"):
            self.__dict__.pop(traced, None)

    @functools.cached_property
    def _encoded(self) -> Callable:
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def encoded(texts: tf.Tensor) -> tf.RaggedTensor:
            return self.preprocessor.tokenizer(texts)

        return encoded

    @functools.cached_property
    def _answers(self) -> Callable:
        return tf.function(self.answer, input_signature=[batches.IDS])

    def get_config(self) -> dict:
        """Return the arguments."""
        return {
            **super().get_config(),
            "head": self.head,
            "class_names": list(self.class_names),
            "trained_on": self.trained_on,
            "label_basis": self.label_basis,
            **self.scoring,
            "guards": self.guards.get_config() if self.guards else None,
            "input_rule": self.input_rule,
        }


def listed(texts: Sequence[str]) -> Sequence[str]:
    """Return texts, unless they are a single one, each of whose letters would be a text.

    Raises:
        UsageError: They are.
    """
    if isinstance(texts, str | bytes):
        raise UsageError("Texts are scored by the list. Received: one text. Give a list: [text].")
    return texts


def fake_probability(outputs: np.ndarray) -> np.ndarray:
    """Turn a classifier's outputs into the probability of the fake class.

    Args:
        outputs: Probabilities, (batch, 1) or (batch, 2).

    Returns:
        float32 (batch,).
    """
    return np.asarray(outputs, dtype="float32")[:, -1]


def _head(head: dict, dtype: keras.DTypePolicy) -> list[keras.layers.Layer]:
    """Return the layers from features to logits; the last one computes in float32."""
    rates = list(head["dropout"])
    layers = []
    if len(rates) > len(head["hidden"]):
        layers.append(keras.layers.Dropout(rates.pop(0), dtype=dtype, name="feature_dropout"))
    for number, (units, rate) in enumerate(zip(head["hidden"], rates, strict=True), start=1):
        name = f"hidden_{number}"
        layers.append(keras.layers.Dense(units, activation="relu", dtype=dtype, name=name))
        layers.append(keras.layers.Dropout(rate, dtype=dtype, name=f"{name}_dropout"))
    layers.append(keras.layers.Dense(head["units"], dtype="float32", name="logits"))
    return layers
