"""Text-embedding modules: made as published, read natively, refused when they answer otherwise."""

import re
import shutil

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tensorflow.core.protobuf import saved_model_pb2

from tests.models import hostile
from tfnews.catalogue.names import NORMALISATIONS
from tfnews.errors import UsageError, WeightsError
from tfnews.models.embedding.module import (
    build_module,
    describe,
    open_saved_model,
    read_module,
    unreachable,
)

WORDS = ["the", "fake", "news", "élan", "U.S.", "Senate", ",", "vote"]
VECTORS = np.random.default_rng(7).normal(size=(len(WORDS), 5)).astype(np.float32)
BUCKETS = 3

third_party_warnings = [
    pytest.mark.filterwarnings("ignore:.*pkg_resources:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*pkg_resources:DeprecationWarning"),
]


def reference(text, rule, words, table):
    """Pool one text in NumPy, by the definition."""
    if rule != "none":
        text = text.lower()
    if rule == "words":
        text = re.sub(r"\W+", " ", text).strip(" ")
    ids = {word: row for row, word in enumerate(words)}
    rows = [ids[token] if token in ids else bucket(token) for token in text.split(" ")]
    return table[rows].astype(np.float64).sum(axis=0) / np.sqrt(len(rows))


def bucket(token):
    return len(WORDS) + int(tf.strings.to_hash_bucket_fast(tf.constant(token), BUCKETS))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("modules")
    for rule in NORMALISATIONS:
        build_module(WORDS, VECTORS, root / rule, normalise=rule, oov_buckets=BUCKETS)
    return root


@pytest.fixture(scope="module")
def opened(folders):
    return {rule: open_saved_model(folders / rule) for rule in NORMALISATIONS}


@pytest.fixture(scope="module")
def native(folders):
    return {rule: read_module(folders / rule) for rule in NORMALISATIONS}


# ASCII letters and a few others whose lower case Python and TensorFlow agree on.
tokens = st.sampled_from(
    [*WORDS, "FAKE", "News", "news,", "(vote)", "", "Élan", "qx", "a_b", "2016"]
)
gaps = st.sampled_from([" ", " ", "  ", "\n", "\t", "-", "\u00a0", "…"])
sentences = st.lists(st.tuples(tokens, gaps), max_size=12).map(
    lambda pairs: "".join(token + gap for token, gap in pairs)
)


@settings(deadline=None, max_examples=60)
@given(sentences)
@example("")
@example(" ")
def test_module_and_native_pooling_equal_numpy(opened, native, sentence):
    for rule in NORMALISATIONS:
        expected = reference(sentence, rule, WORDS, native[rule].table)
        answer = opened[rule](tf.constant([sentence])).numpy()[0]
        np.testing.assert_allclose(answer, expected, atol=1e-6)
        np.testing.assert_allclose(native[rule].embed([sentence])[0], expected, atol=1e-6)


@pytest.mark.parametrize("rule", NORMALISATIONS)
def test_read_module_gives_back_what_was_built(native, rule):
    module = native[rule]
    assert module.words == WORDS
    assert module.normalise == rule
    assert module.oov_buckets == BUCKETS
    assert module.table.dtype == np.float32
    np.testing.assert_array_equal(module.table[: len(WORDS)], VECTORS)
    assert np.abs(module.table[len(WORDS) :]).max() <= 0.05
    assert len(np.unique(module.table, axis=0)) == len(WORDS) + BUCKETS


def test_layout_is_the_published_one(folders, opened):
    folder = folders / "none"
    assert (folder / "assets/tokens.txt").read_text(encoding="utf-8").split("\n")[:-1] == WORDS
    names = {path.relative_to(folder).parts[0] for path in folder.rglob("*")}
    assert names == {"assets", "fingerprint.pb", "saved_model.pb", "variables"}
    assert describe(folder, opened["none"]) == (
        "callable; 1 assets: tokens.txt; 1 variables: embeddings:0 (11, 5) float32"
    )
    signature = opened["none"].signatures["serving_default"].structured_input_signature[1]
    assert signature["sentences"].shape.rank == 1


def test_an_empty_batch_and_many_texts(opened):
    assert opened["words"](tf.zeros([0], tf.string)).shape == (0, 5)
    assert opened["words"](tf.constant(["the"] * 100)).shape == (100, 5)


def test_one_bucket_is_zeros(tmp_path):
    module = read_module(build_module(WORDS, VECTORS, tmp_path / "module"))
    np.testing.assert_array_equal(module.table[-1], np.zeros(5))
    half = module.embed(["the unknown"])[0]
    np.testing.assert_allclose(half, VECTORS[0] / np.sqrt(2), atol=1e-6)


