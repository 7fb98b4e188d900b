"""Joins requests to batches: each version of a model has a thread that computes one at a time."""

import asyncio
import collections
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from tfnews.serving.asked import Limits
from tfnews.serving.bodies import Inputs
from tfnews.serving.opened import Signature
from tfnews.serving.refused import RefusedError

# Bytes of a batch that is padded to its longest text. On two cores an encoder computes long texts
# no faster together, and slower where another program takes a core; short ones it does.
_PADDED = 4_000
_IDS_OF_A_TEXT = 512  # for the queue; a body of 4 MB may hold two million ids
_WASTE = 1.25  # bytes that such a batch may be padded to, by the bytes of its texts

_CODES = {
    tf.errors.InvalidArgumentError: "INVALID_ARGUMENT",
    tf.errors.FailedPreconditionError: "FAILED_PRECONDITION",
    tf.errors.OutOfRangeError: "OUT_OF_RANGE",
    tf.errors.NotFoundError: "NOT_FOUND",
    tf.errors.ResourceExhaustedError: "RESOURCE_EXHAUSTED",
    tf.errors.UnimplementedError: "UNIMPLEMENTED",
    tf.errors.UnavailableError: "UNAVAILABLE",
}


@dataclass(eq=False)
class Task:
    """A request's rows, on their way through a signature.

    Attributes:
        signature: What is asked.
        inputs: Tensors by name.
        rows: Of the request; those of other inputs than one may differ.
        answer: Awaited by the request.
        entered: When it came, in seconds of the monotonic clock.
    """

    signature: Signature
    inputs: Inputs
    rows: int
    answer: asyncio.Future
    entered: float = field(default_factory=time.monotonic)


