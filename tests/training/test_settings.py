import math

import pytest

from tests import tiny
from tfnews import catalogue
from tfnews.catalogue.rows import defaults
from tfnews.catalogue.settings import SETTINGS
from tfnews.errors import RunError, UsageError
from tfnews.training.settings import recorded, resolve

SWIVEL, TFIDF = catalogue.row("swivel20"), catalogue.row("tfidf")
TRAINED = [name for name, row in catalogue.rows().items() if row.recipe]


@pytest.fixture
def recipe(tmp_path):
    def write(text):
        path = tmp_path / "recipe.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_row_alone_gives_its_own_values():
    found = resolve(SWIVEL, {})
    assert found == defaults(SWIVEL)
    assert SWIVEL.recipe.items() | SWIVEL.settings.items() <= found.items()
    assert found["weights"] == SWIVEL.weights
    assert found["trainable"] is False
    assert (found["seed"], found["precision"]) == (0, "auto")


def test_a_row_without_weights_starts_from_none():
    assert resolve(TFIDF, {})["weights"] == "none"


@pytest.mark.parametrize(
    ("given", "assigned", "in_file", "expected"),
    [
        (None, [], "", 100),
        (None, [], "epochs = 7", 7),
        (None, ["epochs=8"], "epochs = 7", 8),
        (9, ["epochs=8"], "epochs = 7", 9),
        (9, [], "epochs = 7", 9),
        (None, ["epochs=8", "epochs=6"], "", 6),
    ],
)
def test_argument_wins_over_set_over_file_over_row(recipe, given, assigned, in_file, expected):
    found = resolve(SWIVEL, {"epochs": given}, recipe(in_file), assigned)
    assert found["epochs"] == expected
    assert found["batch_size"] == 32


@pytest.mark.parametrize(
    ("assignment", "name", "value"),
    [
        ("epochs=3", "epochs", 3),
        (" epochs = 3 ", "epochs", 3),
        ("learning_rate=0.5", "learning_rate", 0.5),
        ("learning_rate=1", "learning_rate", 1.0),
        ("trainable=true", "trainable", True),
        ("precision=float32", "precision", "float32"),
        ('precision="float32"', "precision", "float32"),
        ("weights=a=b", "weights", "a=b"),
        ("monitor=val_f1", "monitor", "val_f1"),
    ],
)
def test_values_are_read_from_text(assignment, name, value):
    found = resolve(SWIVEL, {}, assignments=[assignment])[name]
    assert found == value
    assert type(found) is type(value)


def test_the_value_of_a_text_needs_no_quotes_even_if_it_is_a_number():
    """--set weights=2024 was refused, though --weights 2024 names the folder."""
    for text in ("2024", "true", "2024-01-01", '"2024"'):
        found = resolve(SWIVEL, {}, assignments=[f"weights={text}"])
        assert found["weights"] == text.strip('"')


