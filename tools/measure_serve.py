"""Load a server with clients that ask for one text at a time: batched, and one by one.

    python tools/measure_serve.py RUN... --texts FILE.csv [--clients 64] [--seconds 60]

For each run `tfnews serve` is started twice: with its own batches, and with --max-batch 1. Clients
keep their connections and ask again at once. Printed are requests that failed, the median and the
99th percentile of the time from a request to its answer, texts a second, and on Linux the
milliseconds of a processor that the server spends on a text, which other programs disturb less.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tfnews.data.texts import read_texts

_HEAD = (
    "POST /v1/models/{name}:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
)
_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
WAYS = {"batched": (), "one by one": ("--max-batch", "1")}


def requests(name: str, file: str, count: int) -> list[bytes]:
    """Return ready-made requests, one a text."""
    texts = [item.text for item, _ in zip(read_texts(file), range(count), strict=False)]
    bodies = [json.dumps({"instances": [text]}).encode() for text in texts if text]
    return [_HEAD.format(name=name, size=len(body)).encode() + body for body in bodies]


async def client(port: int, asked: list[bytes], first: int, end: float, times: list, failed: list):
    """Ask one text after the other until the time is up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = first
    while (began := time.perf_counter()) < end:
        writer.write(asked[number % len(asked)])
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(_LENGTH.search(head)[1]))
        times.append(time.perf_counter() - began)
        if not head.startswith(b"HTTP/1.1 200"):
            failed.append(head.split(b"\r\n", 1)[0])
        number += 1
    writer.close()


async def load(port: int, asked: list[bytes], clients: int, seconds: float) -> tuple[list, list]:
    """Return the seconds of each answer, and the failures."""
    times: list[float] = []
    failed: list[object] = []
    end = time.perf_counter() + seconds
    step = max(1, len(asked) // clients)
    done = await asyncio.gather(
        *(client(port, asked, step * n, end, times, failed) for n in range(clients)),
        return_exceptions=True,
    )
    return times, failed + [error for error in done if error is not None]


def started(run: str, options: tuple[str, ...]) -> tuple[subprocess.Popen, int]:
    """Start a server and return it with its port."""
    program = "from tfnews.cli import run; run()"
    server = subprocess.Popen(
        [sys.executable, "-c", program, "serve", run, "--port", "0", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in server.stdout:
        if found := re.search(r"http://[^/]*:(\d+)/", line):
            return server, int(found[1])
    raise SystemExit(f"The server of {run} did not start.")


def processor(server: subprocess.Popen) -> float:
    """Return the seconds of processors that a server has used; NaN where that cannot be read."""
    try:
        told = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def measure(run: str, arguments: argparse.Namespace) -> None:
    """Print what both ways give for a run."""
    name = run.rstrip("/").rpartition("/")[2]
    asked = requests(name, arguments.texts, arguments.count)
    for way, options in WAYS.items():
        server, port = started(run, options)
        try:
            asyncio.run(load(port, asked, arguments.clients, 2))  # to warm up
            began, used = time.perf_counter(), processor(server)
            times, failed = asyncio.run(load(port, asked, arguments.clients, arguments.seconds))
            took, used = time.perf_counter() - began, processor(server) - used
        finally:
            server.terminate()
            server.wait()
        for one in failed[:3]:
            print(f"failed: {one!r}", file=sys.stderr)
        middle, late = 1000 * np.percentile(times, [50, 99])
        print(
            f"{name:20} {way:12} {len(failed):6} {middle:9.1f} {late:9.1f} "
            f"{len(times) / took:9.1f} {1000 * used / len(times):9.2f}",
            flush=True,
        )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--texts", required=True, help="A file that tfnews predict reads.")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--count", type=int, default=2000, help="Texts of the file that are asked.")
    arguments = parser.parse_args()
    print(
        f"{'run':20} {'way':12} {'errors':>6} {'p50 ms':>9} {'p99 ms':>9} "
        f"{'texts/s':>9} {'CPU ms':>9}"
    )
    for run in arguments.runs:
        measure(run, arguments)


if __name__ == "__main__":
    main()
