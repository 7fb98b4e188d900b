"""Export finished runs for every target and print what was measured as a Markdown table.

    python tools/measure_exports.py RUN... [--quantize dynamic] [--vocabulary N] [--max-tokens N]

Files are written to a temporary folder. Both differences are those of parity.json, over the
validation texts of each run and the odd ones that every export is asked.
"""

import argparse
import tempfile

import tfnews
from tfnews.errors import ExportError
from tfnews.export.export import Exported

HEAD = (
    "run",
    "target",
    "MB",
    "ms a text, alone / together",
    "conversion, at most",
    "decisions changed",
    "F1 before / after",
)


def cells(run: str, made: Exported) -> list[str]:
    """Return one export as the cells of a row."""
    found = made.parity
    device, times = found["device"], found["milliseconds"]
    f1 = device["f1"]
    reasons = ", ".join(f"{one['texts']} {name}" for name, one in device["reasons"].items())
    return [
        run,
        made.target,
        f"{made.bytes / 1e6:.1f}",
        f"{times['a_text_alone']:.2f} / {times['a_text_together']:.2f}",
        f"{found['conversion']['largest']:.0e}",
        f"{device['changed']} of {device['texts']}" + (f" ({reasons})" if reasons else ""),
        f"{f1['before']:.3f} / {f1['after']:.3f}" if f1 else "no labels",
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--target", default="all")
    parser.add_argument("--quantize", default="none")
    parser.add_argument("--vocabulary", type=int)
    parser.add_argument("--max-tokens", type=int)
    arguments = parser.parse_args()
    options = {"quantize": arguments.quantize, "vocabulary": arguments.vocabulary}
    options |= {"max_tokens": arguments.max_tokens, "max_drop": 1.0}
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}")
    for run in arguments.runs:
        with tempfile.TemporaryDirectory() as place:
            try:
                made = tfnews.export(run, arguments.target, to=place, name="measured", **options)
            except ExportError as error:
                print(f"| {run} | {arguments.target} | {error} |" + " |" * (len(HEAD) - 3))
                continue
        for one in made:
            print(f"| {' | '.join(cells(run, one))} |", flush=True)


if __name__ == "__main__":
    main()
