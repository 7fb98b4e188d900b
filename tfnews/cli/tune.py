"""`tfnews tune`: search the settings of one architecture, and keep the best as a run."""

from pathlib import Path

import click

from tfnews.catalogue import DEFAULT
from tfnews.catalogue.names import PRUNERS
from tfnews.cli.numbers import Number
from tfnews.cli.say import next_step, say, typed
from tfnews.cli.trusting import trust_option


@click.command()
@click.option(
    "--data",
    metavar="SPLITS",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Folder of splits that `tfnews data prepare` wrote. Repeatable: several are joined, as "
    "`tfnews data join` does.",
)
@click.option("--arch", help=f"A row of `tfnews archs`. Default: {DEFAULT}.")
@click.option(
    "--trials",
    type=Number("--trials"),
    default=20,
    show_default=True,
    help="Trials to come to, earlier calls included. The first has the row's own settings.",
)
@click.option("--hours", type=Number("--hours"), help="After which no trial begins.")
@click.option(
    "--budget-ms",
    type=Number("--budget-ms"),
    help="Milliseconds that one text, asked alone, may take: they are measured, and the trials "
    "that no other beats in both are shown.",
)
@click.option(
    "--pruner",
    type=click.Choice(PRUNERS),
    default=PRUNERS[0],
    show_default=True,
    help="By what trials are broken off that do worse than others did after as many epochs.",
)
@click.option(
    "--name", help="Of the study. Default: tune-ARCH. The best becomes the run NAME-trialNUMBER."
)
@click.option("--weights", help="What each trial starts from, as `tfnews fit` takes it.")
@click.option(
    "--trainable/--frozen", default=None, help="Fine-tune pretrained weights, as `tfnews fit`."
)
@click.option("--epochs", type=int, help="Passes over the training split at most, of each trial.")
@click.option("--batch-size", type=int, help="Texts in a batch; not searched then.")
@click.option("--learning-rate", type=float, help="Of the optimizer; not searched then.")
@click.option("--max-tokens", type=int, help="Words kept of each text; not searched then.")
@click.option(
    "--seed",
    type=Number("--seed"),
    help="Of the halves of validation, of what trials try, and of each fit.",
)
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file of settings, which are not searched then; options given here win over it.",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any setting that `tfnews archs --settings ARCH` lists; not searched then. Repeatable.",
)
@trust_option
def command(data: tuple[Path, ...], **options: object) -> None:
    """Search the settings of one architecture on the validation split; test is never read.

    One half of the validation texts chooses, the other judges what was chosen. The same command
    goes on after a kill, or with more --trials, and several processes may share one search.
    `tfnews archs --settings ARCH` shows what is searched, and where.
    """
    from tfnews.training.tuning.asked import check

    data = (data[0] if len(data) == 1 else data) or None
    told = {name: value for name, value in options.items() if name != "trust_graph"}
    check(data, **told)  # before TensorFlow starts, which takes seconds

    from tfnews.training.tuning.tune import closing_words, tune

    found = tune(data, **options, command=typed(), say=say)
    say(f"\n{closing_words(found)}")
    if found.run is not None:
        next_step(f"tfnews evaluate {found.run.name}")
