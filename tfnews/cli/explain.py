"""`tfnews explain`: tell which words moved a text's score."""

import json
import os
import sys
from pathlib import Path

import click

from tfnews.catalogue.names import EXPLANATIONS, PIECES
from tfnews.cli.numbers import Number
from tfnews.cli.reading import record_option
from tfnews.cli.say import next_step, say
from tfnews.cli.trusting import trust_option
from tfnews.data.article import article
from tfnews.data.tables import FORMATS
from tfnews.errors import UsageError
from tfnews.files import replacing
from tfnews.runs import Run, is_run, model_folder

_ENDINGS = (".html", ".json")


@click.command()
@click.argument("run")
@click.argument("source", metavar="TEXT|FILE|-")
@click.option(
    "--method",
    type=click.Choice(["auto", *EXPLANATIONS]),
    default="auto",
    show_default=True,
    help="exact for linear rows, gradients for rows with token vectors, occlusion for all; auto "
    "takes the one that suits the run best.",
)
@click.option(
    "--by", type=click.Choice(PIECES), default="word", show_default=True, help="What is judged."
)
@click.option(
    "--top",
    type=Number("--top"),
    default=10,
    show_default=True,
    help="Words or sentences in the table.",
)
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the explanation: .html for a page, .json for programs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option(
    "--row", help="Which record of a file: its id as predict tells it, else its number from 1."
)
@click.option(
    "--input-format",
    "format",
    type=click.Choice(list(FORMATS)),
    help="Default: the file name tells; plain text is one article.",
)
@click.option("--id-column", help="Column of the ids. Default: id, else records are numbered.")
@click.option("--title-column", help="Column of the titles. Default: as in predict.")
@click.option("--text-column", help="Column of the texts. Default: as in predict.")
@record_option
@trust_option
def command(
    run: str,
    source: str,
    method: str,
    by: str,
    top: int,
    to: Path | None,
    as_json: bool,
    trust_graph: bool,
    max_record_bytes: int,
    **record: str | None,
) -> None:
    """Tell what each word or sentence of one text adds to its score.

    It is influence on the score, not evidence. TEXT is the article itself; a file that is there is
    read, whole if it is plain text, and one record of it (--row) if it is CSV, TSV, JSON lines or
    Parquet. A text unlike the training texts gets the reason instead.
    """
    if to is not None and to.suffix.lower() not in _ENDINGS:
        raise UsageError(f"--to takes a name that ends in .html or .json. Received: {to}.")
    model_folder(run)  # now: the imports take seconds
    trained = ()
    if is_run(run):  # else a model's folder
        run = Run.open(run)
        trained = run.config.splits.columns or ()
    text = article(source, trained=trained, longest=max_record_bytes, **record)
    from tfnews.evaluation.explain import explain
    from tfnews.report.explanation import page, screen, wording

    found = explain(run, text, method=method, by=by, trust_graph=trust_graph)
    content = json.dumps(found.to_json(wording.notes(found)), ensure_ascii=False, indent=2)
    if to is not None:
        with replacing(to) as file:
            file.write(page.render(found, top) if to.suffix.lower() == ".html" else f"{content}\n")
    if as_json:
        say(content)
        return
    colour = _in_colour()
    say(screen.render(found, top, colour), styled=colour)
    if to is not None:
        say(f"\nWritten: {to}")
    elif found.reason is None:
        next_step(f"tfnews explain {_named(run)} FILE --to explanation.html")


def _in_colour() -> bool:
    """Tell whether the words may be coloured: https://no-color.org and pipes say no."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _named(run: str | Run) -> str:
    return run.name if isinstance(run, Run) else run
