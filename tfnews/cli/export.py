"""`tfnews export`: write a run for a server or a device."""

import shlex
from pathlib import Path

import click

from tfnews.catalogue.names import QUANTIZATIONS, TARGETS
from tfnews.cli.numbers import Number
from tfnews.cli.say import next_step, say
from tfnews.cli.trusting import trust_option
from tfnews.errors import UsageError


@click.command()
@click.argument("run", required=False)
@click.option(
    "--target",
    default="savedmodel",
    show_default=True,
    help=f"{', '.join(TARGETS)}, or all but the last that the architecture can be written for.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="Folder of exports; for web that of the page, to which the run is added if it is there. "
    "Default: ./exports, ./exports/web.",
)
@click.option(
    "--name", help="Name of the model there; a name that is taken gets its next version. "
    "Default: the run's."
)  # fmt: skip
@click.option(
    "--quantize",
    default="none",
    show_default=True,
    help=f"What weights become on a device: {', '.join(QUANTIZATIONS)}.",
)
@click.option(
    "--max-tokens", type=Number("--max-tokens"), help="Tokens of a text that a device reads."
)
@click.option(
    "--vocabulary", type=Number("--vocabulary"), help="Words that a device's table keeps."
)
@click.option(
    "--max-drop",
    type=Number("--max-drop"),
    default=0.01,
    show_default=True,
    help="Fall of F1 on the device that is accepted, 0 to 1.",
)
@click.option(
    "--accept-licence", is_flag=True, help="Write it though a licence seems to forbid it."
)
@click.option(
    "--min-document-frequency",
    type=Number("--min-document-frequency"),
    default=2,
    show_default=True,
    help="Learnt words of fewer training texts do not leave; 1 keeps all.",
)
@click.option(
    "--runtime",
    type=click.Path(path_type=Path),
    help="For web: folder of the two libraries that a page runs on, as node_modules has them or as "
    "the npm client packs them. Default: the npm client fetches them once.",
)
@click.option("--list", "list_", is_flag=True, help="List what lies in the folder of exports.")
@click.option("--promote", is_flag=True, help="Make a model's version on trial the stable one.")
@click.option(
    "--rollback", is_flag=True, help="Serve a model's version before; nothing is deleted."
)
@trust_option
def command(run: str | None, list_: bool, promote: bool, rollback: bool, **options: object) -> None:
    """Write RUN for a server or a device, and measure what that changes.

    A run exported under a name becomes that model's next version: the first is stable at once,
    each later one is the canary until --promote. --list, --promote and --rollback take the name of
    a model (--name, or in the place of RUN) and need no run.
    """
    from tfnews.export.request import PLACE, check

    if list_ or promote or rollback:
        if list_ + promote + rollback > 1:
            raise UsageError("--list, --promote and --rollback exclude each other. Give one.")
        place = Path(options["to"] or PLACE)
        _look_after(place, options["name"] or run, list_, promote)
        return
    if run is None:
        raise UsageError("Which run is to be exported? Give its name: tfnews export RUN")
    request = check(run, **options)  # before TensorFlow starts, which takes seconds

    from tfnews.export import serving
    from tfnews.export.export import carry_out
    from tfnews.export.repository import Model

    written = carry_out(request, say)
    for one in written:
        say(f"\n{one.path}: {one.bytes / 1e6:.2f} MB")
    paths = {one.target: one.path for one in written}
    if "web" in paths:
        say("A page must come from a server; any that serves files will do, this one too:")
        next_step(f"python -m http.server -d {shlex.quote(str(request.to))} 8000")
    if "savedmodel" in paths:
        label = Model(request.to, request.name).label_of(paths["savedmodel"])
        say(f"Then ask it:\n  {serving.curl(request.name, label)}")
        next_step(f"cd {shlex.quote(str(request.to))} && docker compose up")
    elif "tflite" in paths:
        program = shlex.quote(str(paths["tflite"] / "classify.py"))
        next_step(f'python {program} "{serving.EXAMPLE}"')


def _look_after(place: Path, name: str | None, list_: bool, promote: bool) -> None:
    from tfnews.export import wording
    from tfnews.export.repository import Model, models
    from tfnews.naming import check_name

    if name is not None:
        check_name(name, "The name of an exported model")
    if list_:
        found = models(place) if name is None else [Model(place, name)]
        lines = [line for model in found for line in wording.versions(model)]
        say("\n".join(lines or [f"No exports in {place}."]))
        return
    if name is None:
        raise UsageError("Which model? Give its name: tfnews export --rollback --name NAME")
    model = Model(place, name)
    say(wording.moved(name, model.promote() if promote else model.roll_back()))
    next_step(f"tfnews export --list --to {shlex.quote(str(place))}")
