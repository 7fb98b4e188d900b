"""The texts that flipped, as a CSV table."""

import csv
import io
from dataclasses import astuple, fields

from tfnews.records import Flip, Promotion


def render(found: Promotion) -> str:
    """Return a line for each text that flipped, those that got worse first."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow([one.name for one in fields(Flip)])
    table.writerows(astuple(flip) for flip in found.flips)
    return file.getvalue()
