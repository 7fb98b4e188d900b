"""Disturbances of tools/faults.py: two of the command without TensorFlow; the rest slow."""

import signal
import subprocess
import sys

import pytest

from tools import disturbed, faults


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Have what `prepare` imports beforehand, and nothing of the commands that take longer."""
    disturbed.FORKS.set_forkserver_preload(["tfnews.cli.data", "tfnews.data.prepare", "pyarrow"])
    return disturbed.Bench(tmp_path_factory.mktemp("bench"), moments=2, seed=0, articles=100)


@pytest.mark.parametrize(
    ("fault", "ends"),
    [("killed-at-changes", {"SIGKILL": 2}), ("read-only", {"3": 1})],
)
def test_prepare_leaves_all_or_nothing_and_does_it_again(bench, fault, ends):
    row = faults.FAULTS[fault](bench, "prepare")
    if row.note:
        pytest.skip(row.note)
    assert (row.faults, row.ends) == ([], ends)


def test_a_moment_is_one_of_the_work(bench):
    trial = disturbed.start(disturbed.COMMANDS["prepare"].arguments, bench.place("half", "prepare"))
    assert trial.wait(0.01) >= 0.01
    assert trial.end(signal.SIGKILL).code == -signal.SIGKILL


def test_hidden_files_of_other_contents_are_left_alike(tmp_path):
    (tmp_path / ".a.csv.0123456789abcdef").write_text("a")
    (tmp_path / "b.csv").write_text("b")
    before = disturbed.state(tmp_path)
    (tmp_path / ".a.csv.0123456789abcdef").rename(tmp_path / ".a.csv.fedcba9876543210")
    (tmp_path / ".a.csv.fedcba9876543210").write_text("other")
    assert disturbed.state(tmp_path) == before
    (tmp_path / "b.csv").write_text("c")
    assert disturbed.state(tmp_path) != before


def test_what_a_disturbance_breaks_is_seen(bench):
    place = bench.place("broken", "prepare")
    (place / "splits").mkdir()
    (place / "splits" / "manifest.json").write_text("{}", encoding="utf-8")
    (place / ".left").touch()
    row = disturbed.Row("broken", "prepare")
    bench.judge(row, place, disturbed.End(1, "Traceback: ..."))
    assert row.faults == [
        "exit 1: 'Traceback: ...'",
        "something half-written stands under the final name",
        "left lying about: .left",
    ]


@pytest.mark.parametrize(
    ("code", "said", "plain"),
    [
        (0, "", True),
        (130, "Interrupted.\n", True),
        (130, "Error: Interrupted before it was complete. Go on with: ...\n", True),
        (130, "", False),
        (130, "SystemError: lost\nInterrupted.\n", True),
        (130, "Interrupted.\nTraceback: x\n", False),
        (3, "Error: The disk is full.\n", True),
        (3, "Traceback\nError: x\n", False),
        (1, "Error: This is a fault of tfnews: x\n", False),
        (-9, "", False),
    ],
)
def test_what_a_person_can_act_on_is_told_from_what_no_one_can(code, said, plain):
    assert disturbed.End(code, said).plain == plain


def test_a_command_without_workers_has_none_killed(bench):
    assert faults.FAULTS["worker-killed"](bench, "prepare").note == "has no workers"


@pytest.mark.slow
def test_every_command_stands_every_disturbance(tmp_path):
    command = [sys.executable, "-m", "tools.faults", str(tmp_path), "--moments", "2"]
    assert subprocess.run(command, check=False).returncode == 0
