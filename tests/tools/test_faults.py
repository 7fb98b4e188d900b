"""Disturbances of tools/faults.py: some of the command without TensorFlow; the rest slow."""

import subprocess
import sys

import pytest

from tools import faults


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """Make what `prepare` makes in peace, and nothing of the commands that take longer."""
    bench = faults.Bench(tmp_path_factory.mktemp("bench"), moments=2, seed=0)
    faults.write_corpus(bench.stock, 100).rename(bench.stock / "corpus.csv")
    prepare = faults.COMMANDS["prepare"]
    bench.seconds["prepare"] = bench._peaceful(prepare.arguments)
    bench.expected = {"prepare": prepare.made(bench.stock)}
    return bench


@pytest.mark.parametrize("fault", ["killed", "closed"])
def test_prepare_leaves_all_or_nothing_and_does_it_again(bench, fault):
    row = faults.FAULTS[fault](bench, "prepare")
    assert row.faults == []
    assert row.times == {"killed": 2, "closed": 1}[fault]


def test_what_a_disturbance_breaks_is_seen(bench):
    place = bench.place("broken", "prepare")
    (place / "splits").mkdir()
    (place / "splits" / "manifest.json").write_text("{}", encoding="utf-8")
    (place / ".left").touch()
    row = faults.Row("broken", "prepare")
    bench.judge(row, place, end=faults.End(1, "Traceback: ..."))
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
        (3, "Error: The disk is full.\n", True),
        (3, "Traceback\nError: x\n", False),
        (1, "Error: This is a fault of tfnews: x\n", False),
        (-9, "", False),
    ],
)
def test_what_a_person_can_act_on_is_told_from_what_no_one_can(code, said, plain):
    assert faults.End(code, said).plain == plain


@pytest.mark.slow
def test_every_command_stands_every_disturbance(tmp_path):
    command = [sys.executable, faults.__file__, str(tmp_path), "--moments", "2"]
    assert subprocess.run(command, check=False).returncode == 0
