import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner

from tests import tiny
from tests.data.forms import FORMS, articles, as_csv
from tests.models.reduced import TEXTS, small
from tests.scoring.test_predict import StubClassifier, StubGuards
from tfnews import models
from tfnews.cli import main
from tfnews.data.prepare import prepare
from tfnews.models import load
from tfnews.records import ColumnsRecord
from tfnews.training.fit import fit


@pytest.fixture
def invoke(monkeypatch, tmp_path_factory):
    """Run `tfnews predict RUN ...` with a stub in place of the run's model."""
    here = tmp_path_factory.mktemp("here")
    (here / "RUN").mkdir()
    config = {"class_names": ["real", "fake"], "trained_on": "made up", "threshold": 0.5}
    (here / "RUN" / "task.json").write_text(json.dumps({"config": config}))
    monkeypatch.chdir(here)
    monkeypatch.setattr(models, "load", lambda run, **_: StubClassifier(StubGuards()))

    def _invoke(*arguments: str, **options):
        return CliRunner().invoke(main, ["predict", "RUN", *map(str, arguments)], **options)

    return _invoke


def rows(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def news(tmp_path):
    path = tmp_path / "news.csv"
    path.write_text("id,headline,text\na,Oh,dear!!!!!!\nb,,x\nc,half a record\n")
    return path


def test_a_record_that_is_too_long_is_not_scored(invoke, tmp_path):
    path = tmp_path / "news.csv"
    path.write_text(f"text\na b!\n{'x' * 600}\nc d!!!!!!\n", encoding="utf-8")
    result = invoke(path, "--max-record-bytes", "500")
    assert result.exit_code == 0
    assert [row["outcome"] for row in rows(result.stdout)] == ["scored", "not_scored", "scored"]
    reason = rows(result.stdout)[1]["reason"]
    assert "a record of more than --max-record-bytes 500 (line 3: xxx" in reason


def test_texts_as_arguments(invoke):
    result = invoke("--text", "a b!", "--text", "c d!!!!!!")
    assert result.exit_code == 0
    assert [(row["id"], float(row["fake_probability"])) for row in rows(result.stdout)] == [
        ("1", 0.1),
        ("2", 0.6),
    ]
    assert "2 scored, none left out." in result.stderr
    assert "1 at or above the threshold of 0.5, label fake" in result.stderr
    assert "1 below it, label real: they resemble texts labelled real there." in result.stderr
    assert "resemble texts labelled fake in made up" in result.stderr
    assert "no ground for removing a text automatically" in result.stderr
    assert "Next: tfnews predict" in result.stderr


def test_standard_input_of_lines(invoke):
    result = invoke("-", input="a b!\n\nc d\n")
    assert [row["outcome"] for row in rows(result.stdout)] == ["scored", "not_scored", "scored"]
    assert "2 scored, 1 not scored (empty text 1)." in result.stderr


def test_standard_input_of_another_format(invoke, news):
    result = invoke("-", "--input-format", "csv", input=news.read_text())
    assert [row["id"] for row in rows(result.stdout)] == ["a", "b", "3"]


def test_file_to_file(invoke, news, tmp_path):
    output = tmp_path / "scores.csv"
    result = invoke(news, "--title-column", "headline", "--output", output)
    assert result.exit_code == 0
    assert [row["outcome"] for row in rows(output.read_text())] == [
        "scored",
        "not_scored",
        "not_scored",
    ]
    assert "2 not scored (too short 1, unreadable record 1)" in result.stderr
    assert result.stderr.startswith("1 scored, 2 not scored")
    assert f"Next: tfnews explain RUN {news} --row ID" in result.stdout


def test_table_and_threshold(invoke):
    result = invoke("--text", "a b!", "--output-format", "table", "--threshold", "0.1")
    assert result.stdout.splitlines()[1].endswith("0.100  fake")
    assert "threshold of 0.1" in result.stderr


def test_score_anyway(invoke):
    (row,) = rows(invoke("--text", "a!", "--score-anyway").stdout)
    assert (row["outcome"], row["reason"]) == ("scored", "too short: 1 word")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "nothing to score"),
        (["The moon is made of cheese"], 2, "--text"),
        (["-", "--text", "a"], 2, "not both"),
        (["-", "--output-format", "parquet"], 2, "--output"),
        (["-", "--output", "scores"], 2, "--output-format"),
    ],
)
def test_usage_errors(invoke, arguments, code, message):
    result = invoke(*arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert result.stdout == ""


def test_missing_column_is_a_data_error_and_leaves_no_file(invoke, news, tmp_path):
    result = invoke(news, "--text-column", "body", "--output", tmp_path / "scores.csv")
    assert result.exit_code == 3
    assert "It has: id, headline, text." in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["news.csv"]


def test_a_file_that_cannot_be_read_is_told_before_anything_is_written(invoke, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"%PDF-1.7\n")
    result = invoke(tmp_path / "a.csv")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "a.csv is a PDF" in result.stderr


def test_output_never_replaces_the_input(invoke, news):
    before = news.read_text()
    result = invoke(news, "--output", news)
    assert result.exit_code == 2
    assert news.read_text() == before


def test_missing_run_is_a_run_error(tmp_path, monkeypatch):
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path))
    result = CliRunner().invoke(main, ["predict", "none", "--text", "a"])
    assert result.exit_code == 5
    assert "No run 'none'" in result.stderr


