"""The one task every architecture is: a keras-hub text classifier that answers probabilities."""

import functools
from collections.abc import Callable, Sequence

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from keras import ops

from tfnews.data.text import INPUT_RULE
from tfnews.models.guards import Guards


@keras.saving.register_keras_serializable("tfnews")
class Probabilities(keras.layers.Layer):
    """Turns logits into probabilities, softened by a temperature.

    One unit is squashed by a sigmoid, several by a softmax. Always computed in float32.

    Args:
        temperature: Divides the logits; above 1 the answers are less sure. Source: Guo et al.
            (2017), "On Calibration of Modern Neural Networks".
    """

    def __init__(self, temperature: float = 1.0, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.temperature = temperature

    def call(self, logits: keras.KerasTensor) -> keras.KerasTensor:
        """Map logits (batch, units) to probabilities (batch, units)."""
        logits = logits / self.temperature
        return ops.sigmoid(logits) if logits.shape[-1] == 1 else ops.softmax(logits)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "temperature": self.temperature}


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
        temperature: Divides the logits.
        guards: Configuration of the `Guards` fitted on the training texts.
        input_rule: Name of the rule that joined title and body.
    """

    prediction_batch = 64  # texts that are scored together unless told otherwise

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
        guards: dict | None = None,
        input_rule: str = INPUT_RULE,
        **kwargs,
    ):
        head = head or {"hidden": [], "dropout": [], "units": 1}
        # === Layers ===
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.head_layers = _head(head, backbone.dtype_policy)

        # === Functional Model ===
        inputs = backbone.input
        features = backbone(inputs)
        windows = features["windows"] if isinstance(features, dict) else None
        logits = features if windows is None else features["features"]
        for layer in self.head_layers:
            logits = layer(logits)
        if windows is not None:
            logits = MeanOfWindows(name="mean_of_windows")(logits, windows)
        super().__init__(inputs=inputs, outputs=Probabilities(temperature)(logits), **kwargs)

        # === Config ===
        self.logits = logits
        self.head = head
        self.class_names = tuple(class_names)
        self.trained_on = trained_on
        self.label_basis = label_basis
        self.threshold = threshold
        self.temperature = temperature
        self.guards = Guards.from_config(guards) if guards else None
        self.input_rule = input_rule

    def compile(self, optimizer="auto", loss="auto", *, metrics="auto", **kwargs) -> None:
        """Configure for use; training compiles a model up to the logits instead."""
        one = self.head_layers[-1].units == 1
        if loss == "auto":
            loss = "binary_crossentropy" if one else "sparse_categorical_crossentropy"
        super().compile(optimizer=optimizer, loss=loss, metrics=[], **kwargs)

    def probabilities_model(self) -> keras.Model:
        """Return a model over the same weights, from encoded inputs to what `predict` answers."""
        return keras.Model(self.backbone.input, self.output, name="probabilities_model")

    def rows_in_use(self, ids: tf.RaggedTensor) -> dict[str, np.ndarray]:
        """Return the rows of each table that training on some texts can move, as far as is known.

        Args:
            ids: Encoded texts, (texts, tokens).

        Returns:
            Row numbers by the path of the table's variable; of other variables, all may move.
        """
        return {}

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Return the fake probabilities of one batch of raw texts, float32 (batch,).

        The same numbers as `predict`, without the set-up that each call of it costs.
        """
        return self._score(tf.constant(list(texts), tf.string)).numpy()

    @functools.cached_property
    def _score(self) -> Callable:
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def score(texts: tf.Tensor) -> tf.Tensor:
            return self(self.preprocessor(texts), training=False)[:, -1]

        return score

    def get_config(self) -> dict:
        """Return the arguments."""
        return {
            **super().get_config(),
            "head": self.head,
            "class_names": list(self.class_names),
            "trained_on": self.trained_on,
            "label_basis": self.label_basis,
            "threshold": self.threshold,
            "temperature": self.temperature,
            "guards": self.guards.get_config() if self.guards else None,
            "input_rule": self.input_rule,
        }


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
