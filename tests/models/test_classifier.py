import keras
import keras_hub
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews import catalogue
from tfnews.data.text import INPUT_RULE
from tfnews.errors import UsageError
from tfnews.models import fake_probability, influence
from tfnews.models.classifier import NewsClassifier, Probabilities
from tfnews.models.embedding.family import HubBackbone, HubClassifier, HubPreprocessor
from tfnews.models.guards import Guards
from tfnews.models.text.words import WordTokenizer
from tfnews.records import Band, Calibration
from tfnews.statistics import calibration
from tfnews.training.accumulation import training_model

WORDS = ["the", "vote", "fake", "news"]
TEXTS = ["the vote", "fake news fake news", "", "unheard"]
HUB_ROWS = [row for row in catalogue.rows().values() if row.family == "embedding"]
ONE = {"hidden": [4], "dropout": [0.1], "units": 1}
TWO = {"hidden": [], "dropout": [0.1], "units": 2}


def build(head=ONE, width=3, **answers):
    keras.utils.set_random_seed(0)
    tokenizer = WordTokenizer(WORDS)
    backbone = HubBackbone(tokenizer.vocabulary_size(), width)
    return HubClassifier(backbone, HubPreprocessor(tokenizer), head=head, **answers)


def count(variables):
    return sum(int(np.prod(variable.shape)) for variable in variables)


# The head


@pytest.mark.parametrize("row", HUB_ROWS, ids=lambda row: row.name)
def test_a_head_counts_what_the_study_counts(row):
    classifier = build(row.head, row.width)
    classifier.backbone.trainable = False
    published = row.published["parameters_trainable_frozen"]
    assert count(classifier.trainable_variables) == published
    table = row.rows_published * row.width
    assert table + published == row.published["parameters_total"] == catalogue.parameters(row)


def test_the_smallest_published_model_counts_what_the_study_counts():
    row = catalogue.row("swivel20")
    classifier = NewsClassifier(HubBackbone(row.rows_published, row.width), head=row.head)
    assert classifier.count_params() == row.published["parameters_total"] == 421909
    assert count(classifier.trainable_variables) == 421909


@pytest.mark.parametrize(
    ("head", "kinds"),
    [
        (None, "Dense"),
        ({"hidden": [], "dropout": [], "units": 1}, "Dense"),
        (
            {"hidden": [5, 4], "dropout": [0.3, 0.2], "units": 1},
            "Dense Dropout Dense Dropout Dense",
        ),
        ({"hidden": [5], "dropout": [0.1, 0.2], "units": 2}, "Dropout Dense Dropout Dense"),
        ({"hidden": [], "dropout": [0.1], "units": 2}, "Dropout Dense"),
    ],
)
def test_a_heads_layers(head, kinds):
    layers = build(head).head_layers
    assert " ".join(type(layer).__name__ for layer in layers) == kinds
    rates = [layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)]
    assert rates == (head or {"dropout": []})["dropout"]
    assert layers[-1].dtype_policy.name == "float32"


# Probabilities


@pytest.mark.parametrize("head", [ONE, TWO], ids=["one unit", "two units"])
@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_logits_and_probabilities_agree(head, temperature):
    classifier = build(head, temperature=temperature)
    inputs = classifier.preprocessor(TEXTS)
    logits = training_model(classifier)(inputs).numpy().astype("float64") / temperature
    shown = classifier(inputs).numpy()
    assert shown.shape == (len(TEXTS), head["units"])
    margin = logits[:, 0] if head["units"] == 1 else logits[:, 1] - logits[:, 0]
    np.testing.assert_allclose(shown[:, -1], 1 / (1 + np.exp(-margin)), atol=1e-6)
    np.testing.assert_allclose(classifier.predict(TEXTS, verbose=0), shown, atol=1e-6)
    if head["units"] == 2:
        np.testing.assert_allclose(shown.sum(axis=1), 1, atol=1e-6)


