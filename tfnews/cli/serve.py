"""`tfnews serve`: answer TensorFlow Serving's REST on this machine."""

import logging
import sys

import click

from tfnews import progress
from tfnews.cli.numbers import Number
from tfnews.cli.say import say
from tfnews.cli.trusting import trust_option
from tfnews.errors import UsageError


@click.command()
@click.argument("targets", nargs=-1, metavar="RUN|REPOSITORY...")
@click.option(
    "--port", type=Number("--port"), default=8501, show_default=True, help="0 takes a free one."
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Whoever reaches it may ask: there is no password.",
)
@click.option(
    "--poll",
    type=Number("--poll"),
    default=5.0,
    show_default=True,
    help="Seconds between two looks at the repositories.",
)
@click.option(
    "--max-batch",
    type=Number("--max-batch"),
    default=64,
    show_default=True,
    help="Texts computed together.",
)
@click.option(
    "--max-wait",
    type=Number("--max-wait"),
    default=0.002,
    show_default=True,
    help="Seconds that a text waits for others to be computed with.",
)
@click.option(
    "--max-queue",
    type=Number("--max-queue"),
    default=1024,
    show_default=True,
    help="Texts of a version that may wait; those beyond are answered 429.",
)
@click.option(
    "--max-rows",
    type=Number("--max-rows"),
    default=512,
    show_default=True,
    help="Texts of a request.",
)
@click.option(
    "--max-text",
    type=Number("--max-text"),
    default=1_000_000,
    show_default=True,
    help="Bytes of a text.",
)
@click.option(
    "--max-body",
    type=Number("--max-body"),
    default=4_000_000,
    show_default=True,
    help="Bytes of a request.",
)
@click.option(
    "--read-within",
    type=Number("--read-within"),
    default=10.0,
    show_default=True,
    help="Seconds that a client may take to send a request.",
)
@click.option(
    "--answer-within",
    type=Number("--answer-within"),
    default=60.0,
    show_default=True,
    help="Seconds until a request that waits is given up.",
)
@trust_option
def command(
    targets: tuple[str, ...],
    port: int,
    host: str,
    poll: float,
    trust_graph: bool,
    **limits: float,
) -> None:
    """Answer TensorFlow Serving's REST for RUNs and REPOSITORYs, and show a page at /.

    A RUN is served under its name as version 1. A REPOSITORY is a folder that tfnews export made:
    its versions and labels are followed as models.config says, also when it changes.
    """
    if not targets:
        raise UsageError(
            "What is to be served? Give a run or a folder of exports: tfnews serve RUN"
        )
    from tfnews.serving.asked import Limits, bind, check

    asked = check(targets, poll=poll, limits=Limits(**limits), trust_graph=trust_graph)
    bound = bind(host, port)  # before TensorFlow starts, which takes seconds

    from tfnews.serving.serve import serve

    # Notes on what is opened; standard error is for what fails.
    logging.getLogger("tfnews.models").addHandler(logging.StreamHandler(sys.stdout))
    serve(asked, bound, _told)


def _told(line: str) -> None:
    """Say what is served: what goes on from now on has no end to wait for."""
    progress.done()
    say(line)
