"""`tfnews archs`: list the catalogue."""

import dataclasses
import textwrap
from json import dumps

import click

from tfnews import catalogue
from tfnews.catalogue.rows import defaults, searched
from tfnews.catalogue.settings import IDLE, OPEN_OF_VECTORS, SETTINGS, Setting
from tfnews.cli.say import next_step, say

_HEADER = ("arch", "family", "parameters", "licence of weights", "download", "frozen", "fine-tuned")
_WIDTH = 100

_NOTES = """\
parameters: with the published weights; "by data": the words of your training split decide.
frozen, fine-tuned: test accuracy / F1 of the fake class with the table frozen or trained, as
  published by the study, early-stopped on its test set; not ours.
No download: rows that name none work as they are; every other row does with --weights none (fresh
  weights, a vocabulary learnt from your training split) or with a local copy (--weights FOLDER).
Settings of a row, with defaults and bounds: tfnews archs --settings ARCH"""

_GROUPS = (
    "Give any with --set NAME=VALUE, or in a file with --config; some have options of their own.",
    "With --weights none, or a file of word vectors, which leaves them open:",
    "With --weights none only (pretrained weights bring their own):",
)


@click.command()
@click.option("--json", is_flag=True, help="Print every field of every row as JSON.")
@click.option(
    "--settings",
    "arch",
    metavar="[ARCH]",
    is_flag=False,
    flag_value=catalogue.DEFAULT,
    help="List the settings of one row, with defaults and what is allowed. "
    f"Default: {catalogue.DEFAULT}.",
)
def command(json: bool, arch: str | None) -> None:
    """List the architectures that fit can train.

    With --settings, list what can be set of one of them.
    """
    if arch is not None:
        row = catalogue.row(arch)
        say(dumps(_described(row), indent=2) if json else settings(row))
        if not json:
            next_step(f"tfnews fit --data SPLITS --arch {arch} --set NAME=VALUE")
        return
    if json:
        say(dumps([_record(row) for row in catalogue.rows().values()], indent=2))
        return
    archs()
    next_step(f"tfnews fit --data SPLITS --arch {catalogue.DEFAULT}")


def archs() -> None:
    """Print the catalogue as a table, what each row is, and what works without a download."""
    rows = catalogue.rows().values()
    lines = [_HEADER, *(_cells(row) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        say("  ".join(padded).rstrip())
    say("")
    for row in rows:
        say(f"{row.name.ljust(widths[0])}  {row.summary}")
    say(f"\n{_NOTES}")


def settings(row: catalogue.Row) -> str:
    """Say every setting of a row: its name, its meaning, its default, what is allowed."""
    own, spaces = _useful(row), searched(row)
    lines = [f"Settings of {row.name}"]
    width = max(map(len, own))
    for group, heading in enumerate(_GROUPS):
        names = [name for name in own if _group(name) == group]
        lines += ["", heading, ""] if names else []
        for name in names:
            lines += _lines(name, SETTINGS[name], own[name], width)
            if name in spaces:
                lines.append(f"{' ' * (width + 2)}Searched by tfnews tune: {spaces[name]}.")
    return "\n".join(lines)


def _useful(row: catalogue.Row) -> dict:
    """Return the settings that mean something to a row, with their defaults."""
    idle = IDLE.get(row.kind, ())
    return {name: value for name, value in defaults(row).items() if name not in idle}


def _group(name: str) -> int:
    """Return which of `_GROUPS` a setting belongs to."""
    return SETTINGS[name].fresh * (1 if name in OPEN_OF_VECTORS else 2)


def _lines(name: str, setting: Setting, default: object, width: int) -> list[str]:
    indent = " " * (width + 2)
    bounds = textwrap.wrap(
        f"Default: {_toml(default)}. Allowed: {setting.allowed}.",
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [f"{name:{width}}  {setting.meaning}", *bounds]


def _described(row: catalogue.Row) -> list[dict]:
    """Return a row's settings for programs."""
    spaces = searched(row)
    return [
        {
            "name": name,
            **dataclasses.asdict(SETTINGS[name]),
            "kind": SETTINGS[name].kind.__name__,
            "default": default,
            "search": spaces.get(name) and dataclasses.asdict(spaces[name]),
        }
        for name, default in _useful(row).items()
    ]


def _toml(value: object) -> str:
    """Write a value as `--set` takes it."""
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _cells(row: catalogue.Row) -> tuple[str, ...]:
    count = catalogue.parameters(row)
    return (
        row.name,
        row.family,
        "by data" if count is None else f"{count:,}",
        row.licence,
        "yes" if row.weights else "no",
        _scores(row, "frozen"),
        _scores(row, "fine_tuned"),
    )


def _scores(row: catalogue.Row, how: str) -> str:
    names = (f"test_accuracy_{how}", f"test_f1_{how}")
    if not all(name in row.published for name in names):
        return "-"
    return " / ".join(f"{row.published[name]:.2f}" for name in names)


def _record(row: catalogue.Row) -> dict:
    return {
        **dataclasses.asdict(row),
        "parameters": catalogue.parameters(row),
        "needs_download": bool(row.weights),
        "published_note": "published by the study, early-stopped on its test set; not ours",
    }
