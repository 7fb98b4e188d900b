"""Keep a server under load for long, with clients that hang up, and hold it against a plain loop.

    python -m tools.soak_serve RUN --texts FILE.csv [--clients 64] [--minutes 10]

`tfnews serve` answers clients that ask one text after the other; some close their connection in
the middle of a request, before its answer or in the middle of it, as dying programs do. Every
answer is held against the run's exported SavedModel. The memory, the open files and the threads of
the server are looked at all the while. At the end it is sent SIGTERM under full load: each request
that had come whole must still be answered. Then the SavedModel is called in a loop, one text at a
time and 64 together. Ends with exit code 1 where a client met an error that it did not cause.
"""

import argparse
import asyncio
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tfnews.data.texts import read_texts
from tools.measure_serve import started

_HEAD = (
    "POST /v1/models/{name}:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
)
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST
# What a client does with a request, and how many of 1,000 are treated so.
_MANNERS = {"asks": 940, "stops within a request": 20, "leaves before the answer": 20,
            "resets within the answer": 20}  # fmt: skip
WARM_UP, LOOK = 30.0, 2.0  # seconds: before memory counts, between looks at it
CLOSE = 1e-5  # that probabilities may differ by: batches are put together otherwise
TOGETHER = 64


@dataclass
class Seen:
    """What all clients met.

    Attributes:
        expected: Fake probability of each text, `(texts,)`.
        manners: Requests by what was done with them.
        seconds: From a request to its answer.
        errors: What a client met without having caused it.
        furthest: Largest difference of an answer from `expected`.
        stopped: When the server was sent SIGTERM; infinite before.
        late: Answers that came after that.
    """

    expected: np.ndarray
    manners: Counter = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    furthest: float = 0.0
    stopped: float = float("inf")
    late: int = 0


