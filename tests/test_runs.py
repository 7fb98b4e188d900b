import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import filelock
import pytest

from tests import tiny
from tests.report.sample import sliced
from tfnews import runs
from tfnews.errors import RunError, UsageError
from tfnews.files import replacing, sha256, write_json, write_text
from tfnews.places import found
from tfnews.records import Ancestor, Config, Judged, OtherSet, Parameters, Scores
from tfnews.runs import Run, next_name

# As a fit of version 0.1.0 wrote it, with all that it ever wrote.
CONTENT = {
    "state": "complete",
    "name": "first",
    "arch": "nnlm50",
    "family": "hub",
    "trainable": False,
    "weights": {
        "handle": "nnlm-en-dim50",
        "digest": "ab" * 32,
        "licence": "Apache-2.0",
        "precision": "float32",
        "note": "The module is used as it is.",
    },
    "lineage": [{"run": "older", "path": "/runs/older", "digest": "cd" * 32, "splits": "others"}],
    "splits": {
        "path": "/splits",
        "name": "made_up",
        "digests": {"train": "12" * 32, "validation": "34" * 32, "test": "56" * 32},
        "class_names": ["news", "rumour"],
        "label_basis": "crowd",
    },
    "recipe": {"epochs": 3, "learning_rate": 0.01, "trainable": False, "weights": "nnlm-en-dim50"},
    "seed": 4,
    "precision": "float32",
    "versions": {"python": "3.12.1", "tfnews": "0.1.0"},
    "command": "tfnews fit --data splits --arch nnlm50",
    "input_rule": "title-space-text",
    "parameters": {"total": 21, "trainable": 1},
    "test_reads": 2,
    "unknown_tokens": 0.125,
    "fit_seconds": 12.5,
    "megabytes": 0.5,
    "floor": {
        "arch": "tfidf",
        "part": "validation",
        "f1": 0.75,
        "difference": 0.125,
        "interval": [0.0625, 0.25],
        "gain_shown": True,
    },
}
JUDGED = {
    "scores": {"rows": 4, "class_names": ["news", "rumour"], "f1": 0.5, "mcc": None},
    "intervals": {"f1": [0.25, 0.75], "mcc": None},
}
# In the order in which other data, then the run's own, were scored.
SCORES = {
    "validation": JUDGED,
    "other_sets": {
        "away": {
            "name": "away",
            "label_basis": "unstated",
            "class_names": ["news", "rumour"],
            "digests": {"test": "78" * 32},
            "shared_with_training": 3,
            "near_copies_of_training": 1,
            "with_shared": JUDGED,
            "refused": {"too short": 2},
            **JUDGED,
        }
    },
    "train": JUDGED,
    "test": JUDGED,
    "timings": {"rows": 4, "ms_per_text": 0.25, "texts_per_second": 4000.0},
    "audit": {
        "name": "made_up",
        "class_names": ["news", "rumour"],
        "label_basis": "crowd",
        "parts": {
            "train": {
                "rows": 2,
                "counts": {"news": 2, "rumour": 0},
                "share": 0.0,
                "words": {"news": [3.0, 3.5, 4.0]},
            }
        },
        "overlap": {
            "train-validation": {
                "rows": 2,
                "exact": 1,
                "near": 0,
                "examples": [{"kind": "exact", "train": 1, "validation": 0}],
            }
        },
        "fitted": {"train": 2, "of": 2, "validation": 2},
        "learnable": False,
        "probes": [
            {
                "name": "all words",
                "kind": "reference",
                "f1": 0.5,
                "accuracy": 0.5,
                "interval": None,
                "f1_majority": 0.25,
                "verdict": "nothing",
                "in_words": "Nothing.",
            }
        ],
        "tokens": [{"token": "storm", "weight": -1.5, "toward": "news"}],
        "skipped": {"date": "the same in every row"},
        "findings": [],
        "warnings": ["Nothing."],
    },
    "floor": {**CONTENT["floor"], "part": "test", "interval": None, "gain_shown": False},
}


def complete(name, root):
    Run.create(tiny.config(name), root).update(state="complete")


def read(run):
    """Return what is written of a run, its places as they were when they were absolute."""
    content = json.loads(run.config_path.read_text())
    assert content["splits"]["path"].startswith("../")
    content["splits"]["path"] = found(content["splits"]["path"], run.path)
    for one in content["lineage"]:
        one["path"] = found(one["path"], run.path)
    return content


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


