"""Train one architecture on a folder of splits and keep all that is learnt in a run."""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tfnews import progress
from tfnews.catalogue.rows import DEFAULT, Row, row
from tfnews.catalogue.settings import SETTINGS
from tfnews.data.splits import Splits, own_splits
from tfnews.errors import FitInterruptedError
from tfnews.evaluation import floor as floors
from tfnews.models.graph import trusting
from tfnews.models.opening import check_finite
from tfnews.records import Config, Judged
from tfnews.report import board, projector, sections, wording
from tfnews.report.shares import fitted_words
from tfnews.runs import Run, next_name
from tfnews.statistics import balance
from tfnews.statistics.metrics import best_threshold
from tfnews.training import keeping
from tfnews.training.asked import (
    check_devices,
    check_parent,
    opened,
    refuse_besides,
    without_none,
)
from tfnews.training.devices import explained
from tfnews.training.refit import refitted
from tfnews.training.settings import inherited, resolve
from tfnews.training.setup import Setup, again, described, from_row
from tfnews.training.setup import from_run as set_up_from_run
from tfnews.training.train import Encoded, train

_REFITTED = (
    "These scores are of the model before it was trained once more, on train and validation."
)
_GAIN_OF_THRESHOLD = 0.02  # of F1, from which another threshold is worth a line


@dataclass(frozen=True)
class _Manner:
    """How a fit goes about it, new or resumed, each as `fit` or `train` takes it."""

    floor: bool
    say: Callable[[str], None]
    after_epoch: Callable[[int, dict[str, float]], None] | None = None