def test_the_models_share_their_weights():
    classifier = build()
    logits = training_model(classifier)
    before = classifier.predict(TEXTS, verbose=0)
    logits.set_weights([value + 0.5 for value in logits.get_weights()])
    assert (classifier.predict(TEXTS, verbose=0) != before).any()
    assert len(logits.weights) == len(classifier.weights)


@given(st.floats(-40, 40).filter(lambda logit: abs(logit) > 1e-3), st.floats(0.1, 10))
def test_a_temperature_softens_and_never_turns_an_answer(logit, temperature):
    plain, softened = (
        float(Probabilities(t)(np.array([[logit]], "float32"))[0, 0]) for t in (1.0, temperature)
    )
    assert (plain >= 0.5) == (softened >= 0.5)
    if temperature >= 1:
        assert abs(softened - 0.5) <= abs(plain - 0.5) + 1e-6


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([[0.25], [1.0]], [0.25, 1.0]),
        ([[0.75, 0.25], [0.0, 1.0]], [0.25, 1.0]),
        (np.zeros((0, 2)), []),
    ],
)
def test_fake_probability(outputs, expected):
    found = fake_probability(outputs)
    assert found.dtype == np.float32
    assert found.tolist() == expected


# What the answers mean


def test_meaning_goes_through_configuration():
    guards = Guards.fit(["The council met in the town hall and talked about the vote."] * 20)
    answers = {
        "class_names": ("news", "satire"),
        "trained_on": "made up",
        "label_basis": "satire",
        "threshold": 0.7,
        "temperature": 1.5,
        "guards": guards.get_config(),
        "input_rule": "other-rule",
    }
    classifier = build(TWO, **answers)
    copy = HubClassifier.from_config(classifier.get_config())
    assert copy.guards.get_config() == answers.pop("guards")
    assert {name: getattr(copy, name) for name in answers} == answers
    assert copy.head == TWO


def test_meaning_without_any():
    classifier = build()
    assert classifier.class_names == ("real", "fake")
    assert (classifier.threshold, classifier.temperature) == (0.5, 1.0)
    assert classifier.input_rule == INPUT_RULE
    assert classifier.guards is None


def test_temperature_and_threshold_survive_saving(tmp_path):
    classifier = build(temperature=3.0, threshold=0.2)
    table = classifier.backbone.token_embedding.table
    table.assign(np.random.default_rng(0).standard_normal(table.shape))
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert (opened.temperature, opened.threshold) == (3.0, 0.2)
    expected = classifier.predict(TEXTS, verbose=0)
    np.testing.assert_array_equal(opened.predict(TEXTS, verbose=0), expected)
    assert np.ptp(expected) > 0


@pytest.mark.parametrize("head", [ONE, TWO], ids=["one unit", "two units"])
def test_a_temperature_set_in_memory_is_the_one_that_is_saved(head, tmp_path):
    """It changed nothing in memory, and the answers after saving and opening."""
    classifier = build(head)
    table = classifier.backbone.token_embedding.table
    table.assign(np.random.default_rng(0).standard_normal(table.shape))
    before = classifier.probabilities(TEXTS)
    predicted = classifier.predict(TEXTS, verbose=0)[:, -1]
    classifier.temperature = 5.0
    after = classifier.probabilities(TEXTS)
    margin = np.log(before / (1 - before)) / 5
    np.testing.assert_allclose(after, 1 / (1 + np.exp(-margin)), atol=1e-6)
    assert np.abs(after - before).max() > 0.01
    np.testing.assert_allclose(predicted, before, atol=1e-6)
    np.testing.assert_allclose(classifier.predict(TEXTS, verbose=0)[:, -1], after, atol=1e-6)
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert opened.temperature == 5.0
    np.testing.assert_array_equal(opened.probabilities(TEXTS), after)


CALIBRATIONS = {
    "platt": Calibration(0.4, -0.7),
    "isotonic": Calibration(0.8, 0.2, ((-0.5, 1.5), (0.1, -2.0), (0.6, 0.4))),
}


