"""Family "embedding", second way: a TF-Hub text module that is used as it is.

A module whose parts cannot be read natively still answers: a SavedModel is a graph of TensorFlow
ops. Its variables become Keras weights without a copy, so that Keras' optimizers train the
module's own tables, and its files travel in the preset as assets of the tokenizer.
"""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from tfnews.catalogue import Row
from tfnews.data.text import shown
from tfnews.errors import UsageError, WeightsError
from tfnews.models.embedding.module import (
    UnknownStructureError,
    describe,
    functions,
    open_saved_model,
    variables,
)
from tfnews.models.embedding.tables import weights_licence
from tfnews.models.family import Built
from tfnews.models.graph import check_graph
from tfnews.models.ragged import RaggedBackbone, RaggedClassifier
from tfnews.models.text.words import WordPreprocessor
from tfnews.records import WeightsRecord
from tfnews.weights.digests import module_digest

_SAVED_MODEL = "saved_model.pb"
# What a SavedModel consists of; a folder may hold other files, which need not travel.
_PARTS = (_SAVED_MODEL, "fingerprint.pb", "variables", "assets", "assets.extra")
_PROBES = ("", "a", "two words, and  more!", "Éléphant\n“élan”")
# A module may answer only these with NaN, of which a ReLU makes 0.
_LONG = (*("The council votes. " * times for times in (6, 30, 150, 750, 3750)), "x" * 20_000)


@keras.saving.register_keras_serializable("tfnews")
class ModuleEmbedding(keras.layers.Layer):
    """Answers with a TF-Hub module, whose variables it holds as its own weights.

    It is empty until `attach` is called. It always computes in float32.

    Args:
        width: Width of the module's vectors.
    """

    def __init__(self, width: int, **kwargs):
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.width = width
        self.module = None

    def build(self, input_shape: tuple) -> None:
        """Do nothing: the weights come with the module."""

    def attach(self, module: object) -> None:
        """Take over an opened SavedModel and its variables.

        Args:
            module: What `open_saved_model` returns.
        """
        trained = {id(variable) for variable in variables(module, trainable=True)}
        self.module = module  # tracked by TensorFlow, so that an export brings its tables along
        # Keras closes a layer once it is part of a model, and a preset brings a module only then.
        self._tracker.unlock()
        self.aliases = [_alias(v, id(v) in trained) for v in variables(module)]
        self._tracker.lock()
        for alias in self.aliases:
            alias.trainable = alias.trainable and self.trainable

    def call(self, ids: tf.RaggedTensor) -> tf.Tensor:
        """Map ragged code points (batch, characters) to the module's vectors (batch, width).

        Raises:
            WeightsError: No module is attached.
        """
        if self.module is None:
            raise WeightsError(
                "The TF-Hub module is not attached: its files are assets of the preset's "
                "tokenizer. Open the whole classifier, with its preprocessor: "
                "keras_hub.models.TextClassifier.from_preset(FOLDER)"
            )
        texts = tf.strings.unicode_encode(ids, "UTF-8")
        vectors = tf.cast(self.module(texts), tf.float32)
        return tf.ensure_shape(vectors, (None, self.width))

    def compute_output_spec(self, ids: keras.KerasTensor) -> keras.KerasTensor:
        """Return the symbolic output (batch, width)."""
        return keras.KerasTensor((ids.shape[0], self.width), dtype="float32")

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "width": self.width}


def _alias(variable: tf.Variable, trainable: bool) -> keras.Variable:
    """Return a Keras variable that holds this very variable, not a copy."""
    return keras.Variable(
        initializer=variable,
        shape=variable.shape,
        dtype=variable.dtype.name,
        trainable=trainable,
        name=re.sub(r"[:/]", "_", variable.name.removesuffix(":0")),
    )


