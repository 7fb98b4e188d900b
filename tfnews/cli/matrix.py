"""`tfnews matrix`: train on each of several data sets, test on all of them."""

from pathlib import Path

import click

from tfnews.catalogue import DEFAULT
from tfnews.cli.numbers import Number
from tfnews.cli.say import next_step, say, typed
from tfnews.cli.trusting import trust_option


@click.command()
@click.argument("data", metavar="SPLITS...", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--test-only",
    multiple=True,
    metavar="SPLITS",
    type=click.Path(exists=True, path_type=Path),
    help="Splits of a set to test on only, whole. Repeatable.",
)
@click.option(
    "--leave-one-out",
    is_flag=True,
    help="Train on all of SPLITS joined too, and on all but each: what sets teach together.",
)
@click.option("--arch", help=f"A row of `tfnews archs`. Default: {DEFAULT}.")
@click.option("--weights", help="What each model starts from, as `tfnews fit` takes it.")
@click.option("--seed", type=Number("--seed"), help="Seed of initial weights, order and dropout.")
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file of settings; options given here win over it.",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any setting that `tfnews archs --settings ARCH` lists. Repeatable.",
)
@click.option(
    "--out",
    default="matrix",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder for matrix.html, matrix.md, matrix.csv and matrix.json; those in it are replaced.",
)
@trust_option
def command(data: tuple[Path, ...], test_only: tuple[Path, ...], **options: object) -> None:
    """Train one architecture on each of SPLITS, and test each model on all of them.

    Texts that any model learns from, near-copies included, are left out of every test. Runs with
    the same settings are used again, so that the same command goes on after an interruption.
    """
    from tfnews.training.asked import check_sets

    check_sets(data, test_only, **options)  # before TensorFlow starts, which takes seconds

    from tfnews.report.matrix.screen import render
    from tfnews.training.matrix import FILES, matrix

    made = matrix(data, test_only=test_only, **options, command=typed(), say=say)
    say(f"\n{render(made)}\n")
    say("\n".join(f"Written: {options['out'] / name}" for name in FILES))
    next_step(f"tfnews evaluate {next(iter(made.runs.values()))}")
