"""`tfnews fit`: train one architecture on a folder of splits."""

import time
from pathlib import Path

import click

from tfnews.catalogue import DEFAULT
from tfnews.catalogue.names import BALANCES, CALIBRATIONS, CLASS_WEIGHTS, LONG, PRECISIONS, RECIPES
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
    "--seeds",
    type=Number("--seeds"),
    metavar="N",
    help="Train N runs from --seed on, one a seed, as a group that compare shows as one row.",
)
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
    "--balance",
    type=click.Choice(BALANCES),
    help="Of several data sets: whether each text weighs the same in training, or each set. "
    "Default: rows.",
)
@click.option(
    "--calibrate",
    type=click.Choice(CALIBRATIONS),
    help="How scores are mapped at the end, as fitted on validation, so that they can be read as "
    "shares. Default: temperature, which moves no decision at .5.",
)
@click.option(
    "--precision",
    help=f"auto, {', '.join(PRECISIONS)}. Runs are saved in float32.",
)
@click.option(
    "--devices",
    help="What trains: auto (the one that TensorFlow takes), all GPUs, some by number (0,1), or "
    "cpu:2, to try without GPUs. May be given with --resume.",
)
@click.option(
    "--deterministic/--not-deterministic",
    default=None,
    help="Give the same numbers to the bit when the same command is run again, on a GPU too. "
    "Default: off.",
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
    help="Go on with a fit that was broken off, from its newest checkpoint, or with a group of "
    "--seeds: what is broken off of it, and seeds not begun.",
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
def command(data: tuple[Path, ...], seeds: int | None, **options: object) -> None:
    """Train one architecture on fixed splits.

    The test split is never read. The weights of the best epoch are kept. Values given here win
    over TFNEWS_FIT_... environment variables, those over --config, those over the row's recipe.
    """
    from tfnews.training.asked import check, check_seeds

    started = time.perf_counter()
    options["data"] = (data[0] if len(data) == 1 else data) or None
    check(**options)  # before TensorFlow starts, which takes seconds
    if seeds is not None:
        check_seeds(seeds, options["arch"], options["resume"], options["dry_run"])
        _seeds(seeds, options)
        return

    from tfnews.groups import find_group

    if options["resume"] is not None and find_group(options["resume"]):
        _resumed_seeds(options)
        return

    from tfnews.training.fit import closing_words, fit

    run = fit(**options, command=typed(), say=say)
    if run is None:
        next_step("the same command without --dry-run")
        return
    say(closing_words(run))
    say(f"The whole command took {time.perf_counter() - started:.1f} s.")
    next_step(f"tfnews evaluate {run.name}")


def _seeds(seeds: int, options: dict) -> None:
    from tfnews.training.seeds import closing_words, fit_seeds

    runs = fit_seeds(seeds, **options, command=typed(), say=say)
    say(closing_words(runs))
    next_step("; ".join(f"tfnews evaluate {run.name}" for run in runs))


def _resumed_seeds(options: dict) -> None:
    from tfnews.training.seeds import closing_words, resume_seeds

    told = {name: options[name] for name in ("floor", "devices", "trust_graph")}
    runs = resume_seeds(options["resume"], **told, say=say)
    say(closing_words(runs))
    next_step("; ".join(f"tfnews evaluate {run.name}" for run in runs))
