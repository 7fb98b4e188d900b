"""`tfnews compare`: say which run to ship, or whether a new model may replace the old one."""

import json
import shlex
from pathlib import Path

import click

from tfnews.cli.numbers import Number
from tfnews.cli.say import next_step, say
from tfnews.cli.trusting import trust_option
from tfnews.errors import UsageError
from tfnews.runs import Run, is_run, model_folder

_READING = ("fake_values", "real_values", "title_column", "text_column", "label_column")


@click.command()
@click.argument("models", nargs=-1, metavar="[RUN]...")
@click.option(
    "--data",
    metavar="SPLITS|FILE",
    type=click.Path(path_type=Path),
    help="Texts that all are asked: splits of any set, or a file of texts and labels. Texts that "
    "one was trained on are left out.",
)
@click.option(
    "--splits",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the runs' own splits are, if they have moved since training.",
)
@click.option(
    "--to",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder for compare.html, .md, .json and .csv and figures; with --gate for gate.json "
    "and flips.csv.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@click.option(
    "--gate",
    is_flag=True,
    help="Of two, OLD and NEW, ask whether NEW may take OLD's place: exit code 1 if not. Takes "
    "folders of exports and .tflite files too.",
)
@click.option(
    "--cleaning",
    is_flag=True,
    help="Ask what `data prepare --cut` costs or gains: runs of one architecture on the same "
    "articles, cut differently.",
)
@click.option(
    "--tolerance",
    type=Number("--tolerance"),
    default=0.01,
    show_default=True,
    help="With --gate: fall of F1 on these texts that is accepted; the point counts, not its "
    "interval.",
)
@click.option(
    "--show",
    type=Number("--show"),
    default=10,
    show_default=True,
    help="With --gate: flipped texts that are listed.",
)
@trust_option
@click.option("--fake-value", "fake_values", multiple=True, help="A label of FILE to read as 1.")
@click.option("--real-value", "real_values", multiple=True, help="A label of FILE to read as 0.")
@click.option("--title-column", help="Column of the titles of FILE.")
@click.option("--text-column", help="Column of the texts of FILE.")
@click.option("--label-column", help="Column of the labels of FILE.")
def command(
    models: tuple[str, ...],
    data: Path | None,
    splits: Path | None,
    to: Path | None,
    as_json: bool,
    gate: bool,
    cleaning: bool,
    tolerance: float,
    show: int,
    trust_graph: bool,
    **reading: object,
) -> None:
    """Say which of several RUNs to ship; by default of all on the same splits.

    The validation split decides which is best and which are as good; of these the smallest is
    named. Test scores are those that tfnews evaluate kept: no test split is scored anew. A group
    of seeds goes by its name and is one row.
    """
    _check_gate_alone(gate)
    if cleaning:
        _cleaning(models, to, as_json, data or splits or gate or any(reading.values()))
        return
    _check(models, data, splits, gate, reading)
    if gate:
        _gate(
            models, data, to, as_json, show, tolerance=tolerance, trust_graph=trust_graph, **reading
        )
        return
    from tfnews.comparison.compare import compare
    from tfnews.report.ranking import screen, wording

    found = compare(models, data, splits=splits, to=to, trust_graph=trust_graph, **reading)
    say(_json(found) if as_json else screen.render(found))
    if as_json:
        return
    if to is not None:
        say(f"\nWritten: {to / 'compare.html'}, .md, .json, .csv")
        if ship := wording.advised(found):
            next_step(f"tfnews export {ship}")
    else:
        given = " ".join(map(shlex.quote, models))
        next_step(f"tfnews compare {given}{' ' if given else ''}--to DIR")


def _check_gate_alone(gate: bool) -> None:
    """Refuse what only the gate reads: a pipeline that forgot --gate would always go on."""
    source = click.get_current_context().get_parameter_source
    for name in ("tolerance", "show"):
        if not gate and source(name) is click.core.ParameterSource.COMMANDLINE:
            raise UsageError(
                f"--{name} belongs to --gate, without which nothing is refused: "
                "tfnews compare OLD NEW --data FILE --gate."
            )


def _check(
    models: tuple[str, ...], data: Path | None, splits: Path | None, gate: bool, reading: dict
) -> None:
    """Refuse what cannot be carried out before TensorFlow starts, which takes seconds."""
    if gate and (len(models) != 2 or data is None or splits is not None):
        raise UsageError(
            "--gate asks two models the same texts: tfnews compare OLD NEW --data FILE --gate. "
            f"Received: {len(models)} models, {'--data' if data else 'no --data'}"
            f"{', --splits' if splits else ''}."
        )
    if data is not None and splits is not None:
        raise UsageError("--data asks other texts than --splits: give one of them.")
    given = [name for name in _READING if reading[name]]
    if given and data is None:
        option = given[0].replace("values", "value").replace("_", "-")
        raise UsageError(f"--{option} says how the file of --data is read. Give --data FILE too.")


def _cleaning(models: tuple[str, ...], to: Path | None, as_json: bool, more: object) -> None:
    if more:
        raise UsageError(
            "--cleaning compares runs on their own splits: give it runs, --to and --json alone."
        )
    if not models:
        raise UsageError(
            "--cleaning takes the runs to compare, one for each choice of data prepare --cut: "
            "tfnews compare --cleaning RUN RUN"
        )
    from tfnews.comparison.cleaning import compare_cleaning
    from tfnews.report.cleaning import screen

    found = compare_cleaning(models, to=to)
    say(_json(found) if as_json else screen.render(found))
    if to is not None and not as_json:
        say(f"\nWritten: {to / 'cleaning.html'}, .md, .json, .csv")


def _gate(
    models: tuple[str, ...],
    data: Path,
    to: Path | None,
    as_json: bool,
    show: int,
    **options: object,
) -> None:
    for name in models:
        if is_run(name):
            model_folder(name)
        elif not Path(name).exists():
            Run.open(name)  # says so, before TensorFlow starts, which takes seconds
    from tfnews.comparison.promote import promote
    from tfnews.report.promotion import screen

    found = promote(*models, data, to=to, **options)
    say(_json(found) if as_json else screen.render(found, show))
    if to is not None and not as_json:
        say(f"\nWritten: {to / 'gate.json'}, {to / 'flips.csv'}")
    if not found.promoted:
        click.get_current_context().exit(1)


def _json(found: object) -> str:
    return json.dumps(found.to_json(), ensure_ascii=False, indent=2)
