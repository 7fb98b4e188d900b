"""The trial that was chosen becomes a run, and is judged on what did not choose it."""

import shutil
from dataclasses import replace

import numpy as np

from tfnews import progress
from tfnews.errors import RunError
from tfnews.evaluation import floor as floors
from tfnews.evaluation.measure import judged
from tfnews.models import NewsClassifier, load
from tfnews.records import TrialRecord, Tuning
from tfnews.report import board
from tfnews.report.tuned import assigned
from tfnews.runs import Run, saved_models_root
from tfnews.training import keeping
from tfnews.training.tuning import folder as files
from tfnews.training.tuning.asked import Asked
from tfnews.training.tuning.study import Study, front


def chosen(trials: list[TrialRecord], budget_ms: float | None) -> TrialRecord:
    """Return the trial of the highest F1 on the choosing half, of those within the budget.

    Args:
        trials: All of the search.
        budget_ms: Milliseconds that one text may take; `None` for any.

    Raises:
        RunError: All failed, or none answers in time.
    """
    best = front(trials)
    if not best:
        last = [one.fault for one in trials if one.fault]
        raise RunError(
            f"None of {len(trials)} trials came to a model. The last one: "
            f"{(last or ['broken off'])[-1][:200]}. Pin what they all have in common with --set, "
            "under another --name."
        )
    within = [one for one in best if budget_ms is None or one.ms_per_text <= budget_ms]
    if not within:
        fastest, with_ = best[-1], assigned(best[-1].settings)
        raise RunError(
            f"No trial of {len(trials)} answers one text within {budget_ms:g} ms. The fastest, "
            f"{fastest.number}, takes {fastest.ms_per_text:.2f} ms with {with_}, "
            f"F1 {fastest.f1:.4f}. Give a larger --budget-ms or more --trials: the search goes on."
        )
    return within[0]


def promote(
    study: Study, trials: list[TrialRecord], root: object = None, trust_graph: bool = False
) -> Run:
    """Make the chosen trial a run among the others, unless it is one.

    Its scores and its floor are those of the whole validation split; what it says of the search has
    those of each half.

    Args:
        study: No other process is at one of its trials.
        trials: All of it.
        root: Folder of runs.
        trust_graph: As `fit` takes it.

    Raises:
        RunError: All trials failed, none is within the budget, the model is gone, or the name is
            taken.
    """
    with files.locked(study.folder):
        best = chosen(trials, study.asked.budget_ms)
        name = study.name_of(best.number)
        there = saved_models_root(root) / name
        made = study.folder / files.TRIALS / name
        if there.exists():
            run = _known(there, study, best)
            run.update(tuning=_counted(run.config.tuning, study.asked, trials))
        elif not (made / "config.json").is_file():
            raise RunError(
                f"The run of trial {best.number}, the best of {study.asked.name}, was made and is "
                f"gone from {there.parent}. Train it again: tfnews fit --arch "
                f"{study.asked.row.name} --set {assigned(best.settings).replace(' ', ' --set ')}"
            )
        else:
            run = _judged(Run(made), study, trials, best, trust_graph, root).copy_to(root)
        shutil.rmtree(made, ignore_errors=True)
        return run


def _known(path: object, study: Study, best: TrialRecord) -> Run:
    run = Run.open(path)
    found = run.config.tuning
    if found is None or (found.digest, found.trial) != (study.digest, best.number):
        raise RunError(
            f"A run named {path.name!r} exists in {path.parent} and is none of this search. "
            "Remove it, or search under another --name."
        )
    return run


def _counted(found: Tuning, asked: Asked, trials: list[TrialRecord]) -> Tuning:
    """Return what a run says of the search, with the trials of now."""
    return replace(
        found,
        trials=len(trials),
        pruned=sum(one.state == "pruned" for one in trials),
        failed=sum(one.state == "failed" for one in trials),
        budget_ms=asked.budget_ms,
    )


def _judged(
    run: Run,
    study: Study,
    trials: list[TrialRecord],
    best: TrialRecord,
    trust_graph: bool,
    root: object,
) -> Run:
    """Score a trial's run on the whole validation split, and on the half that did not choose it."""
    asked, classifier = study.asked, load(run, trust_graph=trust_graph)
    frame = asked.splits.frame("validation")
    progress.stage("Scoring the validation split", "texts", len(frame))
    scored = classifier.probabilities(frame["combined_text"].tolist())
    keeping.score(classifier, asked.splits, run, scored)
    tuning = _held_out(asked, best, classifier, scored)
    tuning = replace(tuning, study=asked.name, digest=study.digest)
    compared = None
    if asked.row.name != floors.FLOOR:
        place = saved_models_root(root)
        compared = floors.compare(asked.splits, "validation", scored, classifier.threshold, place)
    run.update(tuning=_counted(tuning, asked, trials), floor=compared)
    board.write(run)
    return run


def _held_out(
    asked: Asked, best: TrialRecord, classifier: NewsClassifier, scored: np.ndarray
) -> Tuning:
    rows = asked.halves.judging
    frame = asked.splits.frame("validation").iloc[rows]
    found = judged(frame, scored[rows], classifier)
    interval = found.intervals["f1"]
    return Tuning(
        study=asked.name,
        digest="",
        trial=best.number,
        trials=0,
        settings=best.settings,
        rows=len(asked.halves.choosing),
        f1=best.f1,
        held_out_rows=len(rows),
        held_out_f1=found.scores["f1"],
        held_out_interval=interval and tuple(interval),
        ms_per_text=best.ms_per_text,
    )