def test_a_recipe_of_a_windows_editor_is_read(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_bytes("\ufeffepochs = 7\r\nbatch_size = 8\r\n".encode())
    found = resolve(SWIVEL, {}, path)
    assert (found["epochs"], found["batch_size"]) == (7, 8)


def test_a_run_has_the_defaults_of_settings_that_it_does_not_know():
    recipe = {"epochs": 3, "weights": "none", "gone_since": 1}
    found = recorded(tiny.config("old", arch="swivel20", family="hub", recipe=recipe))
    before = {
        "class_weight": "none", "analyzer": "word", "calibrate": "none", "recipe": "published"
    }  # fmt: skip
    assert found == {**defaults(SWIVEL), **before} | recipe


# Frozen or trained


@pytest.mark.parametrize(
    ("given", "assigned", "in_file", "trainable"),
    [
        ({"weights": "none"}, [], "", True),
        ({}, ["weights=none"], "", True),
        ({}, [], 'weights = "none"', True),
        ({"weights": "none"}, ["trainable=true"], "", True),
        ({"weights": "folder"}, [], "", False),
        ({"weights": "folder", "trainable": True}, [], "", True),
    ],
)
def test_fresh_weights_are_trained_pretrained_ones_as_said(
    recipe, given, assigned, in_file, trainable
):
    assert resolve(SWIVEL, given, recipe(in_file), assigned)["trainable"] is trainable


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("given", [{"trainable": False}, {}])
def test_frozen_random_weights_are_refused_for_every_row(recipe, name, given):
    """A transformer's head was trained on a random encoder, and nobody said so."""
    in_file = "" if given else "trainable = false"
    with pytest.raises(UsageError, match=rf"starts {name} from random .* Add --trainable"):
        resolve(catalogue.row(name), {"weights": "none", **given}, recipe(in_file))


def test_layers_of_random_weights_are_not_kept_as_they_are():
    """Their top was trained on random layers below, as a head was on a frozen random encoder."""
    with pytest.raises(UsageError, match=r"trainable_layers=1.* Leave it out"):
        resolve(catalogue.row("bert-tiny"), {"weights": "none", "trainable_layers": 1})
    assert resolve(catalogue.row("bert-tiny"), {"weights": "folder", "trainable_layers": 1})


@pytest.mark.parametrize("name", ["tfidf", "word2vec"])
def test_a_solver_computes_in_no_other_precision(name):
    """It was recorded as used, and nothing computed in it."""
    with pytest.raises(UsageError, match="precision=mixed_bfloat16"):
        resolve(catalogue.row(name), {"precision": "mixed_bfloat16"})


# What the weights decide


FRESH = {
    "vocabulary_size": 50,
    "oov_buckets": 3,
    "min_count": 9,
    "normalise": "lower",
    "architecture": "mobilebert",
    "num_layers": 3,
    "num_heads": 1,
    "hidden_dim": 24,
    "intermediate_dim": 7,
    "embedding_dim": 3,
    "activation": "relu",
    "dropout": 0.4,
}


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        (name, setting)
        for name in ("swivel20", "bert-tiny")
        for setting in sorted(FRESH.keys() & catalogue.row(name).settings.keys())
    ],
)
def test_what_pretrained_weights_bring_with_them_is_not_set(name, setting):
    """The embedding rows ignored it, and recorded it as used."""
    row, assigned = catalogue.row(name), [f"{setting}={FRESH[setting]}"]
    with pytest.raises(UsageError, match=rf"Received: {setting}=.*start from --weights none"):
        resolve(row, {}, assignments=assigned)
    with pytest.raises(UsageError, match=rf"those of elsewhere\. Received: {setting}="):
        resolve(row, {"weights": "elsewhere"}, assignments=assigned)
    assert SETTINGS[setting].fresh


def test_what_pretrained_weights_bring_may_be_said_as_the_row_has_it():
    assert resolve(SWIVEL, {}, assignments=["vocabulary_size=20000"]) == defaults(SWIVEL)


@pytest.mark.parametrize(
    ("given", "received"),
    [
        ({"max_tokens": 5}, "max_tokens=5"),
        ({"weights": "folder", "trainable": True}, "weights=folder, trainable=True"),
    ],
)
def test_what_a_solved_row_would_not_follow_is_refused(given, received):
    """Tfidf read whole texts and recorded that it read five words of each."""
    with pytest.raises(UsageError, match=f"tfidf has no use for .*Received: {received}"):
        resolve(TFIDF, given)
    assert resolve(TFIDF, {"weights": "none", "max_tokens": 0}) == defaults(TFIDF)


@pytest.mark.parametrize(
    ("name", "assigned", "message"),
    [
        ("bert-tiny", ["num_heads=3"], "num_heads=3 must divide .* 128"),
        ("mobilebert", ["num_heads=256"], "num_heads=256 must divide .* 128"),
        ("bert-tiny", ["embedding_dim=8"], "embedding_dim=8, .* full width: 0"),
        ("bert-tiny", ["architecture=albert"], "embedding_dim=0, .* albert .* such as 128"),
        ("distilbert", ["pooler=true"], "pooler=true, and distilbert has none"),
    ],
)
def test_sizes_of_which_no_encoder_can_be_built(name, assigned, message):
    """Each ended in a traceback of Keras, or built something else."""
    with pytest.raises(UsageError, match=f"No encoder can be built like this: {message}"):
        resolve(catalogue.row(name), {"weights": "none"}, assignments=assigned)


