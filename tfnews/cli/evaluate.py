"""`tfnews evaluate`: score a run and write its report."""

from pathlib import Path

import click

from tfnews.cli.numbers import Number
from tfnews.cli.say import next_step, say
from tfnews.cli.trusting import trust_option
from tfnews.runs import model_folder


@click.command()
@click.argument("run")
@click.option(
    "--data",
    multiple=True,
    metavar="SPLITS",
    type=click.Path(exists=True, path_type=Path),
    help="Splits of another data set to score the run on, whole but for copies and near-copies of "
    "its training texts. Repeatable.",
)
@click.option(
    "--splits",
    type=click.Path(exists=True, path_type=Path),
    help="Where the run's own splits are, if they have moved since training.",
)
@click.option(
    "--prevalence",
    "prevalences",
    multiple=True,
    type=Number("--prevalence"),
    default=(0.01, 0.10),
    show_default=True,
    help="Share of fake texts at which the share of right flags is told. Repeatable.",
)
@click.option(
    "--slice-by",
    multiple=True,
    metavar="COLUMN",
    help="Column of the run's own splits by which errors are counted apart, besides length and the "
    "column that prepare took time from. Repeatable.",
)
@click.option("--no-text", is_flag=True, help="Leave article texts out of the report.")
@trust_option
def command(
    run: str,
    data: tuple[Path, ...],
    splits: Path | None,
    slice_by: tuple[str, ...],
    **options: object,
) -> None:
    """Score RUN on its own splits, or on other data sets, and write its report and card.

    Every reading of the test split is counted in the run: choose models on the validation split,
    and read the test split once.
    """
    model_folder(run)  # before pandas is imported, which takes a second
    from tfnews.evaluation.request import check

    # before TensorFlow starts, which takes seconds
    asked = check(run, data, splits=splits, slice_by=slice_by)

    from tfnews.evaluation.evaluate import carry_out
    from tfnews.report.screen import summary

    say(summary(carry_out(asked, **options)))
    say(f"\nReport: {asked.run.report_path}\nCard:   {asked.run.card_path}")
    next_step(f"tfnews predict {asked.run.name} FILE")
