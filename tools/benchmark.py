"""Measure tfnews side by side with its peers, on the same work, in turns.

    pip install '.[benchmark]'
    python tools/benchmark.py [--quick] [--only NAME]... [--json FILE] [--data FOLDER]
        [--minilm FOLDER]

Prints a Markdown table, with versions, cores and instruction sets, and writes the same as JSON. A
side runs in a process of its own, ready before the clock starts; both run in turn, five times
after a first pass that is not counted, unless a race says otherwise; the table shows the median of
the pairs' ratios and their range. What must be equal is compared and told beside. What a peer is
missing for is left out and told. Exits with 1 where parity does not hold, never for a time.

--quick compares what must be equal, on few texts and, without --minilm, with made weights; what it
says of time means nothing.
"""

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # started as a file, not as a module

from tfnews.doctor.machine import usable_cores
from tools import (
    benchmark_commands,
    benchmark_embedding,
    benchmark_encoder,
    benchmark_tokenizers,
)
from tools.benchmark_race import Race, Result, Row, measure, serve

RACES: tuple[Race, ...] = (
    *benchmark_encoder.RACES,
    *benchmark_tokenizers.RACES,
    *benchmark_embedding.RACES,
    *benchmark_commands.RACES,
)
PACKAGES = (
    "tensorflow", "keras", "keras-hub", "tensorflow-text", "numpy", "pandas", "scikit-learn",
    "torch", "transformers", "tokenizers", "onnxruntime", "model2vec", "fasttext-numpy2-wheel",
)  # fmt: skip
INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16",
                "amx_int8", "asimd", "bf16", "sve")  # fmt: skip
SIZES = {
    "quick": {"rounds": 1, "texts": 12, "trained": 12, "articles": 240, "rows": 2_000, "base": 120,
              "steps": 6},
    "full": {"rounds": 5, "texts": 128, "trained": 64, "articles": 20_000, "rows": 1_000_000,
             "base": 2_500, "steps": 30},
}  # fmt: skip
_HEADER = """\
| benchmark | tfnews | peer | median (range) | target | | parity |
| --- | --- | --- | --- | --- | --- | --- |"""


def machine() -> dict:
    """Return what the figures depend on: versions, cores, processor and instruction sets."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    found = dict(line.replace("\t", "").split(":", 1) for line in lines if ":" in line)
    flags = set((found.get("flags") or found.get("Features") or "").split())
    return {
        "python": platform.python_version(),
        "versions": versions,
        "cores": usable_cores(),
        "processor": found.get("model name", platform.machine()).strip(),
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def described(found: dict) -> str:
    """Return the machine in words."""
    versions = ", ".join(
        f"{name} {version}" for name, version in found["versions"].items() if version
    )
    absent = ", ".join(name for name, version in found["versions"].items() if not version)
    return (
        f"{found['cores']} cores of {found['processor']} ({' '.join(found['instructions'])}), "
        f"load {found['load']} before the first benchmark. Python {found['python']}, {versions}."
        + (f" Not there: {absent}." if absent else "")
    )


def line(found: Result, quick: bool = False) -> str:
    """Return a row of the Markdown table; a quick run tells of no target."""
    row = found.row
    cells = [row.title, row.ours, row.peer or "", "", target(row), "", ""]
    if found.skipped:
        cells[3] = f"not measured: {found.skipped}"
    else:
        low, high = min(found.ratios), max(found.ratios)
        cells[1] = f"{row.ours}: {_middle(found, row.ours)}" if row.peer else row.ours
        cells[2] = f"{row.peer}: {_middle(found, row.peer)}" if row.peer else ""
        cells[3] = f"{number(found.median)} {row.shows} ({number(low)}–{number(high)})"
        cells[5] = "" if quick else row.verdict(found.median)
        cells[6] = found.parity + ("" if found.equal else ": NOT EQUAL")
    return f"| {' | '.join(cells)} |"


def _middle(found: Result, side: str) -> str:
    values = sorted(found.values[side])
    unit = "texts/s" if found.row.shows == "of its rate" else "s"
    return f"{number(values[len(values) // 2])} {unit}"


def number(value: float) -> str:
    """Return three digits of a number, and its thousands apart."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def target(row: Row) -> str:
    """Return a row's target in words."""
    if row.at_least is not None and row.at_most is not None:
        return f"{row.at_least:g} to {row.at_most:g}"
    if row.at_least is not None:
        return f"≥ {row.at_least:,g}"
    return "" if row.at_most is None else f"≤ {row.at_most:,g}"


def wanted(race: Race, options: argparse.Namespace) -> list[Row]:
    """Return the rows to measure: of a quick run those with parity, unless the race is named."""
    if options.only and race.name not in options.only:
        return []
    parity_alone = options.quick and not options.only
    return [row for row in race.rows if row.parity or not parity_alone]


def read(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [race.name for race in RACES]
    parser.add_argument("--quick", action="store_true", help="few texts, for parity only")
    parser.add_argument("--only", action="append", choices=names, help="repeatable")
    parser.add_argument("--json", type=Path, default=Path("benchmark.json"))
    parser.add_argument("--data", type=Path, default=os.environ.get("TFNEWS_TEST_DATA"),
                        help=f"folder that holds {benchmark_tokenizers.LISTED}; "
                        "default: TFNEWS_TEST_DATA")  # fmt: skip
    parser.add_argument("--minilm", type=Path, help="folder of all-MiniLM-L6-v2, as published")
    parser.add_argument("--rows", type=int, help="articles of the largest file; 1,000,000")
    parser.add_argument("--rounds", type=int, help="pairs; 5, of a quick run 1")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def job_of(options: argparse.Namespace, work: str) -> dict:
    """Return what children are told."""
    job = {**SIZES["quick" if options.quick else "full"], "cores": usable_cores(), "work": work}
    job |= {name: value for name in ("rows", "rounds") if (value := getattr(options, name))}
    job |= {"quick": options.quick, "data": str(options.data or "")}
    return {**job, "minilm": str(options.minilm or "")}


def main() -> int:
    """Run the races and return the exit code."""
    options = read()
    if options.child:
        module, _, function = options.child.partition(":")
        serve(getattr(importlib.import_module(f"tools.{module}"), function))
        return 0
    found = {"machine": machine(), "rows": []}
    print(f"{described(found['machine'])}\n\n{_HEADER}", flush=True)
    equal = True
    with tempfile.TemporaryDirectory() as work:
        for race in RACES:
            for result in measure(race, wanted(race, options), job_of(options, work)):
                print(line(result, options.quick), flush=True)
                found["rows"].append({"race": race.name, **result.record()})
                equal &= result.equal
            options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
