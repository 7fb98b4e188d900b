"""The average of trained classifiers, as a classifier of its own.

Each member reads the text its own way and gives its calibrated probability; their mean is the
answer. Ids of all members stand one after the other in a text's row, each member's in a range of
its own, so that an ensemble is encoded, batched, saved and exported as any classifier.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

import keras
import keras_hub
import numpy as np
import tensorflow as tf
from keras import ops

from tfnews.models.classifier import NewsClassifier
from tfnews.models.probabilities import log_odds


@keras.saving.register_keras_serializable("tfnews")
class MeanOfMembers(keras.layers.Layer):
    """Averages the members' probabilities of the fake class, in float32."""

    units = 1  # as a head's last layer has them

    def __init__(self, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})

    def call(self, odds: keras.KerasTensor) -> keras.KerasTensor:
        """Map the members' log odds (batch, members) to those of their mean, (batch, 1).

        The logarithms of both classes' sums are taken apart: of a mean that rounds to 1 there would
        be none.
        """
        fake, real = ops.log_sigmoid(odds), ops.log_sigmoid(-odds)
        return ops.logsumexp(fake, axis=1, keepdims=True) - ops.logsumexp(
            real, axis=1, keepdims=True
        )


class MemberLogits(keras.Model):
    """A member's model up to its logits."""

    _default_save_signature = None  # Keras would trace dense ids where TensorFlow saves the whole


@keras.saving.register_keras_serializable("tfnews")
class EnsembleBackbone(keras_hub.models.Backbone):
    """What all members read to their calibrated log odds (batch, members).

    Args:
        members: Classifiers without preprocessors by the prefix of their inputs, or what they are
            saved as.
        dtype: Accepted for keras-hub's sake; always float32.
    """

    _default_save_signature = None  # the classifier's own is served

    def __init__(self, members: Mapping[str, object], dtype: object = None, **kwargs):
        # === Layers ===
        made = {prefix: _made(one) for prefix, one in members.items()}

        # === Functional Model ===
        inputs, odds = {}, []
        for prefix, member in made.items():
            own = {name: _like(one, f"{prefix}_{name}") for name, one in member.input.items()}
            logits = MemberLogits(member.input, member.logits, name=prefix)(own)
            odds.append(log_odds(member.calibrated(logits)))
            inputs |= {f"{prefix}_{name}": one for name, one in own.items()}
        super().__init__(inputs=inputs, outputs=ops.stack(odds, axis=1), dtype="float32", **kwargs)

        # === Config ===
        self.prediction_batch = min(member.prediction_batch for member in made.values())
        # Not the members themselves: Keras would save their optimizers beside the weights.
        self._members = json.dumps(_saved(made))

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "members": json.loads(self._members)}


def _like(tensor: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Return an input of the same shape and type as another."""
    ragged = getattr(tensor, "ragged", False)
    return keras.Input(tensor.shape[1:], dtype=tensor.dtype, ragged=ragged, name=name)


def _made(one: object) -> object:
    """Return an object, made of what Keras saves it as where it is that."""
    return keras.saving.deserialize_keras_object(one) if isinstance(one, Mapping) else one


@keras.saving.register_keras_serializable("tfnews")
class EnsembleTokenizer(keras_hub.tokenizers.Tokenizer):
    """Turns a text into the ids of each member in turn, those of the next above those of the last.

    Args:
        members: The members' tokenizers by prefix, or what they are saved as.
    """

    def __init__(self, members: Mapping[str, object], **kwargs):
        super().__init__(**kwargs, dtype="int32", _allow_python_workflow=False)
        self.members = {prefix: _made(one) for prefix, one in members.items()}

    def tokenize(self, inputs: tf.Tensor) -> tf.RaggedTensor:
        """Turn texts (batch,) into int32 ids (batch, tokens of all members)."""
        inputs = tf.convert_to_tensor(inputs, tf.string)
        pairs = zip(self.members.values(), self.ranges(), strict=True)
        return tf.concat([member(inputs) + own.start for member, own in pairs], axis=1)

    def call(self, inputs: tf.Tensor) -> tf.RaggedTensor:
        """Turn texts (batch,) into int32 ids (batch, tokens of all members)."""
        return self.tokenize(inputs)

    def ranges(self) -> list[range]:
        """Return the ids of each member, unknown words' buckets included."""
        ends = list(accumulate(member.vocabulary_size() for member in self.members.values()))
        return [range(start, end) for start, end in pairwise([0, *ends])]

    def parted(self, ids: tf.RaggedTensor) -> dict[str, tf.RaggedTensor]:
        """Split ids (batch, tokens of all members) into those each member made, by prefix."""
        return {
            prefix: tf.ragged.boolean_mask(ids, (ids >= own.start) & (ids < own.stop)) - own.start
            for prefix, own in zip(self.members, self.ranges(), strict=True)
        }

    def forget(self, ids: Sequence[int]) -> None:
        """Make words unknown, each to the member whose id it is."""
        for member, own in zip(self.members.values(), self.ranges(), strict=True):
            member.forget([id - own.start for id in ids if id in own])

    @property
    def special_ids(self) -> set[int]:
        """The ids that stand for no word: special tokens, and unknown words' buckets."""
        found = set()
        for member, own in zip(self.members.values(), self.ranges(), strict=True):
            found |= {own.start + id for id in getattr(member, "special_ids", ())}
            found |= set(own[len(member.get_vocabulary()) :])
        return found

    def unknown(self, ids: tf.RaggedTensor) -> None:
        """Return `None` for any (batch, tokens): a word may be known to one member alone."""
        return None

    def resources(self) -> list:
        """Return what a SavedModel must track: what the members' tokenizers need."""
        return [one for member in self.members.values() for one in member.resources()]

    def vocabulary_size(self) -> int:
        """Return the number of ids, those of all members."""
        return sum(member.vocabulary_size() for member in self.members.values())

    def get_vocabulary(self) -> list[str]:
        """Return the words in the order of their ids; unknown words' buckets are [UNK]."""
        words = []
        for member in self.members.values():
            own = member.get_vocabulary()
            words += own + ["[UNK]"] * (member.vocabulary_size() - len(own))
        return words

    def spec(self) -> dict:
        """Return what a tokenizer on another platform needs besides the vocabularies."""
        members = {prefix: member.spec() for prefix, member in self.members.items()}
        return {"type": "ensemble", "members": members, "vocabulary": self.vocabulary_size()}

    def save_assets(self, dir_path: str) -> None:
        """Write nothing: keras-hub saves the members' tokenizers, each to its own place."""

    def load_preset_assets(self, preset: str) -> None:
        """Read nothing, for the same reason."""

    def get_config(self) -> dict:
        """Return the arguments."""
        config = super().get_config()
        config.pop("dtype", None)
        return {**config, "members": _saved(self.members)}


@keras.saving.register_keras_serializable("tfnews")
class EnsemblePreprocessor(keras_hub.models.TextClassifierPreprocessor):
    """Strings (batch,) to the inputs of all members, each under its prefix.

    Args:
        members: The members' preprocessors by prefix, or what they are saved as.
    """

    backbone_cls = EnsembleBackbone
    tokenizer_cls = EnsembleTokenizer

    def __init__(self, members: Mapping[str, object], **kwargs):
        kwargs = {name: one for name, one in kwargs.items() if name not in _NOT_OURS}
        made = {prefix: _made(one) for prefix, one in members.items()}
        tokenizer = EnsembleTokenizer({prefix: one.tokenizer for prefix, one in made.items()})
        super().__init__(tokenizer, sequence_length=None, _allow_python_workflow=False, **kwargs)
        self.members = made

    def build(self, input_shape: object) -> None:
        """Do nothing: the members need no layers."""

    def call(self, x: tf.Tensor, y: object = None, sample_weight: object = None) -> object:
        """Tokenise and pack texts (batch,); labels and weights pass through."""
        x = self.pack(self.tokenizer(tf.convert_to_tensor(x, tf.string)))
        return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)

    def pack(self, ids: tf.RaggedTensor) -> dict:
        """Turn ids (batch, tokens of all members) into the backbone's inputs."""
        return {
            f"{prefix}_{name}": value
            for prefix, own in self.tokenizer.parted(ids).items()
            for name, value in self.members[prefix].pack(own).items()
        }

    def get_config(self) -> dict:
        """Return the arguments."""
        config = {name: one for name, one in super().get_config().items() if name not in _NOT_OURS}
        return {**config, "members": _saved(self.members)}


