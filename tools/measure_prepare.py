"""Measure `tfnews data prepare` on many articles: peak memory, seconds, and how both grow.

    python tools/measure_prepare.py NEWS... --rows 100000 --rows 200000 --rows 400000

NEWS are labelled files that `prepare` reads. Articles of about 400 words are put together from
passages of theirs, as many as `--rows` says, and written as JSON lines; as in collections of news,
some are copies of others, and some are copies with words changed. Each size is prepared in a
process of its own, whose peak resident memory the system tells when it ends. `--against CHECKOUT`
prepares with another checkout of the project too, before it, and compares the splits to the byte.

Exits with 1 where the splits differ, or a peak is above `--most` GB.
"""

import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from tfnews.data.readers import read
from tfnews.files import sha256

HERE = Path(__file__).resolve().parent.parent
WORDS = 400  # of an article, about
PASSAGE = 60  # words
EXACT, NEAR, CONTRADICTED = 0.10, 0.06, 0.001  # shares of all rows
CHANGED = 4  # words at most, of a near-copy
HELD = 2_000  # articles of which copies are made
SITES = 3_000
FILES = ("train.csv", "validation.csv", "test.csv", "manifest.json", "rejects.csv")
COMMAND = "from tfnews.cli import run; run()"


class Measured(NamedTuple):
    """What preparing cost.

    Attributes:
        rows: Of the source.
        seconds: From the start of the process to its end.
        cpu: Seconds of the processor, which others that use it do not change much.
        peak: Largest resident memory, in bytes.
        digests: SHA-256 of each file written.
    """

    rows: int
    seconds: float
    cpu: float
    peak: int
    digests: tuple[str, ...]


def passages(news: Sequence[str]) -> dict[int, list[str]]:
    """Return the passages of the articles of each label."""
    found = {0: [], 1: []}
    for chunk in read(news):
        for text, label in zip(chunk["text"], chunk["label"], strict=True):
            words = text.split()
            cut = (words[at : at + PASSAGE] for at in range(0, len(words), PASSAGE))
            found[label] += [" ".join(passage) for passage in cut]
    return found


def articles(found: dict[int, list[str]], rows: int, seed: int = 0) -> Iterator[dict]:
    """Put articles together from passages, with copies and near-copies among them."""
    draw = random.Random(seed)
    held: list[dict] = []
    for number in range(rows):
        kind = draw.random()
        if held and kind < EXACT + NEAR:
            row = dict(draw.choice(held))
            if kind >= EXACT:
                row["text"] = _changed(row["text"], draw)
            elif kind < CONTRADICTED:
                row["label"] = "real" if row["label"] == "fake" else "fake"
        else:
            row = _article(found, draw)
            if len(held) < HELD:
                held.append(row)
            else:
                held[draw.randrange(HELD)] = row
        yield {**row, **_about(number, draw)}


def _article(found: dict[int, list[str]], draw: random.Random) -> dict:
    label = draw.randrange(2)
    texts = draw.choices(found[label], k=max(1, round(draw.gauss(WORDS, WORDS / 4) / PASSAGE)))
    title = " ".join(draw.choice(found[label]).split()[:9])
    return {"title": title, "text": " ".join(texts), "label": ("real", "fake")[label]}


def _changed(text: str, draw: random.Random) -> str:
    words = text.split()
    for _ in range(draw.randint(1, CHANGED)):
        words[draw.randrange(len(words))] = f"word{draw.randrange(1000)}"
    return " ".join(words)


def _about(number: int, draw: random.Random) -> dict:
    site = f"site{draw.randrange(SITES)}.example"
    date = f"20{draw.randrange(10, 25)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}"
    return {"url": f"https://{site}/news/{number}", "source": site, "date": date}


def write(path: Path, news: Sequence[str], rows: int) -> None:
    """Write a source of so many rows."""
    found = passages(news)
    with open(path, "w", encoding="utf-8") as file:
        for row in articles(found, rows):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def prepared(
    source: Path, out: Path, rows: int, checkout: Path, options: Sequence[str]
) -> Measured:
    """Prepare a source in a process of its own, with the code of a checkout."""
    arguments = ["data", "prepare", source, "--out", out, "--label-basis", "publisher", *options]
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *map(str, arguments)],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise click.ClickException(f"prepare ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    digests = tuple(sha256(out / name) for name in FILES)
    cpu = usage.ru_utime + usage.ru_stime
    return Measured(rows, seconds, cpu, usage.ru_maxrss * unit, digests)


def exponent(first: Measured, last: Measured, measure: str) -> float:
    """Return the power of the rows by which a measure grows: 1 where it doubles with them."""
    grown = getattr(last, measure) / getattr(first, measure)
    return math.log(grown) / math.log(last.rows / first.rows)


def told(name: str, found: Measured) -> str:
    """Say what was measured, in a line."""
    return (
        f"{name:>8}  {found.rows:>10,} rows  {found.peak / 1e9:6.2f} GB  {found.seconds:8.1f} s  "
        f"{found.cpu:8.1f} s of CPU, {found.rows / found.cpu:6,.0f} rows a second of it"
    )


def measured(
    source: Path, rows: int, against: Path | None, options: Sequence[str]
) -> tuple[Measured, bool]:
    """Prepare a source here and perhaps elsewhere, and tell whether the splits are the same."""
    before = None
    if against:
        before = prepared(source, source.with_name("before"), rows, against, options)
        click.echo(told("against", before))
    now = prepared(source, source.with_name("now"), rows, HERE, options)
    click.echo(told("now", now))
    if before is None:
        return now, True
    same = before.digests == now.digests
    click.echo(
        f"          {before.cpu / now.cpu:.2f} times as fast by CPU, "
        f"{before.peak / now.peak:.1f} times less memory, splits {'equal' if same else 'DIFFER'}"
    )
    return now, same


@click.command()
@click.argument("news", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--rows", multiple=True, type=int, default=(100_000, 200_000), help="Articles.")
@click.option("--most", type=float, default=4.0, show_default=True, help="Peak allowed, in GB.")
@click.option("--against", type=click.Path(exists=True, path_type=Path), help="Another checkout.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where to work.")
@click.option("--option", "options", multiple=True, help="Of prepare, such as --strategy=time.")
def main(news, rows, most, against, folder, options):
    """Prepare many articles and say what it cost."""
    found, all_same = [], True
    for count in sorted(rows):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            source = Path(place).resolve() / "news.jsonl"
            write(source, news, count)
            click.echo(f"{'source':>8}  {count:>10,} rows  {source.stat().st_size / 1e9:6.2f} GB")
            one, same = measured(source, count, against, options)
        found.append(one)
        all_same &= same
    if len(found) > 1:
        memory, seconds = (exponent(found[0], found[-1], name) for name in ("peak", "cpu"))
        click.echo(f"From the first size to the last: memory ~ rows^{memory:.2f}, ", nl=False)
        click.echo(f"CPU ~ rows^{seconds:.2f}")
    if not all_same or any(one.peak > most * 1e9 for one in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
