"""Kind "word2vec": the mean of a text's word vectors, logistic regression over it.

Sources: Mikolov et al. (2013), "Efficient Estimation of Word Representations in Vector Space" and
"Distributed Representations of Words and Phrases".
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfnews.catalogue import Row
from tfnews.errors import DataError, UsageError
from tfnews.models.batches import by_length
from tfnews.models.embedding.family import HubBackbone, HubClassifier, HubPreprocessor
from tfnews.models.embedding.tables import WordTable, word_table
from tfnews.models.family import Built, Family, Material
from tfnews.models.linear.logistic import carry, logistic_regression
from tfnews.models.text.normalise import rule_of
from tfnews.models.text.words import WordTokenizer
from tfnews.models.variables import fill
from tfnews.records import WeightsRecord

_BATCH = 256
_LONGEST = 10_000  # words of a text that gensim learns from; it leaves out the rest unsaid


def build(row: Row, material: Material, options: dict, answers: dict) -> Built:
    """Average word vectors, solve logistic regression by scikit-learn, and carry both in Keras.

    Args:
        row: The catalogue's row.
        material: The training split.
        options: weights (as `word_table` takes them; "none" learns skip-gram vectors from the
            training texts), max_tokens, seed, and the row's settings.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.

    Returns:
        The solved classifier, and what is to be recorded of its weights.

    Raises:
        DataError: No word of the training texts has a vector.
    """
    fresh = options["weights"] == "none"
    table = _skip_gram(row, material.texts, options) if fresh else word_table(row, (), options)
    backbone = HubBackbone(*table.shape, pooling="mean")
    fill(backbone.token_embedding.table, table.vectors)
    backbone.trainable = False
    preprocessor = HubPreprocessor(table.tokenizer(options["max_tokens"]))
    classifier = HubClassifier(backbone, preprocessor, head=row.head, **answers)
    ids = classifier.encode(material.texts)
    record = table.record if fresh else _with_unknown(table.record, preprocessor, ids, material)
    solution = logistic_regression(options)
    solution.fit(_features(classifier, ids), material.labels, material.weights)
    carry(solution, classifier)
    return classifier, record


FAMILY = Family(build, solved=True)


def _features(classifier: HubClassifier, ids: tf.RaggedTensor) -> np.ndarray:
    """Return the pooled vectors of encoded texts (texts, tokens), float32 (texts, width)."""
    features = np.empty((int(ids.nrows()), classifier.backbone.width), np.float32)
    for rows in by_length(ids.row_lengths().numpy(), _BATCH):
        inputs = classifier.preprocessor.pack(tf.gather(ids, rows))
        features[rows] = classifier.backbone(inputs)
    return features


def _with_unknown(
    record: WeightsRecord, preprocessor: HubPreprocessor, ids: tf.RaggedTensor, material: Material
) -> WeightsRecord:
    """Say in a record how many words of the training texts have no vector and are left out.

    Raises:
        DataError: None has one, so that all texts would look alike.
    """
    tokenizer = preprocessor.tokenizer
    if tokenizer.oov_buckets:  # those of a module have a vector, and are counted like any other's
        return record
    texts = list(material.texts)
    words = sum(
        int(tokenizer.words(tf.constant(texts[start : start + _BATCH])).row_splits[-1])
        for start in range(0, len(texts), _BATCH)
    )
    known = int(ids.row_splits[-1])
    if not known:
        raise DataError(
            f"No word of the {len(material.texts)} training texts has a vector in "
            f"{record.handle}, which knows {len(tokenizer.vocabulary):,}. Give vectors of the "
            "texts' language, or another --set normalise, as of cased words."
        )
    lacking = f"{1 - known / words:.1%} of the training split's words have no vector: left out"
    return dataclasses.replace(record, note="; ".join(filter(None, [record.note, lacking])))


def _skip_gram(row: Row, texts: Sequence[str], options: dict) -> WordTable:
    """Learn word vectors from training texts by gensim; the same texts give the same vectors.

    Raises:
        UsageError: gensim is not installed.
        DataError: No word occurs often enough.
    """
    try:
        from gensim.models import Word2Vec
    except ImportError as error:
        raise UsageError(
            f"Learning word vectors needs gensim, and importing it failed: {error}. Install it "
            "with: pip install 'tfnews[word2vec]'. Or name vectors that are learnt already: "
            "--weights FILE."
        ) from error

    rule = rule_of(options)
    words = WordTokenizer(normalise=rule, max_tokens=options["max_tokens"]).words(
        tf.constant(list(texts))
    )
    model = Word2Vec(
        sg=1,
        vector_size=row.width,
        window=options["window"],
        min_count=options["min_count"],
        epochs=options["vector_epochs"],
        seed=options["seed"],
        workers=1,  # with more, the order of updates depends on their timing
    )
    sentences = [
        [word.decode("utf-8", "replace") for word in text[start : start + _LONGEST]]
        for text in words.to_list()
        for start in range(0, len(text), _LONGEST)
    ]
    try:
        model.build_vocab(sentences)
        model.train(sentences, total_examples=model.corpus_count, epochs=model.epochs)
    except RuntimeError as error:
        raise DataError(
            f"No word occurs {options['min_count']} times in the {len(texts)} training texts, so "
            f"there are no vectors to learn ({error}). Give more texts, or --set min_count=1."
        ) from error
    record = WeightsRecord(normalise=rule, oov_buckets=0)
    return WordTable(list(model.wv.index_to_key), model.wv.vectors.astype("float32"), record)
