"""What every architecture of the catalogue promises, checked on a small one of each."""

import functools
import json
import subprocess
import sys

import keras_hub
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from tests import tiny
from tests.models.reduced import ALIASED, ENSEMBLED, LABELS, PROBES, TEXTS, row_of, small
from tfnews import catalogue
from tfnews.catalogue.names import EXPLANATIONS
from tfnews.errors import ExportError, UsageError, WeightsError
from tfnews.evaluation.explain import explain
from tfnews.models import FAMILIES, fake_probability
from tfnews.models.batches import training_batches
from tfnews.models.graph import faults
from tfnews.models.precision import under_policy
from tfnews.runs import Run
from tfnews.scoring.predict import predict
from tfnews.training import optimizers
from tfnews.training.accumulation import training_model
from tfnews.training.callbacks import BestWeights
from tfnews.training.checkpoints import SaveState
from tfnews.training.losses import loss_for

ROWS = list(catalogue.rows())


def one_of_each_code_path() -> list[str]:
    """Name a row for each kind and architecture: rows that differ in width run the same code."""
    firsts = {}
    for row in catalogue.rows().values():
        firsts.setdefault((row.kind, row.settings.get("architecture")), row.name)
    return [*firsts.values(), ALIASED, ENSEMBLED]


DEAR = one_of_each_code_path()
TRAINED = [name for name in DEAR if not FAMILIES[row_of(name).kind].solved]
TRANSFORMERS = [name for name in DEAR if row_of(name).family == "transformer"]
# Transformers differ in their encoder alone: for what does not depend on it, one is enough.
ONE_A_FAMILY = [name for name in DEAR if name not in TRANSFORMERS or name == "tinybert"]
ON_DEVICES = [name for name in DEAR if name not in (ALIASED, ENSEMBLED)]

NOT_IN_FLOAT16 = ["mobilebert"]  # its activations exceed float16's largest number
ARCHITECTURES = {name: row_of(name).settings.get("architecture") for name in DEAR}
POLICIES = ["float32", "mixed_bfloat16", "mixed_float16"]
PRECISIONS = [
    (name, policy)
    for name in DEAR
    for policy in POLICIES
    if (policy == "float32" or name != ALIASED)
    and (policy != "mixed_float16" or ARCHITECTURES[name] not in NOT_IN_FLOAT16)
]

# float16, which needs its loss scaled, is the harder of the two to train in.
TRAININGS = [
    (name, policy)
    for name, policy in PRECISIONS
    if name in TRAINED
    and (policy != "mixed_bfloat16" or name in ONE_A_FAMILY or name in NOT_IN_FLOAT16)
]

FLOAT16_AGAIN = [(name, "mixed_float16") for name in TRANSFORMERS if name != "distilbert"]

# One layer suffices for these; of the others two, so that their order and sharing count.
SHALLOW = {"distilbert", "mobilebert"}

LENGTH = 32  # tokens of a text on a device, where the encoder has no end


@functools.cache
def made(name: str) -> keras_hub.models.TextClassifier:
    """Build a row once; the tests that train build their own."""
    return small(name, **({"num_layers": 1} if name in SHALLOW else {}))


@functools.cache
def answers_of(name: str) -> np.ndarray:
    return answers(made(name))


def answers(classifier: keras_hub.models.TextClassifier) -> np.ndarray:
    return fake_probability(classifier.predict(PROBES, verbose=0))


@pytest.fixture(params=DEAR)
def name(request):
    return request.param


@pytest.fixture
def classifier(name):
    return made(name)


@pytest.fixture
def expected(name):
    return answers_of(name)


@pytest.mark.parametrize("name", [*ROWS, ALIASED, ENSEMBLED])
def test_probabilities_are_in_range(expected):
    assert expected.shape == (len(PROBES),)
    assert expected.dtype == np.float32
    assert ((expected >= 0) & (expected <= 1)).all()