def fit(
    data: str | os.PathLike | Sequence[str | os.PathLike] | None = None,
    arch: str | None = None,
    *,
    weights: str | None = None,
    trainable: bool | None = None,
    name: str | None = None,
    group: str | None = None,
    group_seeds: Sequence[int] = (),
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    max_tokens: int | None = None,
    long: str | None = None,
    trainable_layers: int | None = None,
    seed: int | None = None,
    class_weight: str | None = None,
    balance: str | None = None,
    calibrate: str | None = None,
    recipe: str | None = None,
    refit: bool | None = None,
    precision: str | None = None,
    devices: str | None = None,
    deterministic: bool | None = None,
    config: str | os.PathLike | None = None,
    assignments: Iterable[str] = (),
    resume: str | os.PathLike | None = None,
    from_run: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
    floor: bool = True,
    dry_run: bool = False,
    command: str | None = None,
    trust_graph: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Run | None:
    """Train an architecture on fixed splits; the test split is never read.

    Example:
        >>> run = tfnews.fit("splits", arch="swivel20", weights="none", epochs=10)
        >>> print(run.name, run.scores().validation.scores["f1"])

    Args:
        data: Folder of splits, as `prepare` writes it; or several, which are joined as `join` does.
        arch: Name of a catalogue row; tfidf by default.
        weights: TF-Hub handle, local module folder, or "none" for fresh weights.
        trainable: Whether pretrained weights are fine-tuned.
        name: Name of the run; by default arch, ft or frozen, and the next number.
        group: Of the runs that differ in their seed alone, for `fit_seeds`.
        group_seeds: All seeds of that group, for the same.
        epochs: Passes over the training split at most.
        batch_size: Texts in a batch.
        learning_rate: Of the optimizer.
        max_tokens: Words or pieces kept of a text; 0 keeps all, where that is possible.
        long: What a transformer does with longer texts: truncate, head-tail or windows.
        trainable_layers: Top layers of a transformer to train; 0 trains all.
        seed: Of initial weights, order and dropout.
        class_weight: auto, balanced or none: whether the rarer class weighs as much in training as
            the commoner one. auto balances from 3 texts to 1 on.
        balance: rows or sets: of several data sets, whether each text weighs the same in training,
            or each set.
        calibrate: temperature, platt, isotonic or none: how scores are mapped at the end, as fitted
            on the validation split, so that they can be read as shares.
        recipe: default, or published for the study's own, where they differ.
        refit: Whether to train once more on train and validation for as many epochs as were best
            on validation. Threshold, calibration and validation scores stay those of before.
        precision: auto, float32, mixed_bfloat16 or mixed_float16; runs are saved in float32.
        devices: What trains: auto, the one device that TensorFlow takes; all GPUs; some by number,
            such as "0,1"; or "cpu:2", which cuts the processor up to try without GPUs. Each batch
            is shared out, so that the outcome is the same but for rounding.
        deterministic: Whether the same call gives the same numbers to the bit on a GPU too.
        config: TOML file of settings; arguments win over it.
        assignments: "name=value" settings of the row's family.
        resume: A run that was broken off; it goes on as it was configured, from its newest
            checkpoint, and nothing but `devices`, `root`, `floor` and `say` may be given with it.
        from_run: A trained run to go on from: its weights and vocabulary, on this data. Settings
            default to its own; the lineage is recorded.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        floor: Whether the tfidf floor is fitted beside the model and compared.
        dry_run: Only say the configuration and the parameter counts.
        command: The command line that was typed, for the report; by default this call.
        trust_graph: Whether the graph of a TF-Hub module may do more than compute, such as read and
            write any file. It is recorded; whoever opens the run must say so again.
        say: Prints a line of what was found; what goes on meanwhile, `tfnews.progress` shows.

    Returns:
        The complete run; `None` after a dry run.

    Raises:
        UsageError: Unknown architecture or setting, or one that `resume` does not take.
        DataError: The splits cannot be used.
        WeightsError: The weights cannot be found, read or trusted.
        RunError: The run's name is taken, or the run cannot be resumed.
        FitInterruptedError: Ctrl-C; the state is saved.
    """
    settings = {name: value for name, value in locals().items() if name in SETTINGS}
    assignments = list(assignments)
    places = {"data": data, "arch": arch, "name": name, "config": config, "from_run": from_run}
    said = without_none({**places, **settings, "assignments": assignments or None})
    manner = _Manner(floor, say)
    call = _call({**said, "trust_graph": True} if trust_graph else said)
    with trusting(trust_graph):
        if resume is not None:
            refuse_besides(said, dry_run)
            return _resumed(Run.unfinished(resume, root), manner, devices)
        splits, given = opened(data), (settings, config, assignments)
        if from_run is None:
            chosen = row(arch or DEFAULT)
            setup = from_row(chosen, splits, resolve(chosen, *given))
        else:
            parent = Run.open(from_run, root)
            check_parent(parent, arch, weights)
            options = resolve(row(parent.config.arch), *given, base=inherited(parent.config))
            setup = set_up_from_run(parent, splits, options)
        start = described(setup, name or next_name(_stem(setup), root), command or call)
        start = replace(start, group=group, group_seeds=tuple(group_seeds))
        if dry_run:
            say(json.dumps(start.to_json(), indent=2))
            return None
        return _begun(Run.create(start, root), setup, manner)


def fit_like(
    run: Run,
    seed: int,
    name: str,
    *,
    devices: str | None = None,
    root: str | os.PathLike | None = None,
    floor: bool = True,
    trust_graph: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Run:
    """Train as a run of a group was trained, with another seed.

    Args:
        run: Complete or broken off, on splits that are still there.
        seed: The other seed.
        name: Of the run to come, which is of the same group.
        devices: Others than those it was trained on.
        root: As `fit` takes it.
        floor: As `fit` takes it.
        trust_graph: As `fit` takes it.
        say: As `fit` takes it.
    """
    with trusting(trust_graph):
        changes = {"seed": seed, "devices": devices}
        setup, known = again(run, own_splits(run), **changes), run.config
        start = described(setup, name, known.command)
        start = replace(start, group=known.group, group_seeds=known.group_seeds)
        return _begun(Run.create(start, root), setup, _Manner(floor, say))


def fit_trial(
    row: Row,
    splits: Splits,
    options: dict,
    name: str,
    *,
    root: str | os.PathLike,
    command: str | None = None,
    trust_graph: bool = False,
    after_epoch: Callable[[int, dict[str, float]], None] | None = None,
) -> Run:
    """Train as `fit` does, for a search that says what is trained on what.

    Args:
        row: The catalogue's row.
        splits: As the search gives them out: part of their validation texts may be kept aside.
        options: The resolved configuration.
        name: Of the run.
        root: Folder of the search's runs.
        command: Of the search.
        trust_graph: As `fit` takes it.
        after_epoch: As `train` takes it.
    """
    with trusting(trust_graph):
        setup = from_row(row, splits, options)
        run = Run.create(described(setup, name, command), root)
        return _begun(run, setup, _Manner(False, lambda line: None, after_epoch))


def _call(said: dict[str, object]) -> str:
    """Write what was said as the call of `fit` in Python."""
    return f"tfnews.fit({', '.join(f'{name}={value!r}' for name, value in said.items())})"


def _begun(run: Run, setup: Setup, manner: _Manner) -> Run:
    """Train a run that is new."""
    if setup.weights.note:
        manner.say(setup.weights.note)
    manner.say(f"Training {run.name} on {setup.splits.name}: {_counts(run.config)}")
    units = {"char": "Characters", "piece": "Pieces learnt from the training texts"}
    analyzer = setup.options.get("analyzer")
    if analyzer in units:
        manner.say(
            f"{units[analyzer]} are read, not words (analyzer={analyzer}), as of texts without "
            "spaces between words"
        )
    if setup.options["class_weight"] == "balanced":
        manner.say(_balanced(setup))
    if setup.options["balance"] == "sets" and not setup.splits.is_joined:
        manner.say("One set is learnt from: balance=sets, which weighs several, changes nothing")
    return _completed(run, setup, manner, resume=False)


def _resumed(run: Run, manner: _Manner, devices: str | None) -> Run:
    """Build a broken-off run's classifier as it was and go on, on other devices if need be."""
    check_devices(run, devices)
    setup = again(run, own_splits(run), devices=devices)
    manner.say(f"Resuming {run.name} on {setup.splits.name}")
    return _completed(run, setup, manner, resume=True)


def _completed(run: Run, setup: Setup, manner: _Manner, resume: bool) -> Run:
    """Train, save and score, while no other process may."""
    with run.lock(), _named_neutrally(run):
        if resume:
            run = Run.unfinished(run.path)  # another process may have completed it meanwhile
            run.update(recipe=run.config.recipe | {"devices": setup.options["devices"]})
        with _clocked(run), _resumable(run), explained(setup.options, run.name):
            odds, epochs = _learn(setup, run, manner, resume)
            classifier = setup.classifier
            validation = keeping.calibrated(
                classifier, setup.splits, setup.options["calibrate"], run, odds, manner.say
            )
            if setup.options["refit"]:
                classifier = refitted(setup, epochs, manner.say)
                run.update(refit_epochs=epochs)
            keeping.save(classifier, run)
            keeping.score(setup.classifier, setup.splits, run, validation)
            if manner.floor and setup.row.name != floors.FLOOR:
                keeping.compare_with_floor(
                    setup.classifier, setup.splits, run, validation, manner.say
                )
        if setup.row.family == "embedding":
            projector.write(run, classifier, _encoded(setup, "train").ids)
        board.write(run)
        run.update(state="complete")
        shutil.rmtree(run.checkpoints_dir, ignore_errors=True)
    return run


@contextlib.contextmanager
def _named_neutrally(run: Run) -> Iterator[None]:
    """Have no file of TensorBoard's bear this machine's name, also where a fit is broken off."""
    try:
        yield
    finally:
        board.rename_neutrally(run.logs_dir)


@contextlib.contextmanager
def _clocked(run: Run) -> Iterator[None]:
    """Add the seconds that pass to those of the legs of the fit before this one."""
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds = run.config.fit_seconds + time.perf_counter() - started
        run.update(fit_seconds=round(seconds, 2))


@contextlib.contextmanager
def _resumable(run: Run) -> Iterator[None]:
    """Say how to go on after Ctrl-C, wherever it was pressed."""
    try:
        yield
    except KeyboardInterrupt:
        raise FitInterruptedError(
            "Interrupted before it was complete. Go on with: tfnews fit --resume "
            f"{run.config.group or run.name}"
        ) from None


def closing_words(run: Run) -> str:
    """Say in a few lines what a fit came to."""
    found = run.scores().validation
    splits, between = run.config.splits, "no interval: too few clusters of texts"
    if found.intervals["f1"]:
        low, high = found.intervals["f1"]
        between = f"95 % interval {low:.4f} to {high:.4f}"
    fakes = sum(found.scores["confusion"][1])
    lines = [
        f"F1 of the fake class, {splits.class_names[1]!r}, {fakes:,} of {found.rows:,} texts of "
        f"the validation split of {splits.name} (label basis: {splits.label_basis}): "
        f"{found.scores['f1']:.4f} ({between}), accuracy {found.scores['accuracy']:.4f}",
        wording.always(found),
        wording.no_better(found) or "",
        *sections.by_set.said(run.scores().by_set["validation"], splits.class_names),
        _other_threshold(run, found),
        fitted_words(run.scores().reliability["validation"]),
        _REFITTED if run.config.refit_epochs is not None else "",
        f"Saved in {run.path}. Training and scoring took {run.config.fit_seconds:.1f} s. "
        "The test split was not read.",
    ]
    return "\n".join(filter(None, lines))


def _other_threshold(run: Run, found: Judged) -> str:
    """Offer the threshold at which F1 is highest on the validation texts, where it gains much."""
    labels, scored = np.loadtxt(
        run.predictions_path("validation"), delimiter=",", skiprows=1, usecols=(1, 2), unpack=True
    )
    threshold, f1 = best_threshold(labels, scored)
    if f1 < found.scores["f1"] + _GAIN_OF_THRESHOLD:
        return ""
    method = run.config.calibration.method
    return (
        f"The threshold is {found.scores['threshold']:g}. On these texts F1 would be {f1:.4f} at "
        f"{threshold:.4f}, a choice made after looking at them: "
        f"tfnews calibrate {run.name} --method {method} --threshold f1"
    )


def _learn(setup: Setup, run: Run, manner: _Manner, resume: bool) -> tuple[np.ndarray, int]:
    """Train, and return the log odds (texts,) of the validation split's texts and the best epoch.

    Epochs are counted from 1; a solver has none, 0.
    """
    classifier, epochs = setup.classifier, 0
    check_finite(classifier, "Before training, the model")
    progress.stage("Encoding the texts")
    validation = _encoded(setup, "validation")
    unknown = classifier.preprocessor.tokenizer.unknown(validation.ids)
    if unknown is not None:
        manner.say(f"{unknown:.1%} of the validation split's words are unknown to the model")
        run.update(unknown_tokens=round(unknown, 6))
    if not setup.family.solved:
        training = _encoded(setup, "train")
        epochs = train(
            setup,
            run,
            training,
            validation,
            resume=resume,
            say=manner.say,
            after_epoch=manner.after_epoch,
        )
    progress.stage("Scoring the validation split", "texts", len(validation.labels))
    return classifier.log_odds(validation.ids), epochs


def _encoded(setup: Setup, part: str) -> Encoded:
    frame = setup.splits.frame(part)
    ids = setup.classifier.encode(frame["combined_text"].tolist())
    weights = None
    if balance.is_asked(setup.options):
        weights = balance.weights(setup.options, setup.splits.frame("train"), frame)
    return Encoded(ids, frame["label"].to_numpy(), weights)


def _balanced(setup: Setup) -> str:
    labels = setup.splits.frame("train")["label"]
    return (
        f"Both classes weigh the same in training (class_weight=balanced): the commoner one has "
        f"{balance.ratio(labels):.1f} texts to one of the other. Scores are as if the classes were "
        "equally frequent; --class-weight none learns their shares"
    )


def _stem(setup: Setup) -> str:
    if setup.family.solved:
        return setup.row.name
    return f"{setup.row.name}-{'ft' if setup.options['trainable'] else 'frozen'}"


def _counts(config: Config) -> str:
    counted = config.parameters
    return f"{counted.total:,} parameters, {counted.trainable:,} trainable"