def test_a_folder_without_articles_is_called_one(invoke, news):
    result = invoke(news.parent)
    assert result.exit_code == 2
    assert "is a folder. Give one file of texts at a time, or a folder of .txt" in result.stderr


def test_the_articles_of_a_folder_are_answered_by_their_paths(invoke, tmp_path):
    (tmp_path / "set" / "a").mkdir(parents=True)
    (tmp_path / "set" / "a" / "1.txt").write_text("Oh\n\ndear!!!!!!\n")
    (tmp_path / "set" / "b.txt").write_text("")
    (tmp_path / "set" / ".DS_Store").write_text("c d!")
    first, second = rows(invoke(tmp_path / "set").stdout)
    assert (first["id"], first["fake_probability"]) == ("a/1.txt", "0.6")
    assert (second["id"], second["reason"]) == ("b.txt", "empty text: nothing to read")


def test_a_pipe_without_a_dash_is_told_of_it(invoke):
    result = invoke(input="a b!\n")
    assert result.exit_code == 2
    assert "end the command with '-'" in result.stderr


def test_a_quote_that_is_never_closed_is_one_record_that_is_counted(invoke, tmp_path):
    """All rows after it were once scored as one text, and nothing was said of it."""
    (tmp_path / "a.csv").write_text('id,text\na,b c!\nb,"d e!\nc,f g!\nd,h i!\n')
    result = invoke(tmp_path / "a.csv")
    assert result.exit_code == 0
    first, second = rows(result.stdout)
    assert (first["id"], first["outcome"]) == ("a", "scored")
    assert (second["id"], second["outcome"]) == ("2", "not_scored")
    assert "line 3 is never closed, so the file's last 3 lines run together" in second["reason"]
    assert "1 scored, 1 not scored (unreadable record 1)." in result.stderr


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (["--text", "a!"], None, "1 of 1 texts were not scored for one reason, too short."),
        (["-"], "\n\na\n", "2 of 3 texts were not scored for one reason, empty text. Perhaps"),
        (["-"], "", "there was no text. Name a source that holds some"),
        (["-", "--input-format", "jsonl"], '{"text": []}\n' * 3, "unreadable record. The answers"),
    ],
)
def test_nothing_scored_is_an_error_after_the_answers(invoke, arguments, given, said):
    """It was once exit code 0, whatever the file."""
    result = invoke(*arguments, input=given)
    assert result.exit_code == 3
    assert said in result.stderr.splitlines()[-1]
    assert result.stderr.splitlines()[-1].startswith("Error: Nothing was scored")
    assert {row["outcome"] for row in rows(result.stdout)} <= {"not_scored"}


def test_most_texts_refused_for_one_reason_is_a_warning_with_the_remedy(invoke):
    result = invoke("-", input="a b\n\n\n\n")
    assert result.exit_code == 0
    assert "Warning: 3 of 4 texts were not scored for one reason, empty text." in result.stderr
    assert "--text-column" in result.stderr
    assert "Warning" not in invoke("-", input="a b\nc d\n\n\n").stderr


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("text\n“Новые меры поддержки” экономики!\n".encode("cp1251"), []),
        ("text\n“Новые меры поддержки” экономики!\n".encode("utf-16"), []),
        ("text\n“Новые меры поддержки” экономики!\n".encode("cp1251"), ["--encoding", "cp1251"]),
        ("“Новые меры поддержки” экономики!\n".encode(), ["--no-header", "--text-column", "1"]),
        ("x~text\n1~“Новые меры поддержки” экономики!\n".encode(), ["--delimiter", "~"]),
    ],
)
def test_options_of_reading(invoke, tmp_path, monkeypatch, content, options):
    classifier = StubClassifier()
    monkeypatch.setattr(models, "load", lambda run, **_: classifier)
    (tmp_path / "a.csv").write_bytes(content)
    assert invoke(tmp_path / "a.csv", *options).exit_code == 0
    assert classifier.calls == [["“Новые меры поддержки” экономики!"]]


