import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tfnews import catalogue
from tfnews.errors import DataError, WeightsError
from tfnews.models.batches import training_batches
from tfnews.models.embedding import family as hub
from tfnews.models.embedding.family import EmbeddingBag
from tfnews.models.embedding.module import build_module, open_saved_model
from tfnews.models.family import Material
from tfnews.training.accumulation import training_model
from tfnews.training.losses import loss_for
from tfnews.training.optimizers import OPTIMIZERS

ROW = catalogue.row("swivel20")
TEXTS = ["The vote of the council", "fake news, élan", "vote! vote!", "the council of élan"]
LABELS = [0, 1, 1, 0]
WORDS = ["the", "vote", "of", "council", "news", "élan", "never", "unseen"]
VECTORS = np.random.default_rng(3).normal(size=(len(WORDS), 6)).astype("float32")
PROBES = ["", " ", "The VOTE of  the council!", "unheard of words", "élan\nnews", *TEXTS]

ids = st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=1, max_size=6)


def options(**changes):
    found = {**ROW.recipe, **ROW.settings, "weights": "none", "trainable": True, "min_count": 1}
    return {**found, "max_tokens": 0, "seed": 0, **changes}


def build(**changes):
    keras.utils.set_random_seed(0)
    return hub.build(ROW, Material(TEXTS, []), options(**changes), {})


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    folder = tmp_path_factory.mktemp("module") / "module"
    return str(build_module(WORDS, VECTORS, folder, normalise="words", oov_buckets=2))


# The layer


@pytest.fixture(scope="module")
def bag():
    bag = EmbeddingBag(10, 4)
    bag.build((None, None))
    return bag


def pooled(table, rows):
    """Pool in NumPy, by the definition: the sum over the root of the count; nothing is zeros."""
    sums = [table[row].sum(axis=0) / np.sqrt(max(1, len(row))) for row in rows]
    return np.array(sums, dtype="float64")


@settings(deadline=None, max_examples=50)
@given(ids)
@example([[]])
@example([[], [3, 3, 3], []])
def test_pooling_equals_numpy(bag, rows):
    table = bag.table.numpy().astype("float64")
    answers = bag(tf.ragged.constant(rows, tf.int32, ragged_rank=1))
    expected = pooled(table, [np.array(row, dtype=int) for row in rows])
    np.testing.assert_allclose(answers, expected, atol=1e-6)


@settings(deadline=None, max_examples=25)
@given(ids, st.sampled_from([0, 3, 256]))
@example([[], [3, 3, 3], []], 256)
def test_training_pools_alike_however_many_texts_there_are(bag, rows, few):
    """Up to a number of texts it is a product of matrices, for the sake of its gradient."""
    inputs = tf.ragged.constant(rows, tf.int32, ragged_rank=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tfnews.models.embedding.bag._FEW", few)
        np.testing.assert_allclose(bag(inputs, training=True), bag(inputs), atol=1e-6)


@settings(deadline=None, max_examples=50)
@given(ids, st.booleans(), st.sampled_from([0, 256]))
def test_gradients_touch_only_the_rows_in_the_batch(bag, rows, training, few):
    """A dense gradient would sweep a table of a million rows at every step."""
    inputs = tf.ragged.constant(rows, tf.int32, ragged_rank=1)
    with pytest.MonkeyPatch.context() as patch, tf.GradientTape() as tape:
        patch.setattr("tfnews.models.embedding.bag._FEW", few)
        loss = tf.reduce_sum(bag(inputs, training=training))
    gradient = tape.gradient(loss, bag.trainable_weights[0].value)
    assert isinstance(gradient, tf.IndexedSlices)
    seen = sorted({id for row in rows for id in row})
    assert sorted(gradient.indices.numpy()) == seen
    share = [sum(row.count(id) / np.sqrt(len(row)) for row in rows if row) for id in seen]
    found = dict(zip(gradient.indices.numpy(), gradient.values.numpy(), strict=True))
    for id, expected in zip(seen, share, strict=True):
        np.testing.assert_allclose(found[id], expected, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("splits", [tf.int32, tf.int64])
def test_a_table_of_another_kind_is_trained(dtype, splits):
    bag = EmbeddingBag(10, 4, dtype=dtype)
    inputs = tf.ragged.constant([[1, 2, 2], []], tf.int32).with_row_splits_dtype(splits)
    bag.build(None)
    bag.table.assign(np.random.default_rng(0).normal(size=(10, 4)))
    with tf.GradientTape() as tape:
        found = bag(inputs, training=True)
    assert tape.gradient(found, bag.table.value).values.dtype == dtype
    expected = pooled(bag.table.numpy().astype("float64"), [np.array([1, 2, 2]), np.array([], int)])
    np.testing.assert_allclose(tf.cast(found, "float64"), expected, atol=3e-2)


def test_under_mixed_precision_the_table_stays_float32():
    bag = EmbeddingBag(10, 4, dtype="mixed_bfloat16")
    answers = bag(tf.ragged.constant([[1, 2]], tf.int32))
    assert bag.table.dtype == "float32"
    assert answers.dtype == tf.bfloat16


# Building


def test_the_rows_in_use_are_those_the_texts_look_up():
    classifier, _ = build(vocabulary_size=3, oov_buckets=1)
    ids = classifier.encode(["the vote", "vote unheard", ""])
    table = classifier.backbone.token_embedding.table
    ((path, rows),) = classifier.rows_in_use(ids).items()
    assert path == table.path
    assert sorted(rows) == [0, 1, 3]


def test_fresh_weights_learn_their_vocabulary_from_the_texts():
    classifier, record = build(vocabulary_size=3, oov_buckets=2)
    assert classifier.preprocessor.tokenizer.get_vocabulary() == ["the", "vote", "council"]
    assert classifier.backbone.token_embedding.table.shape == (5, ROW.width)
    assert record.handle == "none"
    assert record.digest is None


@pytest.mark.parametrize(("seed", "same"), [(0, True), (1, False)])
def test_fresh_weights_follow_the_seed(seed, same):
    first, second = (build(seed=number)[0].backbone.get_weights()[0] for number in (0, seed))
    assert np.array_equal(first, second) is same


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("none", ["The", "élan", "news,", "vote!"]),
        ("lower", ["the", "élan", "news,", "vote!"]),
        ("words", ["the", "élan", "news", "vote"]),
    ],
)
def test_fresh_weights_read_texts_by_the_rule_that_is_set(rule, words):
    """It was a key of the rows that nothing followed."""
    classifier, record = build(normalise=rule)
    tokenizer = classifier.preprocessor.tokenizer
    assert set(words) <= set(tokenizer.get_vocabulary())
    assert tokenizer.normalise == record.normalise == rule
    assert tokenizer.unknown(tokenizer(TEXTS)) == 0


