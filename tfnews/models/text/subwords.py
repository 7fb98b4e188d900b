"""What WordPiece and SentencePiece tokenizers share."""

import io
import types
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import keras_hub
import numpy as np
import sentencepiece
import tensorflow as tf

from tfnews.errors import DataError, UsageError, WeightsError

_BATCH = 1024
_TEXTS_READ = 10_000


def text_ops() -> types.ModuleType:
    """Import tensorflow-text, which has no build for Windows, when a row first needs it.

    Raises:
        UsageError: It is not installed.
    """
    try:
        import tensorflow_text
    except ImportError as error:
        raise UsageError(
            f"The transformer rows need tensorflow-text, and importing it failed: {error}. "
            "It is installed with tfnews on Linux and macOS; there is no build for Windows. "
            "Without it every other row of `tfnews archs` works; on Windows, transformers "
            "run under WSL."
        ) from error
    return tensorflow_text


def lower(texts: tf.Tensor) -> tf.Tensor:
    """Lower-case texts (batch,) character by character, as Hugging Face's normaliser does."""
    # ASCII first and apart: the Unicode operation turns I into a dotless i in a Turkish locale.
    texts = tf.strings.lower(texts)
    # It also writes a sigma that ends a word as ς, which depends on the neighbours.
    texts = tf.strings.regex_replace(texts, "Σ", "σ")
    return tf.strings.lower(texts, encoding="utf-8")


class SubwordTokenizer(keras_hub.tokenizers.Tokenizer):
    """Normalises texts and looks up the pieces of their words; adds no special tokens.

    The name of a special token inside a text is plain text.

    A subclass names its `special_names`, gives `normalise` and `lookup`, and calls
    `take_vocabulary`.
    """

    special_names: ClassVar[dict[str, str]]

    def __init__(self, **kwargs):
        super().__init__(**kwargs, dtype="int32", _allow_python_workflow=False)
        self.take_vocabulary(None)

    def take_vocabulary(self, vocabulary: list[str] | None) -> None:
        """Take the pieces whose ids are 0, 1, 2 and so on, and find the special ones.

        Raises:
            WeightsError: A special token is missing.
        """
        # Past Keras, which looks at each word for variables: seconds of a large vocabulary.
        object.__setattr__(self, "vocabulary", vocabulary)
        names = self.special_names
        known = names.values() if vocabulary is None else vocabulary
        missing = [name for name in names.values() if name not in known]
        if missing:
            raise WeightsError(
                f"The vocabulary of {len(vocabulary):,} pieces lacks {', '.join(missing)}; all of "
                f"{', '.join(names.values())} are needed. Use the file published with the weights."
            )
        for attribute, name in names.items():
            setattr(self, attribute, name)
            setattr(self, f"{attribute}_id", vocabulary.index(name) if vocabulary else None)

    def tokenize(self, inputs: tf.Tensor) -> tf.RaggedTensor:
        """Turn texts (batch,) into int32 ids (batch, tokens), without special tokens."""
        inputs = tf.convert_to_tensor(inputs, tf.string)
        if inputs.shape.rank == 0:
            return self.tokenize(inputs[tf.newaxis])[0]
        return self.lookup(self.normalise(inputs))

    def call(self, inputs: tf.Tensor) -> tf.RaggedTensor:
        """Turn texts (batch,) into int32 ids (batch, tokens)."""
        return self.tokenize(inputs)

    def parts(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Turn texts (batch,) into their pieces' ids (batch, pieces)."""
        return self.tokenize(texts)

    def origins(self, parts: Sequence[int]) -> np.ndarray:
        """Return for each id of a text the piece it stands for and the one after: (pieces, 2)."""
        numbers = np.arange(len(parts))
        return np.stack([numbers, numbers + 1], axis=1)

    def unknown(self, ids: tf.RaggedTensor) -> float:
        """Return the share of `ids` (batch, tokens) that stand for unknown words, 0 to 1."""
        flat = ids.flat_values
        if not len(flat):
            return 0.0
        return float(tf.reduce_mean(tf.cast(flat == self.unknown_token_id, tf.float32)))

    @property
    def special_ids(self) -> set[int]:
        """The ids of the special tokens."""
        return {getattr(self, f"{name}_id") for name in self.special_names}

    def resources(self) -> list:
        """Return what a SavedModel must track besides functions: nothing, by default."""
        return []

    def spec(self) -> dict:
        """Return what a tokenizer on another platform needs besides the vocabulary."""
        special = {name: getattr(self, f"{name}_id") for name in self.special_names}
        return {"vocabulary": len(self.vocabulary), "special_ids": special}

    def vocabulary_size(self) -> int:
        """Return the number of pieces."""
        return len(self.vocabulary)

    def get_vocabulary(self) -> list[str]:
        """Return the pieces in the order of their ids."""
        return list(self.vocabulary)

    def id_to_token(self, id: int) -> str:
        """Return the piece of an id."""
        return self.vocabulary[id]

    def token_to_id(self, token: str) -> int:
        """Return the id of a piece; that of the unknown token for any other string."""
        return self.vocabulary.index(token if token in self.vocabulary else self.unknown_token)

    def get_config(self) -> dict:
        """Return the arguments; the vocabulary is an asset of its own."""
        config = super().get_config()
        config.pop("dtype", None)
        return config


def learn_pieces(
    read: Callable[[tf.Tensor], tf.Tensor], texts: Sequence[str], size: int, **options
) -> bytes:
    """Learn a SentencePiece model; the same texts give the same bytes.

    Args:
        read: Makes of texts (batch,) what pieces are learnt from, (sentences,).
        texts: Training texts; above 10,000, evenly spread ones are read.
        size: Pieces at most.
        options: Further arguments of `sentencepiece.SentencePieceTrainer.train`.

    Raises:
        DataError: The texts are too few, or hold too many different characters for `size`.
    """
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_sentences(read, texts),
            model_writer=model,
            vocab_size=size,
            hard_vocab_limit=False,
            character_coverage=0.9999,
            max_sentence_length=2**24,  # by default all longer than 4 kB are left out
            num_threads=1,  # with more, sums and so pieces depend on their number
            minloglevel=3,
            **options,
        )
    except RuntimeError as error:
        raise DataError(
            f"No vocabulary of {size:,} pieces can be learnt from these {len(texts):,} texts: they "
            "are empty, or hold too many different characters. Give more texts or a larger size."
        ) from error
    return model.getvalue()


def _sentences(read: Callable, texts: Sequence[str]) -> Iterator[bytes]:
    texts = texts[:: -(-len(texts) // _TEXTS_READ) or 1]
    for start in range(0, len(texts), _BATCH):
        yield from read(tf.constant(texts[start : start + _BATCH])).numpy()
