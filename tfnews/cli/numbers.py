"""Numbers as options: within the bounds that the catalogue declares for them."""

import contextlib

import click

from tfnews.catalogue.bounds import BOUNDS, bounded


class Number(click.ParamType):
    """A number of an option, whose bounds are declared once for the command and its function.

    Args:
        option: A key of `BOUNDS`.
    """

    def __init__(self, option: str):
        self.option = option
        self.name = "number" if BOUNDS[option].kind is float else "integer"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | float:
        """Return the number."""
        if isinstance(value, str):
            with contextlib.suppress(ValueError):  # what is no number is refused as such
                value = BOUNDS[self.option].kind(value)
        return bounded(self.option, value)