_NOT_OURS = ("tokenizer", "sequence_length", "truncate")  # the members have them


def _saved(members: Mapping[str, keras.layers.Layer]) -> dict:
    saved = {prefix: keras.saving.serialize_keras_object(one) for prefix, one in members.items()}
    for one in saved.values():
        one.pop("compile_config", None)  # a classifier compiles itself
    return saved


@keras.saving.register_keras_serializable("tfnews")
class EnsembleClassifier(NewsClassifier):
    """The mean of its members' calibrated probabilities, calibrated in turn."""

    backbone_cls = EnsembleBackbone
    preprocessor_cls = EnsemblePreprocessor
    exports = ("savedmodel",)  # a device, and a page, reads a text one way

    def __init__(
        self, backbone: EnsembleBackbone, preprocessor: EnsemblePreprocessor | None = None, **kwargs
    ):
        super().__init__(backbone, preprocessor, **kwargs)
        self.prediction_batch = backbone.prediction_batch

    def _head_of(self, head: dict) -> list[keras.layers.Layer]:
        """Return the one layer after the members."""
        return [MeanOfMembers(name="mean_of_members")]

    def has_task_weights(self) -> bool:
        """Have a file of them saved, empty as it is: every model of a run has the same files."""
        return True


def average(members: Sequence[NewsClassifier]) -> EnsembleClassifier:
    """Make the average of classifiers; what its answers mean is what the first one's do.

    Args:
        members: Trained on the same texts, each with its preprocessor. They become part of the
            average and are of no use by themselves any more.
    """
    preprocessors, first = {}, members[0]
    guards = first.guards.get_config() if first.guards else None
    parts = {f"member_{number}": member for number, member in enumerate(members, start=1)}
    for prefix, member in parts.items():
        preprocessors[prefix] = member.preprocessor
        # keras-hub saves each under its own name, and what it needs beside it.
        member.preprocessor.config_file = f"{prefix}_preprocessor.json"
        member.preprocessor.tokenizer.config_file = f"{prefix}_tokenizer.json"
        member.preprocessor = member.guards = None  # the average has them
    return EnsembleClassifier(
        EnsembleBackbone(parts),
        EnsemblePreprocessor(preprocessors),
        class_names=first.class_names,
        trained_on=first.trained_on,
        label_basis=first.label_basis,
        guards=guards,
        input_rule=first.input_rule,
    )


def same_weights(one: NewsClassifier, other: NewsClassifier) -> bool:
    """Tell whether two classifiers are of one class and have the same weights, number by number."""
    pairs = zip(one.weights, other.weights, strict=False)
    return (
        type(one) is type(other)
        and [weight.shape for weight in one.weights] == [weight.shape for weight in other.weights]
        and all(np.array_equal(a, b) for a, b in pairs)
    )
