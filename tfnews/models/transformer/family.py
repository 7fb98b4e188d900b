"""Family "transformer": an encoder of keras-hub's, or MobileBERT, under a small head."""

from collections.abc import Sequence

import keras
import keras_hub
import tensorflow as tf
from keras import ops

from tfnews.catalogue import Row
from tfnews.errors import UsageError
from tfnews.models.classifier import NewsClassifier
from tfnews.models.family import Built, Family, Material
from tfnews.models.influence import from_vectors
from tfnews.models.text.packing import PiecePreprocessor
from tfnews.models.text.pieces import PieceTokenizer, learn_piece_model
from tfnews.models.text.subwords import SubwordTokenizer
from tfnews.models.text.wordpiece import WordPieceTokenizer, learn_vocabulary
from tfnews.models.transformer.encoders import build_encoder
from tfnews.models.transformer.mobilebert import MobileBertBackbone
from tfnews.models.transformer.pretrained import open_pretrained
from tfnews.records import WeightsRecord
from tfnews.weights.digests import split_pin

_STACKED = ("transformer_layer", "group_")  # names of an encoder's layers, bottom first
_SIZES = ("num_layers", "num_heads", "hidden_dim", "intermediate_dim", "dropout")


@keras.saving.register_keras_serializable("tfnews")
class FoldWindows(keras.layers.Layer):
    """Makes one batch of all windows: (batch, windows, tokens) to (batch * windows, tokens)."""

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Map (batch, windows, tokens) to (batch * windows, tokens)."""
        return ops.reshape(inputs, (-1, ops.shape(inputs)[-1]))

    def compute_output_spec(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return the symbolic output (batch * windows, tokens)."""
        return keras.KerasTensor((None, inputs.shape[-1]), dtype=inputs.dtype)


@keras.saving.register_keras_serializable("tfnews")
class UnfoldWindows(keras.layers.Layer):
    """Undoes `FoldWindows` for vectors: (batch * windows, width) to (batch, windows, width)."""

    def call(self, vectors: keras.KerasTensor, like: keras.KerasTensor) -> keras.KerasTensor:
        """Unfold to the batch and windows of `like` (batch, windows, tokens)."""
        shape = ops.shape(like)
        return ops.reshape(vectors, (shape[0], shape[1], vectors.shape[-1]))

    def compute_output_spec(
        self, vectors: keras.KerasTensor, like: keras.KerasTensor
    ) -> keras.KerasTensor:
        """Return the symbolic output (batch, windows, width)."""
        return keras.KerasTensor((*like.shape[:2], vectors.shape[-1]), dtype=vectors.dtype)


@keras.saving.register_keras_serializable("tfnews")
class MeanPooling(keras.layers.Layer):
    """Averages a text's token vectors, padding left out.

    Source: Reimers and Gurevych (2019), "Sentence-BERT".
    """

    def call(self, vectors: keras.KerasTensor, mask: keras.KerasTensor) -> keras.KerasTensor:
        """Map vectors (batch, tokens, width) and a 0/1 mask (batch, tokens) to (batch, width)."""
        mask = ops.cast(ops.expand_dims(mask, -1), vectors.dtype)
        return ops.sum(vectors * mask, axis=1) / ops.maximum(ops.sum(mask, axis=1), 1)


