"""`tfnews drift`: say whether texts of now are like those that a run knows."""

import json
import shlex
from pathlib import Path

import click

from tfnews.cli.numbers import Number
from tfnews.cli.reading import reading_options
from tfnews.cli.say import next_step, say, typed
from tfnews.cli.trusting import trust_option
from tfnews.data.tables import FORMATS
from tfnews.errors import UsageError


@click.command()
@click.argument("run")
@click.argument("feed", metavar="FILE|FOLDER|-")
@click.option(
    "--reference",
    metavar="FILE",
    help="Texts to hold them against, such as those of a week that was in order; read as FILE is. "
    "Default: the run's validation texts, and for lengths its training texts too.",
)
@click.option(
    "--splits",
    type=click.Path(exists=True, path_type=Path),
    help="Where the run's own splits are, if they have moved since training.",
)
@click.option(
    "--level",
    type=Number("--level"),
    default=0.01,
    show_default=True,
    help="Chance of any alarm where nothing has changed, all measures together.",
)
@click.option(
    "--max-shift",
    type=Number("--max-shift"),
    default=0.15,
    show_default=True,
    help="Least distance of scores, lengths or unknown words that is an alarm: how far the shares "
    "of texts below some value lie apart.",
)
@click.option(
    "--max-refused",
    type=Number("--max-refused"),
    default=0.05,
    show_default=True,
    help="Least rise of the share of refused texts that is an alarm.",
)
@click.option(
    "--to",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder for drift.html, .md, .json and a figure for each measure.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option(
    "--input-format",
    "format",
    type=click.Choice(list(FORMATS)),
    help="Default: the file name tells; standard input holds one text a line.",
)
@click.option("--title-column", help="Column of the titles. Default: as in predict.")
@click.option("--text-column", help="Column of the texts. Default: as in predict.")
@reading_options
@trust_option
def command(run: str, feed: str, to: Path | None, as_json: bool, **options: object) -> None:
    """Say whether the texts of FILE are like those that RUN was trained and validated on.

    Scores, lengths, shares of unknown words and refusals are compared, without labels. Ends with
    exit code 1 where a measure has moved further than its limit and than chance would, and with 0
    where none has. FILE is read as tfnews predict reads it; copies count once, and copies of
    training texts not at all.
    """
    if feed == options["reference"] == "-":
        raise UsageError("Standard input can be read once. Give a file for FILE or --reference.")
    from tfnews.drift.drift import carry_out, check

    request = check(run, feed, to=to, **options)  # before TensorFlow starts, which takes seconds
    found = carry_out(request, to=to, command=typed())
    from tfnews.report.drift import screen

    if as_json:
        say(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
    else:
        say(screen.render(found))
        _after(found.run, feed, to)
    if found.alarm:
        click.get_current_context().exit(1)


def _after(run: str, feed: str, to: Path | None) -> None:
    if to is not None:
        say(f"\nWritten: {to / 'drift.html'}, .md, .json and figures")
    elif feed != "-":
        next_step(f"tfnews drift {shlex.quote(run)} {shlex.quote(feed)} --to DIR")