async def _one(
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    asked: bytes,
    row: int,
    manner: str,
    seen: Seen,
) -> None:
    """Ask one text in some manner; a connection that the client gives up is closed."""
    reader, writer = streams
    if manner == "stops within a request":
        writer.write(asked[: len(asked) // 2])
        return writer.close()
    began = time.perf_counter()
    writer.write(asked)
    await writer.drain()
    if manner == "leaves before the answer":
        return writer.close()
    head = await reader.readuntil(b"\r\n\r\n")
    if manner == "resets within the answer":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return writer.close()
    body = await reader.readexactly(int(_LENGTH.search(head)[1]))
    seen.seconds.append(time.perf_counter() - began)
    seen.late += time.perf_counter() > seen.stopped
    if not head.startswith(b"HTTP/1.1 200"):
        seen.errors.append(head.split(b"\r\n", 1)[0].decode())
        return None
    score = json.loads(body)["predictions"][0]["fake_probability"]
    away = abs(np.ravel(score)[0] - seen.expected[row])
    seen.furthest = max(seen.furthest, float(away))
    if away > CLOSE:
        seen.errors.append(f"text {row} was answered {score}, not {seen.expected[row]}")
    return None


async def client(port: int, asked: list[bytes], end: float, seed: int, seen: Seen) -> None:
    """Ask until the time is up and the server gone."""
    rng, streams = random.Random(seed), None
    while time.perf_counter() < end:
        row = rng.randrange(len(asked))
        manner = rng.choices(list(_MANNERS), list(_MANNERS.values()))[0]
        began = time.perf_counter()
        try:
            streams = streams or await asyncio.open_connection("127.0.0.1", port)
            began = time.perf_counter()
            await _one(streams, asked[row], row, manner, seen)
            seen.manners[manner] += 1
            if streams[1].is_closing():
                streams = None
        except (OSError, asyncio.IncompleteReadError) as error:
            if began > seen.stopped:  # a server that ends takes no new requests
                return
            seen.errors.append(f"{manner}: {error!r}")
            streams = None
    if streams:
        streams[1].close()


def state(pid: int) -> tuple[float, int, int]:
    """Return a process' resident megabytes, open files and threads."""
    place = Path("/proc") / str(pid)
    told = dict(line.split(":", 1) for line in (place / "status").read_text().splitlines())
    return int(told["VmRSS"].split()[0]) / 1024, len(os.listdir(place / "fd")), int(told["Threads"])


async def load(
    server: subprocess.Popen,
    port: int,
    asked: list[bytes],
    seen: Seen,
    clients: int,
    seconds: float,
) -> list[tuple[float, float, int, int]]:
    """Load a server, look at it, and send it SIGTERM at the end; return what was looked at."""
    began, looks = time.perf_counter(), []
    end = began + seconds
    tasks = [
        asyncio.create_task(client(port, asked, end + 30, seed, seen)) for seed in range(clients)
    ]
    while (now := time.perf_counter()) < end:
        looks.append((now - began, *state(server.pid)))
        await asyncio.sleep(min(LOOK, end - now))
    seen.stopped = time.perf_counter()
    server.send_signal(signal.SIGTERM)
    await asyncio.gather(*tasks)
    return looks


def loop(serve: object, texts: list[str], together: int, seconds: float) -> tuple[float, float]:
    """Call a SavedModel over and over; return texts a second and p99 of a call in milliseconds."""
    import tensorflow as tf

    batches = [tf.constant(texts[at : at + together]) for at in range(0, len(texts), together)]
    for batch in batches[:3]:
        serve(batch)
    times, done, began = [], 0, time.perf_counter()
    while time.perf_counter() < began + seconds:
        batch = batches[len(times) % len(batches)]
        at = time.perf_counter()
        serve(batch)
        times.append(time.perf_counter() - at)
        done += len(batch)
    return done / sum(times), 1000 * float(np.percentile(times, 99))


def tell(seen: Seen, looks: list, seconds: float, code: int) -> None:
    """Print what was seen of the server."""
    middle, late = 1000 * np.percentile(seen.seconds, [50, 99])
    print(f"requests: {', '.join(f'{count:,} {name}' for name, count in seen.manners.items())}")
    print(f"errors that the client did not cause: {len(seen.errors)}")
    for error, count in Counter(seen.errors).most_common(5):
        print(f"  {count} x {error}")
    print(f"answers differ from the SavedModel's by {seen.furthest:.1e} at most")
    rate = len(seen.seconds) / seconds
    print(f"server: {rate:,.0f} texts/s, p50 {middle:.1f} ms, p99 {late:.1f} ms")
    kept = np.array([look for look in looks if look[0] >= WARM_UP] or looks)
    slope = np.polyfit(kept[:, 0] / 60, kept[:, 1], 1)[0] if len(kept) > 2 else float("nan")
    for name, column in (("memory, MB", 1), ("open files", 2), ("threads", 3)):
        values = kept[:, column]
        print(f"{name}: {values[0]:.0f} first, {values.max():.0f} most, {values[-1]:.0f} last")
    print(f"memory grows by {slope:.2f} MB a minute")
    print(f"SIGTERM under load: {seen.late} requests answered after it, exit code {code}")


def main() -> int:
    """Run it and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run")
    parser.add_argument("--texts", required=True, help="A file that tfnews predict reads.")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--count", type=int, default=1000, help="Texts of the file that are asked.")
    given = parser.parse_args()
    found = zip(read_texts(given.texts), range(given.count), strict=False)
    texts = [item.text for item, _ in found if item.text]
    name = given.run.rstrip("/").rpartition("/")[2]
    bodies = [json.dumps({"instances": [text]}).encode() for text in texts]
    asked = [_HEAD.format(name=name, size=len(body)).encode() + body for body in bodies]
    with tempfile.TemporaryDirectory() as place:
        serve = exported(given.run, place)
        expected = np.concatenate(
            [
                serve(texts[at : at + TOGETHER])["fake_probability"].numpy().ravel()
                for at in range(0, len(texts), TOGETHER)
            ]
        )
        seen, seconds = Seen(expected), 60 * given.minutes
        server, port = started(given.run, ())
        try:
            looks = asyncio.run(load(server, port, asked, seen, given.clients, seconds))
            code = server.wait(60)
        finally:
            server.kill()
        tell(seen, looks, seconds, code)
        for together in (1, TOGETHER):
            rate, late = loop(serve, texts, together, min(30, seconds))
            said = f"{rate:,.0f} texts/s, p99 {late:.1f} ms a call"
            print(f"SavedModel in a loop, {together} together: {said}")
    return int(bool(seen.errors) or code != 0)


def exported(run: str, place: str) -> object:
    """Export a run as SavedModel and return its serving function."""
    import tensorflow as tf

    import tfnews

    made = tfnews.export(run, "savedmodel", to=place, name="soak")
    model = tf.saved_model.load(str(made[0].path))
    call = model.signatures["serving_default"]
    wanted = next(iter(call.structured_input_signature[1]))

    def serve(texts: object) -> dict:
        return call(**{wanted: tf.constant(texts)})

    serve.model = model  # which its functions need, and do not hold
    return serve


if __name__ == "__main__":
    sys.exit(main())