def test_raw_strings_tf_data_and_split_preprocessing_agree(classifier, expected):
    dataset = tf.data.Dataset.from_tensor_slices(PROBES).batch(7)
    np.testing.assert_allclose(
        fake_probability(classifier.predict(dataset, verbose=0)), expected, atol=1e-6
    )
    np.testing.assert_allclose(classifier.probabilities(PROBES), expected, atol=1e-6)
    ids = classifier.encode(PROBES)
    np.testing.assert_allclose(classifier.probabilities(ids, 5), expected, atol=1e-6)


def test_answers_do_not_depend_on_the_batch(classifier, expected):
    one_by_one = [classifier.probabilities([probe])[0] for probe in PROBES[:5]]
    np.testing.assert_allclose(one_by_one, expected[:5], atol=1e-6)


def test_saved_and_opened_again_it_is_the_same(classifier, expected, tmp_path):
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert type(opened) is type(classifier)
    np.testing.assert_array_equal(answers(opened), expected)
    assert opened.get_config() == classifier.get_config()
    assert opened.guards.reason("") is not None
    assert opened.count_params() == classifier.count_params()


def test_nothing_in_a_preset_can_run_code(name, classifier, tmp_path):
    classifier.save_to_preset(str(tmp_path))
    kinds = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
    of_a_module = {".pb", ".index", ".data-00000-of-00001"} if name == ALIASED else set()
    # The last: SentencePiece's pieces.
    assert kinds <= {".json", ".h5", ".txt", ".model"} | of_a_module
    assert "Lambda" not in (tmp_path / "task.json").read_text()


@pytest.mark.parametrize(("name", "policy"), [pair for pair in PRECISIONS if "float32" not in pair])
def test_another_precision_answers_nearly_the_same(name, policy):
    found = under_policy(made(name), policy).probabilities(PROBES)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, answers_of(name), atol=5e-3)


def test_float16_is_refused_where_activations_exceed_it():
    with pytest.raises(UsageError, match=r"cannot compute in float16.*Allowed: float32, bf"):
        under_policy(made("mobilebert"), "mixed_float16")


def test_a_module_used_as_it_is_refuses_another_precision():
    with pytest.raises(UsageError, match=r"not in mixed_bfloat16: .* Leave --precision out"):
        under_policy(made(ALIASED), "mixed_bfloat16")


@pytest.mark.parametrize(
    ("name", "policy"),
    [
        # Of float16 one transformer in the suite: the loss is scaled the same way for all.
        pytest.param(*pair, marks=[pytest.mark.slow] if pair in FLOAT16_AGAIN else [])
        for pair in TRAININGS
    ],
)
def test_steps_are_finite_and_move_the_weights(name, policy, tmp_path):
    classifier = small(name, num_layers=1)
    trainee = under_policy(classifier, policy)
    model = training_model(trainee)
    recipe = {**row_of(name).recipe, "precision": policy, "warmup_steps": 0}
    optimizer = optimizers.make(recipe, model.trainable_variables, 10)
    # As a graph, which takes ten times as long to make, every family is trained in tests/training.
    model.compile(optimizer, loss_for(trainee), run_eagerly=True)
    before = [value.copy() for value in trainee.get_weights()]
    ids = classifier.encode(TEXTS)
    batches = training_batches(
        ids, LABELS, classifier.preprocessor, batch_size=8, epochs=1, seed=0, padded=False
    )
    loss = model.fit(batches, steps_per_epoch=2, verbose=0, shuffle=False).history["loss"][0]
    assert np.isfinite(loss)
    after = trainee.get_weights()
    assert any((a != b).any() for a, b in zip(after, before, strict=True))
    assert all(np.isfinite(value).all() for value in after)
    if policy == "float32":
        return
    classifier.set_weights(after)
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    assert opened.dtype_policy.name == "float32"
    np.testing.assert_array_equal(opened.probabilities(PROBES), classifier.probabilities(PROBES))


