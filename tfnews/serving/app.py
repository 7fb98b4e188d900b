"""The application: TensorFlow Serving's REST paths, health, metrics, and the page."""

import asyncio
import contextlib
import functools
import json
import logging
import mimetypes
import re
import time
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tfnews.export import page
from tfnews.serving import bodies, metrics
from tfnews.serving.models import Models, Version
from tfnews.serving.opened import DEFAULT, Signature
from tfnews.serving.refused import INTERNAL, RefusedError, quoted, shown
from tfnews.serving.tensors import Spec

_log = logging.getLogger(__name__)

# Source: http_rest_api_util.cc.
_PLACE = r"(?:(?:/versions/(?P<version>\d+))|(?:/labels/(?P<label>[^/:]+)))?"
_ASK = re.compile(
    rf"(?i)/v1/models/(?P<name>[^/:]+){_PLACE}:(?P<method>classify|regress|predict)", re.ASCII
)
_TELL = re.compile(
    rf"(?i)/v1/models(?:/(?P<name>[^/:]+))?{_PLACE}(?:/(?P<part>metadata))?", re.ASCII
)
_LARGEST_VERSION = 2**63 - 1
_SOON = 0.1  # seconds in which most answers come
_PREDICT_NAME = "tensorflow/serving/predict"

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "frame-ancestors 'none'",
}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class GoneError(Exception):
    """The client has gone."""


@dataclass
class Asked:
    """What a request turned out to ask for, for the metrics.

    Attributes:
        method: "predict", "classify", "regress", "status", "metadata", or "none".
        model: Its name, once it is known to be one of ours.
        version: That answers.
    """

    method: str = "none"
    model: str = ""
    version: str = ""


