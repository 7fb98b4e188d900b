"""What a command that takes long is doing: a line that changes on a terminal, lines in a file.

`stage` and `advance` tell it, from wherever the work is done. They cost nothing and print nothing
unless a display is open, which `shown` opens on standard error.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from tfnews.errors import still

_SILENCE = 2  # seconds from the start without a word, after which there is one
_NEXT = 5  # seconds until a file is told of the next stage
_AGAIN = 15  # seconds until it is told of the same stage again
_TICK = 0.25
_NARROW = 60  # columns, below which no bar is drawn
_USUAL = 80


@dataclass
class Stage:
    """What is being done, and how far it has come.

    Attributes:
        what: In words.
        begun: Time in seconds.
        unit: What is counted, in the plural; nothing is where it is "".
        total: How many there are; `None` where that is not known.
        guessed: Whether the total is one.
        done: How many are done.
        first: Time at which the first of them were, and how many: they pay for what is made ready.
    """

    what: str
    begun: float
    unit: str = ""
    total: float | None = None
    guessed: bool = False
    done: float = 0
    first: tuple[float, float] | None = None

    def line(self, now: float) -> str:
        """Say all of it."""
        return f"{self.what}: {self.count(now)}" if self.unit else f"{self.what}{self._age(now)}"

    def count(self, now: float) -> str:
        """Say how many are done, of how many, how fast, and the time left."""
        if not self.done:
            return f"preparing the first {self.unit}{self._age(now)}"
        done, rate = _number(self.done), self._rate(now)
        parts = [f"{done} {self.unit}"]
        if self.total:
            about = "about " if self.guessed else ""
            parts = [f"{done} of {about}{_number(self.total)} {self.unit}"]
        if rate:
            shown = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
            parts.append(f"{shown} {self.unit}/s")
        if rate and self.total:
            parts.append(f"{_time(max(self.total - self.done, 0) / rate)} left")
        return ", ".join(parts)

    def share(self) -> float | None:
        """Return how much of it is done, from 0 to 1, where that is known."""
        return min(self.done / self.total, 1) if self.total else None

    def _age(self, now: float) -> str:
        seconds = now - self.begun
        return f" ({_time(seconds)})" if seconds >= 1 else ""

    def _rate(self, now: float) -> float:
        """Return how many are done in a second, the first ones apart where there are others."""
        since, before = self.first if self.first and self.first[1] < self.done else (self.begun, 0)
        return (self.done - before) / (now - since) if now > since else 0


class Display:
    """Shows the stage of the moment to somebody who waits.

    Args:
        file: Where to; what is written to a terminal is written over.
        clock: Tells the time in seconds.
    """

    def __init__(self, file: TextIO, clock: Callable[[], float] = time.monotonic):
        self.file = file
        self.clock = clock
        self.stage: Stage | None = Stage("Starting", clock())
        self.source: BinaryIO | None = None  # the file that is read
        self.lock = threading.Lock()
        self._terminal = file.isatty()
        self._told: Stage | None = None  # the last one
        self._due = clock() + _SILENCE
        self._drawn = False

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Be the one that `stage`, `advance` and the others tell in a block."""
        token = _DISPLAY.set(self)
        try:
            yield
        finally:
            _DISPLAY.reset(token)
            self.wipe()

    def tick(self) -> None:
        """Say what is being done, if it is time to."""
        with self.lock:
            stage, now = self.stage, self.clock()
            again = 0 if stage is not self._told else _AGAIN - _NEXT
            if stage is None or now < self._due + again:
                return
            if self._terminal:
                self._draw(stage, now)
            else:
                self._told, self._due = stage, now + _NEXT
                self._write(f"{stage.line(now)}\n")

    def wipe(self) -> None:
        """Take the line off the terminal."""
        if self._drawn:
            self._drawn = False
            self._write("\r\x1b[K")

    def _draw(self, stage: Stage, now: float) -> None:
        width = _columns(self.file) - 1
        line, share = stage.line(now), stage.share()
        if stage.done and share is not None and width >= _NARROW:
            line = self._barred(stage, now, share, width)
        self._drawn = True
        self._write(f"\r{line[:width]}\x1b[K")

    def _barred(self, stage: Stage, now: float, share: float, width: int) -> str:
        from tqdm import tqdm  # commands that answer at once need not wait for it

        return tqdm.format_meter(
            share,
            1,
            now - stage.begun,
            ncols=width,
            prefix=stage.what,
            ascii="utf" not in self.file.encoding.lower(),
            bar_format=f"{{l_bar}}{{bar:20}}| {stage.count(now)}",
        )

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # nobody reads it any more
            self.file.write(text)
            self.file.flush()


