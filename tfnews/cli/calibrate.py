"""`tfnews calibrate`: choose how a run's scores are read."""

from pathlib import Path

import click

from tfnews.catalogue.names import CALIBRATIONS
from tfnews.cli.numbers import Number
from tfnews.cli.say import next_step, say


@click.command()
@click.argument("run")
@click.option(
    "--method",
    type=click.Choice(CALIBRATIONS),
    default="temperature",
    show_default=True,
    help="What is fitted so that scores can be read as shares. none takes calibration away.",
)
@click.option(
    "--threshold",
    default="0.5",
    show_default=True,
    metavar="f1|youden|fpr=SHARE|NUMBER",
    help="Fake probability from which a text is called fake: where F1, or hits less false alarms, "
    "are best, where false alarms stay at a share, or a number.",
)
@click.option(
    "--coverage",
    type=Number("--coverage"),
    help="Call no class where the model is unsure, so that this share of each class's texts is not "
    "called by the other's name: 0.9. Default: always call one.",
)
@click.option(
    "--splits",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the run's own splits are, if they have moved since training.",
)
@click.option("--no-text", is_flag=True, help="Leave article texts out of the report.")
def command(run: str, method: str, threshold: str, coverage: float | None, **options) -> None:
    """Choose how RUN's scores are read, on its validation texts: calibration, threshold, band.

    What is not asked for goes back to its default. The choice is kept in the run's model, and so
    goes into predict, evaluate, explain, serve and every export made from then on. Scores that the
    run had are set aside, for they are of the run as it was: evaluate it again.
    """
    from tfnews.evaluation.calibrate import calibrate, check
    from tfnews.runs import Run, model_folder

    check(method, threshold, coverage)
    opened = Run.open(run)
    model_folder(opened)
    asked = {"method": method, "threshold": threshold, "coverage": coverage, **options}
    report = calibrate(opened, **asked, say=say)

    from tfnews.report.screen import summary

    say(summary(report))
    say(f"\nReport: {opened.report_path}\nCard:   {opened.card_path}")
    next_step(f"tfnews evaluate {opened.name}")
