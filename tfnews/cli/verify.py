"""`tfnews verify`: check that runs are what was saved."""

import click

from tfnews import progress
from tfnews.cli.say import say
from tfnews.cli.trusting import trust_option
from tfnews.errors import RunError, UsageError
from tfnews.runs import Run, is_run, saved_models_root


@click.command()
@click.argument("runs", nargs=-1, metavar="RUN...")
@click.option("--all", "all_", is_flag=True, help="Check every run in the saved models' folder.")
@trust_option
def command(runs: tuple[str, ...], all_: bool, trust_graph: bool) -> None:
    """Check that each RUN is what was saved, and say what differs.

    Looks at its record, at links out of it, at the SHA-256 of its model's files, at the classes
    that they name, at the graph of a module that it carries, at its weights, and at its splits
    where they are still there. Ends with exit code 5 where a run is not sound.
    """
    if bool(runs) == all_:
        raise UsageError("Which runs are to be checked? Give their names, or --all alone.")
    names = runs or [str(path.parent) for path in sorted(saved_models_root().glob("*/config.json"))]
    for name in names:
        if not is_run(name):
            Run.open(name)  # says so, before TensorFlow starts, which takes seconds
    from tfnews.models.verifying import verify

    unsound = 0
    for name in names:
        progress.stage(f"Checking {name}")
        found = verify(name, trust_graph=trust_graph)
        sound = all(one.sound for one in found)
        unsound += not sound
        say(f"{name}: {'sound' if sound else 'NOT SOUND'}")
        for one in found:
            say(f"  {one.check:<8} {'' if one.sound else '! '}{one.said}")
    if unsound:
        raise RunError(
            f"{unsound} of {len(names)} runs {'is' if unsound == 1 else 'are'} not sound. Copy "
            "them again from where they were made, or train again."
        )
