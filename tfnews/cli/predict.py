"""`tfnews predict`: score texts with a run."""

import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfnews.catalogue.names import PRECISIONS
from tfnews.cli.reading import reading_options
from tfnews.cli.say import next_step
from tfnews.cli.trusting import trust_option
from tfnews.data.rows import layout_of
from tfnews.data.tables import FORMATS
from tfnews.errors import UsageError
from tfnews.scoring.predict import (
    CAUTION,
    OUTPUT_FORMATS,
    Prediction,
    Tally,
    check_source,
    output_format,
    predict,
    trained_columns,
    write_predictions,
)

if TYPE_CHECKING:
    from tfnews.models import NewsClassifier


@click.command()
@click.argument("run")
@click.argument("source", required=False, metavar="[FILE|FOLDER|-]")
@click.option("--text", "texts", multiple=True, help="A text to score. Repeatable.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the answers: .csv, .jsonl or .parquet. Default: standard output.",
)
@click.option(
    "--input-format",
    type=click.Choice(list(FORMATS)),
    help="Default: the file name tells; standard input holds one text a line.",
)
@click.option(
    "--output-format",
    "answer_format",
    type=click.Choice(list(OUTPUT_FORMATS)),
    help="Default: the name of --output tells; else table on a terminal, csv in a pipe.",
)
@click.option("--id-column", help="Column of the ids. Default: id, else records are numbered.")
@click.option(
    "--title-column",
    help="Column of the titles. Default: that of the training news, else title, if there is one.",
)
@click.option(
    "--text-column",
    help="Column of the texts. Default: combined_text, else that of the training news, else text.",
)
@reading_options
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    help="Texts scored together; sixteen times as many are held in memory. Default: 16 for a "
    "transformer, else 64.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="Fake probability from which a text counts as like the fake class. Default: the run's.",
)
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="float32",
    show_default=True,
    help="mixed_bfloat16 is faster for transformers on CPUs and GPUs that have its instructions; "
    "most scores then differ by less than a thousandth, a few by hundredths.",
)
@click.option(
    "--score-anyway",
    is_flag=True,
    help="Score texts unlike the training texts too; the reason against it stays in the answer.",
)
@trust_option
def command(
    run: str,
    source: str | None,
    texts: tuple[str, ...],
    output: Path | None,
    input_format: str | None,
    answer_format: str | None,
    batch_size: int | None,
    threshold: float | None,
    precision: str,
    score_anyway: bool,
    encoding: str | None,
    delimiter: str | None,
    header: bool,
    trust_graph: bool,
    **columns: str | None,
) -> None:
    """Score texts with a run, in order and in any amount.

    Reads CSV, TSV, JSON, Parquet, Excel or one text a line; gzip is recognised. Of a folder each
    .txt file is one text. A record that cannot be read, or is too short, or in another script or
    language than the training texts, is answered as not_scored with the reason; an unusual
    vocabulary is a caution beside the score. Columns of the answer: id, fake_probability, label,
    outcome, reason.
    """
    _check_output(output, answer_format, source)
    source = _choose_source(source, texts)  # now: opening the run takes seconds
    layout_of(encoding, delimiter, header)
    from tfnews.models import load

    classifier = load(run, trust_graph=trust_graph)
    account = Counter()
    tally = Tally(classifier.threshold if threshold is None else threshold)
    predictions = predict(
        classifier,
        source,
        format=input_format,
        batch_size=batch_size,
        threshold=threshold,
        precision=precision,
        score_anyway=score_anyway,
        trained=trained_columns(run),
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        account=account,
        **columns,
    )
    _write(tally.watch(predictions), output, answer_format)
    for line in _summary(tally, classifier, account):
        click.echo(line, err=True)
    tally.check_any_scored()
    if output is None:  # standard output carries the answers
        click.echo(f"\nNext: tfnews predict {shlex.quote(run)} FILE --output scores.csv", err=True)
    else:
        next_step(f"tfnews evaluate {shlex.quote(run)}")


def _choose_source(source: str | None, texts: tuple[str, ...]) -> str | tuple[str, ...]:
    if source is None and not texts:
        if sys.stdin is not None and not sys.stdin.isatty():
            raise UsageError(
                "There is nothing to score. To score standard input, such as a pipe, end the "
                "command with '-'; else give a file or --text \"...\"."
            )
        raise UsageError("There is nothing to score. Give a file, '-', or --text \"...\".")
    if source is not None and texts:
        raise UsageError(f"Give either {source!r} or --text, not both.")
    if source is not None:
        check_source(source)
    return texts or source


def _check_output(output: Path | None, format: str | None, source: str | None) -> None:
    if output is None:
        if format == "parquet":
            raise UsageError("Parquet goes to a file. Name it with --output.")
        return
    output_format(output, format)
    if source and output.exists() and os.path.exists(source) and output.samefile(source):
        raise UsageError(f"--output {output} is the file that is read. Name another.")


def _write(predictions: Iterator[Prediction], output: Path | None, format: str | None) -> None:
    if output is not None:
        write_predictions(predictions, output, format)
        return
    write = OUTPUT_FORMATS[format or ("table" if sys.stdout.isatty() else "csv")]
    write(predictions, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _summary(tally: Tally, classifier: "NewsClassifier", account: Counter) -> list[str]:
    """Say what happened, and what the scores are not."""
    scored = tally.flagged + tally.below
    kinds = ", ".join(f"{kind} {count}" for kind, count in tally.not_scored.most_common())
    missed = f"{tally.not_scored.total()} not scored ({kinds})" if kinds else "none left out"
    name = classifier.class_names[1]
    cautions = ", ".join(f"{kind} {count}" for kind, count in tally.cautions.most_common())
    doubtful = f", {tally.cautions.total()} with a caution ({cautions})" if cautions else ""
    return [
        *(f"Note: {what}: {number:,}" for what, number in account.items() if number),
        f"\n{scored} scored{doubtful}, {missed}.",
        *(f"Warning: {warning}" for warning in tally.warnings()),
        f"{tally.flagged} at or above the threshold of {tally.threshold:g}: they resemble texts "
        f"labelled {name} in {classifier.trained_on}.",
        CAUTION,
    ]
