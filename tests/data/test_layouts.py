"""The layouts as docs/formats.md shows them: each example is read, by the command beside it."""

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

import tfnews
from tfnews.cli.data import command
from tfnews.data import formats
from tfnews.data.readers import read

PAGE = (Path(tfnews.__file__).parents[1] / "docs" / "formats.md").read_text(encoding="utf-8")
ROWS = (*formats.FORMATS, formats.GENERIC)
SECTIONS = dict(re.findall(r"\n### (\S+)\n(.*?)(?=\n### |\Z)", PAGE, re.S))
FILES = re.compile(r"```(?:csv|tsv) (\S+)\n(.*?)```", re.S)
COMMAND = re.compile(r"```\ntfnews data prepare (.*?)\n```", re.S)
# Rows of class 1, of class 0, and left out.
COUNTS = {
    "isot": (5, 3, 0),
    "welfake": (5, 4, 0),
    "mcintire": (5, 4, 0),
    "liar": (5, 5, 0),
    "fakenewscorpus": (3, 3, 3),
    "fakenewsnet": (4, 4, 0),
    "gossipcop": (4, 4, 0),
    "fakeddit": (5, 4, 0),
    "fnc-1": (5, 4, 0),
    "claimbuster": (4, 5, 0),
    "tfnews": (5, 4, 0),
    "tfnews-combined": (5, 4, 0),
    "generic": (4, 4, 1),
}


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Give a function that reads a layout's example by its command."""
    monkeypatch.chdir(tmp_path)

    def _read(name):
        for path, content in FILES.findall(SECTIONS[name]):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(content, encoding="utf-8")
        arguments = shlex.split(COMMAND.search(SECTIONS[name])[1])
        options = command.commands["prepare"].make_context("prepare", arguments).params
        sources = options["sources"] or [options["train"]]
        names = ("format", "title_column", "text_column", "label_column", "label_from")
        values = ("fake_values", "real_values", "drop_values")
        return read(sources, **{option: options[option] for option in (*names, *values)})

    return _read


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_example_is_ten_lines_and_read_as_its_layout(example, row):
    lines = [content.count("\n") for _, content in FILES.findall(SECTIONS[row.name])]
    assert sum(lines) == 10 or len(lines) > 1
    reading = example(row.name)
    frame = pd.concat(list(reading), ignore_index=True)
    fake, real, dropped = COUNTS[row.name]
    assert (frame["label"].eq(1).sum(), frame["label"].eq(0).sum()) == (fake, real)
    assert len(reading.rejects) == dropped
    known = {"csv"} if row.name == "generic" else {row.name}
    assert {summary["format"] for summary in reading.summaries} == known
    assert (reading.class_names, reading.label_basis) == (row.class_names, row.basis)


@pytest.mark.parametrize(
    "name", [row.name for row in ROWS if row.class_names[1] == "fake" and row.name != "liar"]
)
def test_what_is_absurd_is_fake_in_every_example(example, name):
    frame = pd.concat(list(example(name)), ignore_index=True)
    texts = (frame["title"] + " " + frame["text"]).str.casefold()
    absurd = texts.str.contains("moon|lemonade|mirror|sheep|glitter|uphill")
    assert frame["label"].tolist() == absurd.astype(int).tolist()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_table_says_what_the_code_says(row):
    (line,) = re.findall(rf"^\| \[`{row.name}`\].*$", PAGE, re.M)
    cells = [cell.strip() for cell in line.split("|")[1:-1]]
    for cell, meaning in zip(cells[3:6], (1, 0, None), strict=True):
        values = [value for value in row.values if row.values[value] == meaning]
        assert cell.rpartition(": ")[2] == (", ".join(values) or "-")
    assert cells[6:] == [row.basis or "unstated", row.licence or "not stated"]


def test_numbers_of_a_set_known_by_its_columns_are_confirmed_or_asked_for(example, tmp_path):
    """The example of Fakeddit is believed for its 6_way_label; turned round, it is not."""
    assert pd.concat(list(example("fakeddit")))["label"].sum() == 5
    path = tmp_path / "multimodal_train.tsv"
    head, *rows = path.read_text().splitlines()
    turned = [
        re.sub(r"\t([01])\t(\d)\t(\d)$", lambda m: f"\t{1 - int(m[1])}\t{m[2]}\t{m[3]}", row)
        for row in rows
    ]
    path.write_text("\n".join([head, *turned]) + "\n")
    with pytest.raises(tfnews.errors.DataError, match="wrong way round: it has 4 rows with 6_way"):
        list(read(path))


def test_claimbuster_is_asked_for_since_nothing_confirms_it(example, tmp_path):
    example("claimbuster")
    with pytest.raises(tfnews.errors.DataError) as error:
        list(read(tmp_path / "groundtruth.csv"))
    message = str(error.value)
    assert (
        "looks like claimbuster, where 1 is check-worthy, 0 and -1 is not check-worthy" in message
    )
    assert "say --format claimbuster" in message
    assert "'1' in 4 rows (such as 'The deed" in message


def test_a_body_that_is_missing_rejects_its_row_and_no_second_file_is_an_error(example, tmp_path):
    example("fnc-1")
    bodies = tmp_path / "train_bodies.csv"
    bodies.write_text(bodies.read_text().replace("\n7,", "\n8,"))
    reading = read([tmp_path / "train_stances.csv", bodies])
    assert len(pd.concat(list(reading))) == 6
    assert "read with the bodies in train_bodies.csv" in reading.summaries[0]["notes"]
    assert set(reading.rejects["reason"]) == {"no body of its Body ID"}
    bodies.unlink()
    with pytest.raises(tfnews.errors.DataError, match="with bodies for stances"):
        read(tmp_path / "train_stances.csv")