def test_the_mask_of_the_process_is_left_alone(tmp_path, monkeypatch):
    """It was once set to 0 to be read; files of other threads could then be written by anyone."""

    def refuse(mask):
        pytest.fail("the mask was changed")

    monkeypatch.setattr(os, "umask", refuse)
    write_text(tmp_path / "ours", "")


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
    run = Run.create(tiny.config("first"), tmp_path)
    assert run.path == tmp_path / "first"
    assert run.name == "first"
    assert run.config == tiny.config("first")
    written = json.loads((tmp_path / "first" / "config.json").read_text())
    assert (written["state"], written["name"], written["arch"]) == ("training", "first", "tfidf")
    assert not {"command", "floor", "megabytes", "parameters", "more"} & written.keys()


def test_a_taken_name_is_refused_and_its_run_left_alone(tmp_path):
    Run.create(tiny.config("first"), tmp_path)
    before = (tmp_path / "first" / "config.json").read_bytes()
    with pytest.raises(RunError, match=r"'first' exists .* Choose another with --name"):
        Run.create(tiny.config("first", arch="swivel20"), tmp_path)
    assert (tmp_path / "first" / "config.json").read_bytes() == before


def test_a_run_that_was_killed_as_it_was_made_is_none(tmp_path, monkeypatch):
    """An empty folder once kept its name from the same command again."""

    def killed(*given):
        assert not (tmp_path / "first").exists()
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(runs, "write_json", killed)
        with pytest.raises(SystemExit):
            Run.create(tiny.config("first"), tmp_path)
    assert not (tmp_path / "first").exists()
    with monkeypatch.context() as patch:  # another makes it after we looked
        Run.create(tiny.config("first"), tmp_path)
        patch.setattr(runs, "check_free", lambda name, root: tmp_path / name)
        with pytest.raises(RunError, match="broken off with: tfnews fit --resume first, or remove"):
            Run.create(tiny.config("first"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["first"]


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../up", "a/b", "-x", ".hid", "a b", "é", "a\n", "CON", "nul.1", "lpt9", "a."],
)
def test_odd_names_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match="Received: "):
        Run.create(tiny.config(name), tmp_path / "runs")
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["a", "tfidf-1", "A.b_c-9", "x" * 100])
def test_plain_names_are_taken(tmp_path, name):
    assert Run.create(tiny.config(name), tmp_path).name == name


def test_an_incomplete_run_is_not_opened(tmp_path):
    Run.create(tiny.config("first"), tmp_path)
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
    assert Run.open("first", "runs").config.state == "complete"


def test_the_name_is_the_folders_even_when_opened_as_a_dot(tmp_path, monkeypatch):
    complete("first", tmp_path)
    monkeypatch.chdir(tmp_path / "first")
    assert Run.open(".").name == "first"


def test_changes_to_the_configuration_are_merged_and_written(tmp_path):
    run = Run.create(tiny.config("first", seed=1), tmp_path)
    run.update(seed=2, megabytes=0.5)
    assert run.config == tiny.config("first", seed=2, megabytes=0.5)
    assert Run(run.path).config == run.config


# What config.json says


SINCE = {
    "members": [],
    "group_seeds": [],
    "devices": [],
}  # what runs say today that they did not say then


def laid(content, folder):
    """Return the folder of a run with this config.json."""
    folder.mkdir()
    write_json(folder / "config.json", content)
    return folder


def test_a_run_of_an_earlier_version_says_the_same(tmp_path):
    run = Run.open(laid(CONTENT, tmp_path / "first"))
    config = run.config
    assert config.arch == "nnlm50"
    assert config.splits.class_names == ("news", "rumour")
    assert config.weights.note == "The module is used as it is."
    assert config.lineage == (Ancestor("older", "/runs/older", "cd" * 32, "others"),)
    assert config.parameters == Parameters(total=21, trainable=1)
    run.update()
    assert read(run) == CONTENT | SINCE


def test_fresh_weights_are_told_by_a_digest_that_is_null(tmp_path):
    weights = {"handle": "none", "digest": None, "licence": "none: fitted here"}
    run = Run(laid({**CONTENT, "weights": weights}, tmp_path / "first"))
    run.update()
    assert json.loads(run.config_path.read_text())["weights"] == weights


def test_what_another_version_wrote_is_kept(tmp_path):
    run = Run(laid({**CONTENT, "mood": {"good": [1, None]}}, tmp_path / "first"))
    run.update(seed=5)
    assert read(run) == {**CONTENT, **SINCE, "mood": {"good": [1, None]}, "seed": 5}


