"""`tfnews doctor`: what this machine has and lacks for tfnews."""

import json

import click

from tfnews.cli.say import say


@click.command()
@click.option(
    "--devices",
    is_flag=True,
    help="Start TensorFlow too, in a process of its own, and list what it computes on: seconds.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print JSON for a report of a fault: no path, no name of a user or a machine.",
)
def command(devices: bool, as_json: bool) -> None:
    """Say what this machine has and lacks, and what to install for which command.

    Ends with 1 where something is missing that every command needs.
    """
    from tfnews.doctor.doctor import doctor
    from tfnews.doctor.screen import render

    found = doctor(devices)
    say(json.dumps(found.passed_on().to_json(), indent=2) if as_json else render(found))
    if found.faults:
        click.get_current_context().exit(1)