def test_a_guessed_encoding_is_said(invoke, tmp_path):
    (tmp_path / "a.csv").write_bytes("text\nНовые меры поддержки экономики\n".encode("cp1251"))
    result = invoke(tmp_path / "a.csv")
    assert "Note: lines that are not UTF-8, read as cp1251, which is a guess" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--encoding", "utf-9"], "No encoding is called 'utf-9'"),
        (["--delimiter", "::"], "A delimiter is one character"),
    ],
)
def test_wrong_options_of_reading_are_told_before_the_run_is_opened(news, options, said):
    result = CliRunner().invoke(main, ["predict", "none", str(news), *options])
    assert result.exit_code == 2
    assert said in result.stderr


def test_litert_answers_nearly_as_tensorflow_and_how_nearly_is_said(invoke, monkeypatch):
    """Decisions are compared at the threshold that is asked for."""
    classifier = small("bert-tiny", num_layers=1)
    monkeypatch.setattr(models, "load", lambda run, **_: classifier)
    expected = classifier.probabilities(TEXTS[:3])
    given = [word for text in TEXTS[:3] for word in ("--text", text)]
    result = invoke(*given, "--backend", "litert")
    assert result.exit_code == 0, result.stderr
    found = np.array([row["fake_probability"] for row in rows(result.stdout)], np.float32)
    apart = float(np.abs(found.astype(np.float64) - expected).max())
    assert 0 < apart < 0.01
    said = f"LiteRT in 8 bits against TensorFlow on the first 3 texts: at most {apart:.2g} apart, "
    assert f"{said}0 of 3 decisions otherwise.\n" in result.stderr
    assert "XNNPACK" not in result.stderr
    least = np.abs(found.astype(np.float64) - expected).argmax()
    between = (float(found[least]) + float(expected[least])) / 2
    changed = int(((found >= between) != (expected >= between)).sum())
    assert changed
    result = invoke(*given, "--backend", "litert", "--threshold", str(between))
    assert f"{said}{changed} of 3 decisions otherwise. For the run's own" in result.stderr


@pytest.mark.parametrize("form", FORMS)
def test_the_same_articles_in_any_form_get_the_same_answers(invoke, tmp_path, form):
    rows = articles(60)
    (tmp_path / "usual.csv").write_bytes(as_csv(rows))
    (tmp_path / form).write_bytes(FORMS[form](rows))
    usual, found = invoke(tmp_path / "usual.csv"), invoke(tmp_path / form)
    assert (found.exit_code, found.stdout) == (0, usual.stdout)
    assert "60 scored, none left out." in found.stderr
    kind = form.partition(".")[2]
    with (tmp_path / form).open("rb") as given:
        assert invoke("-", "--input-format", kind, input=given.read()).stdout == usual.stdout


def test_many_files_are_scored_on_an_engine_and_the_summary_is_that_of_one(invoke, tmp_path):
    text = "id,text\na,oh dear!!!!!!\nb,x\nc,half,a record\n"
    (tmp_path / "a-0.csv").write_text(text)
    (tmp_path / "a-1.csv").write_text(text)
    (tmp_path / "both.csv").write_text(f"{text}{text.partition(chr(10))[2]}")
    expected = invoke(tmp_path / "both.csv", "--output", tmp_path / "both.out.csv").stderr
    given = tmp_path / "a-*", "--runner", "DirectRunner", "--output", tmp_path / "out"
    for first_line in ("2 shards are finished.", "2 shards are finished, 2 of them before."):
        result = invoke(*given, "--output-format", "csv", "--", "--direct_num_workers=1")
        assert (result.exit_code, result.stderr) == (0, f"{first_line}\n{expected}")
    assert f"Next: head {tmp_path}/out/input-00000/*" in result.stdout
    found = [(tmp_path / f"out/input-0000{n}/answers-00000.csv").read_text() for n in (0, 1)]
    both = (tmp_path / "both.out.csv").read_text().splitlines()
    assert found[0] == found[1] == "\n".join(both[:4]).replace(",5,", ",2,") + "\n"