def test_the_rule_is_found_with_a_row_of_zeros_for_unknown_words(tmp_path):
    for rule in NORMALISATIONS:
        folder = build_module(["fake", "news"], VECTORS[:2], tmp_path / rule, normalise=rule)
        assert read_module(folder).normalise == rule


def test_same_seed_same_buckets(tmp_path):
    def rows(name, seed):
        folder = build_module(WORDS, VECTORS, tmp_path / name, oov_buckets=4, seed=seed)
        return read_module(folder).table[-4:]

    first = rows("a", 1)
    np.testing.assert_array_equal(first, rows("b", 1))
    assert not np.array_equal(first, rows("c", 2))


def test_the_module_stands_by_itself(folders, tmp_path, native):
    copy = tmp_path / "copy"
    shutil.copytree(folders / "words", copy)
    assert read_module(copy).digest == native["words"].digest
    (copy / "assets/tokens.txt").write_text("\n".join(WORDS[::-1]) + "\n", encoding="utf-8")
    assert read_module(copy).digest != native["words"].digest
    assert len(native["words"].digest) == 64


def test_licence_is_kept(tmp_path):
    folder = build_module(WORDS, VECTORS, tmp_path / "module", licence="Public domain (PDDL 1.0)")
    assert (folder / "assets.extra/LICENSE.txt").read_text() == "Public domain (PDDL 1.0)\n"
    assert read_module(folder).licence == "Public domain (PDDL 1.0)"


def test_gradients_reach_only_the_rows_of_the_batch(opened):
    module = opened["none"]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(module(tf.constant(["fake news"])))
    gradient = tape.gradient(loss, module.trainable_variables[0])
    assert isinstance(gradient, tf.IndexedSlices)
    assert sorted(gradient.indices.numpy()) == [1, 2]


class TestTensorFlowHub:
    pytestmark = third_party_warnings

    @pytest.fixture
    def hub(self):
        pytest.importorskip("tf_keras")
        return pytest.importorskip("tensorflow_hub")

    @pytest.mark.parametrize("rule", NORMALISATIONS)
    def test_hub_load(self, hub, folders, native, rule):
        texts = ["The FAKE news,", "", "unknown  words\nélan"]
        answers = hub.load(str(folders / rule))(tf.constant(texts))
        np.testing.assert_allclose(answers, native[rule].embed(texts), atol=1e-6)

    @pytest.mark.parametrize("trainable", [False, True])
    def test_keras_layer_trains_when_asked(self, hub, folders, trainable):
        import tf_keras

        tf_keras.utils.set_random_seed(0)
        layer = hub.KerasLayer(
            str(folders / "none"), input_shape=[], dtype=tf.string, trainable=trainable
        )
        model = tf_keras.Sequential([layer, tf_keras.layers.Dense(1, activation="sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        before = layer.get_weights()[0].copy()
        model.fit(tf.constant(["fake news", "the vote"]), tf.constant([1.0, 0.0]), verbose=0)
        moved = np.flatnonzero((layer.get_weights()[0] != before).any(axis=1))
        assert list(moved) == ([0, 1, 2, 7] if trainable else [])


@pytest.mark.parametrize(("rule", "count"), [("none", 0), ("lower", 2), ("words", 3)])
def test_unreachable_words_are_counted(rule, count):
    assert unreachable(WORDS, rule) == count


@pytest.mark.parametrize(
    ("words", "options", "error", "message"),
    [
        (WORDS, {"oov_buckets": 0}, UsageError, "from 1 up to 10,000,000. Received: 0"),
        (WORDS, {"normalise": "upper"}, UsageError, "'upper'. Allowed: none, lower, words"),
        (WORDS[:-1], {}, WeightsError, r"the shape \(7, width\).* Received: \(8, 5\)"),
        ([*WORDS[:-1], "the"], {}, WeightsError, "must be distinct"),
        ([*WORDS[:-1], "New York"], {}, WeightsError, "no spaces"),
    ],
)
def test_what_cannot_be_built(tmp_path, words, options, error, message):
    with pytest.raises(error, match=message):
        build_module(words, VECTORS, tmp_path / "module", **options)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_is_never_overwritten(tmp_path):
    (tmp_path / "module").mkdir()
    with pytest.raises(WeightsError, match=r"exists\. Name another folder"):
        build_module(WORDS, VECTORS, tmp_path / "module")


def test_a_failed_build_leaves_nothing(tmp_path, monkeypatch):
    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(tf.saved_model, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        build_module(WORDS, VECTORS, tmp_path / "module")
    assert list(tmp_path.iterdir()) == []


class Foreign(tf.train.Checkpoint):
    """A module of our structure, or nearly, whose call is given."""

    def __init__(self, tokens, table, call, assets=1):
        super().__init__()
        self.assets = [tf.saved_model.Asset(str(tokens))][:assets]
        self.embeddings = tf.Variable(table)
        self.variables = [self.embeddings]
        if call:
            signature = [tf.TensorSpec([None], tf.string)]
            self.__call__ = tf.function(call, input_signature=signature)


NINE_ROWS = np.ones((9, 5), np.float32)


@pytest.fixture
def foreign(tmp_path):
    def save(call, table=NINE_ROWS, words=WORDS, assets=1, encoding="utf-8"):
        tokens = tmp_path / "tokens.txt"
        tokens.write_bytes("".join(f"{word}\n" for word in words).encode(encoding))
        module = Foreign(tokens, table, call, assets)
        tf.saved_model.save(module, str(tmp_path / "foreign"))
        return tmp_path / "foreign"

    return save


def zeros(texts):
    return tf.zeros([tf.shape(texts)[0], 5])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"call": None}, "another structure: not callable; 1 assets: tokens.txt; 1 variables"),
        ({"call": zeros, "assets": 0}, "another structure: callable; 0 assets: none"),
        ({"call": zeros, "table": NINE_ROWS[:8]}, "8 words.*more rows than words"),
        ({"call": zeros, "table": np.ones((9, 5))}, "float64"),
        ({"call": zeros, "words": ["the", "the"]}, "repeats words"),
        ({"call": zeros, "encoding": "latin-1"}, "not UTF-8"),
        ({"call": lambda texts: zeros(texts)[:, :4]}, r"shape \(14, 4\).*Expected: \(14, 5\)"),
        ({"call": lambda texts: tf.strings.to_number(texts)}, "cannot be called on a batch"),
        ({"call": zeros}, "answers otherwise .* differs on: an empty text"),
    ],
)
def test_other_modules_are_refused_with_what_was_found(foreign, options, message):
    with pytest.raises(WeightsError, match=message):
        read_module(foreign(**options))