@pytest.mark.parametrize("long", ["head-tail", "windows"])
@pytest.mark.parametrize("name", TRANSFORMERS)
def test_every_way_with_long_texts_is_saved_and_opened_again(name, long, tmp_path):
    classifier = small(name, long=long, max_tokens=12, num_layers=1)
    inputs = classifier.preprocessor(tf.constant(PROBES))
    found = fake_probability(classifier(inputs))
    assert ((found >= 0) & (found <= 1)).all()
    classifier.save_to_preset(str(tmp_path))
    opened = keras_hub.models.TextClassifier.from_preset(str(tmp_path))
    again = opened.preprocessor(tf.constant(PROBES))
    for key, value in inputs.items():
        np.testing.assert_array_equal(again[key], value)
    np.testing.assert_array_equal(fake_probability(opened(again)), found)


@pytest.mark.parametrize("name", [name for name in ROWS if catalogue.row(name).recipe])
def test_weights_that_are_nowhere_are_an_error_that_says_what_was_tried(name, tmp_path):
    handle = str(tmp_path / "nothing" / "here")
    with pytest.raises(WeightsError) as raised:
        small(name, weights=handle, **catalogue.row(name).settings)  # no sizes of our own
    said = str(raised.value)
    assert handle in said
    assert "tried" in said.lower()
    assert "--weights none" in said


@pytest.mark.parametrize("name", TRAINED)
def test_a_checkpoint_holds_all_that_a_step_depends_on(name, tmp_path):
    """So an interrupted fit goes on as it would have gone: same dropout, moments and rates."""
    classifier, recipe = small(name), {**row_of(name).recipe, "precision": "float32"}
    model = training_model(classifier)
    optimizer = optimizers.make(recipe, model.trainable_variables, 10)
    model.compile(optimizer, loss_for(classifier), run_eagerly=True)
    batch = classifier.preprocessor(TEXTS[:6]), np.array(LABELS[:6])
    run = Run.create(tiny.config("mine"), tmp_path)
    best = BestWeights(run.checkpoints_dir, "val_loss", 0)
    checkpoint = SaveState(run, best, steps=9, every=0)
    checkpoint.set_model(model)
    model.train_on_batch(*batch)
    checkpoint.save(0, 1)
    found = []
    for _ in range(2):
        checkpoint.restore(model, pytest.fail)
        model.train_on_batch(*batch)
        found.append([v.numpy() for v in (*model.variables, *optimizer.variables)])
    for first, again in zip(*found, strict=True):
        np.testing.assert_allclose(again, first, atol=1e-6)


# Elsewhere: one process without this package answers from exports and presets of all rows


ELSEWHERE = """
import json, sys
import numpy as np, tensorflow as tf
folder, probes, alone, with_text_ops, tokens = json.loads(sys.stdin.read())
served, told, opened = {}, {}, {}

def serve(name):
    signatures = tf.saved_model.load(f"{folder}/exported/{name}").signatures
    answers = []
    for size in (1, 7, 64):
        batches = [probes[start : start + size] for start in range(0, len(probes), size)]
        parts = [signatures["serving_default"](text=tf.constant(batch)) for batch in batches]
        answers.append(np.concatenate([part["fake_probability"] for part in parts]).tolist())
    ids, lengths = tokens[name]
    given = {"token_ids": tf.constant(ids), "row_lengths": tf.constant(lengths, tf.int64)}
    answers.append(signatures["token_ids"](**given)["fake_probability"].numpy().tolist())
    served[name] = answers
    more = signatures["serving_default"](text=tf.constant(probes))
    words = {key: more[key].numpy() for key in ("label", "outcome")}
    told[name] = {key: [word.decode() for word in said] for key, said in words.items()}
    told[name]["probabilities"] = more["probabilities"].numpy().tolist()

for name in alone:
    serve(name)
assert "tensorflow_text" not in sys.modules
import tensorflow_text
for name in with_text_ops:
    serve(name)
assert "tfnews" not in sys.modules and "keras_hub" not in sys.modules
import tfnews, keras_hub
for name in [*alone, *with_text_ops]:
    preset = keras_hub.models.TextClassifier.from_preset(f"{folder}/presets/{name}")
    opened[name] = preset.predict(probes, verbose=0)[:, -1].tolist()
print(json.dumps([served, told, opened]))
"""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Give what exports serve and say, and what presets answer, in a fresh process."""
    folder, tokens = tmp_path_factory.mktemp("elsewhere"), {}
    for name in DEAR:
        made(name).save_to_preset(str(folder / "first" / name))
        made(name).export(folder / "exported" / name)
        assert faults(folder / "exported" / name) == []  # servable where strangers' graphs are not
        ids = made(name).encode(PROBES)
        tokens[name] = [ids.flat_values.numpy().tolist(), ids.row_lengths().numpy().tolist()]
    (folder / "first").rename(folder / "presets")
    alone = [name for name in DEAR if name not in TRANSFORMERS]
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=json.dumps([str(folder), PROBES, alone, TRANSFORMERS, tokens]),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_keras_hub_alone_opens_every_row_in_a_fresh_process(elsewhere, name, expected):
    np.testing.assert_allclose(elsewhere[2][name], expected, atol=1e-6)


def test_a_saved_model_answers_raw_texts_and_ids_without_tfnews(elsewhere, name, expected):
    """Keras' own export traced a dense signature and failed for all ragged rows."""
    served, told = (part[name] for part in elsewhere[:2])
    for answers in served:
        np.testing.assert_allclose(answers, expected, atol=1e-6)
    predictions = list(predict(made(name), PROBES))
    assert told["outcome"] == [one.outcome for one in predictions]
    words = dict(zip(made(name).class_names, made(name).labels, strict=True))
    assert told["label"] == [words.get(one.label, "") for one in predictions]
    both = np.stack([1 - expected, expected], axis=1)
    np.testing.assert_allclose(told["probabilities"], both, atol=1e-6)


