"""Make a run of the average of runs: calibrated, scored and kept as every other."""

import itertools
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from tfnews import progress
from tfnews.catalogue.rows import ENSEMBLE
from tfnews.catalogue.settings import checked
from tfnews.data.text import listed
from tfnews.errors import RunError, UsageError
from tfnews.models import NewsClassifier, load
from tfnews.models.embedding.alias import AliasClassifier
from tfnews.models.ensemble import EnsembleClassifier, average, same_weights
from tfnews.records import Calibration, Config, Member, Parameters, WeightsRecord
from tfnews.report import board
from tfnews.report.shares import fitted_words
from tfnews.runs import Run
from tfnews.training import keeping
from tfnews.training.members import Asked, check
from tfnews.training.setup import described_splits, stack
from tfnews.weights.digests import module_digest

_LEARNT = "none"  # the handle of weights whose vocabulary comes from the training split
_NOTE = "An ensemble reads a text in several ways at once, for which only SavedModel has a form."


def ensemble(
    runs: Sequence[str | os.PathLike | Run],
    *,
    name: str | None = None,
    calibrate: str = "temperature",
    floor: bool = True,
    splits: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
    command: str | None = None,
    trust_graph: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Run:
    """Make the average of runs a run: the mean of their calibrated probabilities of the fake class.

    All members count the same. Their weights are copied, so that the ensemble stays what it is
    when they are calibrated anew or removed. It is calibrated on the validation texts in turn, and
    the test split is never read. Texts are refused that the members refuse: all have learnt that
    from the same texts.

    Example:
        >>> run = tfnews.ensemble(["tfidf-1", "cnn-ft-1"], name="both")
        >>> tfnews.load("both").probabilities(["Headline and body of an article"])

    Args:
        runs: Two or more complete runs on the same splits, or groups of runs that differ in their
            seed alone.
        name: Name of the run; by default ensemble and the next number.
        calibrate: temperature, platt, isotonic or none, fitted on the validation split.
        floor: Whether the tfidf floor is fitted and compared.
        splits: Where the runs' splits are now; by default where they were at training.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        command: The command line that was typed, for the report; by default this call.
        trust_graph: Whether a module that a member carries may do more than compute.
        say: Prints a line of what was found.

    Raises:
        UsageError: Runs that do not go together, are too few, are the same, or have a member that
            cannot be part of one.
        RunError: One is not there, is not complete or is not what was saved; or the name is taken.
        DataError: The splits are gone or were changed.
    """
    checked("calibrate", calibrate, "as an argument")
    asked = check(runs, name, splits, root)
    call = f"tfnews.ensemble({[run.name for run in asked.runs]!r}, name={asked.name!r})"
    started = time.perf_counter()
    opened = _opened(asked.runs, trust_graph)
    if raw := _uncalibrated(asked.runs, opened):
        say(raw)
    made = average(opened)
    config = replace(_config(asked, made, calibrate), command=command or call)
    run = Run.create(config, root)
    try:
        _kept(made, asked, run, calibrate, floor, say)
        seconds = time.perf_counter() - started + sum(one.config.fit_seconds for one in asked.runs)
        run.update(fit_seconds=round(seconds, 2))
        board.write(run)
        run.update(state="complete")
    except BaseException:
        shutil.rmtree(run.path, ignore_errors=True)  # there is nothing in it to go on from
        raise
    return run


def _opened(runs: Sequence[Run], trust_graph: bool) -> list[NewsClassifier]:
    opened = []
    for run in runs:
        progress.stage(f"Opening {run.name}")
        opened.append(load(run, trust_graph=trust_graph))
        if isinstance(opened[-1], AliasClassifier):
            raise UsageError(
                f"{run.name} stands on a TF-Hub module that is used as it is, which an ensemble "
                "cannot carry. Leave it out, or name weights that are read natively."
            )
    pairs = itertools.combinations(zip(runs, opened, strict=True), 2)
    for (one, first), (two, second) in pairs:
        if same_weights(first, second):
            raise UsageError(
                f"{one.name} and {two.name} have the same weights, so that one of them would only "
                "count twice. Leave one out, or train one otherwise or with another --seed."
            )
    return opened


def _uncalibrated(runs: Sequence[Run], opened: Sequence[NewsClassifier]) -> str:
    """Name the members whose scores are no shares; "" where all are calibrated."""
    raw = [
        run.name for run, one in zip(runs, opened, strict=True) if one.calibration == Calibration()
    ]
    if not raw:
        return ""
    return (
        f"Not calibrated: {listed(raw)}. Scores that are no shares may weigh more in the mean than "
        f"those of the others, or less. To calibrate first: tfnews calibrate {raw[0]}"
    )


def _config(asked: Asked, made: EnsembleClassifier, calibrate: str) -> Config:
    first, configs = asked.runs[0].config, [run.config for run in asked.runs]
    pretrained = {one.weights.name for one in configs if one.weights.handle != _LEARNT}
    trusted = tuple(dict.fromkeys(op for one in configs for op in one.weights.trusted or ()))
    return Config(
        state="training",
        name=asked.name,
        arch=ENSEMBLE,
        family=ENSEMBLE,
        trainable=any(one.trainable for one in configs),
        members=tuple(map(_member, asked.runs)),
        weights=WeightsRecord(
            handle=" + ".join(sorted(pretrained)) or _LEARNT,
            licence="; ".join(dict.fromkeys(one.weights.licence or "" for one in configs)),
            note=_NOTE,
            trusted=trusted or None,
        ),
        lineage=tuple(dict.fromkeys(step for one in configs for step in one.lineage)),
        splits=described_splits(asked.splits),
        recipe={"calibrate": calibrate},
        seed=first.seed,
        versions=stack(),
        input_rule=first.input_rule,
        parameters=Parameters(int(sum(np.prod(w.shape) for w in made.weights)), 0),
    )


def _member(run: Run) -> Member:
    return Member(
        run=run.name,
        path=str(run.path.resolve()),
        digest=module_digest(run.model_dir),
        arch=run.config.arch,
        learnt=run.config.weights.handle == _LEARNT,
    )


def _kept(
    made: EnsembleClassifier,
    asked: Asked,
    run: Run,
    calibrate: str,
    floor: bool,
    say: Callable[[str], None],
) -> None:
    """Calibrate, save and score, as a fit does at its end."""
    texts = asked.splits.frame("validation")["combined_text"].tolist()
    progress.stage("Scoring the validation split", "texts", len(texts))
    odds = made.log_odds(texts)
    if not np.isfinite(odds).all():
        raise RunError(
            f"The average of {', '.join(one.name for one in asked.runs)} is no number for some "
            "validation texts. Look for the member at fault with: tfnews evaluate RUN"
        )
    scored = keeping.calibrated(made, asked.splits, calibrate, run, odds, say)
    keeping.save(made, run)
    keeping.score(made, asked.splits, run, scored)
    if floor:
        keeping.compare_with_floor(made, asked.splits, run, scored, say)


def closing_words(run: Run) -> str:
    """Say in a few lines what an ensemble came to, beside what its members have."""
    found, splits = run.scores().validation, run.config.splits
    bounds = found.intervals["f1"]
    between = f" (95 % interval {bounds[0]:.4f} to {bounds[1]:.4f})" if bounds else ""
    lines = [
        f"F1 of the fake class, {splits.class_names[1]!r}, on {found.rows:,} texts of the "
        f"validation split of {splits.name} (label basis: {splits.label_basis}): "
        f"{found.scores['f1']:.4f}{between}",
        f"Its members there: {', '.join(map(_validation_f1, run.config.members))}.",
        fitted_words(run.scores().reliability["validation"]),
        f"Saved in {run.path}, with the weights of its members. The test split was not read.",
    ]
    return "\n".join(line for line in lines if line)


def _validation_f1(member: Member) -> str:
    judged = Run.open(member.path).scores().validation
    return f"{member.run} {judged.scores['f1']:.4f}" if judged else f"{member.run} not scored"