def test_what_is_not_said_stands_at_its_default():
    needed = {name: CONTENT[name] for name in ("state", "name", "arch", "splits")}
    config = Config.from_json({**needed, "weights": None, "lineage": None})
    assert config == Config(state="complete", name="first", arch="nnlm50", splits=config.splits)
    assert (config.weights.handle, config.lineage, config.test_reads) == ("none", (), 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], r"it must be an object, not \[1\]"),
        (None, "it must be an object, not null"),
        ("text", 'it must be an object, not "text"'),
        ({}, "state is missing"),
        ({**CONTENT, "arch": None}, "arch is missing"),
        ({**CONTENT, "arch": 3}, "arch must be a text, not 3"),
        ({**CONTENT, "splits": []}, r"splits must be an object, not \[\]"),
        ({**CONTENT, "splits": {}}, r"splits\.path is missing"),
        ({**CONTENT, "seed": "one"}, 'seed must be a whole number, not "one"'),
        ({**CONTENT, "test_reads": True}, "test_reads must be a whole number, not true"),
        ({**CONTENT, "fit_seconds": {}}, r"fit_seconds must be a number, not \{\}"),
        ({**CONTENT, "versions": {"keras": 3}}, r"versions\.keras must be a text, not 3"),
        ({**CONTENT, "lineage": [{}]}, r"lineage\[0\]\.run is missing"),
        (
            {**CONTENT, "splits": {**CONTENT["splits"], "class_names": ["a"]}},
            r"splits\.class_names must have 2 entries, not 1",
        ),
    ],
)
def test_a_damaged_configuration_is_one_line(tmp_path, content, message):
    folder = laid(content, tmp_path / "first")
    with pytest.raises(RunError, match=message) as raised:
        Run.open(folder)
    assert str(folder / "config.json") in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_json(tmp_path):
    run = Run.create(tiny.config("first"), tmp_path)
    run.metrics_path.write_text("[]")
    with pytest.raises(RunError, match=r"metrics\.json is not what .*must be an object, not \[\]"):
        run.scores()
    run.metrics_path.write_text('{"validation": {"intervals": {}}}')
    with pytest.raises(RunError, match=r"metrics\.json is not .*validation\.scores is missing"):
        run.scores()
    run.config_path.write_bytes(b"{half")
    with pytest.raises(RunError, match=r"config\.json is not what tfnews writes \(Expecting"):
        Run(run.path)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ('{"threshold": NaN}', "NaN is no number"),
        ('{"threshold": 1e999}', "1e999 is no number"),
        ('{"threshold": "0.5"}', "threshold among the scores"),
        ('{"threshold": 1.5}', "threshold among the scores"),
        ('{"threshold": true}', "threshold among the scores"),
        (f'{{"threshold": {10**400}}}', "threshold among the scores"),
        ('{"rows": -1}', "rows among the scores"),
        ('{"class_names": ["real"]}', "class_names among the scores"),
        ('{"class_names": [[], {}]}', "class_names among the scores"),
        ('{"confusion": [[1, 2], [3]]}', "confusion among the scores"),
        ('{"f1": null}', "f1 among the scores"),
        ('{"fpr": "low"}', "fpr among the scores"),
        ('{"mood": {}}', "mood among the scores"),
        ('{"always": {"class": "real", "f1": []}}', "always among the scores"),
        ('{"always": {"class": "real", "f1": "0.5"}}', "always among the scores"),
        ('{"always": {"class": "real", "rows": null}}', "always among the scores"),
        ('{}, "intervals": {"f1": [0.1]}', "the interval of f1 is not two numbers"),
        ('{}, "intervals": {"f1": [0.1, {}]}', "the interval of f1 is not two numbers"),
        ('{}, "intervals": {"f1": "ab"}', "test.intervals.f1 must be a list"),
    ],
)
def test_scores_are_what_they_can_be(tmp_path, scores, message):
    """Some such scores ended in faults, and a threshold of NaN called no text fake."""
    run = Run.create(tiny.config("first"), tmp_path)
    run.metrics_path.write_text(f'{{"test": {{"scores": {scores}}}}}')
    with pytest.raises(RunError, match=rf"metrics\.json is not what tfnews writes \({message}"):
        run.scores()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", str(10**400)])
def test_a_number_that_is_none(tmp_path, number):
    run = Run.create(tiny.config("first"), tmp_path)
    content = json.loads(run.config_path.read_text()) | {"megabytes": "here"}
    run.config_path.write_text(json.dumps(content).replace('"here"', number))
    with pytest.raises(RunError, match=r"config\.json is not what tfnews writes"):
        Run(run.path)


# What metrics.json says


