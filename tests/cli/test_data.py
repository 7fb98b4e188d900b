import csv

import pytest
from click.testing import CliRunner

from tfnews.cli import main
from tfnews.data.splits import open_splits


def _news(path, count=40, **columns):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["headline", "body", "verdict", *columns])
        for i in range(count):
            body = " ".join(f"{path.stem}{i}x{word}" for word in range(8))
            row = [f"Headline {path.stem} {i}", body, ("true story", "made up")[i % 2]]
            writer.writerow([*row, *(value(i) for value in columns.values())])
    return str(path)


_COLUMNS = (
    *("--title-column", "headline", "--text-column", "body", "--label-column", "verdict"),
    *("--fake-value", "made up", "--real-value", "true story"),
)


def _run(*arguments):
    return CliRunner().invoke(main, ["data", "prepare", *arguments], catch_exceptions=False)


def test_prepare_says_what_it_did(tmp_path):
    news = _news(tmp_path / "a.csv", source=lambda i: f"s{i // 4}")
    result = _run(news, "--out", str(tmp_path / "s"), *_COLUMNS, "--label-basis", "crowd")
    assert result.exit_code == 0
    for said in (
        "a: label basis crowd; 1 = fake, 0 = real",
        "'made up' is fake, 'true story' is real",
        "Rows: 40 read, 40 kept, 0 dropped",
        "right way round?",
        "  fake: Headline a ",
        "  real: Headline a ",
        "  train: 14 real, 14 fake",
        "0 of near-duplicates",
        "Warning: Column 'source'",
        "--strategy group --group-column source",
        f"Next: tfnews fit --data {tmp_path / 's'}",
    ):
        assert said in result.output
    assert "Rejected rows" not in result.output  # there are none


def test_rejected_rows_are_pointed_to(tmp_path):
    news = _news(tmp_path / "a.csv")
    with open(news, "a", encoding="utf-8") as file:
        file.write("Headline,body,nan\n")
    result = _run(news, "--out", str(tmp_path / "s"), *_COLUMNS)
    assert f"Rejected rows: {tmp_path / 's' / 'rejects.csv'}" in result.output
    assert "  1 no label\n" in result.output


def test_a_record_that_is_too_long_is_a_rejected_row(tmp_path):
    news = _news(tmp_path / "a.csv")
    with open(news, "a", encoding="utf-8") as file:
        file.write(f"Headline,{'x' * 600},made up\n")
    result = _run(news, "--out", str(tmp_path / "s"), *_COLUMNS, "--max-record-bytes", "500")
    assert "Rows: 41 read, 40 kept, 1 dropped" in result.output
    assert "  1 a record of more than --max-record-bytes 500\n" in result.output
    lines = (tmp_path / "s" / "rejects.csv").read_text(encoding="utf-8").splitlines()
    (row,) = csv.DictReader(lines)
    assert (row["file"], row["line"]) == ("a.csv", "42")
    assert len(row["excerpt"]) <= 80


def test_options_reach_prepare(tmp_path):
    news = _news(tmp_path / "a.csv", site=lambda i: f"s{i // 2}")
    result = _run(
        *(news, "--out", str(tmp_path / "s"), *_COLUMNS, "--group-column", "site"),
        *("--ratios", "0.6/0.2/0.2", "--seed", "5", "--near-duplicates", "0", "--cut", "footer"),
        *("--name", "my set", "--class-name", "news", "hoax"),
    )
    assert result.exit_code == 0
    assert "near-duplicates not looked for" in result.output
    splits = open_splits(tmp_path / "s")
    manifest = splits.manifest
    assert (splits.name, splits.class_names) == ("my set", ("news", "hoax"))
    assert (manifest["strategy"], manifest["group_columns"]) == ("group", ["site"])
    assert (manifest["seed"], manifest["ratios"]) == (5, [0.6, 0.2, 0.2])
    assert manifest["cut"] == {"footer": 0}


def test_ready_made_parts(tmp_path):
    train, test = _news(tmp_path / "a.csv"), _news(tmp_path / "b.csv", 10)
    out = ("--out", str(tmp_path / "s"))
    result = _run("--train", train, "--test", test, *out, *_COLUMNS)
    assert result.exit_code == 0
    assert len(open_splits(tmp_path / "s").frame("test")) == 10
    result = _run("--train", train, "--test", test, *out, "--strategy", "time")
    assert result.exit_code == 2
    assert "one or the other" in result.output


@pytest.mark.parametrize("ratios", ["70/30", "70/20/20", "a/b/c", "100/0/0", ""])
def test_ratios_that_make_no_splits(tmp_path, ratios):
    result = _run("x.csv", "--out", str(tmp_path / "s"), "--ratios", ratios)
    assert result.exit_code == 2
    assert "such as 70/15/15" in result.output


def test_errors_are_one_line_with_an_exit_code(tmp_path):
    news = _news(tmp_path / "a.csv")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    result = _run(news, "--out", str(tmp_path / "full"), "--force", *_COLUMNS)
    assert result.exit_code == 3
    assert "mine.txt" in result.output
    assert result.output.count("\n") == 1


def test_how_a_file_is_read_can_be_said_and_is_recorded(tmp_path):
    news = _news(tmp_path / "a.csv")
    rows = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()[1:]
    lines = "\n".join(row.replace("Headline", "Тема").replace(",", "~") for row in rows)
    (tmp_path / "a.csv").write_bytes(lines.encode("cp1251"))
    options = ("--no-header", "--delimiter", "~", "--encoding", "windows-1251")
    columns = ("--title-column", "1", "--text-column", "2", "--label-column", "3", *_COLUMNS[6:])
    result = _run(news, "--out", str(tmp_path / "s"), *options, *columns)
    assert result.exit_code == 0
    assert "  fake: Тема a " in result.output
    (source,) = open_splits(tmp_path / "s").manifest["sources"]
    assert (source["encoding"], source["delimiter"]) == ("cp1251", "~")


def test_a_guessed_encoding_is_said(tmp_path):
    news = _news(tmp_path / "a.csv")
    text = (
        (tmp_path / "a.csv")
        .read_text(encoding="utf-8")
        .replace("Headline", "Новые меры поддержки экономики")
    )
    (tmp_path / "a.csv").write_bytes(text.encode("cp1251"))
    result = _run(news, "--out", str(tmp_path / "s"), *_COLUMNS)
    assert "Note on a.csv: lines that are not UTF-8, read as cp1251, which is a gu" in result.output
    (source,) = open_splits(tmp_path / "s").manifest["sources"]
    assert source["encoding"] == "cp1251"


def test_help_names_the_formats():
    said = " ".join(_run("--help").output.split())
    assert "isot, welfake, mcintire, liar, fakenewscorpus, fakenewsnet, gossipcop, fakeddit" in said
