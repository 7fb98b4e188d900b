"""Word vectors for TensorBoard's projector: of the words most frequent in training."""

import os
import re

import numpy as np
import tensorflow as tf

from tfnews.files import replacing_folder, write_text
from tfnews.models import NewsClassifier
from tfnews.models.embedding.bag import table_of
from tfnews.runs import Run

WORDS = 2000
_FOLDER, _WORDS, _VECTORS = "words", "words.tsv", "vectors.tsv"
_NOT_IN_A_CELL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONFIG = (
    'embeddings {{\n  tensor_name: "word vectors of {run}"\n'
    f'  tensor_path: "{_VECTORS}"\n  metadata_path: "{_WORDS}"\n}}}}\n'
)


def write(run: Run, classifier: NewsClassifier, ids: tf.RaggedTensor) -> int:
    """Write the vectors of a classifier's words, where it has a table of them.

    A word of a single training text, such as a name, would tell who was written of: left out.

    Args:
        run: The classifier's.
        classifier: Trained.
        ids: The training texts, encoded, (texts, tokens).

    Returns:
        How many words were written; 0 where there is no table.
    """
    table = table_of(classifier)
    vocabulary = getattr(classifier.preprocessor.tokenizer, "vocabulary", None)
    if table is None or not vocabulary:
        return 0
    rows = frequent(ids.flat_values.numpy(), ids.row_lengths().numpy(), len(vocabulary), WORDS)
    words = [_NOT_IN_A_CELL.sub(" ", vocabulary[row]).strip() for row in rows]
    rows, words = zip(*(pair for pair in zip(rows, words, strict=True) if pair[1]), strict=True)
    vectors = table.vectors(tf.constant(rows)).numpy()
    lines = ("\t".join(f"{number:.5g}" for number in row) for row in vectors)
    with replacing_folder(run.logs_dir / _FOLDER) as folder:
        # TensorBoard looks for projector_config.pbtxt only where events are.
        tf.summary.create_file_writer(os.fspath(folder)).close()
        write_text(folder / _WORDS, "".join(f"{word}\n" for word in words))
        write_text(folder / _VECTORS, "".join(f"{line}\n" for line in lines))
        write_text(folder / "projector_config.pbtxt", _CONFIG.format(run=run.name))
    return len(words)


def frequent(ids: np.ndarray, lengths: np.ndarray, known: int, most: int) -> np.ndarray:
    """Return the ids that occur most often, those of a single text left out, most frequent first.

    Args:
        ids: Of all texts, one after the other, `(tokens,)`.
        lengths: Tokens of each text, `(texts,)`.
        known: Ids from here on are no words.
        most: How many to return at most.
    """
    texts = np.repeat(np.arange(len(lengths)), lengths)
    words = (ids >= 0) & (ids < known)
    ids, texts = ids[words], texts[words]
    counts = np.bincount(ids, minlength=known)
    first, last = np.full(known, -1), np.full(known, -1)
    first[ids[::-1]], last[ids] = texts[::-1], texts  # of assignments to one place the last holds
    counts[first == last] = 0
    order = np.argsort(-counts, kind="stable")[:most]
    return order[counts[order] > 0]