@pytest.mark.parametrize("head", [ONE, TWO], ids=["one unit", "two units"])
@pytest.mark.parametrize("method", CALIBRATIONS)
def test_a_calibration_holds_wherever_answers_come_from(method, head, tmp_path):
    """In memory, on disk, in a graph for one text, and in the log odds that are explained."""
    classifier = build(head)
    table = classifier.backbone.token_embedding.table
    table.assign(np.random.default_rng(0).standard_normal(table.shape))
    odds, before = classifier.log_odds(TEXTS), classifier.probabilities(TEXTS)
    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), before, atol=1e-6)
    classifier.calibration = known = CALIBRATIONS[method]
    classifier.band = Band(0.25, 0.75, 0.9)
    expected = calibration.applied(known, odds)
    assert np.abs(expected - before).max() > 0.01
    np.testing.assert_allclose(classifier.log_odds(TEXTS), odds, atol=1e-6)
    np.testing.assert_allclose(classifier.probabilities(TEXTS), expected, atol=1e-6)
    np.testing.assert_allclose(classifier.predict(TEXTS, verbose=0)[:, -1], expected, atol=1e-6)
    explained = influence.log_odds(classifier, classifier.preprocessor(TEXTS))
    np.testing.assert_allclose(1 / (1 + np.exp(-explained)), expected, atol=1e-6)
    ids = classifier.preprocessor.fixed(classifier.encode(TEXTS[:1]), 4)
    np.testing.assert_allclose(classifier.one_text(ids), expected[:1], atol=1e-6)
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert (opened.calibration, opened.band) == (known, classifier.band)
    assert opened.calibration.method == method
    np.testing.assert_array_equal(opened.probabilities(TEXTS), classifier.probabilities(TEXTS))


@pytest.mark.parametrize("head", [{"hidden": [], "dropout": [], "units": 1}, TWO])
def test_a_bend_leaves_no_sum_to_explain_exactly(head):
    classifier = build(head, bias=-0.7, temperature=0.4)
    assert classifier.explains[0] == "exact"
    slopes, constant = influence.line(classifier)
    features = classifier.backbone(classifier.preprocessor(TEXTS)).numpy()
    expected = influence.log_odds(classifier, classifier.preprocessor(TEXTS))
    np.testing.assert_allclose(features @ slopes + constant, expected, atol=1e-5)
    classifier.calibration = CALIBRATIONS["isotonic"]
    assert "exact" not in classifier.explains


def test_what_is_unsure_is_told_by_the_graph():
    classifier = build()
    texts = [text for text in TEXTS if text]  # an empty one is not scored
    scores = classifier.probabilities(texts)
    classifier.band = Band(float(scores.min()), float(np.median(scores)), 0.9)
    classifier.threshold = float(np.median(scores))
    told = classifier.servable().text(texts)
    expected = [b"unsure" if score <= np.median(scores) else b"scored" for score in scores]
    assert told["outcome"].numpy().tolist() == expected
    assert [bool(label) for label in told["label"].numpy()] == [e == b"scored" for e in expected]


def test_calibration_is_no_weight():
    bent = CALIBRATIONS["isotonic"]
    changes = [{}, {"temperature": 3.0}, {"bias": 1.0}, {"knots": bent.knots}]
    assert len({build(**one).count_params() for one in changes}) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"knots": [(0.0, -1.0)]},  # flat after it
        {"knots": [(1.0, 0.5), (0.0, 0.5)]},
        {"knots": [(1.0, 0.5), (1.0, 0.5)]},
        {"knots": [(0.0, float("nan"))]},
        {"bias": float("inf")},
    ],
)
def test_a_calibration_that_does_not_rise_by_numbers_is_refused(changes):
    with pytest.raises(UsageError, match="must rise everywhere"):
        build(**changes)


@pytest.mark.parametrize("band", [(0.6, 0.4, 0.9), (-0.1, 0.4, 0.9), (0.1, 0.4, 1.0)])
def test_a_band_that_is_none_is_refused(band):
    with pytest.raises(UsageError, match="A band goes from a low to a high probability"):
        build().band = Band(*band)


