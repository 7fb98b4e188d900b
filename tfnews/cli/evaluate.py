"""`tfnews evaluate`: score a run and write its report."""

import shlex
from pathlib import Path

import click

from tfnews.cli.say import next_step
from tfnews.cli.trusting import trust_option
from tfnews.errors import UsageError
from tfnews.runs import Run


@click.command()
@click.argument("run")
@click.option(
    "--data",
    multiple=True,
    metavar="SPLITS",
    type=click.Path(exists=True, path_type=Path),
    help="Splits of another data set to score the run on, whole. Repeatable.",
)
@click.option(
    "--splits",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the run's own splits are, if they have moved since training.",
)
@click.option(
    "--prevalence",
    "prevalences",
    multiple=True,
    type=click.FloatRange(0, 1),
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
def command(run: str, data: tuple[Path, ...], **options: object) -> None:
    """Score RUN on its own splits, or on other data sets, and write its report and card.

    Every reading of the test split is counted in the run: choose models on the validation split,
    and read the test split once.
    """
    opened = Run.open(run)  # now: the imports take seconds
    _check_folders(opened, data)
    from tfnews.evaluation.evaluate import evaluate
    from tfnews.report.screen import summary

    click.echo(summary(evaluate(opened, data, **options)))
    click.echo(f"\nReport: {opened.report_path}\nCard:   {opened.card_path}")
    next_step(f"tfnews predict {opened.name} FILE")


def _check_folders(run: Run, data: tuple[Path, ...]) -> None:
    """Say how a file of news becomes splits, with the columns that the run was trained on."""
    for path in data:
        if not path.is_dir():
            raise UsageError(
                f"{path} is a file, and --data takes splits. Make them with: tfnews data prepare "
                f"{shlex.quote(str(path))} {_columns(run)}--out FOLDER"
            )


def _columns(run: Run) -> str:
    """Return the options that name the columns of the training news."""
    for record in (run.config.splits.columns or ())[:1]:
        named = {"title": record.title, "text": record.text, "label": record.label}
        said = ((role, name) for role, name in named.items() if name and name != role)
        return "".join(f"--{role}-column {shlex.quote(name)} " for role, name in said)
    return ""
