"""A pipeline in a process of its own, which ends with all that it started.

Beam's runner waits for ever for a worker process that has died, and starts threads that outlive an
interruption. So the pipeline is run by a process that can be ended, and that tells of dead workers.
"""

import contextlib
import multiprocessing
import os
import re
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection

from tfnews import errors, progress
from tfnews.errors import RunError
from tfnews.scoring.sharded import shards, storage
from tfnews.scoring.sharded.shards import Job, Stripe

LOG = "workers.log"  # what the workers print, in the folder of the answers

_LOOK = 5.0  # seconds between two looks at how many shards are finished
_TICK = 1.0  # seconds between two looks at whether the one who waits is still there
_OURS = re.compile(r"tfnews\.errors\.(\w+): (.*?)(?: \[while running|$)", re.M)
_REFUSED = re.compile(r"\w+Error: \[Errno (\d+)\]")
_WORKER = "run_worker"  # Beam's name of the thread that waits for a worker


def run_watched(job: Job, todo: Sequence[Stripe], runner: str, options: Sequence[str]) -> None:
    """Run a pipeline whose workers are processes of this machine.

    Raises:
        RunError: A worker died; what is finished stays finished.
        TfnewsError: What a worker raised.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    given = (theirs, os.getpid(), job, todo, runner, options)
    process = context.Process(target=_run, args=given)
    process.start()
    theirs.close()
    before = shards.count_finished(job)
    try:
        while not ours.poll(_LOOK):
            now = shards.count_finished(job)
            progress.advance(now - before)
            before = now
        said = ours.recv()
    except EOFError:
        said = "its process ended"
    finally:
        _end(process)
    if said is not None:
        raise raised(said)


def raised(said: str) -> Exception:
    """Return the error that a pipeline's message tells of: ours, the system's, or that it ended."""
    if found := _OURS.search(said):
        return getattr(errors, found[1], RunError)(found[2])
    if found := _REFUSED.search(said):
        return OSError(int(found[1]), os.strerror(int(found[1])))
    if "MemoryError" in said:
        return MemoryError()
    last = said.strip().splitlines()[-1]
    return RunError(
        f"The pipeline ended before all was scored: {last[:250]}. Finished shards are kept: give "
        "the same command again to go on."
    )


def _run(
    told: Connection,
    parent: int,
    job: Job,
    todo: Sequence[Stripe],
    runner: str,
    options: Sequence[str],
) -> None:
    os.setsid()  # workers are of this session, and end with it
    place = os.devnull if storage.is_address(job.out) else os.path.join(job.out, LOG)
    with open(place, "wb") as log:  # they say much, and little to a user
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    threading.Thread(target=_end_without, args=(parent,), daemon=True).start()
    threading.excepthook = lambda failed: _tell_of_worker(told, failed)
    try:
        from tfnews.scoring.sharded.pipeline import run_pipeline

        run_pipeline(job, todo, runner, options)
    except BaseException as error:
        told.send(f"{type(error).__name__}: {error}")
        raise
    told.send(None)


def _tell_of_worker(told: Connection, failed: threading.ExceptHookArgs) -> None:
    if failed.thread is not None and failed.thread.name == _WORKER:
        told.send(f"a worker died ({failed.exc_value})")


def _end_without(parent: int) -> None:
    """End the session when the process that waits for it is no more."""
    while os.getppid() == parent:
        time.sleep(_TICK)
    os.killpg(0, signal.SIGKILL)


def _end(process: multiprocessing.process.BaseProcess) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.join()
    process.close()
