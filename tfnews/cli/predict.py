"""`tfnews predict`: score texts with a run."""

import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tfnews import progress
from tfnews.catalogue.names import BACKENDS, PRECISIONS, RUNNERS
from tfnews.cli.numbers import Number
from tfnews.cli.reading import reading_options
from tfnews.cli.say import next_step, say
from tfnews.cli.trusting import trust_option
from tfnews.data.tables import FORMATS
from tfnews.data.text import shown
from tfnews.errors import RunError, UsageError
from tfnews.runs import Run
from tfnews.scoring.answers import OUTPUT_FORMATS, Prediction, output_format, write_predictions
from tfnews.scoring.predict import CAUTION, score
from tfnews.scoring.request import check
from tfnews.scoring.tally import Tally

if TYPE_CHECKING:
    from tfnews.export.litert import Parity


@click.command()
@click.argument("run")
@click.argument("source", required=False, metavar="[FILE|FOLDER|-]")
@click.option("--text", "texts", multiple=True, help="A text to score. Repeatable.")
@click.argument("runner_options", nargs=-1, type=click.UNPROCESSED, metavar="[-- RUNNER OPTIONS]")
@click.option(
    "--output",
    type=click.Path(),
    help="File for the answers: .csv, .jsonl or .parquet. Default: standard output. With --runner "
    "a folder.",
)
@click.option(
    "--runner",
    type=click.Choice(RUNNERS),
    help="Score all files that FILE, a pattern in quotes, names, as an Apache Beam pipeline on "
    "this engine; its options stand after --. What is finished is not scored again.",
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
    type=Number("--batch-size"),
    help="Texts scored together; sixteen times as many are held in memory. Default: 16 for a "
    "transformer, 64 for cnn, else 256.",
)
@click.option(
    "--threshold",
    type=Number("--threshold"),
    help="Fake probability from which a text counts as like the fake class. Default: the run's, "
    "with its band of unsure scores, if it has one.",
)
@click.option(
    "--precision",
    type=click.Choice(PRECISIONS),
    default="float32",
    show_default=True,
    help="mixed_bfloat16 is faster for transformers on CPUs with AMX and on GPUs that have it; "
    "most scores then differ by less than a thousandth, a few by hundredths.",
)
@click.option(
    "--backend",
    type=click.Choice(BACKENDS),
    default=BACKENDS[0],
    show_default=True,
    help="litert scores a transformer's texts by LiteRT on the CPU, with weights in 8 bits: faster "
    "where there are many. Scores differ, most by hundredths: how far is measured and said.",
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
    runner_options: tuple[str, ...],
    texts: tuple[str, ...],
    output: str | None,
    runner: str | None,
    input_format: str | None,
    answer_format: str | None,
    backend: str,
    **options: object,
) -> None:
    """Score texts with a run, in order and in any amount.

    Reads CSV, TSV, JSON, Parquet, Excel or one text a line; gzip is recognised. Of a folder each
    .txt file is one text. A record that cannot be read, or is too short, or in another script or
    language than the training texts, is answered as not_scored with the reason; an unusual
    vocabulary is a caution beside the score; where the run has a band of unsure scores, a text in
    it is answered as unsure, without a label. Columns of the answer: id, fake_probability, label,
    outcome, reason.
    """
    if runner:
        pattern = _choose_pattern(source, texts, output, backend)
        answers = {"output_format": answer_format or "jsonl", "format": input_format}
        how = {"runner": runner, "runner_options": runner_options}
        _predict_files(run, pattern, output, **answers, **how, **options)
        return
    _check_single(runner_options)
    output = None if output is None else Path(output)
    _check_output(output, answer_format, source)
    account = Counter()
    given = _choose_source(source, texts)
    request = check(run, given, format=input_format, account=account, backend=backend, **options)
    classifier = request.opened()
    scorer = request.scorer(classifier)
    threshold = classifier.threshold if request.threshold is None else request.threshold
    tally = Tally(threshold)
    _write(tally.watch(score(request, classifier, scorer)), output, answer_format)
    if output is None and sys.stdout.isatty():
        say("", err=True)
    for line in _summary(tally, classifier.class_names, classifier.trained_on, account):
        say(line, err=True)
    if scorer is not classifier and scorer.parity:
        say(_moved(scorer.parity), err=True)
    tally.check_any_scored()
    if output is None:  # standard output carries the answers
        say(f"\nNext: tfnews predict {shlex.quote(run)} FILE --output scores.csv", err=True)
    else:
        next_step(_after(run, source or "TEXT"))


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
    return texts or source


def _check_single(more: tuple[str, ...]) -> None:
    if more:
        raise UsageError(
            f"One file is scored at a time. Received besides: {shown(more[0], 100)!r}. Many files "
            "are scored with --runner DirectRunner and a pattern in quotes, such as "
            "'articles-*.jsonl'."
        )