def test_scores_of_an_earlier_version_say_the_same(tmp_path):
    run = Run.create(tiny.config("first"), tmp_path)
    write_json(run.metrics_path, {**SCORES, "mood": 1})
    before = run.metrics_path.read_bytes()
    scores = run.scores()
    assert list(scores.parts) == ["train", "validation", "test"]
    assert scores.test.intervals["f1"] == [0.25, 0.75]
    assert scores.other_sets["away"].judged == scores.train
    assert scores.floor.interval is scores.audit.probes[0].interval is None
    assert scores.audit.parts["train"].words == {"news": (3.0, 3.5, 4.0)}
    run.update_scores()
    assert run.metrics_path.read_bytes() == before


def test_what_was_not_measured_is_none_and_not_written(tmp_path):
    run = Run.create(tiny.config("first"), tmp_path)
    assert run.scores() == Scores()
    run.update_scores(test=Judged({"rows": 4}))
    assert json.loads(run.metrics_path.read_text()) == {
        "test": {"scores": {"rows": 4}, "intervals": {}}
    }


# Changes side by side

CHANGES = """
import sys
from tfnews.records import OtherSet
from tfnews.runs import Run

run, who = Run(sys.argv[1]), sys.argv[2]
for number in range(int(sys.argv[3])):
    run.count_test_read()
    run.record_other_set(OtherSet(name=f"{who}-{number}", class_names=("a", "b"), scores={}))
"""


def test_processes_side_by_side_lose_no_change(tmp_path):
    """Both files were once read, changed in memory and written whole: one result was lost."""
    run = Run.create(tiny.config("first"), tmp_path)
    command = [sys.executable, "-c", CHANGES, str(run.path)]
    processes = [subprocess.Popen([*command, who, "40"]) for who in "ab"]
    assert [process.wait() for process in processes] == [0, 0]
    assert Run(run.path).config.test_reads == 80
    assert run.scores().other_sets.keys() == {f"{who}-{n}" for who in "ab" for n in range(40)}


def test_threads_side_by_side_lose_no_change(tmp_path):
    run = Run.create(tiny.config("first"), tmp_path)
    sets = [OtherSet(name=f"{n}", class_names=("a", "b"), scores={}) for n in range(40)]

    def change(away):
        Run(run.path).record_other_set(away)
        Run(run.path).count_test_read()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, sets))
    assert run.scores().other_sets == {away.name: away for away in sets}
    assert Run(run.path).config.test_reads == 40


def test_a_change_keeps_what_others_changed_since_the_run_was_opened(tmp_path):
    run = Run.create(tiny.config("first"), tmp_path)
    Run(run.path).update(seed=7)
    run.update(megabytes=0.5)
    assert run.config == tiny.config("first", seed=7, megabytes=0.5)


def test_a_lock_that_is_never_freed_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_PATIENCE", 0)
    run = Run.create(tiny.config("first"), tmp_path)
    with filelock.FileLock(run.path / ".writing"), pytest.raises(RunError, match="Another process"):
        run.update(seed=1)
    assert Run(run.path).config.seed == 0


def test_a_change_that_fails_changes_nothing_and_frees_the_lock(tmp_path):
    run = Run.create(tiny.config("first"), tmp_path)
    with pytest.raises(TypeError):
        run.update_scores(nothing=1)
    assert run.scores() == Scores()
    run.update(seed=1)


def test_history_has_an_entry_an_epoch_or_none(tmp_path):
    run = Run.create(tiny.config("first"), tmp_path)
    assert run.history() == []
    run.history_path.write_text('{"epoch": 1}\n{"epoch": 2}\n')
    assert run.history() == [{"epoch": 1}, {"epoch": 2}]


def test_predictions_are_written_row_by_row(tmp_path):
    run = Run.create(tiny.config("first"), tmp_path)
    run.record_predictions("validation", [0, 1], [0.25, 1.0])
    assert run.predictions_path("validation").read_bytes() == (
        b"row,label,fake_probability\n0,0,0.25\n1,1,1.0\n"
    )


def test_predictions_of_another_length_are_refused(tmp_path):
    run = Run.create(tiny.config("first"), tmp_path)
    with pytest.raises(ValueError, match="shorter"):
        run.record_predictions("test", [0, 1], [0.25])
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
    assert Run.create(tiny.config("plain")).path.resolve() == tmp_path / "saved_models" / "plain"
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(tmp_path / "elsewhere"))
    complete("named", None)
    assert names(tmp_path / "elsewhere") == ["named"]
    assert Run.open("named").path == tmp_path / "elsewhere" / "named"
    assert next_name("named") == "named-1"
    assert Run.create(tiny.config("asked"), tmp_path / "asked").path == tmp_path / "asked" / "asked"