# Beyond Python: what an export stands on


@pytest.mark.filterwarnings("ignore:Skipping nested container")
@pytest.mark.parametrize("name", ONE_A_FAMILY)
def test_a_saved_model_of_the_keras_model_itself_serves_raw_texts(name, classifier, tmp_path):
    tf.saved_model.save(classifier, str(tmp_path / "model"))
    serve = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    found = serve(text=tf.constant(PROBES))["fake_probability"]
    np.testing.assert_allclose(found, answers_of(name), atol=1e-6)


@pytest.mark.parametrize("format", ["litert", "onnx"])
def test_an_export_by_keras_that_would_answer_nan_is_refused(classifier, format, tmp_path):
    with pytest.raises(ExportError, match=r"exports itself as tf_saved_model.*servable\(\)"):
        classifier.export(tmp_path / "model", format=format)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ON_DEVICES)
def test_one_text_answers_as_the_batch_does_and_so_after_conversion(name):
    """A conversion that tracks the Keras model succeeds, and the file answers NaN."""
    check_on_device(made(name), PROBES, answers_of(name))


def test_windows_answer_alike_on_a_device():
    classifier = small("bert-tiny", long="windows", max_tokens=12, num_layers=1)
    texts = TEXTS[:2]  # of four windows each: one conversion
    check_on_device(classifier, texts, classifier.probabilities(texts))


def test_what_a_module_used_as_it_is_exports_to():
    assert "tflite" not in made(ALIASED).exports
    assert made(ENSEMBLED).exports == ("savedmodel",)
    assert all("tflite" in made(name).exports for name in ON_DEVICES)


def check_on_device(classifier, probes, expected):
    """Compare the form for one text, in TensorFlow and from the converted file, with the batch."""
    length = classifier.preprocessor.sequence_length or LENGTH
    texts = [classifier.encode([probe]) for probe in probes]
    fixed = [classifier.preprocessor.fixed(ids, length) for ids in texts]
    found = np.concatenate([classifier.one_text(ids) for ids in fixed])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    shapes = {tuple(ids.shape) for ids in fixed}
    for shape in shapes:
        rows = [row for row, ids in enumerate(fixed) if tuple(ids.shape) == shape]
        file = converted(classifier, shape)
        found = [invoked(file, fixed[row]) for row in rows]
        np.testing.assert_allclose(found, expected[rows], atol=1e-6)