def test_files_of_which_none_can_be_scored_are_an_error_after_the_answers(invoke, tmp_path):
    (tmp_path / "a.csv").write_text("text\nx\n")
    result = invoke(tmp_path / "a.csv", "--runner", "DirectRunner", "--output", tmp_path / "out")
    assert result.exit_code == 3
    assert "Nothing was scored. 1 of 1 texts were not scored for one reason" in result.stderr
    assert (tmp_path / "out" / "input-00000" / "answers-00000.jsonl").exists()


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Give a real run, not a stub, and a file of texts with what is to come of each."""
    folder = tmp_path_factory.mktemp("real")
    splits = tiny.splits(folder)
    run = fit(splits.path, "tfidf", root=folder / "runs")
    frame = splits.frame("test")
    file = folder / "texts.jsonl"
    news = zip(frame["title"], frame["text"], strict=True)
    lines = [json.dumps({"title": title, "text": text}) for title, text in news]
    file.write_text("\n".join([*lines, '{"text": "¡"}', "broken"]) + "\n", encoding="utf-8")
    return run, file, frame


def test_a_run_scores_a_file_as_evaluate_scores_its_test_split(fitted, tmp_path):
    run, file, frame = fitted
    output = tmp_path / "scores.csv"
    result = CliRunner().invoke(
        main, ["predict", str(run.path), str(file), "--output", str(output)]
    )
    assert result.exit_code == 0, result.output
    with output.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    expected = load(run).probabilities(frame["combined_text"].tolist())
    found = [float(row["fake_probability"]) for row in rows[: len(frame)]]
    np.testing.assert_array_equal(np.float32(found), expected)
    flagged = [row["label"] == "fake" for row in rows[:-2]]
    assert flagged == (expected >= np.float32(0.5)).tolist()
    assert [row["outcome"] for row in rows[-2:]] == ["not_scored"] * 2
    assert f"{len(frame)} scored, 2 not scored" in result.stderr


def test_columns_are_those_the_run_was_trained_on(tmp_path, monkeypatch):
    """A run remembers how its news was read: another column called text was scored for it."""
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path / "runs"))
    splits = tiny.splits(tmp_path)
    frame = splits.frame("train")
    told = {"title_column": "head", "text_column": "body", "label_column": "verdict"}
    named = frame[["title", "text", "label"]].set_axis(["Head", "Body", "Verdict"], axis=1)
    named.assign(text="Something else.").to_csv(tmp_path / "a.csv", index=False)
    values = {"fake_values": ["1"], "real_values": ["0"]}
    run = fit(prepare([tmp_path / "a.csv"], tmp_path / "s", **told, **values).path, "tfidf")
    assert run.config.splits.columns == (ColumnsRecord("Body", "Head", "Verdict"),)
    for names in (["HEAD", "BODY"], ["Head", "Body"]):
        texts = frame[["title", "text"]].set_axis(names, axis=1).assign(text="Else.", title="X")
        texts.to_csv(tmp_path / "b.csv", index=False)
        result = CliRunner().invoke(main, ["predict", run.name, str(tmp_path / "b.csv")])
        found = [float(row["fake_probability"]) for row in rows(result.stdout)]
        expected = load(run).probabilities(frame["combined_text"].tolist())
        np.testing.assert_array_equal(np.float32(found), expected)
    other = CliRunner().invoke(main, ["evaluate", run.name, "--data", str(tmp_path / "b.csv")])
    assert other.exit_code == 2
    said = "--title-column Head --text-column Body --label-column Verdict --out FOLDER"
    assert f"tfnews data prepare {tmp_path / 'b.csv'} {said}" in other.stderr


def test_encoding_delimiter_and_header_are_those_of_the_training_news(tmp_path, monkeypatch):
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path / "runs"))
    frame = tiny.splits(tmp_path).frame("train")
    told = {"title_column": "1", "text_column": "2", "label_column": "3", "header": False}
    form = {"encoding": "utf-16-le", "delimiter": "tab"}
    news = frame[["title", "text", "label"]].replace(r"\t", " ", regex=True)
    news.to_csv(tmp_path / "a.csv", index=False, header=False, sep="\t", encoding="utf-16-le")
    values = {"fake_values": ["1"], "real_values": ["0"]}
    splits = prepare([tmp_path / "a.csv"], tmp_path / "s", **told, **form, **values)
    run = fit(splits.path, "tfidf")
    record = ColumnsRecord("2", "1", "3", **form, header=False)
    assert run.config.splits.columns == (record,)
    result = CliRunner().invoke(main, ["predict", run.name, str(tmp_path / "a.csv")])
    assert result.exit_code == 0, result.output
    found = [float(row["fake_probability"]) for row in rows(result.stdout)]
    expected = load(run).probabilities(frame["combined_text"].tolist())
    np.testing.assert_array_equal(np.float32(found), expected)
    # In UTF-8 the same articles are no UTF-16, whatever the training news was.
    news.to_csv(tmp_path / "b.csv", index=False, header=False, sep="\t", encoding="utf-8")
    result = CliRunner().invoke(main, ["predict", run.name, str(tmp_path / "b.csv")])
    np.testing.assert_array_equal(
        np.float32([float(row["fake_probability"]) for row in rows(result.stdout)]), expected
    )
