"""Worker processes: their answers over real articles, and what is told when one of them dies."""

import errno
import os
import select
import signal
import threading

import pytest

from tests import tiny
from tests.scoring.sharded import made
from tfnews.errors import DataError, RunError
from tfnews.scoring.sharded.predict import predict_files
from tfnews.scoring.sharded.watched import raised
from tfnews.training.fit import fit
from tools.processes import workers

TWO = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")


@pytest.mark.parametrize(
    ("said", "kind", "message"),
    [
        (
            "tfnews.errors.DataError: a.csv is odd. [while running 'Read']",
            DataError,
            "a.csv is odd.",
        ),
        ("Traceback:\n  x\ntfnews.errors.RunError: Gone.\n\n", RunError, "Gone."),
        ("RuntimeError: x\nOSError: [Errno 28] No space left", OSError, "No space left on device"),
        ("MemoryError: [while running 'Score']", MemoryError, "^$"),
        ("a worker died (code -9)", RunError, r"a worker died \(code -9\). Finished shards are"),
    ],
)
def test_an_error_in_a_pipeline_s_message_is_found(said, kind, message):
    with pytest.raises(kind, match=message) as told:
        raise raised(said)
    if kind is OSError:
        assert told.value.errno == errno.ENOSPC


def _kill_the_first_worker(seen):
    while not seen and threading.main_thread().is_alive():
        for pid in workers(os.getpid())[:1]:
            seen.extend(map(os.pidfd_open, workers(os.getpid())))
            os.kill(pid, signal.SIGKILL)


def test_a_worker_that_is_killed_is_told_and_all_of_them_end(tmp_path):
    """Beam's runner waits for it for ever."""
    model, seen = made.model(tmp_path / "model"), []
    (tmp_path / "a.jsonl").write_text(made.lines(100))
    killer = threading.Thread(target=_kill_the_first_worker, args=(seen,), daemon=True)
    killer.start()
    with pytest.raises(RunError, match=r"a worker died \(.*give the same command again"):
        made.scored(model, tmp_path / "a.jsonl", tmp_path / "out", runner_options=TWO)
    killer.join()
    for number in seen:
        assert select.select([number], [], [], 60)[0]  # its process has ended
        os.close(number)
    assert made.shards_of(tmp_path / "out", 0) == []


@pytest.mark.slow
def test_worker_processes_answer_real_articles_as_plain_predict_does(tmp_path, real_data):
    run = fit(tiny.splits(tmp_path).path, root=tmp_path / "runs", floor=False).path
    pattern = real_data / "perez_rosas" / "*.csv.gz"
    outcome = predict_files(run, pattern, tmp_path / "out", runner_options=TWO, batch_size=16)
    files = sorted(pattern.parent.glob(pattern.name))
    assert len(files) > 1
    for number, file in enumerate(files):
        expected, _ = made.plain(run, file, tmp_path, batch_size=16)
        assert made.joined(tmp_path / "out", number) == expected
    assert outcome.finished == sum(len(made.shards_of(tmp_path / "out", n)) for n in range(2))
