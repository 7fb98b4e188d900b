"""One trial of a search: a fit on the half that chooses, its scores, and its row in TensorBoard."""

import errno
import gc
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median

import tensorflow as tf

from tfnews import progress
from tfnews.catalogue.settings import checked
from tfnews.errors import (
    FitInterruptedError,
    RunError,
    TfnewsError,
    UsageError,
    WeightsError,
    visible,
)
from tfnews.models import NewsClassifier, load
from tfnews.report import board
from tfnews.runs import Run
from tfnews.training.fit import fit_trial
from tfnews.training.tuning import folder as files
from tfnews.training.tuning.halves import Choosing
from tfnews.training.tuning.study import Claimed, Study, values_of

_TIMED = 50  # texts, one at a time
_LONGEST = 300  # characters of a fault
# What ends one trial and need not end the next, which has other settings.
_FAULTS = (TfnewsError, MemoryError, ValueError, ArithmeticError, tf.errors.OpError)
_OF_ALL = (UsageError, WeightsError, FitInterruptedError)  # what ends every trial alike
_FULL = os.strerror(errno.ENOSPC)  # TensorFlow gives the words alone


def run_trial(study: Study, claimed: Claimed, command: str | None, trust_graph: bool) -> None:
    """Fit with a trial's settings and end the trial: complete, pruned or failed.

    Args:
        study: The search.
        claimed: The trial.
        command: The command line that was typed.
        trust_graph: As `fit` takes it.

    Raises:
        UsageError: What would end every trial; as do WeightsError and OSError.
        FitInterruptedError: Ctrl-C; the trial is as one that was killed.
    """
    import optuna

    started = time.perf_counter()
    state, values, fault = "complete", None, None
    try:
        values = _fitted(study, claimed, command, trust_graph)
    except optuna.TrialPruned:
        state = "pruned"
    except _FAULTS as error:
        if isinstance(error, _OF_ALL) or _FULL in str(error):
            claimed.release()
            raise
        state, fault = "failed", visible(f"{type(error).__name__}: {error}"[:_LONGEST])
    except BaseException:
        claimed.release()
        raise
    claimed.trial.set_user_attr("seconds", round(time.perf_counter() - started, 2))
    if fault:
        claimed.trial.set_user_attr("fault", fault)
    _keep_logs(study, claimed, state)
    study.finish(claimed, state, values)
    gc.collect()  # the optimizer's moments, which cycles keep alive


def _fitted(study: Study, claimed: Claimed, command: str | None, trust_graph: bool) -> list[float]:
    """Fit, and return the values of the objectives."""
    asked, trial = study.asked, claimed.trial
    where = f"tried by {asked.name}"
    tried = {name: checked(name, value, where) for name, value in claimed.settings.items()}

    def after_epoch(epoch: int, logs: dict[str, float]) -> None:
        import optuna

        trial.set_user_attr("epochs", epoch + 1)
        if study.two or epoch + 1 == asked.options["epochs"]:
            return  # Optuna reports one objective only, and nothing is saved at the end
        trial.report(logs["val_f1"], epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    splits = Choosing(asked.splits, asked.halves.choosing)
    run = fit_trial(
        asked.row,
        splits,
        {**asked.options, **tried},
        study.name_of(claimed.number),
        root=study.folder / files.TRIALS,
        command=command,
        trust_graph=trust_graph,
        after_epoch=after_epoch,
    )
    ms = None
    if study.two:
        texts = splits.frame("validation")["combined_text"].tolist()
        ms = one_text_ms(load(run, trust_graph=trust_graph), texts)
    return values_of(run.scores().validation.scores["f1"], ms)


def one_text_ms(classifier: NewsClassifier, texts: Sequence[str]) -> float:
    """Return the median milliseconds from one raw text to its probability, asked alone.

    Every text is asked once before, so that no graph is traced and no page is fetched meanwhile.

    Args:
        classifier: In float32.
        texts: One or more, of which the first `_TIMED` are asked.
    """
    progress.stage("Timing answers")
    seconds = []
    for text in texts[:_TIMED]:
        classifier.probabilities([text])
    for text in texts[:_TIMED]:
        started = time.perf_counter()
        classifier.probabilities([text])
        seconds.append(time.perf_counter() - started)
    return round(1000 * median(seconds), 3)


def _keep_logs(study: Study, claimed: Claimed, state: str) -> None:
    """Keep what TensorBoard shows of a trial, whose run may be removed."""
    path = study.folder / files.TRIALS / study.name_of(claimed.number)
    logs = study.folder / files.LOGS / f"trial-{claimed.number}"
    with suppress(RunError):  # failed before there was a run
        if (path / "config.json").is_file():
            _copy_logs(Run(path), logs, state)


def _copy_logs(run: Run, logs: Path, state: str) -> None:
    shutil.rmtree(logs, ignore_errors=True)
    if run.logs_dir.is_dir():
        shutil.copytree(run.logs_dir, logs, ignore=shutil.ignore_patterns("words"))
    if state != "complete":
        last = (run.history() or [{}])[-1]
        names = {"f1": "val_f1", "accuracy": "val_accuracy"}
        scores = {f"validation/{name}": last[of] for name, of in names.items() if of in last}
        board.write_trial(run, logs, state, scores)