class Rest:
    """TensorFlow Serving's REST paths, as an ASGI application.

    Args:
        models: What answers.
    """

    def __init__(self, models: Models):
        self.models = models
        self.limits = models.limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever it holds."""
        began = time.perf_counter()
        asked, close = Asked(), False
        try:
            status, content = 200, await self._answer(scope, receive, asked)
        except RefusedError as error:
            status, content = error.status, {"error": error.message}
            close = status in (408, 413)  # the rest of the body may still be on its way
        except GoneError:
            status, content = 499, None
        except Exception as error:  # its words may quote a text, so only its kind is logged
            _log.error("%s while a request was answered.", type(error).__name__)
            status, content = INTERNAL, {"error": "The server failed to answer this request."}
        if content is not None:
            await self._send(send, status, content, close)
        seconds = time.perf_counter() - began
        self.models.metrics.request(asked.model, asked.version, asked.method, status, seconds)

    async def _send(self, send: Send, status: int, content: object, close: bool) -> None:
        body = json.dumps(content).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-content-type-options", b"nosniff"),
        ]
        if close:
            headers.append((b"connection", b"close"))
        if status in (429, 503):
            headers.append((b"retry-after", b"1"))
        with contextlib.suppress(TimeoutError):  # who reads too slowly is let go
            async with asyncio.timeout(self.limits.read_within):
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive, asked: Asked) -> object:
        verb, path = scope["method"], _raw_path(scope)
        found = _ASK.fullmatch(path) if verb == "POST" else None
        if found is None:
            found = _TELL.fullmatch(path) if verb == "GET" else None
            if found is None:
                raise RefusedError(f"Malformed request: {verb} {shown(path)}")
            return self._tell(*_place(found), (found["part"] or "").lower(), asked)
        name, number, label = _place(found)
        asked.method = found["method"].lower()
        body = bodies.document(await _body(scope, receive, self.limits))
        wish = bodies.signature_name(body)
        version = self.models.find(name, number, label)
        asked.model, asked.version = name, str(version.number)
        if asked.method == "predict":
            return await self._predict(version, body, wish, receive)
        return await self._classify(version, body, wish, receive, asked.method)

    async def _predict(
        self, version: Version, body: dict[str, Any], wish: str, receive: Receive
    ) -> object:
        signature = version.opened.signatures.get(wish or DEFAULT)
        if signature is None:
            raise RefusedError(
                f"Serving signature name: {quoted(wish or DEFAULT)} not found in signature def"
            )
        limits = self.limits
        inputs, by_row = bodies.inputs(body, signature.inputs, limits.max_rows, limits.max_text)
        body.clear()  # its values may weigh thirty times its bytes, and the answer may take long
        _check_request(signature, inputs, limits.max_rows)
        outputs = await self._computed(version, signature, inputs, receive)
        return bodies.predicted(outputs, by_row)

    async def _classify(
        self, version: Version, body: dict[str, Any], wish: str, receive: Receive, method: str
    ) -> object:
        signature = version.opened.signatures.get(wish or DEFAULT)
        examples = bodies.examples(body, self.limits.max_rows, self.limits.max_text)
        body.clear()
        if signature is None:
            raise RefusedError(f"No signature was found with the name: {quoted(wish or DEFAULT)}")
        if method == "regress":
            raise RefusedError(
                "Expected regression signature method_name to be tensorflow/serving/regress. Was: "
                f"{_PREDICT_NAME}. A classifier has none: ask predict or classify."
            )
        _check_classifies(signature)
        (name,) = signature.inputs
        outputs = await self._computed(version, signature, {name: examples}, receive)
        return bodies.classified(outputs, len(examples))

    async def _computed(
        self, version: Version, signature: Signature, inputs: bodies.Inputs, receive: Receive
    ) -> dict[str, Any]:
        """Wait for an answer, as long as the client does."""
        answer = version.batcher.submit(signature, inputs)
        await asyncio.wait({answer}, timeout=_SOON)
        if not answer.done():
            await self._wait(answer, receive)
        return answer.result()

    async def _wait(self, answer: asyncio.Future, receive: Receive) -> None:
        """Wait for an answer that takes its time; to watch the client costs more than a fast one.

        Raises:
            GoneError: The client went.
            RefusedError: It took too long.
        """
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait(
                {answer, gone},
                timeout=self.limits.answer_within,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            gone.cancel()
        if answer.done():
            return
        answer.cancel()  # nobody waits: the batch goes on without it
        if gone.done():
            raise GoneError
        raise RefusedError(
            f"No answer within {self.limits.answer_within:g} s.", "DEADLINE_EXCEEDED"
        )

    def _tell(
        self, name: str, number: int | None, label: str | None, part: str, asked: Asked
    ) -> object:
        asked.method = "metadata" if part else "status"
        if not name:
            raise RefusedError("Missing model name in request.")
        if part:
            version = self.models.find(name, number, label)
            asked.model, asked.version = name, str(version.number)
            spec = {"name": name, "signature_name": "", "version": str(version.number)}
            return {
                "model_spec": spec,
                "metadata": {"signature_def": version.opened.metadata},
            }
        number = self.models.labelled(name, label) if label is not None else number
        versions = self.models.told(name, number)
        asked.model = name
        return {"model_version_status": [_status(version) for version in versions]}


def _status(version: Version) -> dict[str, Any]:
    code = "UNKNOWN" if version.error else "OK"
    return {
        "version": str(version.number),
        "state": version.state,
        "status": {"error_code": code, "error_message": version.error},
    }


def _raw_path(scope: Scope) -> str:
    raw = scope.get("raw_path") or urllib.parse.quote(scope["path"]).encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _place(found: re.Match) -> tuple[str, int | None, str | None]:
    """Return name, version and label of a path, which has one of the two at most."""
    name = urllib.parse.unquote(found["name"] or "")
    label = found["label"] and urllib.parse.unquote(found["label"])
    if found["version"] is None:
        return name, None, label
    number = int(found["version"][:20])
    if number > _LARGEST_VERSION:
        raise RefusedError("Failed to convert version: the number is too large.")
    return name, number, label


def _check_request(signature: Signature, inputs: bodies.Inputs, most: int) -> None:
    """Check what the graph would not tell, or tell in words that quote a text."""
    if signature.joins:
        bodies.check_rows(len(next(iter(inputs.values()))), most)
    lengths = inputs.get("row_lengths")
    if lengths is None or "token_ids" not in inputs:
        return
    bodies.check_rows(len(lengths), most)
    count = len(inputs["token_ids"])  # each is held against it: the sum of larger ones may wrap
    if ((lengths < 0) | (lengths > count)).any() or lengths.sum() != count:
        raise RefusedError(
            f"row_lengths must not be negative and add up to the {len(inputs['token_ids']):,} "
            "token_ids."
        )


def _check_classifies(signature: Signature) -> None:
    """Check that a signature is one that TensorFlow Serving classifies by."""
    if len(signature.inputs) != 1:
        raise RefusedError("Expected one input Tensor.")
    if len(signature.outputs) not in (1, 2):
        raise RefusedError(
            f"Expected one or two output Tensors, found {len(signature.outputs)}. Name the "
            'signature: "signature_name": "classify".'
        )
    if signature.inputs.get("inputs") != Spec("DT_STRING", (None,)):
        raise RefusedError("No classification inputs found in SignatureDef")
    if not signature.outputs.keys() <= {"classes", "scores"}:
        raise RefusedError(
            'Expected classification signature outputs to contain at least one of "classes" or '
            '"scores".'
        )


async def _body(scope: Scope, receive: Receive, limits: Any) -> bytes:
    """Read a body within its bounds of size and time.

    Raises:
        RefusedError: It is too large, too slow, or compressed.
        GoneError: The client went before its end.
    """
    headers = dict(scope["headers"])
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise RefusedError("Send the body without Content-Encoding.", status=415)
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > limits.max_body and b"expect" in headers:
        raise _too_large(limits.max_body)
    try:
        async with asyncio.timeout(limits.read_within):
            return await _chunks(receive, limits.max_body)
    except TimeoutError:
        raise RefusedError(
            f"The body did not come within {limits.read_within:g} s.", status=408
        ) from None


async def _chunks(receive: Receive, most: int) -> bytes:
    """Read a body.

    The rest of one that is too large is read and dropped: many clients look for no answer before
    they have sent all.
    """
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= most:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body", False):
            break
    if size > most:
        raise _too_large(most)
    return b"".join(chunks)


def _too_large(most: int) -> RefusedError:
    return RefusedError(f"A body may have {most:,} bytes at most.", status=413)


# --- The other paths --------------------------------------------------------------------------


def app(models: Models, lifespan: Callable[[], Any] = contextlib.nullcontext) -> Callable:
    """Return the ASGI application of a server.

    Args:
        models: What answers.
        lifespan: Entered while the server runs.
    """
    rest = Rest(models)

    @contextlib.asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        async with lifespan():
            yield

    others = Starlette(
        routes=[
            Route("/healthz", functools.partial(_health, models)),
            Route("/monitoring/prometheus/metrics", functools.partial(_metrics, models)),
            Route(f"/{page.MODELS}", functools.partial(_listing, models)),
            Route("/{path:path}", functools.partial(_page, page.files())),
        ],
        exception_handlers={HTTPException: _http_error},
        lifespan=running,
    )

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"][:4].lower() == "/v1/":
            await rest(scope, receive, send)
        else:
            await others(scope, receive, send)

    return serve


async def _health(models: Models, _: Request) -> Response:
    """Say whether every model has a version that answers."""
    available = {name: sorted(one.available()) for name, one in models.models.items()}
    well = bool(available) and all(available.values())
    content = {"status": "ok" if well else "not ready", "models": available}
    return JSONResponse(content, 200 if well else 503)


async def _metrics(models: Models, _: Request) -> Response:
    for name, model in models.models.items():
        for number, version in model.available().items():
            models.metrics.queue.labels(name, str(number)).set(version.batcher.waiting)
    return Response(models.metrics.page(), headers={"Content-Type": metrics.CONTENT_TYPE})


async def _listing(models: Models, _: Request) -> Response:
    """List for the page what answers: each model's newest version."""
    entries = []
    for name, model in models.models.items():
        if available := model.available():
            about = dict(available[max(available)].opened.about)
            engine = page.rest(f"v1/models/{urllib.parse.quote(name)}:predict", about.pop("guards"))
            entries.append(page.entry(name, engine, **about))
    headers = {**HEADERS, "Cache-Control": "no-store"}
    return Response(page.listing(entries), media_type="application/json", headers=headers)


async def _page(files: Mapping[str, bytes], request: Request) -> Response:
    path = request.path_params["path"] or "index.html"
    content = files.get(path)
    if content is None:
        raise HTTPException(404, "There is no such path.")
    kind = "text/javascript" if path.endswith(".js") else mimetypes.guess_type(path)[0]
    return Response(content, media_type=kind, headers=HEADERS)


async def _http_error(request: Request, error: HTTPException) -> Response:
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)