@pytest.mark.parametrize("name", ["variables", "trainable_variables"])
@pytest.mark.parametrize(
    "listed", [tf.train.Checkpoint(), {"a": tf.Variable(1.0)}, [tf.train.Checkpoint()]]
)
def test_what_a_module_lists_as_variables_may_be_anything(tmp_path, name, listed):
    """Asking an object for the variables it lists ended in an error of Python's."""
    module = tf.train.Checkpoint()
    setattr(module, name, listed)
    tf.saved_model.save(module, str(tmp_path / "odd"))
    with pytest.raises(WeightsError, match=r"cannot be opened as a SavedModel: TypeError: .+\."):
        open_saved_model(tmp_path / "odd")


def test_a_variable_that_no_file_fills_is_told(tmp_path):
    """Two names of one object: TensorFlow looked for it under the first, and left it empty."""
    folder = hostile.save(hostile.Layout, tmp_path)
    saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    children = saved.meta_graphs[0].object_graph_def.nodes[0].children
    named = {child.local_name: child for child in children}
    named["rows"].node_id = named["embeddings"].node_id
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    with pytest.raises(WeightsError, match=r"says \(3, 2\) of embeddings:0, its file \(0,\)"):
        open_saved_model(folder)


def test_mean_pooling_is_told_from_sqrtn(foreign):
    def mean(texts):
        count = tf.strings.split(texts, sep=" ").row_lengths()
        return tf.ones([tf.shape(texts)[0], 5]) * tf.cast(count > 0, tf.float32)[:, None]

    with pytest.raises(WeightsError, match="differs on: known words") as caught:
        read_module(foreign(mean))
    assert "an empty text" not in str(caught.value)


def test_no_saved_model(tmp_path):
    with pytest.raises(WeightsError, match=r"no saved_model\.pb.*tfnews weights build"):
        open_saved_model(tmp_path)


def test_a_damaged_saved_model(folders, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folders / "none", copy)
    (copy / "variables/variables.index").unlink()
    with pytest.raises(WeightsError, match="cannot be opened as a SavedModel"):
        open_saved_model(copy)
    (copy / "saved_model.pb").write_bytes(b"not a graph")
    with pytest.raises(WeightsError, match="cannot be opened as a SavedModel"):
        open_saved_model(copy)
