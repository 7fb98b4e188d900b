"""`tfnews trial`: draw articles of one's own feed to label, and say what the labels show."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfnews.cli.numbers import Number
from tfnews.cli.reading import reading_options
from tfnews.cli.say import next_step, say, typed
from tfnews.cli.trusting import trust_option
from tfnews.data.tables import FORMATS

if TYPE_CHECKING:
    from tfnews.records.trial import Tried


@click.command()
@click.argument("run")
@click.argument("feed", metavar="FEED", type=click.Path(path_type=Path))
@click.option("--labels", type=Number("--labels"), help="Articles to draw and label. Default: 200.")
@click.option(
    "--fpr",
    type=Number("--fpr"),
    default=0.01,
    show_default=True,
    help="Share of real articles that may be flagged: a threshold is looked for that keeps it.",
)
@click.option(
    "--annotators",
    type=Number("--annotators"),
    help="1, or 2 who label the same articles, each on a sheet of their own. Default: 1.",
)
@click.option(
    "--sheet",
    "sheets",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A filled sheet, .csv or .xlsx, one an annotator. Default: those in the trial's folder.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the trial. Default: one in trials, named after run and feed.",
)
@click.option("--seed", type=Number("--seed"), help="Seed of the draw. Default: 0.")
@click.option(
    "--input-format",
    "format",
    type=click.Choice(list(FORMATS)),
    help="Default: the file name tells.",
)
@click.option("--id-column", help="Column of the ids. Default: id, else records are numbered.")
@click.option(
    "--title-column",
    help="Column of the titles. Default: that of the training news, else title, if there is one.",
)
@click.option(
    "--text-column",
    help="Column of the texts. Default: combined_text, else that of the training news, else text.",
)
@reading_options
@trust_option
def command(run: str, feed: Path, sheets: tuple[Path, ...], **options: object) -> None:
    """Try RUN on FEED, texts of your own that nobody has labelled.

    The first time, articles are drawn, many among those with high scores and some among all others,
    and written to a sheet without their scores. Fill its column label by hand and type the same
    command again: it tells precision, recall and false-alarm rate on the whole feed, with 95 %
    intervals, and the lowest threshold that keeps false alarms below --fpr, or that none does.
    """
    from tfnews.records.trial import Trial
    from tfnews.trial.trial import trial

    found = trial(run, feed, sheets=sheets, **options, command=typed(), say=say)
    if not isinstance(found, Trial):
        return
    from tfnews.report.trial.screen import render

    say(f"{render(found)}\n")
    next_step(_after(run, feed, found.chosen))


def _after(run: str, feed: Path, chosen: "Tried | None") -> str:
    """Return what comes next: scores at the threshold that keeps the limit, else the reasons."""
    at = f"{shlex.quote(run)} {shlex.quote(str(feed))}"
    if chosen is None:
        return f"tfnews explain {at} --row ID"
    return f"tfnews predict {at} --threshold {chosen.threshold} --output scores.csv"
