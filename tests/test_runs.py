import json

import pytest

from tfnews.errors import RunError, UsageError
from tfnews.runs import Run, next_name, replacing, sha256, write_json, write_predictions, write_text


def complete(name, root):
    Run.create(name, {}, root).update_config(state="complete")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# Writing


@pytest.mark.parametrize("old", [None, "old"])
def test_a_failing_block_leaves_the_old_file_and_nothing_else(tmp_path, old):
    path = tmp_path / "file.txt"
    if old:
        path.write_text(old)

    def fail_half_way():
        with replacing(path) as file:
            file.write("half of the n")
            file.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert names(tmp_path) == (["file.txt"] if old else [])
    assert not old or path.read_text() == old


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with replacing(path) as file:
        file.write("new")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["file.txt"]


def test_what_cannot_be_encoded_leaves_the_old_file(tmp_path):
    write_text(tmp_path / "file.txt", "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "file.txt", "a lone surrogate: \ud800")
    assert (tmp_path / "file.txt").read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_files_are_utf8_with_plain_line_ends_in_folders_made_as_needed(tmp_path):
    path = tmp_path / "new" / "file.txt"
    write_text(path, "été\n")
    assert path.read_bytes() == "été\n".encode()


def test_others_may_read_what_is_written(tmp_path):
    """Temporary files are private, and renaming one would keep it so."""
    write_text(tmp_path / "ours", "")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_json_is_read_back_and_kept_readable(tmp_path):
    write_json(tmp_path / "file.json", {"name": "Notícia", "scores": [0.5, None]})
    text = (tmp_path / "file.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"name": "Notícia", "scores": [0.5, None]}
    assert "Notícia" in text


def test_sha256_is_that_of_the_bytes(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    # The first test vector of FIPS 180-2.
    assert sha256(tmp_path / "file") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


# Creating and opening


def test_a_run_is_in_training_from_the_start(tmp_path):
    run = Run.create("first", {"arch": "tfidf"}, tmp_path)
    assert run.path == tmp_path / "first"
    assert run.name == "first"
    expected = {"state": "training", "name": "first", "arch": "tfidf"}
    assert run.config == expected
    assert json.loads((tmp_path / "first" / "config.json").read_text()) == expected


def test_a_taken_name_is_refused_and_its_run_left_alone(tmp_path):
    Run.create("first", {"arch": "tfidf"}, tmp_path)
    before = (tmp_path / "first" / "config.json").read_bytes()
    with pytest.raises(RunError, match=r"'first' exists .* Choose another with --name"):
        Run.create("first", {"arch": "swivel20"}, tmp_path)
    assert (tmp_path / "first" / "config.json").read_bytes() == before


@pytest.mark.parametrize("name", ["", ".", "..", "../up", "a/b", "-x", ".hid", "a b", "é", "a\n"])
def test_odd_names_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match="Received: "):
        Run.create(name, {}, tmp_path / "runs")
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["a", "tfidf-1", "A.b_c-9", "x" * 100])
def test_plain_names_are_taken(tmp_path, name):
    assert Run.create(name, {}, tmp_path).name == name


def test_an_incomplete_run_is_not_opened(tmp_path):
    Run.create("first", {}, tmp_path)
    with pytest.raises(RunError, match="first is not complete: its state is 'training'"):
        Run.open("first", tmp_path)


def test_a_missing_run_is_answered_with_those_there_are(tmp_path):
    for name in ("second", "first"):
        complete(name, tmp_path)
    (tmp_path / "not-a-run").mkdir()
    with pytest.raises(RunError, match=r"No run 'third'.*: first, second\. Train one"):
        Run.open("third", tmp_path)


def test_a_missing_run_where_there_are_none(tmp_path):
    with pytest.raises(RunError, match=r"Runs in .*: none\."):
        Run.open("first", tmp_path / "nowhere")


def test_a_run_is_opened_by_name_or_path(tmp_path, monkeypatch):
    complete("first", tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    for way in ("runs/first", tmp_path / "runs" / "first", str(tmp_path / "runs" / "first")):
        assert Run.open(way).path.resolve() == tmp_path / "runs" / "first"
    assert Run.open("first", "runs").config["state"] == "complete"


def test_the_name_is_the_folders_even_when_opened_as_a_dot(tmp_path, monkeypatch):
    complete("first", tmp_path)
    monkeypatch.chdir(tmp_path / "first")
    assert Run.open(".").name == "first"


def test_changes_to_the_configuration_are_merged_and_written(tmp_path):
    run = Run.create("first", {"arch": "tfidf", "seed": 1}, tmp_path)
    run.update_config(seed=2, megabytes=0.5)
    assert run.config["arch"] == "tfidf"
    assert Run(run.path).config == run.config
    assert run.config["seed"] == 2


def test_history_has_an_entry_an_epoch_or_none(tmp_path):
    run = Run.create("first", {}, tmp_path)
    assert run.history() == []
    run.history_path.write_text('{"epoch": 1}\n{"epoch": 2}\n')
    assert run.history() == [{"epoch": 1}, {"epoch": 2}]


def test_predictions_are_written_row_by_row(tmp_path):
    run = Run.create("first", {}, tmp_path)
    write_predictions(run, "validation", [0, 1], [0.25, 1.0])
    assert run.predictions_path("validation").read_bytes() == (
        b"row,label,fake_probability\n0,0,0.25\n1,1,1.0\n"
    )


def test_predictions_of_another_length_are_refused(tmp_path):
    run = Run.create("first", {}, tmp_path)
    with pytest.raises(ValueError, match="shorter"):
        write_predictions(run, "test", [0, 1], [0.25])
    assert names(run.path / "predictions") == []


# The folder of runs


def test_the_next_name_is_the_first_free_one(tmp_path):
    assert next_name("tfidf", tmp_path / "nowhere") == "tfidf-1"
    for name in ("tfidf-1", "tfidf-3", "swivel20-ft-1"):
        (tmp_path / name).mkdir()
    assert next_name("tfidf", tmp_path) == "tfidf-2"
    assert next_name("swivel20-ft", tmp_path) == "swivel20-ft-2"
    assert next_name("swivel20", tmp_path) == "swivel20-1"


def test_runs_land_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TFNEWS_SAVED_MODELS", raising=False)
    assert Run.create("plain", {}).path.resolve() == tmp_path / "saved_models" / "plain"
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path / "elsewhere"))
    complete("named", None)
    assert names(tmp_path / "elsewhere") == ["named"]
    assert Run.open("named").path == tmp_path / "elsewhere" / "named"
    assert next_name("named") == "named-1"
    assert Run.create("asked", {}, tmp_path / "asked").path == tmp_path / "asked" / "asked"