@keras.saving.register_keras_serializable("tfnews")
class AliasBackbone(RaggedBackbone):
    """Ragged code points (batch, characters) to a TF-Hub module's vectors (batch, width).

    keras-hub lets no strings into a model, so texts come as the Unicode code points they consist
    of, and the module gets them as strings again.

    Args:
        width: Width of the module's vectors.
        dtype: Precision policy of the layers after it.
    """

    def __init__(self, width: int, dtype: object = None, **kwargs):
        # === Layers ===
        self.module_embedding = ModuleEmbedding(width, name="module_embedding")

        # === Functional Model ===
        ids = keras.Input((None,), dtype="int32", ragged=True, name="token_ids")
        super().__init__(
            inputs={"token_ids": ids}, outputs=self.module_embedding(ids), dtype=dtype, **kwargs
        )

        # === Config ===
        self.width = width

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable("tfnews")
class AliasTokenizer(keras_hub.tokenizers.Tokenizer):
    """Turns texts into code points, and carries the module's files as assets of the preset.

    Args:
        max_tokens: Words, split on single spaces, kept from the start of a text; 0 keeps all.
    """

    def __init__(self, max_tokens: int = 0, **kwargs):
        super().__init__(**kwargs, dtype="int32", _allow_python_workflow=False)
        self.max_tokens = max_tokens
        self.file_assets = [_SAVED_MODEL]
        self.folder = None  # where the module's files are
        self.deliver = None  # takes the module when a preset's assets are loaded

    def tokenize(self, inputs: tf.Tensor) -> tf.RaggedTensor:
        """Turn texts (batch,) into Unicode code points (batch, characters)."""
        texts = tf.convert_to_tensor(inputs, tf.string)
        if self.max_tokens:
            words = tf.strings.split(texts, sep=" ")[:, : self.max_tokens]
            # With a separator, `reduce_join` loses the empty words that spaces in a row make.
            texts = tf.strings.regex_replace(tf.strings.reduce_join(words + " ", axis=1), " $", "")
        return tf.strings.unicode_decode(texts, "UTF-8")

    def call(self, inputs: tf.Tensor) -> tf.RaggedTensor:
        """Turn texts (batch,) into int32 code points (batch, tokens)."""
        return self.tokenize(inputs)

    def parts(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Split texts (batch,) into words (batch, words), by which they are cut."""
        return tf.strings.split(tf.convert_to_tensor(texts, tf.string), sep=" ")

    def origins(self, parts: Sequence[bytes]) -> np.ndarray:
        """Return each word that is read and the one after, (words, 2): ids are code points."""
        numbers = np.arange(min(len(parts), self.max_tokens or len(parts)))
        return np.stack([numbers, numbers + 1], axis=1)

    def unknown(self, ids: tf.RaggedTensor) -> None:
        """Return `None` for any (batch, tokens): the module alone knows which words it knows."""
        return None

    def resources(self) -> list:
        """Return nothing: the module, and its tables with it, is tracked by the backbone."""
        return []

    def spec(self) -> dict:
        """Return what a tokenizer on another platform needs: the module does the rest."""
        return {"type": "code points", "max_tokens": self.max_tokens}

    def save_assets(self, dir_path: str) -> None:
        """Copy the module's files. What was trained is in the preset's weights, loaded later.

        Raises:
            WeightsError: The files are no longer where they were.
        """
        if not (self.folder / _SAVED_MODEL).is_file():
            raise WeightsError(
                f"{self.folder} no longer holds {_SAVED_MODEL}: the module was moved or removed "
                "after it was opened, so it cannot be copied. Put it back and save again."
            )
        if Path(dir_path).resolve() != self.folder.resolve():
            _copy(self.folder, Path(dir_path))

    def load_assets(self, dir_path: str) -> None:
        """Open the module that `save_assets` copied, and hand it to the backbone."""
        self.folder = Path(dir_path)
        if self.deliver is not None:
            self.deliver(open_saved_model(self.folder))

    def get_config(self) -> dict:
        """Return the arguments; the module is an asset of its own."""
        config = super().get_config()
        config.pop("dtype", None)
        return {**config, "max_tokens": self.max_tokens}


def _copy(folder: Path, to: Path) -> None:
    for name in _PARTS:
        if (folder / name).is_dir():
            shutil.copytree(folder / name, to / name, dirs_exist_ok=True)
        elif (folder / name).is_file():
            shutil.copyfile(folder / name, to / name)


@keras.saving.register_keras_serializable("tfnews")
class AliasPreprocessor(WordPreprocessor):
    """Strings (batch,) to ragged code points."""

    backbone_cls = AliasBackbone
    tokenizer_cls = AliasTokenizer


@keras.saving.register_keras_serializable("tfnews")
class AliasClassifier(RaggedClassifier):
    """A TF-Hub module, used as it is, under a small dense head."""

    backbone_cls = AliasBackbone
    preprocessor_cls = AliasPreprocessor
    exports = ("savedmodel",)  # its graph of strings and tables has no other form

    def __init__(
        self,
        backbone: AliasBackbone,
        preprocessor: AliasPreprocessor | None = None,
        **kwargs,
    ):
        super().__init__(backbone, preprocessor, **kwargs)
        if preprocessor is not None:
            preprocessor.tokenizer.deliver = backbone.module_embedding.attach

    def answer(self, ids: tf.RaggedTensor) -> tf.Tensor:
        """Return the fake probabilities (batch,) of encoded texts, NaN where the module gives NaN.

        Behind the head's ReLU such a text would have a number like any other.
        """
        outputs = features = self.backbone(self.preprocessor.pack(ids), training=False)
        for layer in self.head_layers:
            outputs = layer(outputs, training=False)
        known = tf.reduce_all(tf.math.is_finite(features), axis=1)
        return tf.where(known, self._probabilities(outputs)[:, -1], np.nan)

    def resources(self) -> list:
        """Return the variables of the head, and the module with its own."""
        return [*super().resources(), self.backbone.module_embedding.module]


def build(
    row: Row, folder: Path, reason: UnknownStructureError, options: dict, answers: dict
) -> Built:
    """Build a classifier over a module that cannot be read natively.

    Args:
        row: The catalogue's row.
        folder: The module's folder.
        reason: Why it cannot be read natively.
        options: trainable, max_tokens.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.

    Returns:
        The classifier, and what is to be recorded of its weights. `precision` in it is the only
        one that works, `note` is a line for the user.

    Raises:
        WeightsError: It does not turn strings (batch,) into vectors (batch, width).
        UsageError: It has nothing to train and is to be trained.
    """
    module = open_saved_model(folder)
    width = _width(folder, module)
    if options["trainable"] and not variables(module, trainable=True):
        raise UsageError(
            f"The module in {folder} has no variables to train ({describe(folder, module)}). "
            "Received: --trainable. Leave it out: the head is trained."
        )
    tokenizer = AliasTokenizer(options["max_tokens"])
    tokenizer.folder = Path(folder)
    backbone = AliasBackbone(width)
    backbone.module_embedding.attach(module)
    backbone.trainable = options["trainable"]
    handle = options["weights"]
    record = WeightsRecord(
        handle=handle,
        digest=module_digest(folder),
        licence=weights_licence(row, handle, folder),
        precision="float32",
        trusted=check_graph(folder) or None,
        note=f"The module is used as it is, in float32; it exports to SavedModel only. {reason}",
    )
    preprocessor = AliasPreprocessor(tokenizer)
    return AliasClassifier(backbone, preprocessor, head=row.head, **answers), record


def _width(folder: Path, module: object) -> int:
    """Return the width of a module's vectors, or refuse the module."""
    texts = tf.constant(_PROBES)
    if not callable(module):
        raise _refused(folder, module, "it is not callable")
    try:
        vectors = module(texts)
    # A foreign graph fails in its own ways: wrong signature, wrong types, an op's error.
    except Exception as error:
        raise _refused(folder, module, str(error).strip().partition("\n")[0]) from error
    if not isinstance(vectors, tf.Tensor):
        keys = (
            f" with the keys {', '.join(sorted(map(str, vectors)))}"
            if isinstance(vectors, dict)
            else ""
        )
        raise _refused(folder, module, f"it answers with a {type(vectors).__name__}{keys}")
    if not vectors.dtype.is_floating or vectors.shape.rank != 2 or len(vectors) != len(texts):
        found = f"{vectors.dtype.name} of shape {tuple(vectors.shape)}"
        raise _refused(folder, module, f"it answers {len(texts)} texts with {found}")
    for name, numbers in (("", vectors), (" to long texts", module(tf.constant(_LONG)))):
        if not np.isfinite(numbers.numpy()).all():
            raise _refused(folder, module, f"it answers with NaN or infinity{name}")
    return vectors.shape[1]


def _refused(folder: Path, module: object, reason: str) -> WeightsError:
    inputs = {str(function.structured_input_signature[0]) for function in functions(module)}
    takes = f" It takes: {shown('; '.join(sorted(inputs)), 90)}." if inputs else ""
    return WeightsError(
        f"The module in {str(folder)[-100:]} cannot be used: {shown(reason, 90)}.{takes} Allowed: "
        "one that takes strings of shape (batch,) and answers numbers of shape (batch, width). "
        "Name another with --weights, or --weights none."
    )
