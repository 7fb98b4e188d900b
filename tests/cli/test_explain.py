import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from tests import tiny
from tests.report.page import Page
from tfnews.cli import explain as module
from tfnews.cli import main
from tfnews.training.fit import fit


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """Give a real run and its splits."""
    folder = tmp_path_factory.mktemp("real")
    splits = tiny.splits(folder)
    return fit(splits.path, "tfidf", root=folder / "runs"), splits


@pytest.fixture
def invoke(fitted):
    def _invoke(*arguments, **options):
        run = str(fitted[0].path)
        return CliRunner().invoke(main, ["explain", run, *map(str, arguments)], **options)

    return _invoke


@pytest.fixture
def test_file(fitted):
    return fitted[1].path / "test.csv"


def test_the_strongest_words_of_a_record_and_what_they_are_not(invoke, test_file):
    result = invoke(test_file, "--row", 1, "--top", 3)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Score 0.")
    assert "threshold of 0.5: resembles texts labelled" in lines[0]
    assert lines[2].split() == ["word", "influence", "towards"]
    assert lines[6] == ""  # three rows
    assert "Influence on the score, not evidence" in result.stdout
    assert "+0.69 doubles the odds of fake" in result.stdout
    assert "Next: tfnews explain" in result.stdout
    assert "\x1b" not in result.output


def test_json_for_programs(invoke, fitted, test_file):
    result = invoke(test_file, "--row", "1", "--json", "--method", "occlusion", "--by", "sentence")
    found = json.loads(result.stdout)
    assert (found["schema"], found["version"]) == ("tfnews.explanation", 1)
    assert (found["method"], found["by"], found["scale"]) == ("occlusion", "sentence", "log odds")
    assert found["run"] == fitted[0].name
    assert found["text"] == fitted[1].frame("test")["combined_text"][0]
    for one in found["influences"]:
        assert found["text"][one["start"] : one["end"]] == one["text"]
        assert 0 <= one["without"] <= 1
    assert found["notes"][0].startswith("Influence on the score, not evidence")


@pytest.mark.parametrize("name", ["why.html", "why.JSON"])
def test_to_a_file(invoke, test_file, tmp_path, name):
    result = invoke(test_file, "--row", "2", "--to", tmp_path / name)
    assert result.exit_code == 0, result.output
    assert f"Written: {tmp_path / name}" in result.stdout
    content = (tmp_path / name).read_text(encoding="utf-8")
    if name.endswith("html"):
        assert "not evidence" in Page(content).text
    else:
        assert json.loads(content)["outcome"] == "explained"


def test_standard_input_and_a_text(invoke, fitted):
    text = fitted[1].frame("test")["combined_text"][0]
    piped, given = invoke("-", input=f"{text}\n"), invoke(text)
    assert piped.exit_code == 0, piped.output
    assert piped.stdout == given.stdout


def test_the_reason_of_the_guards_in_place_of_an_explanation(invoke):
    result = invoke("completely unheard gibberish")
    assert result.exit_code == 0
    assert result.stdout.startswith("Not scored, so not explained: ")
    assert "influence" not in result.stdout
    assert json.loads(invoke("such gibberish", "--json").stdout)["outcome"] == "not_explained"


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]
)
def test_words_are_coloured_on_a_terminal_unless_told_not_to(
    invoke, test_file, monkeypatch, environment, coloured
):
    class Terminal:
        @staticmethod
        def isatty():
            return True

    monkeypatch.setattr(module.sys, "stdout", Terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert module._in_colour() is coloured


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["RUN", "A text.", "--method", "shap"], 2, "'shap' is not one of"),
        (["nowhere", "A text."], 5, "No run 'nowhere'"),
        (["RUN", "news.csv"], 2, "There is no file 'news.csv'"),
        (["RUN", "A text.", "--to", "why.pdf"], 2, "ends in .html or .json"),
    ],
)
def test_mistakes_are_told_before_tensorflow_starts(fitted, tmp_path, arguments, code, message):
    arguments = [str(fitted[0].path) if one == "RUN" else one for one in arguments]
    program = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from tfnews.cli import main\n"
        f"result = CliRunner().invoke(main, ['explain', *{arguments!r}])\n"
        "print('tensorflow' in sys.modules, result.exit_code, result.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.startswith(f"False {code} "), done.stdout + done.stderr
    assert message in done.stdout
