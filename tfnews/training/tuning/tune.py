"""Search the settings of an architecture on the validation split, and make a run of the best."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tfnews.catalogue.names import PRUNERS
from tfnews.catalogue.settings import SETTINGS
from tfnews.errors import FitInterruptedError
from tfnews.files import write_text
from tfnews.records import TrialRecord
from tfnews.report import tuned
from tfnews.runs import Run
from tfnews.training.tuning import folder as files
from tfnews.training.tuning.asked import Asked, check
from tfnews.training.tuning.chosen import promote
from tfnews.training.tuning.study import Study, front
from tfnews.training.tuning.trial import run_trial


@dataclass(frozen=True)
class Found:
    """What a search has come to.

    Attributes:
        trials: By number.
        front: Those that no other beats, the highest F1 first.
        run: The best as a run; `None` while another process is still at a trial.
    """

    trials: tuple[TrialRecord, ...]
    front: tuple[TrialRecord, ...]
    run: Run | None


def tune(
    data: str | os.PathLike | Sequence[str | os.PathLike],
    arch: str | None = None,
    *,
    trials: int = 20,
    hours: float | None = None,
    budget_ms: float | None = None,
    pruner: str = PRUNERS[0],
    name: str | None = None,
    weights: str | None = None,
    trainable: bool | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    config: str | os.PathLike | None = None,
    assignments: Iterable[str] = (),
    root: str | os.PathLike | None = None,
    command: str | None = None,
    trust_graph: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Found:
    """Search the settings of an architecture; the test split is never read.

    A trial is a fit on one half of the validation split: it stops, is calibrated and is compared by
    it. The best becomes a run, and is judged on the other half. The first trial has the row's own
    settings. The same call goes on with a search that was broken off or asks for more trials, and
    several processes may share one.

    Example:
        >>> found = tfnews.tune("splits", arch="tfidf", trials=20)
        >>> print(found.run.name, found.run.config.tuning.held_out_f1)

    Args:
        data: As `fit` takes it.
        arch: Name of a catalogue row; tfidf by default.
        trials: To come to, those of earlier calls included.
        hours: After which no trial begins.
        budget_ms: Milliseconds that one text, asked alone, may take. They are then measured and are
            an objective beside F1: no trial is broken off.
        pruner: median, hyperband or none: by what trials are broken off that do worse than others
            did after as many epochs.
        name: Of the study, a folder among the runs; by default tune-ARCH. The best becomes
            NAME-trialNUMBER.
        weights: As `fit` takes it. A setting that is given is not searched; nor are the next five.
        trainable: As `fit` takes it.
        epochs: As `fit` takes it.
        batch_size: As `fit` takes it.
        learning_rate: As `fit` takes it.
        max_tokens: As `fit` takes it.
        seed: Of the halves, of what trials try, and of each fit.
        config: As `fit` takes it.
        assignments: As `fit` takes it.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        command: The command line that was typed.
        trust_graph: As `fit` takes it.
        say: Prints a line of what was found.

    Raises:
        UsageError: A name, number or setting that is not allowed, or a study that searches
            something else.
        DataError: The splits cannot be used.
        WeightsError: The weights cannot be found or read.
        RunError: All trials failed, none is within the budget, or the study is damaged.
        FitInterruptedError: Ctrl-C; the same call goes on.
    """
    given = {key: value for key, value in locals().items() if key in SETTINGS}
    asked = check(
        data,
        arch,
        trials=trials,
        hours=hours,
        budget_ms=budget_ms,
        pruner=pruner,
        name=name,
        config=config,
        assignments=assignments,
        root=root,
        **given,
    )
    study = Study(asked)
    _say_beginning(asked, study, say)
    try:
        _search(study, command, trust_graph, say)
        return _found(study, root, trust_graph, say)
    except (KeyboardInterrupt, FitInterruptedError):
        raise FitInterruptedError(
            f"Interrupted. The search {asked.name} goes on with the same command."
        ) from None


def _say_beginning(asked: Asked, study: Study, say: Callable[[str], None]) -> None:
    study.settle()  # what was killed is tried again, and no trial that there is
    there = len(study.trials())
    begun = f"Going on with {asked.name} after {_trials(there)}" if there else "Searching"
    say(
        f"{begun}: {', '.join(f'{key} {where}' for key, where in asked.space.items())}. "
        f"{len(asked.halves.choosing):,} validation texts of {asked.splits.name} choose, "
        f"{len(asked.halves.judging):,} are kept aside"
    )
    if not asked.row.recipe and asked.record.pruner != "none":
        say(f"{asked.row.name} has no epochs: no trial is broken off early")
    elif study.two and asked.record.pruner != "none":
        say("With --budget-ms there are two objectives: no trial is broken off early")


def _trials(count: int) -> str:
    return f"{count} trial{'s' * (count != 1)}"


def _search(
    study: Study, command: str | None, trust_graph: bool, say: Callable[[str], None]
) -> None:
    """Run trials until there are enough, or time is over."""
    started, hours = time.monotonic(), study.asked.hours
    while (claimed := study.claim()) is not None:
        run_trial(study, claimed, command, trust_graph)
        trials = study.trials()
        say(_said(trials, claimed.number, study.asked.trials))
        if hours is not None and time.monotonic() - started >= 3600 * hours:
            if len(trials) < study.asked.trials:
                say(f"{hours:g} hours are over: {len(trials)} of {study.asked.trials} trials")
            return


def _said(trials: list[TrialRecord], number: int, of: int) -> str:
    """Say what a trial came to, and the best so far."""
    one = next(one for one in trials if one.number == number)
    best = front(trials)
    ms = "" if one.ms_per_text is None else f", {one.ms_per_text:.2f} ms"
    came = {
        "complete": f"F1 {one.f1 or 0:.4f}{ms}",
        "pruned": f"broken off after epoch {one.epochs}, F1 {one.f1 or 0:.4f}",
        "failed": f"failed: {one.fault}",
    }[one.state]
    so_far = f"; best {best[0].f1:.4f}" if best else ""
    tried = tuned.assigned(one.settings)
    return f"trial {number} of {of}  {came}{so_far}  {tried}  {one.seconds:.1f} s"


def _found(study: Study, root: object, trust_graph: bool, say: Callable[[str], None]) -> Found:
    """Choose, unless another process is still at a trial: then it will."""
    alone = study.settle()
    trials = study.trials()
    run = promote(study, trials, root, trust_graph) if alone else None
    write_text(study.folder / files.TABLE, tuned.csv_text(trials))
    if run is None:
        say("Another process is still at a trial of this search, and chooses when it ends")
    return Found(tuple(trials), tuple(front(trials)), run)


def closing_words(found: Found) -> str:
    """Say in a table and a few lines what a search came to."""
    table = "\n".join(tuned.lines(found.trials, found.front))
    if found.run is None:
        return table
    return (
        f"{table}\n\n{tuned.told(found.run.config.tuning)}\n"
        f"Saved in {found.run.path}. The test split was not read."
    )
