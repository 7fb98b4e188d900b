"""`tfnews serve`: answer TensorFlow Serving's REST on this machine."""

import click

from tfnews.cli.trusting import trust_option
from tfnews.errors import UsageError


@click.command()
@click.argument("targets", nargs=-1, metavar="RUN|REPOSITORY...")
@click.option("--port", type=int, default=8501, show_default=True, help="0 takes a free one.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Whoever reaches it may ask: there is no password.",
)
@click.option(
    "--poll",
    type=float,
    default=5.0,
    show_default=True,
    help="Seconds between two looks at the repositories.",
)
@click.option(
    "--max-batch", type=int, default=64, show_default=True, help="Texts computed together."
)
@click.option(
    "--max-wait",
    type=float,
    default=0.002,
    show_default=True,
    help="Seconds that a text waits for others to be computed with.",
)
@click.option(
    "--max-queue",
    type=int,
    default=1024,
    show_default=True,
    help="Texts of a version that may wait; those beyond are answered 429.",
)
@click.option("--max-rows", type=int, default=512, show_default=True, help="Texts of a request.")
@click.option("--max-text", type=int, default=1_000_000, show_default=True, help="Bytes of a text.")
@click.option(
    "--max-body", type=int, default=4_000_000, show_default=True, help="Bytes of a request."
)
@click.option(
    "--read-within",
    type=float,
    default=10.0,
    show_default=True,
    help="Seconds that a client may take to send a request.",
)
@click.option(
    "--answer-within",
    type=float,
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

    serve(asked, bound, click.echo)
