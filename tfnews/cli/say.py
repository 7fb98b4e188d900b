"""Words that every command shares."""

import click


def next_step(command: str) -> None:
    """Print what to type next."""
    click.echo(f"\nNext: {command}")
