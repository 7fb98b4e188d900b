"""`tfnews archs`: list the catalogue."""

import dataclasses
from json import dumps

import click

from tfnews import catalogue
from tfnews.cli.say import next_step

_HEADER = ("arch", "family", "parameters", "licence of weights", "download", "frozen", "fine-tuned")

_NOTES = """\
parameters: with the published weights; tfidf has one for each term of your training split.
frozen, fine-tuned: test accuracy / F1 of the fake class with the table frozen or trained, as
  published by the study, early-stopped on its test set; not ours.
No download: tfidf works as it is; every other row does with --weights none (fresh weights, a
  vocabulary learnt from your training split) or with a local copy (--weights FOLDER)."""


@click.command()
@click.option("--json", is_flag=True, help="Print every field of every row as JSON.")
def command(json: bool) -> None:
    """List the architectures that fit can train."""
    if json:
        click.echo(dumps([_record(row) for row in catalogue.rows().values()], indent=2))
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
        click.echo("  ".join(padded).rstrip())
    click.echo()
    for row in rows:
        click.echo(f"{row.name.ljust(widths[0])}  {row.summary}")
    click.echo(f"\n{_NOTES}")


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
