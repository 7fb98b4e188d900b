import json

import pytest
from click.testing import CliRunner

from tfnews import catalogue
from tfnews.catalogue.settings import IDLE
from tfnews.cli import main
from tfnews.training.settings import defaults


def archs(*arguments):
    result = CliRunner().invoke(main, ["archs", *arguments])
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("tfidf", ["linear", "by data", "none: fitted on your data", "no", "-", "-"]),
        (
            "swivel20",
            ["embedding", "421,909", "Apache-2.0", "yes", "0.85 / 0.79", "0.91 / 0.88"],
        ),
        (
            "nnlm128",
            ["embedding", "124,692,225", "Apache-2.0", "yes", "0.90 / 0.87", "0.92 / 0.90"],
        ),
    ],
)
def test_a_line_of_the_table(name, cells):
    line = next(line for line in archs().splitlines() if line.startswith(name))
    assert [cell.strip() for cell in line.split("  ") if cell.strip()] == [name, *cells]


def test_published_scores_are_marked_as_not_ours():
    shown = " ".join(archs().split())
    assert "published by the study, early-stopped on its test set; not ours" in shown


def test_it_says_what_works_with_no_download_and_what_to_type_next():
    shown = archs()
    assert "--weights none" in shown
    assert shown.rstrip().endswith("Next: tfnews fit --data SPLITS --arch tfidf")


@pytest.mark.parametrize("name", catalogue.rows())
def test_every_row_is_shown_with_its_summary(name):
    assert catalogue.row(name).summary in archs()


def test_no_line_is_wider_than_a_terminal_of_100():
    assert max(map(len, archs().splitlines())) <= 100


def test_the_size_of_every_pretrained_row_is_known():
    """Minilm and bert-tiny were said to have as many parameters as the data gives them."""
    lines = archs().splitlines()
    without = [row.name for row in catalogue.rows().values() if not row.weights]
    assert [line.split()[0] for line in lines if " by data " in line] == without
    assert any(line.split()[:3] == ["minilm", "transformer", "22,713,986"] for line in lines)


# Settings


@pytest.mark.parametrize("name", catalogue.rows())
def test_every_setting_of_a_row_is_said_with_its_default(name):
    said = archs("--settings", name)
    expected = defaults(catalogue.row(name))
    shown = {line.split()[0] for line in said.splitlines() if line[:1].strip() and "  " in line}
    assert shown == expected.keys() - set(IDLE.get(catalogue.row(name).kind, ()))
    assert max(map(len, said.splitlines())) <= 100


def test_a_setting_is_said_with_what_is_allowed():
    said = archs("--settings", "swivel20")
    assert "Default: 0.001. Allowed: a number above 0 up to 1,000." in said
    assert "Default: lazy_adam. Allowed: adam, adamw or lazy_adam." in said
    assert "Default: false. Allowed: true or false." in said
    first, last = said.split("With --weights none only")
    assert "normalise" in first.split("or a file of word vectors")[1]  # which it was said to bring
    assert "vocabulary_size" in last
    assert "vocabulary_size" not in first
    assert said.endswith("Next: tfnews fit --data SPLITS --arch swivel20 --set NAME=VALUE\n")


def test_settings_without_a_row_are_those_of_the_default():
    assert archs("--settings") == archs("--settings", catalogue.DEFAULT)


def test_settings_for_programs():
    found = {setting["name"]: setting for setting in json.loads(archs("--json", "--settings"))}
    assert found["ngrams"]["default"] == 2
    assert (found["ngrams"]["least"], found["ngrams"]["most"]) == (1, 10)
    assert found["ngrams"]["kind"] == "int"
    assert "checkpoint_steps" not in found  # it means nothing to a solver


def test_settings_of_a_row_that_is_not_there():
    result = CliRunner().invoke(main, ["archs", "--settings", "swivel"])
    assert result.exit_code == 2
    assert "Did you mean 'swivel20'" in result.stderr


def test_json_holds_every_field_and_nothing_else():
    records = json.loads(archs("--json"))
    assert [record["name"] for record in records] == list(catalogue.rows())
    swivel = next(record for record in records if record["name"] == "swivel20")
    assert swivel["published"]["test_accuracy_frozen"] == 0.85
    assert swivel["parameters"] == 421_909
    assert swivel["needs_download"] is True
    assert "not ours" in swivel["published_note"]
    assert records[0]["parameters"] is None
    assert records[0]["needs_download"] is False