@keras.saving.register_keras_serializable("tfnews")
class TransformerBackbone(keras_hub.models.Backbone):
    """Token ids to one vector a text, or one a window.

    Inputs, int32 (batch, tokens): token_ids, padding_mask and, but for DistilBERT, segment_ids;
    with windows, (batch, windows, tokens). Output: (batch, width); with windows, a dict of
    features (batch, windows, width) and windows (batch, windows), 1 where there is one.

    Args:
        encoder: An `Encoder` or a `MobileBertBackbone`.
        pooling: "pooled" takes the encoder's pooled output, "mean" averages its token vectors.
        windows: Whether texts come as windows.
        dtype: Precision policy, which the encoder shares.
    """

    def __init__(
        self,
        encoder: keras_hub.models.Backbone,
        pooling: str = "pooled",
        windows: bool = False,
        dtype: object = None,
        **kwargs,
    ):
        # === Layers ===
        self.encoder = encoder

        # === Functional Model ===
        rank = 2 if windows else 1
        inputs = {
            name: keras.Input((None,) * rank, dtype="int32", name=name) for name in encoder.input
        }
        folded = {k: FoldWindows(name=f"fold_{k}")(x) for k, x in inputs.items()}
        encoded = encoder(folded if windows else inputs)
        outputs = encoded["pooled_output"]
        if pooling == "mean":
            mask = (folded if windows else inputs)["padding_mask"]
            pool = MeanPooling(dtype=encoder.dtype_policy, name="mean_pooling")
            outputs = pool(encoded["sequence_output"], mask)
        if windows:
            unfold = UnfoldWindows(dtype=encoder.dtype_policy, name="unfold")
            outputs = {
                "features": unfold(outputs, inputs["token_ids"]),
                "windows": ops.max(inputs["padding_mask"], axis=-1),
            }
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.pooling = pooling
        self.windows = windows

    def get_config(self) -> dict:
        """Return the arguments."""
        return {
            **super().get_config(),
            "encoder": keras.layers.serialize(self.encoder),
            "pooling": self.pooling,
            "windows": self.windows,
        }

    @classmethod
    def from_config(cls, config: dict) -> "TransformerBackbone":
        """Build from `get_config`; the encoder takes the precision of the whole."""
        config = dict(config)
        encoder = config["encoder"]
        if isinstance(encoder, dict):
            inner = {**encoder["config"], "dtype": config.get("dtype")}
            config["encoder"] = keras.layers.deserialize({**encoder, "config": inner})
        return super().from_config(config)


@keras.saving.register_keras_serializable("tfnews")
class TransformerPreprocessor(PiecePreprocessor):
    """Strings (batch,) to padded piece ids, mask and segments."""

    backbone_cls = TransformerBackbone