@pytest.mark.parametrize("name", [n for n in TRAINED if catalogue.row(n).kind == "transformer"])
def test_a_transformer_keeps_eight_tokens(name):
    with pytest.raises(UsageError, match=r"must keep 8 tokens .* max_tokens=7"):
        resolve(catalogue.row(name), {"max_tokens": 7})
    assert resolve(catalogue.row(name), {"max_tokens": 8, "weights": "none"})["max_tokens"] == 8


@pytest.mark.parametrize("name", ["adam", "lazy_adam"])
def test_weight_decay_is_refused_where_it_is_not_decoupled(name):
    assigned = [f"optimizer={name}", "weight_decay=0.5"]
    with pytest.raises(UsageError, match=rf"{name} has no .*weight_decay=0.5. Use optimizer=adamw"):
        resolve(SWIVEL, {}, assignments=assigned)


def test_a_row_that_pads_does_not_keep_texts_of_any_length():
    """One article of 10 MB among 64 would be padded to 34 GB of word vectors."""
    with pytest.raises(UsageError, match=r"cnn must keep 1 token .* max_tokens=0.* own: 1000"):
        resolve(catalogue.row("cnn"), {"max_tokens": 0})
    assert resolve(catalogue.row("cnn"), {"max_tokens": 1})["max_tokens"] == 1


# What is refused


@pytest.mark.parametrize(
    ("given", "assigned", "in_file", "message"),
    [
        (
            {},
            ["epoch=3"],
            "",
            r"Unknown setting 'epoch' with --set\. Did you mean 'epochs'\? Allow",
        ),
        ({}, [], "batchsize = 3", r"'batchsize' in .*recipe\.toml\. Did you mean 'batch_size'\?"),
        (
            *({}, ["ngrams=2"], ""),
            r"'ngrams'.* It is one of --arch tfidf\..* Allowed: .*vocabulary_size",
        ),
        ({}, ["zzz=1"], "", r"Unknown setting 'zzz' with --set\. Allowed: "),
        ({}, ["epochs"], "", r"--set takes NAME=VALUE\. Received: 'epochs'"),
        ({"epochs": 2.5}, [], "", r"'epochs' must be a whole .*\. Received: 2\.5 as an argument"),
        ({}, ["epochs=true"], "", r"'epochs' must be a whole number .*: True with --set"),
        ({}, ['epochs="3"'], "", r"'epochs' must be a whole number .*: '3' with --set"),
        ({}, [f"epochs={'[' * 9999}"], "", r"'epochs' must be a whole number"),
        ({}, [f"epochs={'9' * 5000}"], "", r"'epochs' must be a whole number"),
        ({}, ["epochs=3\nseed=4"], "", r"'epochs' must be a whole number .*: '3\\nseed=4'"),
        ({}, ["=3"], "", "Unknown setting '' with --set"),
        ({}, ["épochs=3"], "", r"Unknown setting 'épochs' .* Did you mean 'epochs'"),
        ({}, ["trainable=1"], "", "'trainable' must be true or false"),
        ({"weights": ""}, [], "", "'weights' must be a text that is not empty"),
        ({}, [], "weights = 3", "'weights' must be a text"),
        ({}, [], "[epochs]\na = 1", "'epochs' must be a whole number"),
        ({}, [], "[settings]\nepochs = 1", "Unknown setting 'settings' in "),
        ({}, [], f"epochs = {'9' * 5000}", r"recipe\.toml is not TOML"),
        ({}, [], "epochs = 1\nepochs = 2", r"recipe\.toml is not TOML"),
        ({"epochs": 0}, [], "", r"'epochs' must be a whole number from 1 .*: 0 as an argument"),
        ({"seed": -1}, [], "", r"'seed' must be a whole number from 0 .* Received: -1"),
        ({"seed": 2**32}, [], "", r"up to 4,294,967,295\. Received: 4294967296 as"),
        ({}, ["learning_rate=-0.1"], "", "'learning_rate' must be a number above 0"),
        ({}, ["learning_rate=0"], "", "'learning_rate' must be a number above 0"),
        ({}, ["learning_rate=nan"], "", "'learning_rate' must be a number above 0"),
        ({}, ["learning_rate=inf"], "", "'learning_rate' must be a number above 0"),
        ({}, ["vocabulary_size=0"], "", "'vocabulary_size' must be a whole number from 1"),
        ({"precision": "float16"}, [], "", r"Unknown precision 'float16' .* mixed_float16"),
        (
            {},
            ["monitor=val_lost"],
            "",
            r"'val_lost' with --set\. Did you mean 'val_loss'",
        ),
        ({}, ["optimizer=sgd"], "", r"Unknown optimizer 'sgd' .* Allowed: adam, adamw, lazy_adam"),
        ({}, [], "epochs = ", r"recipe\.toml is not TOML"),
    ],
)
def test_what_is_refused(recipe, given, assigned, in_file, message):
    with pytest.raises(UsageError, match=message):
        resolve(SWIVEL, given, recipe(in_file), assigned)