def _choose_pattern(
    source: str | None, texts: tuple[str, ...], output: str | None, backend: str
) -> str:
    if backend != BACKENDS[0]:
        raise UsageError(
            "With --runner TensorFlow scores: each worker would convert the run for itself, and "
            f"none could say how far it is off. Leave --backend {backend} out, or --runner."
        )
    if texts:
        raise UsageError("With --runner files are scored. Leave --text out, or --runner.")
    if source is None or source.startswith("--"):  # what stands after a lone -- is options
        raise UsageError(
            "With --runner, name the files before its options: 'articles-*.jsonl', in quotes."
        )
    if output is None:
        raise UsageError("With --runner, name a folder for the answers: --output FOLDER.")
    return source


def _predict_files(run: str, pattern: str, output: str, **options: object) -> None:
    from tfnews.scoring.sharded.predict import predict_files

    outcome = predict_files(run, pattern, output, **options)
    before = f", {outcome.finished_before:,} of them before" if outcome.finished_before else ""
    say(f"{outcome.finished:,} shards are finished{before}.", err=True)
    tally = outcome.tally
    for line in _summary(tally, outcome.class_names, outcome.trained_on, outcome.notes):
        say(line, err=True)
    outcome.check_all_read()
    tally.check_any_scored()
    next_step(f"head {shlex.quote(output)}/input-00000/*")


def _check_output(output: Path | None, format: str | None, source: str | None) -> None:
    if output is None:
        if format == "parquet":
            raise UsageError("Parquet goes to a file. Name it with --output.")
        if sys.__stdout__ is None:
            raise UsageError("Standard output is closed. Name a file for the answers: --output.")
        return
    if output.is_dir():
        raise UsageError(f"--output {output} is a folder. Name a file, or give --runner.")
    output_format(output, format)
    if source and output.exists() and os.path.exists(source) and output.samefile(source):
        raise UsageError(f"--output {output} is the file that is read. Name another.")


def _write(predictions: Iterator[Prediction], output: Path | None, format: str | None) -> None:
    if output is not None:
        write_predictions(predictions, output, format)
        return
    seen = sys.stdout.isatty()
    write = OUTPUT_FORMATS[format or ("table" if seen else "csv")]
    write(_alone(predictions) if seen else predictions, sys.stdout.buffer)
    sys.stdout.buffer.flush()


def _alone(predictions: Iterator[Prediction]) -> Iterator[Prediction]:
    """Leave the terminal to answers from the first on: they show themselves how far it has come."""
    for prediction in predictions:
        progress.done()
        yield prediction


def _after(run: str, source: str) -> str:
    """Return what comes next: the test split's scores, unless they are there."""
    try:
        if not Run.open(run).config.test_reads:
            return f"tfnews evaluate {shlex.quote(run)}"
    except RunError:  # a model's folder, which nothing but texts can be asked
        pass
    return f"tfnews explain {shlex.quote(run)} {shlex.quote(source)} --row ID"


def _summary(
    tally: Tally, class_names: tuple[str, str], trained_on: str, account: Counter
) -> list[str]:
    """Say what happened, and what the scores are not."""
    scored = tally.flagged + tally.below + tally.unsure
    unsure = f", {tally.unsure} unsure" if tally.unsure else ""
    kinds = ", ".join(f"{kind} {count}" for kind, count in tally.not_scored.most_common())
    missed = f"{tally.not_scored.total()} not scored ({kinds})" if kinds else "none left out"
    cautions = ", ".join(f"{kind} {count}" for kind, count in tally.cautions.most_common())
    doubtful = f", {tally.cautions.total()} with a caution ({cautions})" if cautions else ""
    return [
        *(f"Note: {what}: {number:,}" for what, number in account.items() if number),
        f"{scored:,} scored{unsure}{doubtful}, {missed}.",
        *(f"Warning: {warning}" for warning in tally.warnings()),
        *(_meaning(tally, class_names, trained_on) if scored else []),
    ]


def _moved(parity: "Parity") -> str:
    """Say how far LiteRT's answers are from TensorFlow's, and where that counts what to do."""
    which = f"the first {parity.texts} texts" if parity.texts > 1 else "the first text"
    line = (
        f"LiteRT in 8 bits against TensorFlow on {which}: at most {parity.largest:.2g} apart, "
        f"{parity.changed} of {parity.texts} decisions otherwise."
    )
    more = " For the run's own decisions on every text, leave --backend litert out."
    return line + more * bool(parity.changed)


def _meaning(tally: Tally, class_names: tuple[str, str], trained_on: str) -> list[str]:
    """Say once what the labels of all answers mean, and what scores are not."""
    real, fake = class_names
    return [
        f"{tally.flagged:,} at or above the threshold of {tally.threshold:g}, label {fake}: they "
        f"resemble texts labelled {fake} in {trained_on}.",
        f"{tally.below:,} below it, label {real}: they resemble texts labelled {real} there.",
        CAUTION,
    ]
