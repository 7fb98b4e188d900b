"""`tfnews stress`: change a run's texts in small ways, and say what its answers are still worth."""

import json
import shlex
from pathlib import Path

import click

from tfnews.cli.numbers import Number
from tfnews.cli.say import next_step, say, typed
from tfnews.cli.trusting import trust_option


@click.command()
@click.argument("run")
@click.option(
    "--split",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="Which of the run's texts are changed; a reading of the test split is counted.",
)
@click.option(
    "--splits",
    type=click.Path(exists=True, path_type=Path),
    help="Where the run's own splits are, if they have moved since training.",
)
@click.option(
    "--texts",
    type=Number("--texts"),
    default=2000,
    show_default=True,
    help="Texts that are changed at most; of more, that many are drawn at random.",
)
@click.option(
    "--seed",
    type=Number("--seed"),
    default=0,
    show_default=True,
    help="Of texts and changes that are drawn.",
)
@click.option(
    "--to",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder for stress.html, .md, .json and figures.",
)
@click.option("--no-text", is_flag=True, help="Leave article texts out of the run's report.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@trust_option
def command(
    run: str, to: Path | None, as_json: bool, no_text: bool, trust_graph: bool, **options: object
) -> None:
    """Change RUN's texts in small ways that keep their labels, and hold its answers against them.

    Typos, case, punctuation, datelines cut and put in, footers cut, the first 50 words, the title
    alone, sentences shuffled, look-alike letters, characters that nobody sees, synonyms: F1 and the
    share of calls that flip, with intervals, and the worst in words. They are kept
    in RUN, whose report and card show the worst until RUN is calibrated anew.
    """
    from tfnews.evaluation.stress import carry_out, check

    request = check(run, to=to, **options)  # before TensorFlow starts, which takes seconds
    manner = {"no_text": no_text, "trust_graph": trust_graph, "command": typed()}
    found = carry_out(request, to=to, **manner)
    if as_json:
        say(json.dumps(found.to_json(), ensure_ascii=False, indent=2))
        return
    from tfnews.report.stress import screen

    say(screen.render(found))
    if to is not None:
        say(f"\nWritten: {to / 'stress.html'}, .md, .json and figures")
    else:
        next_step(f"tfnews stress {shlex.quote(run)} --to DIR")