@pytest.mark.parametrize("assignment", ["ngrams=0", "min_df=0", "max_features=0", "C=0", "C=-1.0"])
def test_what_scikit_learn_would_refuse_is_refused_first(assignment):
    with pytest.raises(UsageError, match="number from 1"):
        resolve(TFIDF, {}, assignments=[assignment])


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"cannot be read: No such file"):
        resolve(SWIVEL, {}, tmp_path / "recipe.toml")


def test_a_recipe_that_is_a_folder(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        resolve(SWIVEL, {}, tmp_path)


def test_a_recipe_that_is_not_utf_8(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_bytes("# größe\nepochs = 3".encode("latin-1"))
    with pytest.raises(UsageError, match=r"recipe\.toml is not UTF-8 text: byte 4"):
        resolve(SWIVEL, {}, path)


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        (name, setting)
        for name in ("tfidf", "swivel20", "bert-tiny")
        for setting in defaults(catalogue.row(name))
        if SETTINGS[setting].choices
    ],
)
def test_an_unknown_name_of_any_setting_is_refused(name, setting):
    """--set activation=foo ended in a KeyError."""
    with pytest.raises(UsageError, match=f"Unknown {setting} 'foo' with --set"):
        resolve(catalogue.row(name), {}, assignments=[f"{setting}=foo"])


# Whose recipe


def test_the_studys_recipe_is_had_by_name(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text('recipe = "published"\n')
    default, published = resolve(SWIVEL, {}), resolve(SWIVEL, {"recipe": "published"})
    assert (default["learning_rate"], default["patience"]) == (1e-3, 10)
    assert (published["learning_rate"], published["patience"]) == (1e-4, 2)
    assert published["recipe"] == "published"
    assert resolve(SWIVEL, {}, path) == published
    assert resolve(SWIVEL, {}, None, ["recipe=published", "patience=5"])["patience"] == 5
    assert resolve(SWIVEL, {"recipe": "default"}, path) == default


# Bounds, by each of the ways in which a setting is given

BY_ROW = {name: row for row in catalogue.rows().values() for name in defaults(row)}
BEYOND = {int: [10**23, -1], float: [math.inf, math.nan, -1.0]}


@pytest.mark.parametrize("name", [n for n, s in SETTINGS.items() if s.kind in BEYOND])
def test_no_way_leads_around_the_bounds(name, tmp_path):
    """`ngrams` of a million, learning rates without end and such seeds were once believed."""
    recipe = tmp_path / "recipe.toml"
    for value in BEYOND[SETTINGS[name].kind]:
        recipe.write_text(f"{name} = {value}")
        ways = ({}, recipe, []), ({}, None, [f"{name}={value}"]), ({name: value}, None, [])
        for given, config, assignments in ways:
            with pytest.raises(UsageError, match=f"'{name}' must be .*Received"):
                resolve(BY_ROW[name], given, config, assignments)


@pytest.mark.parametrize(
    ("name", "value"), [("batch_size", 10**23), ("epochs", "many"), ("learning_rate", math.nan)]
)
def test_a_run_whose_config_names_what_no_fit_takes_is_damaged(name, value):
    run = tiny.config("old", arch="swivel20", recipe={name: value})
    with pytest.raises(RunError, match=rf"'{name}' must be .* in the config.json of 'old'"):
        recorded(run)
