import dataclasses
from pathlib import Path

import pytest

from tfnews import catalogue

README = Path(__file__).parents[2] / "README.md"
PUBLISHED = [name for name, row in catalogue.rows().items() if "parameters_total" in row.published]


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_count_from_tables_and_sizes_is_the_published_one(name):
    row = catalogue.row(name)
    unstated = {key: n for key, n in row.published.items() if key != "parameters_total"}
    found = catalogue.parameters(dataclasses.replace(row, published=unstated))
    assert found == (None if name == "mobilebert" else row.published["parameters_total"])
    assert catalogue.parameters(row) == row.published["parameters_total"]


@pytest.mark.parametrize(
    ("name", "encoder", "head"),
    [
        ("minilm", 22_713_216, 384 * 2 + 2),
        ("bert-tiny", 4_385_920, 128 * 2 + 2),
    ],
)
def test_the_count_of_rows_whose_authors_give_that_of_the_encoder(name, encoder, head):
    assert catalogue.parameters(catalogue.row(name)) == encoder + head


def test_a_row_whose_terms_the_data_gives_has_no_count():
    assert catalogue.parameters(catalogue.row("tfidf")) is None


@pytest.mark.parametrize("name", catalogue.rows())
def test_the_readme_states_the_count(name):
    count = catalogue.parameters(catalogue.row(name))
    shown = "by data" if count is None else f"{count:,}"
    lines = README.read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith(f"| `{name}` |"))
    assert line.endswith(f" {shown} |")
