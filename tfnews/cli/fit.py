"""`tfnews fit`: train one architecture on a folder of splits."""

import sys
import time
from pathlib import Path

import click

from tfnews.catalogue import DEFAULT
from tfnews.catalogue.names import CLASS_WEIGHTS, LONG, PRECISIONS, RECIPES
from tfnews.cli.say import next_step, typed
from tfnews.cli.trusting import trust_option


@click.command()
@click.option(
    "--data",
    metavar="SPLITS",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of splits that `tfnews data prepare` wrote.",
)
@click.option("--arch", help=f"A row of `tfnews archs`. Default: {DEFAULT}.")
@click.option(
    "--weights",
    help="A handle (HANDLE#sha256=DIGEST pins it), a folder or an archive; none starts afresh with "
    "a vocabulary learnt from the data. Default: the row's published weights.",
)
@click.option(
    "--trainable/--frozen",
    default=None,
    help="Fine-tune the pretrained weights, or keep them as they are. Default: as the row says.",
)
@click.option("--name", help="Name of the run. Default: the row, ft or frozen, the next number.")
@click.option("--epochs", type=int, help="Passes over the training split at most.")
@click.option("--batch-size", type=int, help="Texts in a batch.")
@click.option("--learning-rate", type=float, help="Learning rate of the optimizer.")
@click.option("--max-tokens", type=int, help="Words kept of each text; 0 keeps all.")
@click.option(
    "--long",
    help=f"What a transformer does with longer texts: {', '.join(LONG)}.",
)
@click.option(
    "--trainable-layers", type=int, help="Train a transformer's top layers only; 0 trains all."
)
@click.option("--seed", type=int, help="Seed of initial weights, order and dropout.")
@click.option(
    "--recipe",
    type=click.Choice(RECIPES),
    help="How to train: default, as chosen on the validation splits of several sets, or published, "
    "as the study did.",
)
@click.option(
    "--class-weight",
    type=click.Choice(CLASS_WEIGHTS),
    help="Whether both classes weigh the same in training, as scikit-learn balances them. Default: "
    "auto, from 3 texts of the commoner class to 1 of the other on.",
)
@click.option(
    "--precision",
    help=f"auto, {', '.join(PRECISIONS)}. Runs are saved in float32.",
)
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
    "--resume",
    metavar="RUN",
    help="Go on with a fit that was broken off, from its newest checkpoint.",
)
@click.option(
    "--from",
    "from_run",
    metavar="RUN",
    help="Go on from a trained run on other data: continual learning, domain adaptation.",
)
@click.option(
    "--floor/--no-floor",
    default=True,
    help="Fit tfidf beside the model and say whether a gain over it is shown. Default: on.",
)
@click.option(
    "--refit/--no-refit",
    default=None,
    help="When all is chosen, train once more on train and validation, for as many epochs as were "
    "best. Default: off.",
)
@click.option(
    "--dry-run", is_flag=True, help="Print the configuration and parameter counts; train nothing."
)
@trust_option
def command(**options: object) -> None:
    """Train one architecture on fixed splits.

    The test split is never read. The weights of the best epoch are kept. Values given here win
    over TFNEWS_FIT_... environment variables, those over --config, those over the row's recipe.
    """
    from tfnews.training.settings import check

    started = time.perf_counter()
    check(**options)  # before TensorFlow starts, which takes seconds

    from tfnews.training.fit import closing_words, fit

    run = fit(**options, command=typed(), say=click.echo, bar=sys.stderr.isatty())
    if run is None:
        next_step("the same command without --dry-run")
        return
    click.echo(closing_words(run))
    click.echo(f"The whole command took {time.perf_counter() - started:.1f} s.")
    next_step(f"tfnews evaluate {run.name}")