_DISPLAY: ContextVar[Display | None] = ContextVar("display", default=None)


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Tell standard error what is being done in a block, once there was silence for two seconds.

    Example:
        >>> with tfnews.progress.shown():
        ...     report = tfnews.evaluate("tfidf-1")
    """
    file = _own_standard_error()
    if file is None:
        yield
        return
    with file:
        display = Display(file)
        with display.open(), _ticking(display):
            yield


def stage(what: str, unit: str = "", total: float | None = None) -> None:
    """Tell what is being done from now on.

    Args:
        what: In words, such as "Fitting the floor".
        unit: What will be counted with `advance`, in the plural.
        total: How many there are, where that is known.
    """
    if display := _DISPLAY.get():
        display.stage = Stage(still(what), display.clock(), unit, total)


def advance(count: float = 1) -> None:
    """Tell that so many more are done of what the stage counts; nothing where it counts nothing."""
    display = _DISPLAY.get()
    if display is None or display.stage is None or not display.stage.unit:
        return
    display.stage.done += count
    if display.stage.first is None:
        display.stage.first = (display.clock(), count)


def read(count: int, ended: bool) -> None:
    """Tell how many were read so far of the file that `reading` names: how many it has follows.

    Args:
        count: Records that were read.
        ended: Whether these are all.
    """
    display = _DISPLAY.get()
    if display is None or display.stage is None or not (ended or display.source):
        return
    share = 1 if ended else _share_read(display.source)
    if share is not None:
        display.stage.total, display.stage.guessed = count / share, not ended


@contextlib.contextmanager
def reading(file: BinaryIO) -> Iterator[None]:
    """Name the file that is read in a block, so that it can be asked how far it has come."""
    display = _DISPLAY.get()
    if display is None:
        yield
        return
    before, display.source = display.source, file
    try:
        yield
    finally:
        display.source = before


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Leave the terminal to what a block prints."""
    display = _DISPLAY.get()
    if display is None:
        yield
        return
    with display.lock:
        display.wipe()
        yield


def done() -> None:
    """Tell that what goes on from now on needs no telling: somebody sees it, or it never ends."""
    if display := _DISPLAY.get():
        with display.lock:
            display.wipe()
            display.stage = None


def _own_standard_error() -> TextIO | None:
    """Open standard error anew: its descriptor leads nowhere as TensorFlow starts."""
    try:
        number = os.dup(sys.stderr.fileno())
    except (AttributeError, OSError, ValueError):  # there is none, or it is no file
        return None
    return os.fdopen(number, "w", encoding=sys.stderr.encoding, errors="replace")


@contextlib.contextmanager
def _ticking(display: Display) -> Iterator[None]:
    """Let a display tick while a block runs: what takes long may be one call of a library."""
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(_TICK):
            display.tick()

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _columns(file: TextIO) -> int:
    """Return how wide a terminal is; 80 where it does not say, as those that programs make."""
    try:
        return os.get_terminal_size(file.fileno()).columns or _USUAL
    except OSError:
        return _USUAL


def _share_read(file: BinaryIO) -> float | None:
    """Return how much of a file was read, below 1; `None` where all was, or it cannot be told."""
    try:
        number = file.fileno()
        share = os.lseek(number, 0, os.SEEK_CUR) / os.fstat(number).st_size
    except (OSError, ValueError, ZeroDivisionError):  # a pipe, or what is no file
        return None
    return share if share < 1 else None


def _number(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 or number == int(number) else f"{number:.1f}"


def _time(seconds: float) -> str:
    """Say a length of time: 5 s, 1 min 5 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