def test_a_run_moved_with_its_splits_finds_them(tmp_path):
    config = replace(tiny.config("one"), command=f"tfnews fit --data {tmp_path}/splits")
    config = replace(config, splits=replace(config.splits, path=str(tmp_path / "a" / "splits")))
    run = Run.create(config, tmp_path / "a" / "saved")
    assert str(tmp_path) not in run.config_path.read_text()
    (tmp_path / "a").rename(tmp_path / "b")
    assert Run(tmp_path / "b" / "saved" / "one").config.splits.path == str(tmp_path / "b/splits")


@pytest.mark.parametrize("depth", [101, 300, 600, 970, 985, 20_000])
@pytest.mark.parametrize("name", ["config.json", "metrics.json"])
def test_values_nested_deep_are_no_run(tmp_path, name, depth):
    """They were read, and changing the file afterwards ended in an error of Python's own."""
    run = Run.create(tiny.config(), tmp_path)
    content = json.loads(run.config_path.read_text()) if name == "config.json" else {"test": {}}
    part = content["recipe"] if name == "config.json" else content["test"]
    part["scores"] = "@"
    deep = json.dumps(content).replace('"@"', '{"a":' * depth + "1" + "}" * depth)
    (run.path / name).write_text(deep)
    with pytest.raises(RunError, match=rf"{name} is not what tfnews writes"):
        Run(run.path).scores()


@pytest.mark.parametrize("name", ["config.json", "metrics.json"])
def test_half_a_character_is_no_run(tmp_path, name):
    """It was read, and the report that told of it could not be written."""
    run = Run.create(tiny.config(), tmp_path)
    content = json.loads(run.config_path.read_text()) if name == "config.json" else {}
    (run.path / name).write_text(json.dumps({**content, "mood": ["\ud83c"]}))
    with pytest.raises(RunError, match=r"no Unicode: half of a surrogate pair"):
        Run(run.path).scores()
    (run.path / name).write_text(json.dumps({**content, "mood": ["\U0001f319"]}))
    Run(run.path).scores()


COPIES, PROBES = SCORES["audit"]["overlap"]["train-validation"], SCORES["audit"]["probes"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"overlap": {"train": COPIES}}, "overlap must be of two parts"),
        ({"probes": [{**PROBES[0], "verdict": "guilty"}]}, "verdict must be one of finding, w"),
    ],
)
def test_an_audit_says_what_a_report_can_word(tmp_path, changes, message):
    """A report takes the name of the pair apart, and has a sign for each verdict."""
    run = Run.create(tiny.config("first"), tmp_path)
    run.metrics_path.write_text(json.dumps({"audit": {**SCORES["audit"], **changes}}))
    with pytest.raises(RunError, match=message):
        run.scores()


@pytest.mark.parametrize("where", ["worst", "spreads"])
def test_slices_are_of_the_two_rates(tmp_path, where):
    """A report has words for both, and for no other."""
    run = Run.create(tiny.config("first"), tmp_path)
    run.update_scores(slices=sliced())
    content = json.loads(run.metrics_path.read_text())
    part = content["slices"] if where == "worst" else content["slices"]["by"][1]
    part[where][""] = part[where].pop("fpr")
    run.metrics_path.write_text(json.dumps(content))
    with pytest.raises(RunError, match="told apart by fpr and fnr alone"):
        run.scores()


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ({"wrong": 1, "of": 4, "rate": 0.25}, "neither rate nor interval"),
        ({"wrong": 1, "of": 4, "interval": [0.1, 0.4]}, "neither rate nor interval"),
        ({"wrong": 0, "of": 0, "rate": 0.0, "interval": [0.0, 0.1]}, "neither rate nor interval"),
        ({"wrong": 0, "of": 0}, "no texts"),
    ],
)
def test_a_rate_of_a_slice_is_whole(tmp_path, rate, message):
    """A report gives it with its interval; one without ended in an error of Python's."""
    run = Run.create(tiny.config("first"), tmp_path)
    run.update_scores(slices=sliced())
    content = json.loads(run.metrics_path.read_text())
    content["slices"]["worst"]["fpr"]["others"] = rate
    run.metrics_path.write_text(json.dumps(content))
    with pytest.raises(RunError, match=message):
        run.scores()


@pytest.mark.parametrize("line", ["{", "3", "null", "[" * 100_000, "\udcff"])
def test_a_damaged_history_is_told(tmp_path, line):
    run = Run(laid(CONTENT, tmp_path / "first"))
    run.history_path.write_bytes(line.encode("utf-8", "surrogateescape"))
    with pytest.raises(RunError, match=r"history\.jsonl is not what tfnews writes"):
        run.history()
