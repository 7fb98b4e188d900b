"""The texts that flipped, as a CSV table."""

from dataclasses import astuple, fields

from tfnews.records import Flip, Promotion
from tfnews.report import csv_table


def render(found: Promotion) -> str:
    """Return a line for each text that flipped, those that got worse first."""
    return csv_table.render([one.name for one in fields(Flip)], map(astuple, found.flips))