def converted(classifier, shape) -> Interpreter:
    """Convert the form for one text with built-in operations alone, and open the file."""
    module = classifier.servable()
    signature = [tf.TensorSpec(shape, tf.int32, name="ids")]
    function = tf.function(classifier.one_text, input_signature=signature)
    concrete = function.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], module)
    interpreter = Interpreter(model_content=converter.convert())
    interpreter.allocate_tensors()
    return interpreter


def invoked(interpreter, ids) -> float:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], ids.numpy())
    interpreter.invoke()
    return float(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])


def test_what_a_tokenizer_elsewhere_needs_is_said_in_json(name, classifier):
    spec = classifier.preprocessor.tokenizer.spec()
    assert json.loads(json.dumps(spec)) == spec
    if name != ALIASED:
        assert spec["vocabulary"] == len(classifier.preprocessor.tokenizer.get_vocabulary())
    assert spec["type"]


# Explanations

EXPLAINED = "ministry of roads reports fewer accidents in the second quarter"
DECIDES = "fewer"


def plant(name, classifier):
    """Give all tokens the same vector, but one that DECIDES alone has: it alone decides then."""
    ids = classifier.encode([EXPLAINED]).flat_values.numpy()
    candidates = classifier.encode([DECIDES]).flat_values.numpy()
    own = next(id for id in candidates if (ids == id).sum() == 1)
    table = classifier.backbone.weights[0]
    random = np.random.default_rng(3)
    if name == "tfidf":
        table = classifier.head_layers[-1].kernel
    elif name == ENSEMBLED:  # the first member's head, of which a tfidf's is; its ids come first
        terms = classifier.preprocessor.tokenizer.ranges()[0].stop
        table = next(one for one in classifier.weights if one.shape == (terms, 1))
    elif name == ALIASED:  # its ids are code points
        words = sorted({word for text in TEXTS for word in text.split(" ") if word.isalpha()})
        own = words.index(DECIDES)
    # Of a transformer not zeros, which layer normalisation would not let be alike.
    same = 5 * random.normal(size=table.shape[1:]) * (name in TRANSFORMERS)
    vectors = np.broadcast_to(same, table.shape).copy()
    vectors[own] = 5 * random.normal(size=table.shape[1:])
    table.assign(vectors)


def test_a_planted_word_that_decides_is_found_first_by_each_way_to_explain(name, classifier):
    before = classifier.get_weights()
    try:
        plant(name, classifier)
        found = {way: explain(classifier, EXPLAINED, method=way) for way in classifier.explains}
    finally:
        classifier.set_weights(before)
    first = {way: one.words(one.strongest(1)[0]) for way, one in found.items()}
    assert first == dict.fromkeys(classifier.explains, DECIDES)


def test_what_adds_up_gives_the_log_odds(classifier):
    for text in (EXPLAINED, "SHOCKING truth,  about\u00a0the brask — water, share before it"):
        for way in set(classifier.explains) - {"occlusion"}:
            found = explain(classifier, text, method=way)
            score = 1 / (1 + np.exp(-found.log_odds))
            np.testing.assert_allclose(score, classifier.probabilities([text])[0], atol=1e-6)
            summed = found.base + sum(one.contribution for one in found.influences if one.read)
            np.testing.assert_allclose(summed + found.gap, found.log_odds, atol=1e-6)
            assert abs(found.gap) <= found.tolerance
            assert found.complete


def test_the_ways_to_explain_are_known_names(classifier):
    assert {"occlusion"} <= set(classifier.explains) <= set(EXPLANATIONS)


@pytest.mark.parametrize("long", ["head-tail", "windows"])
def test_gradients_add_up_over_windows_and_what_is_cut_is_not_read(long):
    classifier = small("bert-tiny", long=long, max_tokens=12, max_windows=2, num_layers=1)
    found = explain(classifier, f"{EXPLAINED} {EXPLAINED}", method="gradients")
    assert found.complete
    assert {one.read for one in found.influences} == {True, False}
    assert all((one.contribution is None) != one.read for one in found.influences)