class Batcher:
    """Computes the requests to one version of a model.

    Args:
        name: Of the thread.
        limits: Of batches and of the queue.
        pads: Whether a batch costs what its longest text costs, each.
        watch: Is told of each batch: rows, and outputs by name.
    """

    def __init__(
        self,
        name: str,
        limits: Limits,
        pads: bool,
        watch: Callable[[int, Mapping[str, np.ndarray]], None] = lambda rows, outputs: None,
    ):
        self.limits = limits
        self._pads = pads
        self._watch = watch
        self._queue: collections.deque[Task] = collections.deque()
        self._changed = threading.Condition()
        self._full = threading.Event()  # a batch's worth is waiting, or the end is near
        self._closing = False
        self.waiting = 0  # rows in the queue
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, signature: Signature, inputs: Inputs) -> asyncio.Future:
        """Queue a request, from the event loop; its outputs or its refusal come by the future.

        Raises:
            RefusedError: The queue is full, or the version is being unloaded.
        """
        rows = _texts(inputs)
        answer = asyncio.get_running_loop().create_future()
        task = Task(signature, inputs, rows, answer)
        with self._changed:
            if self._closing:
                raise RefusedError("The version is being unloaded. Ask again.", "UNAVAILABLE")
            if self.waiting and self.waiting + rows > self.limits.max_queue:
                raise RefusedError(
                    f"The batch scheduling queue is full: {self.waiting:,} rows wait. Ask again "
                    "later.",
                    "RESOURCE_EXHAUSTED",
                )
            self._queue.append(task)
            self.waiting += rows
            if self.waiting >= self.limits.max_batch:
                self._full.set()
            self._changed.notify()
        return answer

    def close(self) -> None:
        """Take no more requests; those in the queue are answered, then the thread ends."""
        with self._changed:
            self._closing = True
            self._full.set()
            self._changed.notify()

    def join(self) -> None:
        """Wait for the thread's end."""
        self._thread.join()

    def _run(self) -> None:
        while tasks := self._gather():
            for group in _groups(tasks):
                try:
                    self._compute(group)
                except Exception as error:  # a fault of this file must not end the thread
                    _deliver([(task, _refusal(error)) for task in group])

    def _gather(self) -> list[Task]:
        """Wait for requests and take a batch's worth of them; none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            if not self._queue:
                return []
            first = self._queue[0].entered
        remaining = first + self.limits.max_wait - time.monotonic()
        if remaining > 0:
            self._full.wait(remaining)
        with self._changed:
            return self._take()

    def _take(self) -> list[Task]:
        tasks, rows = [self._queue.popleft()], 0
        rows = tasks[0].rows
        while self._queue and rows + self._queue[0].rows <= self.limits.max_batch:
            tasks.append(self._queue.popleft())
            rows += tasks[-1].rows
        self.waiting -= rows
        if self.waiting < self.limits.max_batch and not self._closing:
            self._full.clear()
        return tasks

    def _compute(self, tasks: Sequence[Task]) -> None:
        """Compute requests to one signature, together if it allows that."""
        tasks = [task for task in tasks if not task.answer.done()]  # who asked may have gone
        together = [task for task in tasks if task.signature.joins and task.rows]
        if together:
            self._join(together)
        for task in tasks:
            if task in together:
                continue
            try:
                _deliver([(task, self._call(task.signature, task.inputs, task.rows))])
            except Exception as error:
                _deliver([(task, _refusal(error))])

    def _call(self, signature: Signature, inputs: Inputs, rows: int) -> dict[str, np.ndarray]:
        outputs = signature(inputs)
        self._watch(rows, outputs)
        return outputs

    def _join(self, tasks: Sequence[Task]) -> None:
        """Compute the rows of several requests together; one's mistake does not spoil the others'.

        A batch that fails is computed again, request by request.
        """
        signature = tasks[0].signature
        (name,) = signature.inputs
        rows = np.concatenate([task.inputs[name] for task in tasks])
        counts = [task.rows for task in tasks]
        owners, ends = np.repeat(np.arange(len(tasks)), counts), np.cumsum(counts)
        left = np.bincount(owners, minlength=len(tasks))
        found: dict[str, np.ndarray] = {}
        spoiled: dict[int, Exception] = {}
        for batch in batches(_sizes(rows), self.limits.max_batch, self._pads):
            if spoiled:
                batch = batch[[owner not in spoiled for owner in owners[batch].tolist()]]
            try:
                outputs = self._call(signature, {name: rows[batch]}, len(batch))
                _put(found, outputs, batch, len(rows))
            except Exception as error:
                spoiled |= dict.fromkeys(owners[batch].tolist(), error)
                continue
            left -= np.bincount(owners[batch], minlength=len(tasks))
            whole = [owner for owner in set(owners[batch].tolist()) if not left[owner]]
            _deliver(
                [(tasks[one], _of(found, ends[one] - counts[one], ends[one])) for one in whole]
            )
        for owner, error in spoiled.items():
            if len(tasks) == 1:
                _deliver([(tasks[0], _refusal(error))])
            else:
                self._join([tasks[owner]])


def batches(sizes: np.ndarray, most: int, pads: bool) -> Iterator[np.ndarray]:
    """Cut rows into batches, those of like size together.

    Args:
        sizes: Bytes of each row, (rows,).
        most: Rows of a batch.
        pads: Whether a batch is padded to its longest row: it is then shorter, and its rows alike.

    Yields:
        Row numbers of each batch, the shortest rows first.
    """
    if not pads:
        for start in range(0, len(sizes), most):
            yield np.arange(start, min(start + most, len(sizes)))
        return
    batch: list[int] = []
    total = 0
    for row in np.argsort(sizes, kind="stable"):
        padded = (len(batch) + 1) * sizes[row]
        most_bytes = min(_PADDED, _WASTE * (total + sizes[row]))
        if batch and (len(batch) == most or padded > most_bytes):
            yield np.array(batch)
            batch, total = [], 0
        batch.append(int(row))
        total += sizes[row]
    if batch:
        yield np.array(batch)


def _groups(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """Give requests by signature, in the order in which they came."""
    groups: dict[int, list[Task]] = {}
    for task in tasks:
        groups.setdefault(id(task.signature), []).append(task)
    yield from groups.values()


def _sizes(rows: np.ndarray) -> np.ndarray:
    if rows.dtype != object:
        return np.ones(len(rows), np.int64)
    return np.array([len(row) if isinstance(row, bytes) else 1 for row in rows], np.int64)


def _put(
    found: dict[str, np.ndarray], outputs: Mapping[str, np.ndarray], batch: np.ndarray, rows: int
) -> None:
    """Put a batch's outputs where their rows belong."""
    for name, array in outputs.items():
        if len(array) != len(batch):
            raise ValueError(f"{name} has {len(array)} rows for {len(batch)}")
        if name not in found:
            found[name] = np.empty((rows, *array.shape[1:]), array.dtype)
        found[name][batch] = array


def _of(found: Mapping[str, np.ndarray], start: int, end: int) -> dict[str, np.ndarray]:
    return {name: array[start:end] for name, array in found.items()}


def _deliver(answers: Sequence[tuple[Task, dict[str, np.ndarray] | Exception]]) -> None:
    """Hand answers to the event loop, all at once: waking it costs more than an answer."""
    if answers:
        loop = answers[0][0].answer.get_loop()
        with contextlib.suppress(RuntimeError):  # the loop has ended, and with it who asked
            loop.call_soon_threadsafe(_settle, answers)


def _settle(answers: Sequence[tuple[Task, dict[str, np.ndarray] | Exception]]) -> None:
    for task, answer in answers:
        if task.answer.done():  # who asked has gone
            continue
        if isinstance(answer, Exception):
            task.answer.set_exception(answer)
        else:
            task.answer.set_result(answer)


def _refusal(error: Exception) -> RefusedError:
    """Say what failed without TensorFlow's words, which may quote a text."""
    code = next((code for kind, code in _CODES.items() if isinstance(error, kind)), "INTERNAL")
    return RefusedError(f"The model has no answer to these inputs: {code}.", code)


def _texts(inputs: Inputs) -> int:
    """Count the texts of a request; of ids, which come in one array, 512 weigh as much as one."""
    lengths = [len(array) for array in inputs.values() if array.ndim]
    if "row_lengths" in inputs:
        return max(len(inputs["row_lengths"]), -(-max(lengths) // _IDS_OF_A_TEXT))
    return max(lengths, default=1)
