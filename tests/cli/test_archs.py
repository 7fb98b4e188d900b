import json

import pytest
from click.testing import CliRunner

from tfnews import catalogue
from tfnews.cli import main


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
            ["hub", "421,909", "Apache-2.0", "yes", "0.85 / 0.79", "0.91 / 0.88"],
        ),
        (
            "nnlm128",
            ["hub", "124,692,225", "Apache-2.0", "yes", "0.90 / 0.87", "0.92 / 0.90"],
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


def test_json_holds_every_field_and_nothing_else():
    records = json.loads(archs("--json"))
    assert [record["name"] for record in records] == list(catalogue.rows())
    swivel = records[1]
    assert swivel["published"]["test_accuracy_frozen"] == 0.85
    assert swivel["parameters"] == 421_909
    assert swivel["needs_download"] is True
    assert "not ours" in swivel["published_note"]
    assert records[0]["parameters"] is None
    assert records[0]["needs_download"] is False
