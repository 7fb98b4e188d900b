import pytest

from tfnews import catalogue
from tfnews.errors import UsageError
from tfnews.training.settings import defaults, resolve

SWIVEL, TFIDF = catalogue.row("swivel20"), catalogue.row("tfidf")


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


# Frozen or trained


@pytest.mark.parametrize(
    ("given", "assigned", "in_file", "trainable"),
    [
        ({"weights": "none"}, [], "", True),
        ({}, ["weights=none"], "", True),
        ({}, [], 'weights = "none"', True),
        ({"weights": "none", "trainable": False}, [], "", False),
        ({"weights": "none"}, ["trainable=false"], "", False),
        ({"weights": "none"}, [], "trainable = false", False),
        ({"weights": "folder"}, [], "", False),
        ({"weights": "folder", "trainable": True}, [], "", True),
    ],
)
def test_fresh_weights_are_trained_unless_said_otherwise(
    recipe, given, assigned, in_file, trainable
):
    assert resolve(SWIVEL, given, recipe(in_file), assigned)["trainable"] is trainable


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
        ({"epochs": 2.5}, [], "", r"'epochs' must be int\. Received: 2\.5 as an argument"),
        ({}, ["epochs=true"], "", r"'epochs' must be int\. Received: True with --set"),
        ({}, ["trainable=1"], "", "'trainable' must be bool"),
        ({}, [], "weights = 3", "'weights' must be str"),
        ({}, [], "[epochs]\na = 1", "'epochs' must be int"),
        ({"epochs": 0}, [], "", r"'epochs' must be at least 1\. Received: 0 as an argument"),
        ({"seed": -1}, [], "", r"'seed' must be at least 0\. Received: -1"),
        ({}, ["learning_rate=-0.1"], "", r"'learning_rate' must be at least 0\.0"),
        ({}, ["learning_rate=nan"], "", r"'learning_rate' must be at least 0\.0"),
        ({}, ["vocabulary_size=0"], "", "'vocabulary_size' must be at least 1"),
        ({"precision": "float16"}, [], "", r"Unknown precision 'float16' .* mixed_float16"),
        ({}, ["monitor=val_lost"], "", r"Unknown monitor 'val_lost' with --set\. Allowed: val_l"),
        ({}, ["optimizer=sgd"], "", r"Unknown optimizer 'sgd' .* Allowed: adam, adamw, lazy_adam"),
        ({}, [], "epochs = ", r"recipe\.toml is not TOML"),
    ],
)
def test_what_is_refused(recipe, given, assigned, in_file, message):
    with pytest.raises(UsageError, match=message):
        resolve(SWIVEL, given, recipe(in_file), assigned)


@pytest.mark.parametrize("assignment", ["ngrams=0", "min_df=0", "max_features=0", "C=0", "C=-1.0"])
def test_what_scikit_learn_would_refuse_is_refused_first(assignment):
    with pytest.raises(UsageError, match="must be at least"):
        resolve(TFIDF, {}, assignments=[assignment])


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"cannot be read: No such file"):
        resolve(SWIVEL, {}, tmp_path / "recipe.toml")
