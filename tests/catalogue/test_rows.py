import dataclasses
import json
import re
from pathlib import Path

import pytest

from tfnews import catalogue
from tfnews.catalogue.rows import parse
from tfnews.errors import UsageError

HUB_ROWS = ("swivel20", "nnlm50", "nnlm128", "wiki250")

MINIMAL = """
[tiny]
family = "embedding"
summary = "A row made for a test"
licence = "none"
source = "this test"
settings = { normalise = "lower", vocabulary_size = 5, oov_buckets = 1, min_count = 1 }
"""

RECIPE = """
[tiny.recipe]
epochs = 1
batch_size = 2
optimizer = "adam"
learning_rate = 1
patience = 0
monitor = "loss"
min_delta = 0.0
"""


def test_the_catalogue_holds_these_rows_in_this_order():
    transformers = ["distilbert", "albert", "tinybert", "mobilebert", "minilm", "bert-tiny"]
    assert list(catalogue.rows()) == ["tfidf", "word2vec", *HUB_ROWS, "cnn", *transformers]


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


@pytest.mark.parametrize("name", HUB_ROWS)
def test_the_embedding_rows_keep_the_published_recipe(name):
    """The study's, but for the optimizer, which the study has as Adam, and what `study` says."""
    row = catalogue.row(name)
    assert row.head == {"hidden": [256, 64], "dropout": [0.3, 0.2], "units": 1}
    assert row.study == {"learning_rate": 1e-4, "patience": 2}
    assert (row.recipe["batch_size"], row.recipe["learning_rate"]) == (32, 1e-3)
    assert (row.recipe["monitor"], row.recipe["patience"]) == ("val_loss", 10)


def test_a_solved_row_has_no_recipe_and_no_weights_to_download():
    row = catalogue.row("tfidf")
    assert row.recipe == {}
    assert row.weights == ""


# Kinds


@pytest.mark.parametrize(
    ("name", "family", "kind"),
    [
        ("tfidf", "linear", "tfidf"),
        ("swivel20", "embedding", "embedding"),
        ("albert", "transformer", "transformer"),
    ],
)
def test_a_row_is_of_the_kind_it_names_or_of_its_familys(name, family, kind):
    row = catalogue.row(name)
    assert (row.family, row.kind) == (family, kind)


def test_a_family_without_a_kind_of_its_name_needs_one():
    with pytest.raises(UsageError, match=r"Unknown kind of the family linear .* Allowed: tfidf"):
        parse(MINIMAL.replace("embedding", "linear"))


def test_a_kind_of_another_family_is_an_error():
    with pytest.raises(UsageError, match=r"Unknown kind of the family embedding .*: 'tfidf'"):
        parse(MINIMAL + 'kind = "tfidf"')


def test_an_unknown_name_is_answered_with_the_nearest_and_all():
    with pytest.raises(UsageError, match="Did you mean 'nnlm128'") as error:
        catalogue.row("nnlm-128")
    for name in catalogue.rows():
        assert name in str(error.value)


@pytest.mark.parametrize("name", ["roberta", "XLM-RoBERTa", "deberta-v3", "gpt2"])
def test_an_encoder_that_is_not_read_is_told_which_are(name):
    with pytest.raises(UsageError, match=r"ALBERT and MobileBERT encoders are read\. A"):
        catalogue.row(name)


def test_a_name_like_none_of_them_gets_no_guess():
    with pytest.raises(UsageError, match=r"No architecture 'zzz'\. Allowed: tfidf"):
        catalogue.row("zzz")


def test_a_row_may_leave_out_what_has_a_default():
    row = parse(MINIMAL)["tiny"]
    assert row.head == {"hidden": [], "dropout": [], "units": 1}
    assert row.published == {}
    assert row.recipe == {}
    assert row.kind == "embedding"


def test_a_recipe_may_leave_out_what_has_a_default():
    row = parse(MINIMAL + RECIPE)["tiny"]
    assert row.recipe["learning_rate"] == 1.0
    assert isinstance(row.recipe["learning_rate"], float)
    assert (row.recipe["accumulate"], row.recipe["schedule"]) == (1, "constant")


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
        ("head = { hidden = [0], dropout = [0.1], units = 1 }", r"widths .* hidden = \[0\]"),
        ("head = { hidden = [], dropout = [1.0], units = 1 }", r"rates .* dropout = \[1.0\]"),
        ("head = { hidden = [], dropout = [nan], units = 1 }", r"rates .* dropout = \[nan\]"),
        ("head = { hidden = [], dropout = [], units = 3 }", r"1 unit or 2\. Received: units = 3"),
        ("max_tokens = -1", r"'max_tokens' must be a whole number from 0 .*: -1 in \[tiny\]"),
        ('normalise = "lower"', r"Unknown key 'normalise' in \[tiny\]"),
        (RECIPE.replace('"adam"', '"sgd"'), r"Unknown optimizer 'sgd' in recipe in \[tiny\]"),
        (RECIPE.replace("= 1\n", "= nan\n"), r"'epochs' must be a whole number .* Received: nan"),
    ],
)
def test_a_faulty_row_is_an_error_that_says_where(line, message):
    with pytest.raises(UsageError, match=message):
        parse(MINIMAL + line)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("embedding", "embeding", "Unknown family in .* Did you mean 'embedding'"),
        ('"lower"', '"lowr"', "Unknown normalise 'lowr' in settings .* Did you mean 'lower'"),
        ("oov_buckets", "oov_bucket", "'oov_bucket' in settings .* Did you mean 'oov_buckets'"),
        (" oov_buckets = 1,", "", "settings in .* lacks oov_buckets"),
        ("= 5", '= "5"', r"'vocabulary_size' must be a whole .*: '5' in settings in \[tiny\]"),
        ("= 5", "= 0", "'vocabulary_size' must be a whole number from 1 up to 10,000,000"),
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


def test_the_row_that_the_guide_for_contributors_shows_is_a_valid_one():
    guide = Path(__file__).parents[2] / "CONTRIBUTING.md"
    example = re.search(r"```toml\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert list(parse(example)) == ["wiki500"]
