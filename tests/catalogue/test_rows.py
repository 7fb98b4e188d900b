import dataclasses
import json
import re
from pathlib import Path

import pytest

from tfnews import catalogue
from tfnews.catalogue.rows import NORMALISATIONS, RECIPE_DEFAULTS, parse
from tfnews.errors import UsageError

HUB_ROWS = ("swivel20", "nnlm50", "nnlm128", "wiki250")

MINIMAL = """
[tiny]
family = "hub"
summary = "A row made for a test"
licence = "none"
source = "this test"
settings = { vocabulary_size = 5, oov_buckets = 1, min_count = 1 }
"""


def test_the_catalogue_holds_these_rows_in_this_order():
    transformers = ["distilbert", "albert", "tinybert", "mobilebert", "minilm", "bert-tiny"]
    assert list(catalogue.rows()) == ["tfidf", *HUB_ROWS, *transformers]


def test_the_default_is_a_row():
    assert catalogue.DEFAULT in catalogue.rows()


def test_rows_are_read_once():
    assert catalogue.rows() is catalogue.rows()


@pytest.mark.parametrize("name", catalogue.rows())
def test_a_row_knows_its_name_and_says_what_it_is(name):
    row = catalogue.row(name)
    assert row.name == name
    assert row.summary
    assert "\n" not in row.summary
    assert row.licence
    assert row.source


@pytest.mark.parametrize("name", catalogue.rows())
def test_a_row_can_be_kept_in_a_run_as_json(name):
    content = dataclasses.asdict(catalogue.row(name))
    assert json.loads(json.dumps(content))["name"] == name


@pytest.mark.parametrize("name", HUB_ROWS)
def test_published_parameter_counts_follow_from_the_table_and_the_head(name):
    row = catalogue.row(name)
    table = row.rows_published * row.width
    head = (row.width + 1) * 256 + (256 + 1) * 64 + (64 + 1) * 1
    assert row.published["parameters_total"] == table + head
    assert row.published["parameters_trainable_frozen"] == head
    assert row.published["parameters_trainable_fine_tuned"] == table + head
    assert catalogue.parameters(row) == table + head


@pytest.mark.parametrize("name", HUB_ROWS)
def test_the_embedding_family_keeps_the_published_recipe(name):
    row = catalogue.row(name)
    assert row.head == {"hidden": [256, 64], "dropout": [0.3, 0.2], "units": 1}
    assert row.recipe == RECIPE_DEFAULTS | {
        "epochs": 100,
        "batch_size": 32,
        "optimizer": "lazy_adam",
        "learning_rate": 1e-4,
        "patience": 2,
        "monitor": "val_loss",
        "min_delta": 0.0,
    }
    assert row.weights.startswith("https://tfhub.dev/google/")
    assert row.max_tokens == 0


def test_a_solved_row_has_no_recipe_and_no_fixed_size():
    row = catalogue.row("tfidf")
    assert row.recipe == {}
    assert row.weights == ""
    assert catalogue.parameters(row) is None
    assert row.settings == {
        "ngrams": 2,
        "min_df": 2,
        "sublinear_tf": True,
        "max_features": 300_000,
        "C": 1.0,
    }


def test_an_unknown_name_is_answered_with_the_nearest_and_all():
    with pytest.raises(UsageError, match="Did you mean 'nnlm128'") as error:
        catalogue.row("nnlm-128")
    for name in catalogue.rows():
        assert name in str(error.value)


def test_a_name_like_none_of_them_gets_no_guess():
    with pytest.raises(UsageError, match=r"No architecture 'zzz'\. Allowed: tfidf"):
        catalogue.row("zzz")


def test_a_row_may_leave_out_what_has_a_default():
    row = parse(MINIMAL)["tiny"]
    assert row.head == {"hidden": [], "dropout": [], "units": 1}
    assert row.published == {}
    assert row.normalise == "none"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("widht = 3", r"Unknown key 'widht' in \[tiny\]. Did you mean 'width'"),
        ("head = { hiden = [1] }", "Unknown key 'hiden' in head .* Did you mean 'hidden'"),
        ("recipe = { epochs = 1 }", "recipe in .* lacks batch_size, optimizer, learning_rate"),
        ("published = { test_f1 = 0.5 }", "Unknown key 'test_f1' in published"),
        ('width = "3"', "width in .* must be of type int. Received: '3'"),
        ("width = true", "must be of type int. Received: True"),
        ("trainable = 1", "trainable in .* must be of type bool"),
        ("head = 3", "head in .* must be of type dict"),
        (
            "head = { hidden = 3, dropout = [], units = 1 }",
            "hidden in head in .* must be of type list",
        ),
        (
            "head = { hidden = [0.5], dropout = [0.5], units = 1 }",
            "hidden in .* must be of type int",
        ),
        (
            "head = { hidden = [4], dropout = [], units = 1 }",
            r"one dropout .* hidden = \[4\], dropout = \[\]",
        ),
        ('normalise = "lowr"', "Unknown normalise in .* Did you mean 'lower'"),
    ],
)
def test_a_faulty_row_is_an_error_that_says_where(line, message):
    with pytest.raises(UsageError, match=message):
        parse(MINIMAL + line)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('family = "hub"', 'family = "hubb"', "Unknown family in .* Did you mean 'hub'"),
        ("oov_buckets", "oov_bucket", "'oov_bucket' in settings .* Did you mean 'oov_buckets'"),
        (" oov_buckets = 1,", "", "settings in .* lacks oov_buckets"),
        ("= 5", '= "5"', "vocabulary_size in settings .* must be of type int"),
        ('licence = "none"', "", r"\[tiny\] lacks licence"),
    ],
)
def test_a_faulty_family_or_setting_is_an_error(old, new, message):
    with pytest.raises(UsageError, match=message):
        parse(MINIMAL.replace(old, new))


def test_a_whole_number_is_taken_where_a_fraction_is_asked():
    row = parse(MINIMAL + "head = { hidden = [2], dropout = [0], units = 1 }")["tiny"]
    assert row.head["dropout"] == [0.0]
    assert isinstance(row.head["dropout"][0], float)


def test_normalisations_are_those_that_the_models_carry_out():
    from tfnews.models.text import normalise

    assert NORMALISATIONS == normalise.NORMALISATIONS


def test_the_row_that_the_guide_for_contributors_shows_is_a_valid_one():
    guide = Path(__file__).parents[2] / "CONTRIBUTING.md"
    example = re.search(r"```toml\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert list(parse(example)) == ["wiki500"]