@pytest.mark.parametrize(
    ("head", "loss"),
    [(ONE, "binary_crossentropy"), (TWO, "sparse_categorical_crossentropy")],
)
def test_keras_own_fit_works_on_raw_texts(head, loss):
    classifier = build(head)
    assert classifier.loss == loss
    history = classifier.fit(TEXTS, np.array([0, 1, 1, 0]), verbose=0, batch_size=2, shuffle=False)
    assert np.isfinite(history.history["loss"]).all()


# Keras' own fit and evaluate


@pytest.mark.parametrize("head", [ONE, TWO], ids=["one unit", "two units"])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"loss", "accuracy"}),
        ({"metrics": []}, {"loss"}),
        ({"metrics": ["mean_absolute_error"]}, {"loss", "mean_absolute_error"}),
    ],
    ids=["by default", "none", "another"],
)
def test_the_metrics_asked_for_are_computed(head, given, expected):
    """They were dropped without a word."""
    classifier = build(head)
    classifier.compile(**given, run_eagerly=True)  # its graph is that of the fits above
    labels = np.arange(len(TEXTS)) % 2
    history = classifier.fit(TEXTS, labels, batch_size=2, verbose=0, shuffle=False).history
    assert set(history) == expected
    assert all(np.isfinite(history[name]).all() for name in history)


# Texts to probabilities


@pytest.mark.parametrize("count", [0, 1, 7, 600])
@pytest.mark.parametrize("batch_size", [None, 1, 64])
def test_probabilities_come_in_the_order_of_the_texts(count, batch_size):
    if count == 600 and batch_size == 1:
        count = 30
    classifier = build()
    table = classifier.backbone.token_embedding.table
    table.assign(np.random.default_rng(0).standard_normal(table.shape))
    texts = [" ".join([TEXTS[row % len(TEXTS)]] * (row % 5)) for row in range(count)]
    found = classifier.probabilities(texts, batch_size)
    assert found.dtype == np.float32
    assert found.shape == (count,)
    by_text = {text: classifier.probabilities([text])[0] for text in set(texts)}
    np.testing.assert_allclose(found, [by_text[text] for text in texts], atol=1e-6)
    encoded = classifier.probabilities(classifier.encode(texts), batch_size)
    np.testing.assert_array_equal(encoded, found)


def test_tokens_without_texts_answer_alike():
    classifier = build()
    ids = classifier.encode(TEXTS)
    found = classifier.from_tokens(ids.flat_values, ids.row_lengths())
    np.testing.assert_allclose(found, classifier.probabilities(TEXTS), atol=1e-6)


@pytest.mark.parametrize("text", ["the vote", b"the vote"])
def test_a_single_text_is_not_scored_letter_by_letter(text):
    classifier = build()
    with pytest.raises(UsageError, match=r"Give a list: \[text\]"):
        classifier.probabilities(text)
    with pytest.raises(UsageError, match="one text"):
        classifier.encode(text)


@pytest.mark.parametrize("size", [0, -1])
def test_an_impossible_batch_size_does_not_pass_for_another(size):
    with pytest.raises(UsageError, match=f"from 1 up to 65,536. Received: {size}"):
        build().probabilities(TEXTS, size)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), float("inf")])
def test_a_temperature_that_would_swap_the_classes_or_hide_the_answer_is_refused(temperature):
    classifier = build(temperature=2.0)
    with pytest.raises(UsageError, match="above 0"):
        classifier.temperature = temperature
    assert classifier.temperature == 2.0
    with pytest.raises(UsageError, match="above 0"):
        build(temperature=temperature)


@pytest.mark.parametrize("threshold", [50, -0.1, float("nan")])
def test_a_threshold_that_no_score_reaches_is_refused(threshold):
    classifier = build(threshold=0.7)
    with pytest.raises(UsageError, match="from 0 up to 1"):
        classifier.threshold = threshold
    assert classifier.threshold == 0.7


def test_numpys_numbers_are_saved(tmp_path):
    """JSON takes none of them: the temperature that SciPy found could not be kept."""
    classifier = build(threshold=np.float32(0.25))
    classifier.temperature = np.float32(1.5)
    classifier.save_to_preset(str(tmp_path))
    again = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert (again.temperature, again.threshold) == (1.5, 0.25)
