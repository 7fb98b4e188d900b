"""A search of several processes, one of which is killed: as tools/faults.py does with fits."""

import signal
import subprocess
import sys

from tests.training.tuning.made import PINNED, run_all, study

PROGRAM = """
import os, sys
from tfnews.training.tuning.asked import check
from tfnews.training.tuning.study import Study

data, root, dies_in, *pinned = sys.argv[1:]
found = Study(check(data, root=root, trials=5, assignments=pinned))
while (claimed := found.claim()) is not None:
    if claimed.number == int(dies_in):
        os.kill(os.getpid(), 9)
    found.finish(claimed, "complete", [claimed.number / 10])
assert "tensorflow" not in sys.modules
"""


def begun(splits, root, dies_in=0):
    arguments = [sys.executable, "-c", PROGRAM, splits.path, root, str(dies_in), *PINNED]
    return subprocess.Popen(arguments)


def test_a_killed_process_costs_a_search_nothing(splits, tmp_path):
    peace = run_all(study(splits, tmp_path / "peace", trials=5), lambda number: number / 10)
    assert begun(splits, tmp_path / "killed", dies_in=2).wait() == -signal.SIGKILL
    left = study(splits, tmp_path / "killed", trials=5)
    assert [one.state for one in left.trials()] == ["complete", "running"]
    both = [begun(splits, tmp_path / "killed") for _ in range(2)]
    assert [one.wait() for one in both] == [0, 0]
    assert left.settle()
    assert [one.number for one in left.trials()] == [1, 2, 3, 4, 5]
    assert {one.state for one in left.trials()} == {"complete"}
    assert [one.settings for one in left.trials()] == peace
    assert list((left.folder / "trials").iterdir()) == []
