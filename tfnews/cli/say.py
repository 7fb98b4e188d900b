"""Words that every command shares."""

import click

TYPED = "tfnews.typed"


def typed() -> str | None:
    """Return the command line as it was typed, without the path of the program."""
    return click.get_current_context().meta.get(TYPED)


def next_step(command: str) -> None:
    """Print what to type next."""
    click.echo(f"\nNext: {command}")
