"""Smaller copies of a classifier: fewer tokens of a text, fewer words of a table."""

import copy
from collections.abc import Sequence

import keras
import keras_hub
import numpy as np
import tensorflow as tf

from tfnews.errors import ExportError, UsageError
from tfnews.models.embedding.bag import TokenTable, table_of
from tfnews.models.text.packing import PiecePreprocessor
from tfnews.models.text.subwords import SubwordTokenizer
from tfnews.models.text.wordpiece import WordPieceTokenizer
from tfnews.models.text.words import WordPreprocessor, WordTokenizer
from tfnews.models.transformer.family import TransformerBackbone
from tfnews.models.variables import fill, pieces

MOST_WORDS = 20_000  # of a text: each file has room for as many, filled or not


def shortened(
    classifier: keras_hub.models.TextClassifier, length: int
) -> keras_hub.models.TextClassifier:
    """Return the classifier, over the same weights, as one that reads fewer tokens of a text.

    Args:
        classifier: A `NewsClassifier`.
        length: Words, or pieces of a text or window with the special ones, at most.

    Raises:
        UsageError: As `check`.
    """
    check(classifier, length=length)
    preprocessor = classifier.preprocessor
    if isinstance(preprocessor, PiecePreprocessor):
        shorter = _with_length(preprocessor, preprocessor.tokenizer, length)
    else:
        shorter = _with_words(preprocessor, max_tokens=length)
    return _rebuilt(classifier, classifier.backbone, shorter)


def check(
    classifier: keras_hub.models.TextClassifier, length: int | None = None, words: int | None = None
) -> None:
    """Check what `shortened` and `pruned` are asked for, which takes no time; `None` asks nothing.

    Raises:
        UsageError: A length or number of words that this classifier cannot have.
        ExportError: It has no words or pieces to leave out.
    """
    if length is not None:
        least, most = _lengths(classifier)
        if not least <= length <= most:
            raise UsageError(
                f"--max-tokens takes {least} to {most} for this run. Received: {length}."
            )
    if words is None:
        return
    if words < 1:
        raise UsageError(f"--vocabulary keeps 1 word or more. Received: {words}.")
    pieces = isinstance(classifier.preprocessor.tokenizer, WordPieceTokenizer)
    if not pieces and table_of(classifier) is None:
        raise ExportError(
            "--vocabulary N keeps the most frequent words of a table of word vectors, or pieces of "
            "a WordPiece encoder, and this run has neither. Leave it out; a TF-IDF run is made "
            "smaller by --set max_features=N when it is trained."
        )


def _lengths(classifier: keras_hub.models.TextClassifier) -> tuple[int, int]:
    """Return the fewest and the most tokens of a text that a file can read."""
    if isinstance(classifier.preprocessor, PiecePreprocessor):
        return 8, classifier.backbone.encoder.max_sequence_length
    return 1, MOST_WORDS


def _with_length(
    preprocessor: PiecePreprocessor, tokenizer: SubwordTokenizer, length: int
) -> PiecePreprocessor:
    """Return the preprocessor over another tokenizer or with another length."""
    return type(preprocessor)(
        tokenizer,
        length,
        preprocessor.long,
        preprocessor.max_windows,
        segments=preprocessor.segments,
        pad_after=preprocessor.pad_after,
    )


def _with_words(preprocessor: WordPreprocessor, **changes: object) -> WordPreprocessor:
    """Return the preprocessor over a tokenizer with other arguments."""
    tokenizer = preprocessor.tokenizer
    arguments = {
        "vocabulary": tokenizer.vocabulary,
        "normalise": tokenizer.normalise,
        "oov_buckets": tokenizer.oov_buckets,
        "ngrams": tokenizer.ngrams,
        "min_letters": tokenizer.min_letters,
        "max_tokens": tokenizer.max_tokens,
    }
    return type(preprocessor)(WordTokenizer(**arguments | changes))


def _rebuilt(
    classifier: keras_hub.models.TextClassifier,
    backbone: keras_hub.models.Backbone,
    preprocessor: keras_hub.models.TextClassifierPreprocessor,
) -> keras_hub.models.TextClassifier:
    """Return the classifier with the same head over another backbone and preprocessor."""
    config = classifier.get_config() | {"backbone": backbone, "preprocessor": preprocessor}
    rebuilt = type(classifier)(**config)
    for layer, original in zip(rebuilt.head_layers, classifier.head_layers, strict=True):
        layer.set_weights(original.get_weights())
    return rebuilt


def pruned(
    classifier: keras_hub.models.TextClassifier, words: int, texts: Sequence[str] | None = None
) -> keras_hub.models.TextClassifier:
    """Return the classifier over its most frequent words or word pieces.

    Of a table of word vectors, the others share one unknown row: the mean of the rows it stands
    for, weighted by how often the texts look them up. Rows that leave unknown words out leave the
    dropped ones out too. Of a WordPiece encoder, single characters are always kept, so that a word
    whose piece is dropped is split into smaller ones.

    Args:
        classifier: A `NewsClassifier`.
        words: Words or pieces kept at most.
        texts: Training texts, in which words are counted; `None` takes the vocabulary as it is
            ordered, most frequent words first, which one learnt from the training texts is.

    Raises:
        UsageError: No words are kept, or fewer pieces than there are characters.
        ExportError: The classifier has neither.
    """
    check(classifier, words=words)
    if table_of(classifier) is not None:
        return _with_fewer_words(classifier, words, texts)
    return _with_fewer_pieces(classifier, words, texts)