@keras.saving.register_keras_serializable("tfnews")
class TransformerClassifier(NewsClassifier):
    """An encoder under a small head."""

    backbone_cls = TransformerBackbone
    preprocessor_cls = TransformerPreprocessor
    exports = ("savedmodel", "tflite", "huggingface")
    prediction_batch = 16  # of 512 tokens; the activations of more are slow to read and write

    @property
    def explains(self) -> tuple[str, ...]:
        """By gradients or occlusion."""
        return ("gradients", "occlusion")

    def token_vectors(self, inputs: dict) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the vectors of a packed text, and the same with padding's for all its pieces.

        Each is (1, tokens, width) or (1, windows, tokens, width); special tokens keep theirs.
        """
        tokenizer, ids = self.preprocessor.tokenizer, inputs["token_ids"]
        framing = (ids == tokenizer.start_token_id) | (ids == tokenizer.end_token_id)
        blank = tf.where(framing, ids, tokenizer.pad_token_id)
        lookup = self.backbone.encoder.token_embedding
        return lookup(ids), lookup(blank)

    def from_vectors(self, inputs: dict, vectors: tf.Tensor) -> tf.Tensor:
        """Return the log odds (variants,) of a text with other vectors (variants, ..., width)."""
        return from_vectors(self, self.backbone.encoder.token_embedding, inputs, vectors)

    def one_text(self, ids: tf.Tensor) -> tf.Tensor:
        """Return the fake probability of one text.

        Args:
            ids: What `preprocessor.fixed` makes of its ids: int32 (1, length) with the special
                tokens and padding, or with windows (1, windows, length).

        Returns:
            float32 (1,).
        """
        # No text holds the padding's id: the name of a special token in a text is plain text.
        mask = tf.cast(ids != self.preprocessor.tokenizer.pad_token_id, tf.int32)
        given = {"token_ids": ids, "padding_mask": mask, "segment_ids": tf.zeros_like(ids)}
        inputs = {name: given[name] for name in self.backbone.input}
        return self(inputs, training=False)[:, -1]


def build(row: Row, material: Material, options: dict, answers: dict) -> Built:
    """Build a classifier from a row, with a published checkpoint or with fresh weights.

    Args:
        row: The catalogue's row.
        material: The training split, from which fresh weights' vocabulary is learnt.
        options: weights (what `open_pretrained` takes, or "none"), trainable, trainable_layers,
            max_tokens, long, and the row's settings.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.

    Returns:
        The classifier, and what is to be recorded of its weights.

    Raises:
        UsageError: More tokens or layers than the encoder has.
    """
    encoder, tokenizer, record = _parts(row, material.texts, options)
    if options["max_tokens"] > encoder.max_sequence_length:
        raise UsageError(
            f"The encoder has {encoder.max_sequence_length} positions, so a text or window cannot "
            f"keep {options['max_tokens']} tokens. Use --max-tokens {encoder.max_sequence_length}, "
            "or that and --long windows to read whole texts."
        )
    windows = options["long"] == "windows"
    backbone = TransformerBackbone(encoder, options["pooling"], windows)
    freeze(backbone, options)
    preprocessor = TransformerPreprocessor(
        tokenizer,
        options["max_tokens"],
        options["long"],
        options["max_windows"],
        segments="segment_ids" in encoder.input,
        pad_after=int(isinstance(encoder, MobileBertBackbone)),
    )
    return TransformerClassifier(backbone, preprocessor, head=row.head, **answers), record


def freeze(backbone: TransformerBackbone, options: dict) -> None:
    """Train all of an encoder, none of it, or its top layers only.

    A pooler is trained with the top, unless the backbone averages token vectors and so has no use
    for it.

    Args:
        backbone: The backbone.
        options: trainable, whether anything but the head is trained, and trainable_layers, the top
            layers to train; 0 trains all.

    Raises:
        UsageError: There are fewer layers.
    """
    trainable, layers = options["trainable"], options["trainable_layers"]
    backbone.trainable = trainable
    stack = [layer for layer in backbone.encoder.layers if layer.name.startswith(_STACKED)]
    poolers = [layer for layer in backbone.encoder.layers if layer.name.startswith("pooled")]
    if layers > len(stack):
        raise UsageError(
            f"--trainable-layers takes at most the encoder's {len(stack)} layers. "
            f"Received: {layers}."
        )
    top = [*stack[len(stack) - layers :], *poolers] if layers else backbone.encoder.layers
    # Each is told: Keras passes a model's setting on only when it changes.
    for layer in backbone.encoder.layers:
        layer.trainable = trainable and layer in top
    for layer in poolers:
        layer.trainable = trainable and backbone.pooling == "pooled"


FAMILY = Family(build, freeze, padded=True)


def _parts(row: Row, texts: Sequence[str], options: dict) -> tuple:
    if options["weights"] != "none":
        found = open_pretrained(options["weights"])
        own = split_pin(options["weights"])[0] == row.weights
        licence = row.licence if own else "as its maker states"
        record = WeightsRecord(options["weights"], found.digest, licence)
        return found.encoder, found.tokenizer, record
    tokenizer = _learnt(texts, options)
    sizes = {name: options[name] for name in _SIZES}
    sizes |= {"vocabulary_size": tokenizer.vocabulary_size()}
    sizes |= {"max_sequence_length": max(options["max_tokens"], 8)}
    if options["embedding_dim"]:
        sizes["embedding_dim"] = options["embedding_dim"]
    encoder = build_encoder(
        options["architecture"], sizes, options["activation"], options["pooler"]
    )
    return encoder, tokenizer, WeightsRecord()


def _learnt(texts: Sequence[str], options: dict) -> SubwordTokenizer:
    """Return a tokenizer whose vocabulary is learnt from the training texts."""
    if options["architecture"] == "albert":
        return PieceTokenizer(learn_piece_model(texts, options["vocabulary_size"]))
    return WordPieceTokenizer(learn_vocabulary(texts, options["vocabulary_size"]))
