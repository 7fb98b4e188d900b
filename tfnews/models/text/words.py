"""Word tokenisation in TensorFlow ops: strings to ragged word (or word n-gram) ids."""

from collections.abc import Sequence
from pathlib import Path

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from tfnews.files import read_bytes
from tfnews.models.text.longest import MOST_UNITS, pieces
from tfnews.models.text.normalise import PIECES, normalise

NO_TOKEN = -1  # fills a text's dense ids up: every other number may be a word's

_VOCABULARY_FILE = "vocabulary.txt"
_LARGEST = 2**30  # bytes of a vocabulary


@keras.saving.register_keras_serializable("tfnews")
class WordTokenizer(keras_hub.tokenizers.Tokenizer):
    """Splits on single spaces and looks words up, as the published text embeddings do.

    A word's id is its line in the vocabulary. Unknown words share `oov_buckets` further ids by
    hash; with no bucket they are left out.

    Args:
        vocabulary: Words, or n-grams joined by one space; `None` while a preset is opened.
        normalise: A rule of `tfnews.models.text.normalise`.
        oov_buckets: Number of ids for unknown words.
        ngrams: Longest n-gram; 1 for words alone.
        min_letters: Shorter words are dropped before n-grams are formed.
        max_tokens: Words kept from the start of a text; 0 keeps all.
    """

    def __init__(
        self,
        vocabulary: list[str] | None = None,
        normalise: str = "none",
        oov_buckets: int = 1,
        ngrams: int = 1,
        min_letters: int = 0,
        max_tokens: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs, dtype="int32", _allow_python_workflow=False)
        self.normalise = normalise
        self.oov_buckets = oov_buckets
        self.ngrams = ngrams
        self.min_letters = min_letters
        self.max_tokens = max_tokens
        self.file_assets = [_VOCABULARY_FILE]
        self.set_vocabulary(vocabulary)

    def set_vocabulary(self, vocabulary: list[str] | None) -> None:
        """Take the words whose ids are 0, 1, 2 and so on."""
        # Past Keras, which looks at each word for variables: seconds of a large vocabulary.
        object.__setattr__(self, "vocabulary", vocabulary)
        self._table = None
        if vocabulary is None:
            return
        # In-memory initialisers: a file-backed table would tie a model to the folder it came from.
        with tf.init_scope():
            entries = tf.lookup.KeyValueTensorInitializer(
                tf.constant(vocabulary, tf.string), tf.range(len(vocabulary), dtype=tf.int64)
            )
            if self.oov_buckets:
                self._table = tf.lookup.StaticVocabularyTable(entries, self.oov_buckets)
            else:
                self._table = tf.lookup.StaticHashTable(entries, -1)

    def forget(self, ids: Sequence[int]) -> None:
        """Make words unknown: their lines in the vocabulary hold what no text can have.

        Args:
            ids: Of the words, which no other words take.
        """
        vocabulary = self.get_vocabulary()
        for id in ids:
            # An n-gram has one separator less than it has words.
            vocabulary[id] = " " * self.ngrams + str(id)
        self.set_vocabulary(vocabulary)

    def words(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Split texts (batch,) into normalised words (batch, words), `max_tokens` at most."""
        words = self.parts(texts)
        return words[:, : self.max_tokens] if self.max_tokens else words

    def parts(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Split texts (batch,) into normalised words (batch, words), the last one included."""
        words = tf.strings.split(normalise(texts, self.normalise), sep=" ")
        if self.normalise == PIECES:
            words = pieces(words, self.knows)
        if self.min_letters > 1:
            letters = tf.ragged.map_flat_values(tf.strings.length, words, unit="UTF8_CHAR")
            words = tf.ragged.boolean_mask(words, letters >= self.min_letters)
        return words

    def knows(self, words: tf.Tensor) -> tf.Tensor:
        """Tell of words (words,) which are in the vocabulary, bool (words,)."""
        ids = self._table.lookup(words)
        return (ids >= 0) & (ids < len(self.vocabulary))

    def origins(self, parts: Sequence[bytes]) -> np.ndarray:
        """Tell which words the ids of a text stand for.

        Args:
            parts: Its words, as `parts` gives them.

        Returns:
            int64 (tokens, 2): for each id, the first word it is made of and the one after the last.
        """
        words = list(parts[: self.max_tokens] if self.max_tokens else parts)
        spans = [
            (start, start + n)
            for n in range(1, self.ngrams + 1)
            for start in range(len(words) - n + 1)
        ]
        if not self.oov_buckets and spans:
            terms = [b" ".join(words[start:end]) for start, end in spans]
            known = self._table.lookup(tf.constant(terms)).numpy() >= 0
            spans = [span for span, is_known in zip(spans, known, strict=True) if is_known]
        return np.array(spans, np.int64).reshape(-1, 2)

    def tokenize(self, inputs: tf.Tensor) -> tf.RaggedTensor:
        """Turn texts (batch,) into int32 ids (batch, tokens)."""
        inputs = tf.convert_to_tensor(inputs, tf.string)
        if inputs.shape.rank == 0:
            return self.tokenize(inputs[tf.newaxis])[0]
        words = self.words(inputs)
        tokens = [words] + [
            tf.strings.ngrams(words, n, separator=" ") for n in range(2, self.ngrams + 1)
        ]
        ids = tf.ragged.map_flat_values(self._table.lookup, tf.concat(tokens, axis=1))
        if not self.oov_buckets:
            ids = tf.ragged.boolean_mask(ids, ids >= 0)
        return tf.cast(ids, tf.int32)

    def call(self, inputs: tf.Tensor) -> tf.RaggedTensor:
        """Turn texts (batch,) into int32 ids (batch, tokens)."""
        return self.tokenize(inputs)

    def unknown(self, ids: tf.RaggedTensor) -> float | None:
        """Return the share of `ids` (batch, tokens) that stand for unknown words, 0 to 1.

        `None` where it cannot be known: no ids, or no buckets, so that unknown words are left out.
        """
        flat = ids.flat_values
        if not self.oov_buckets or not len(flat):
            return None
        return float(tf.reduce_mean(tf.cast(flat >= len(self.vocabulary), tf.float32)))

    def resources(self) -> list:
        """Return what a SavedModel must track: the table from words to ids."""
        return [self._table]

    def spec(self) -> dict:
        """Return what a tokenizer on another platform needs besides the vocabulary."""
        units = {"most_units": MOST_UNITS} if self.normalise == PIECES else {}
        return {
            "type": "words",
            "normalise": self.normalise,
            **units,
            "separator": " ",
            "ngrams": self.ngrams,
            "min_letters": self.min_letters,
            "max_tokens": self.max_tokens,
            "vocabulary": len(self.vocabulary),
            "oov_buckets": self.oov_buckets,
            "oov_hash": "farmhash64 fingerprint modulo oov_buckets, after the vocabulary",
            "no_token": NO_TOKEN,
        }

    def vocabulary_size(self) -> int:
        """Return the number of ids, buckets for unknown words included."""
        return len(self.vocabulary) + self.oov_buckets

    def get_vocabulary(self) -> list[str]:
        """Return the words in the order of their ids."""
        return list(self.vocabulary)

    def id_to_token(self, id: int) -> str:
        """Return the word of an id; unknown words' buckets answer [UNK]."""
        return self.vocabulary[id] if id < len(self.vocabulary) else "[UNK]"

    def token_to_id(self, token: str) -> int:
        """Return the id of a word."""
        return int(self._table.lookup(tf.constant(token)))

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary, one word a line; a line break inside a word is escaped."""
        lines = "".join(f"{_escape(word)}\n" for word in self.vocabulary)
        Path(dir_path, _VOCABULARY_FILE).write_bytes(lines.encode("utf-8", "surrogateescape"))

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary that `save_assets` wrote."""
        content = read_bytes(Path(dir_path, _VOCABULARY_FILE), _LARGEST)
        content = content.decode("utf-8", "surrogateescape")
        self.set_vocabulary([_unescape(line) for line in content.split("\n")[:-1]])

    def get_config(self) -> dict:
        """Return the arguments; the vocabulary is an asset of its own."""
        config = super().get_config()
        config.pop("dtype", None)
        return {
            **config,
            "normalise": self.normalise,
            "oov_buckets": self.oov_buckets,
            "ngrams": self.ngrams,
            "min_letters": self.min_letters,
            "max_tokens": self.max_tokens,
        }


class WordPreprocessor(keras_hub.models.TextClassifierPreprocessor):
    """Strings (batch,) to {"token_ids": int32 ragged (batch, tokens)}.

    Args:
        tokenizer: A `WordTokenizer`.
    """

    tokenizer_cls = WordTokenizer

    def __init__(self, tokenizer: WordTokenizer, **kwargs):
        kwargs.pop("sequence_length", None)
        kwargs.pop("truncate", None)
        super().__init__(tokenizer, sequence_length=None, _allow_python_workflow=False, **kwargs)

    def build(self, input_shape: object) -> None:
        """Do nothing: there are no segments to pack."""

    def call(self, x: tf.Tensor, y: object = None, sample_weight: object = None) -> object:
        """Tokenise texts (batch,); labels and weights pass through."""
        x = self.pack(self.tokenizer(tf.convert_to_tensor(x, tf.string)))
        return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)

    def pack(self, ids: tf.RaggedTensor) -> dict:
        """Turn ids (batch, tokens) into the backbone's inputs."""
        return {"token_ids": ids}

    def reads(self, parts: int) -> np.ndarray:
        """Tell of each of a text's words, bool (parts,), whether it is read."""
        return np.arange(parts) < (self.tokenizer.max_tokens or parts)

    def fixed(self, ids: tf.RaggedTensor, length: int) -> tf.Tensor:
        """Cut or fill the ids of texts (batch, tokens) to (batch, length) with `NO_TOKEN`."""
        return ids.to_tensor(NO_TOKEN, shape=(None, length))


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def _unescape(line: str) -> str:
    if "\\" not in line:
        return line
    parts = line.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\r", "\r") for part in parts)
