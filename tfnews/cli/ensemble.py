"""`tfnews ensemble`: make the average of runs a run."""

from pathlib import Path

import click

from tfnews.catalogue.names import CALIBRATIONS
from tfnews.cli.say import next_step, say, typed
from tfnews.cli.trusting import trust_option


@click.command()
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option("--name", help="Name of the run. Default: ensemble and the next number.")
@click.option(
    "--calibrate",
    type=click.Choice(CALIBRATIONS),
    default="temperature",
    show_default=True,
    help="How the average is mapped, as fitted on validation, so that it can be read as a share.",
)
@click.option(
    "--floor/--no-floor",
    default=True,
    help="Fit tfidf beside it and say whether a gain over it is shown. Default: on.",
)
@click.option(
    "--splits",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the runs' own splits are, if they have moved since training.",
)
@trust_option
def command(
    runs: tuple[str, ...], name: str | None, splits: Path | None, **options: object
) -> None:
    """Make the average of RUNs a run of its own; a group of seeds stands for its runs.

    The mean of their calibrated scores is calibrated on the validation texts in turn; the test
    split is not read. The members' weights are copied: the ensemble needs them no more. It is
    evaluated, compared, explained, served and exported as a SavedModel like every run.
    """
    from tfnews.training.members import check

    asked = check(runs, name, splits)  # before TensorFlow starts, which takes seconds
    from tfnews.training.ensemble import closing_words, ensemble

    run = ensemble(asked.runs, name=name, splits=splits, **options, command=typed(), say=say)
    say(closing_words(run))
    members = " ".join(member.run for member in run.config.members)
    next_step(f"tfnews evaluate {run.name}; tfnews compare {members} {run.name}")
