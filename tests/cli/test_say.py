"""What a command prints."""

import json

import click
from click.testing import CliRunner

from tfnews.cli.say import say

NAME = "a\x1b[2J\x9b2J\x07\u202eb\ud800\u2028c\r"


def printed(*arguments, **options):
    command = click.command()(lambda: say(*arguments, **options))
    return CliRunner().invoke(command, color=True).output


def test_names_steer_no_terminal():
    """Names of classes, sets and runs come from others' files, and were printed as they are."""
    assert printed(f"{NAME}\n\tfake") == (
        "a\\u001b[2J\\u009b2J\\u0007\\u202eb\\ud800\\u2028c\\u000d\n\tfake\n"
    )


def test_json_is_the_same_json():
    content = {"name": NAME, "text": "Zürich 東京\u200d\n"}
    assert json.loads(printed(json.dumps(content, ensure_ascii=False))) == content


def test_what_is_styled_is_printed_as_it_is():
    assert printed(click.style("a", bold=True), styled=True) == "\x1b[1ma\x1b[0m\n"