def test_texts_without_a_vocabulary_are_refused():
    with pytest.raises(DataError, match=r"No word occurs 9 times in the 4 .* --set min_count=1"):
        build(min_count=9)


def test_weights_that_are_not_there():
    with pytest.raises(WeightsError, match="'nowhere'"):
        build(weights="nowhere")


@pytest.mark.parametrize("trainable", [False, True])
def test_a_module_is_frozen_unless_asked(module, trainable):
    classifier, _ = build(weights=module, trainable=trainable)
    variables = classifier.trainable_variables
    table = classifier.backbone.token_embedding.table
    assert any(variable is table for variable in variables) is trainable
    assert len(variables) == 6 + trainable  # three dense layers with their biases


def test_every_row_is_frozen_by_default():
    rows = [row for row in catalogue.rows().values() if row.family == "embedding"]
    assert [row.name for row in rows if row.trainable] == []


def test_a_module_gives_its_own_answers(module):
    classifier, record = build(weights=module)
    expected = open_saved_model(module)(tf.constant(PROBES)).numpy()
    inputs = classifier.preprocessor(tf.constant(PROBES))
    np.testing.assert_allclose(classifier.backbone(inputs), expected, atol=1e-6)
    assert record.handle == module
    assert len(record.digest) == 64
    assert (record.normalise, record.oov_buckets) == ("words", 2)


def test_the_licence_is_the_rows_for_its_own_weights_only(module, tmp_path):
    assert build(weights=module)[1].licence == "as its maker states"
    stated = build_module(WORDS, VECTORS, tmp_path / "stated", licence="PDDL")
    assert build(weights=str(stated))[1].licence == "PDDL"
    published = dataclasses.replace(ROW, weights=module)
    record = hub.build(published, Material(TEXTS, []), options(weights=module), {})[1]
    assert record.licence == ROW.licence


def test_max_tokens_cuts_a_text(module):
    classifier, _ = build(weights=module, max_tokens=2)
    inputs = classifier.preprocessor(tf.constant(["the vote of the council"]))
    assert inputs["token_ids"].to_list() == [[0, 1]]


@pytest.mark.parametrize("optimizer", ["adam", "lazy_adam"])
@pytest.mark.parametrize("trainable", [False, True])
def test_training_moves_the_rows_of_seen_words_or_none(module, trainable, optimizer):
    classifier, _ = build(weights=module, trainable=trainable)
    before = [value.copy() for value in classifier.get_weights()]
    fit(classifier, optimizer)
    table = classifier.backbone.token_embedding.table.numpy()
    moved = np.flatnonzero((table != before[0]).any(axis=1)).tolist()
    tokens = classifier.preprocessor(tf.constant(TEXTS))["token_ids"]
    assert moved == (sorted(set(tokens.flat_values.numpy())) if trainable else [])
    assert WORDS.index("unseen") not in moved
    head = zip(before[1:], classifier.get_weights()[1:], strict=True)
    assert any((old != new).any() for old, new in head)


def fit(classifier, optimizer, epochs=2):
    model = training_model(classifier)
    model.compile(OPTIMIZERS[optimizer](0.01), loss_for(classifier), jit_compile=False)
    batches = training_batches(
        classifier.encode(TEXTS),
        LABELS,
        classifier.preprocessor,
        batch_size=2,
        epochs=epochs,
        seed=0,
        padded=False,
    )
    model.fit(batches, epochs=epochs, steps_per_epoch=2, verbose=0, shuffle=False)
