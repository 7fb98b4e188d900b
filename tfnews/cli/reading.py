"""Options that say how files of news are read, the same for every command that reads them."""

from collections.abc import Callable

import click

from tfnews.cli.numbers import Number
from tfnews.data.blocks import LONGEST_RECORD

record_option = click.option(
    "--max-record-bytes",
    type=Number("--max-record-bytes"),
    default=LONGEST_RECORD,
    show_default=True,
    help="A longer record is left out and counted, and never held in memory.",
)
_OPTIONS = (
    click.option(
        "--encoding",
        help="Encoding of the files, such as windows-1252 or utf-16. By default it is found out: "
        "UTF-8, UTF-16 by its mark or zeros, else Windows-1252 or what fits better, which is said.",
    ),
    click.option(
        "--delimiter",
        help="What divides the fields: one character, or comma, semicolon, tab or pipe. By default "
        "it is found out.",
    ),
    click.option(
        "--no-header",
        "header",
        flag_value=False,
        default=True,
        help="The first row is no header: columns are named by their numbers, from 1.",
    ),
    record_option,
)


def reading_options(command: Callable) -> Callable:
    """Give a command the options encoding, delimiter, header and max_record_bytes."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
