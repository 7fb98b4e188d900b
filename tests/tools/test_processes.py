import os
import subprocess
import sys

from tools import processes

CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"


def test_a_process_and_all_below_it_are_found_and_weighed():
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE)
    while len(found := processes.below(child.pid)) < 2:
        pass
    assert found[0] == child.pid
    assert set(found) < set(processes.below(os.getpid()))
    assert 0 < processes.memory(found[1]) < processes.memory(child.pid)
    assert processes.workers(child.pid) == []
    child.communicate(b"\n")
    assert processes.below(child.pid) == []
    assert processes.memory(child.pid) == 0
