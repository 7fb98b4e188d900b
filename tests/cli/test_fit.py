"""`tfnews fit` on a tiny corpus."""

import json

import pytest
from click.testing import CliRunner

from tests import tiny
from tfnews.cli import main
from tfnews.runs import Run


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("splits"))


@pytest.fixture
def fit(splits, tmp_path, monkeypatch):
    """Run the command with runs landing in `tmp_path`."""
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path / "runs"))

    def invoke(*arguments, data=splits.path):
        return CliRunner().invoke(main, ["fit", "--data", str(data), *arguments])

    return invoke


def test_a_fit_says_what_it_came_to_and_what_to_type_next(fit, tmp_path):
    result = fit("--seed", "3")
    assert result.exit_code == 0, result.output
    run = Run.open("tfidf-1", tmp_path / "runs")
    assert run.config.seed == 3
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Training tfidf-1 on synthetic-demo: ")
    assert lines[-1] == "Next: tfnews evaluate tfidf-1"
    assert "The test split was not read." in result.stdout
    assert str(run.path) in result.stdout


def test_the_run_tells_what_was_typed(fit, splits, tmp_path):
    """It was once the arguments of whatever process had called, with the path of its program."""
    assert fit("--name", "a-name", "--set", "C=2.0").exit_code == 0
    typed = f"tfnews fit --data …/{splits.path.name} --name a-name --set C=2.0"
    assert Run.open("a-name", tmp_path / "runs").config.command == typed


def test_progress_is_plain_lines_where_there_is_no_terminal(fit, tmp_path):
    result = fit("--arch", "swivel20", "--weights", "none", "--epochs", "2", "--name", "mine")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\nepoch ") == 2
    assert "\r" not in result.output
    assert "simplest model" in result.stdout
    assert len(Run.open("mine", tmp_path / "runs").history()) == 2


@pytest.mark.parametrize(
    ("arguments", "epochs", "in_file", "expected"),
    [
        ([], None, None, 100),
        ([], None, 5, 5),
        ([], 4, 5, 4),
        (["--epochs", "3"], 4, 5, 3),
        (["--set", "epochs=6"], None, 5, 6),
        (["--set", "epochs=6", "--epochs", "3"], None, None, 3),
    ],
)
def test_option_over_environment_over_file_over_row(
    fit, tmp_path, monkeypatch, arguments, epochs, in_file, expected
):
    if epochs:
        monkeypatch.setenv("TFNEWS_FIT_EPOCHS", str(epochs))
    if in_file:
        (tmp_path / "recipe.toml").write_text(f"epochs = {in_file}\nbatch_size = 8\n")
        arguments = [*arguments, "--config", str(tmp_path / "recipe.toml")]
    result = fit("--arch", "swivel20", "--weights", "none", "--dry-run", *arguments)
    assert result.exit_code == 0, result.output
    shown, _, last = result.stdout.rpartition("\nNext: ")
    recipe = json.loads(shown)["recipe"]
    assert recipe["epochs"] == expected
    assert recipe["batch_size"] == (8 if in_file else 32)
    assert last == "the same command without --dry-run\n"
    assert not (tmp_path / "runs").exists()


def test_settings_of_a_family(fit):
    result = fit("--dry-run", "--set", "ngrams=1", "--set", "sublinear_tf=false")
    recipe = json.loads(result.stdout.rpartition("\nNext: ")[0])["recipe"]
    assert (recipe["ngrams"], recipe["sublinear_tf"]) == (1, False)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--arch", "tfidff"], 2, "No architecture 'tfidff'. Did you mean 'tfidf'?"),
        (["--set", "ngram=1"], 2, "Unknown setting 'ngram' with --set. Did you mean 'ngrams'?"),
        (["--epochs", "many"], 2, "'many' is not a valid integer"),
        (["--precision", "float8"], 2, "Unknown precision 'float8' as an argument."),
        (["--arch", "swivel20", "--weights", "none", "--frozen"], 2, "Add --trainable."),
        (["--resume", "nothing"], 2, "Received besides: data"),
    ],
)
def test_an_error_is_one_line_with_its_exit_code(fit, arguments, code, message):
    result = fit(*arguments)
    assert result.exit_code == code
    assert message in result.stderr.splitlines()[-1]
    assert result.stdout == ""


def test_no_data(tmp_path):
    result = CliRunner().invoke(main, ["fit"])
    assert result.exit_code == 2
    assert "Give one with --data SPLITS" in result.stderr


def test_a_folder_that_holds_no_splits(fit, tmp_path):
    result = fit(data=tmp_path)
    assert result.exit_code == 3
    assert "is not a folder of splits: train.csv, validation.csv, test.csv" in result.stderr


def test_a_taken_name(fit, tmp_path):
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    result = fit("--name", "mine")
    assert result.exit_code == 5
    assert "A run named 'mine' exists" in result.stderr