def _with_fewer_words(
    classifier: keras_hub.models.TextClassifier, words: int, texts: Sequence[str] | None
) -> keras_hub.models.TextClassifier:
    layer = table_of(classifier)
    tokenizer = classifier.preprocessor.tokenizer
    known = len(tokenizer.vocabulary)
    if words >= known and tokenizer.oov_buckets <= 1:
        return classifier
    counts = _counts(classifier, layer.rows, texts)
    kept = np.argsort(-counts[:known], kind="stable")[:words]
    vectors = tf.gather(layer.table.value, kept).numpy()
    if tokenizer.oov_buckets:
        rest = np.setdiff1d(np.arange(layer.rows), kept)
        vectors = np.concatenate([vectors, _mean_row(layer.table, rest, counts, known)])
    backbone = _with_table(classifier.backbone, layer, vectors)
    vocabulary = [tokenizer.vocabulary[row] for row in kept]
    buckets = min(tokenizer.oov_buckets, 1)
    preprocessor = _with_words(classifier.preprocessor, vocabulary=vocabulary, oov_buckets=buckets)
    return _rebuilt(classifier, backbone, preprocessor)


def _with_fewer_pieces(
    classifier: keras_hub.models.TextClassifier, words: int, texts: Sequence[str] | None
) -> keras_hub.models.TextClassifier:
    tokenizer = classifier.preprocessor.tokenizer
    if words >= len(tokenizer.vocabulary):
        return classifier
    counts = _counts(classifier, len(tokenizer.vocabulary), texts)
    always = [_always_kept(piece, tokenizer) for piece in tokenizer.vocabulary]
    if sum(always) > words:
        raise UsageError(
            f"--vocabulary must keep the {sum(always):,} special tokens and single characters of "
            f"this run's pieces. Received: {words:,}."
        )
    counts[always] = np.inf
    kept = np.sort(np.argsort(-counts, kind="stable")[:words])  # in their order: padding stays 0
    fewer = WordPieceTokenizer(
        [tokenizer.vocabulary[row] for row in kept], tokenizer.lowercase, tokenizer.strip_accents
    )
    backbone = _with_pieces(classifier.backbone, kept)
    preprocessor = classifier.preprocessor
    preprocessor = _with_length(preprocessor, fewer, preprocessor.sequence_length)
    return _rebuilt(classifier, backbone, preprocessor)


def _always_kept(piece: str, tokenizer: WordPieceTokenizer) -> bool:
    return len(piece.removeprefix("##")) == 1 or piece in tokenizer.special_names.values()


def _with_pieces(backbone: TransformerBackbone, kept: np.ndarray) -> TransformerBackbone:
    """Return the backbone over some rows of its table of pieces."""
    config = copy.deepcopy(backbone.encoder.get_config())
    config.get("sizes", config)["vocabulary_size"] = len(kept)  # MobileBERT's are its arguments
    encoder = type(backbone.encoder).from_config(config)
    rebuilt = TransformerBackbone(encoder, backbone.pooling, backbone.windows)
    for new, old in zip(rebuilt.weights, backbone.weights, strict=True):
        new.assign(old if new.shape == old.shape else tf.gather(old.value, kept))
    return rebuilt


def _counts(
    classifier: keras_hub.models.TextClassifier, rows: int, texts: Sequence[str] | None
) -> np.ndarray:
    """Return how often texts look each row up, (rows,)."""
    if texts is None:
        return np.zeros(rows)
    ids = classifier.encode(texts).flat_values.numpy()
    return np.bincount(ids, minlength=rows).astype(float)


def _mean_row(
    table: keras.Variable, rest: np.ndarray, counts: np.ndarray, known: int
) -> np.ndarray:
    """Return the mean of the rows `rest`, (1, width), by their counts; of the buckets if all 0."""
    weights = np.zeros(len(counts))
    weights[rest] = counts[rest]
    if not weights.any():
        weights[known:] = 1.0
    total, start = 0.0, 0
    for piece in pieces(table):  # a large table is not copied whole
        total = total + weights[start : start + len(piece)] @ piece
        start += len(piece)
    return (total / weights.sum()).astype("float32")[np.newaxis]


def _with_table(
    backbone: keras_hub.models.Backbone, layer: TokenTable, vectors: np.ndarray
) -> keras_hub.models.Backbone:
    """Return the backbone over another table (rows, width)."""
    rebuilt = type(backbone).from_config(backbone.get_config() | {"rows": len(vectors)})
    for new in rebuilt.layers:
        if new.name == layer.name:
            fill(new.table, vectors)
        else:
            new.set_weights(backbone.get_layer(new.name).get_weights())
    return rebuilt
