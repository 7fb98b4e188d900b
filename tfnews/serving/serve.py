"""Runs a server until it is told to end."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tfnews import progress
from tfnews.errors import ExportError
from tfnews.models.graph import trusting
from tfnews.serving.app import app
from tfnews.serving.asked import Asked
from tfnews.serving.metrics import Metrics
from tfnews.serving.models import Models
from tfnews.serving.opened import open_run
from tfnews.serving.wanted import wanted

_log = logging.getLogger(__name__)

_BACKLOG = 2048
_BUSY = object()  # a connection whose request is being answered
_LONGEST_HEAD = 65_536  # bytes of a request's line and headers
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(asked: Asked, bound: socket.socket, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C; requests that have come are then still answered.

    Args:
        asked: What `asked.check` returned.
        bound: A socket that `asked.bind` took.
        say: Is told what is served, and where.

    Raises:
        RunError: A run has lost its model.
        ExportError: No version of a repository's model can be loaded.
    """
    models = Models(asked.limits, Metrics())
    # Versions that come later are opened in threads, which asyncio hands the context to.
    with trusting(asked.trust_graph), asyncio.Runner(loop_factory=_event_loop) as runner:
        for name, run in asked.runs.items():
            progress.stage(f"Opening {name}")
            models.add(name, 1, open_run(run))
        runner.run(_serve(asked, models, bound, say))


async def _serve(
    asked: Asked, models: Models, bound: socket.socket, say: Callable[[str], None]
) -> None:
    for repository in asked.repositories:
        progress.stage(f"Opening the models in {repository}")
        await models.follow(repository, wanted(repository))
    _check_available(models)

    @contextlib.asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        looking = asyncio.create_task(look(models, asked.repositories, asked.poll))
        yield
        looking.cancel()
        models.close()

    config = uvicorn.Config(
        app(models, lifespan),
        http=protocol(asked.limits.read_within),
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(asked.limits.answer_within + asked.limits.read_within),
    )
    for one in _SIGNALS:  # uvicorn raises them again once it has ended; that is the end wished for
        signal.signal(one, lambda *_: None)
    bound.listen(_BACKLOG)
    for line in _told(models, bound):
        say(line)
    await uvicorn.Server(config).serve(sockets=[bound])


def _check_available(models: Models) -> None:
    for name, model in models.models.items():
        if not model.available():
            errors = "; ".join(v.error for v in model.versions.values() if v.error)
            raise ExportError(
                f"No version of {name} can be served. {errors or 'None is there.'} Export it anew, "
                "or go back with: tfnews export --rollback"
            )


def _told(models: Models, bound: socket.socket) -> list[str]:
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    lines = [
        f"{name}: version {', '.join(map(str, sorted(model.available())))}"
        for name, model in models.models.items()
    ]
    return [*lines, f"Serving on http://{shown}:{port}/ until Ctrl-C."]


async def look(models: Models, repositories: tuple[Path, ...], poll: float) -> None:
    """Look at the repositories for new versions, and at what models.config says, for ever."""
    while True:
        await asyncio.sleep(poll)
        for repository in repositories:
            await look_once(models, repository)


async def look_once(models: Models, repository: Path) -> None:
    """Follow a repository; where it cannot be read, all stays as it is."""
    try:
        await models.follow(repository, await asyncio.to_thread(wanted, repository))
    except (ExportError, OSError) as error:
        models.metrics.repository_error()
        _log.error("%s", error)


def protocol(patience: float) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol with bounds that it has not: of a request's head in time and size.

    Args:
        patience: Seconds that a connection may be idle, or in the middle of a head; twice that at
            the most.
    """

    class Bounded(HttpToolsProtocol):
        """Closes connections whose next request does not come."""

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._head = 0
            self._look_again(None)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._head = self._head + len(data) if self._idle() else 0
            if self._head > _LONGEST_HEAD:
                self.transport.close()

        def connection_lost(self, exc: Exception | None) -> None:
            self._timer.cancel()
            super().connection_lost(exc)

        def _idle(self) -> bool:
            return self.cycle is None or self.cycle.response_complete

        def _look(self, seen: object) -> None:
            """Close the connection if it was idle at the last look too, and none came between."""
            now = self.cycle if self._idle() else _BUSY
            if now is seen and now is not _BUSY:
                self.transport.close()
            else:
                self._look_again(now)

        def _look_again(self, seen: object) -> None:
            self._timer = self.loop.call_later(patience, self._look, seen)

    return Bounded


def _event_loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's, which costs the server a seventh less time, where there is one."""
    try:
        import uvloop
    except ImportError:  # it is not made for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
