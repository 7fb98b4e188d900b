"""Words that every command shares."""

import click

from tfnews import progress
from tfnews.errors import still

TYPED = "tfnews.typed"


def typed() -> str | None:
    """Return the command line as it was typed, without the path of the program."""
    return click.get_current_context().meta.get(TYPED)


def say(line: str, err: bool = False, styled: bool = False) -> None:
    """Print lines where no line of progress is, on standard error if `err`.

    Names in them come from users' files and steer no terminal, unless all of it is `styled`.
    """
    with progress.paused():
        click.echo(line if styled else still(line), err=err)


def next_step(command: str) -> None:
    """Print what to type next."""
    say(f"\nNext: {command}")
