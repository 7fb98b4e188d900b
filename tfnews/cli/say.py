"""Words that every command shares."""

import click

from tfnews import progress

TYPED = "tfnews.typed"


def typed() -> str | None:
    """Return the command line as it was typed, without the path of the program."""
    return click.get_current_context().meta.get(TYPED)


def say(line: str, err: bool = False) -> None:
    """Print a line where no line of progress is, on standard error if `err`."""
    with progress.paused():
        click.echo(line, err=err)


def next_step(command: str) -> None:
    """Print what to type next."""
    say(f"\nNext: {command}")
