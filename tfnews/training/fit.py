"""Train one architecture on a folder of splits and keep all that is learnt in a run."""

import contextlib
import gc
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from tfnews import catalogue, models
from tfnews.data.splits import Splits, open_splits
from tfnews.errors import UsageError
from tfnews.evaluation import floor as floors
from tfnews.evaluation.evaluate import own_splits
from tfnews.evaluation.measure import judged
from tfnews.models import NewsClassifier
from tfnews.models.batches import encode, predict
from tfnews.report import wording
from tfnews.runs import Run, next_name, write_json, write_predictions
from tfnews.training import tensorboard
from tfnews.training.settings import resolve
from tfnews.training.setup import Setup, again, described, from_row
from tfnews.training.setup import from_run as set_up_from_run
from tfnews.training.train import Encoded, train


def fit(
    data: str | os.PathLike | None = None,
    arch: str | None = None,
    *,
    weights: str | None = None,
    trainable: bool | None = None,
    name: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    max_tokens: int | None = None,
    long: str | None = None,
    trainable_layers: int | None = None,
    seed: int | None = None,
    precision: str | None = None,
    config: str | os.PathLike | None = None,
    assignments: Iterable[str] = (),
    resume: str | os.PathLike | None = None,
    from_run: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
    floor: bool = True,
    dry_run: bool = False,
    say: Callable[[str], None] = lambda line: None,
    bar: bool = False,
) -> Run | None:
    """Train an architecture on fixed splits; the test split is never read.

    Args:
        data: Folder of splits, as `prepare` writes it.
        arch: Name of a catalogue row; tfidf by default.
        weights: TF-Hub handle, local module folder, or "none" for fresh weights.
        trainable: Whether pretrained weights are fine-tuned.
        name: Name of the run; by default arch, ft or frozen, and the next number.
        epochs: Passes over the training split at most.
        batch_size: Texts in a batch.
        learning_rate: Of the optimizer.
        max_tokens: Words or pieces kept of a text; 0 keeps all, where that is possible.
        long: What a transformer does with longer texts: truncate, head-tail or windows.
        trainable_layers: Top layers of a transformer to train; 0 trains all.
        seed: Of initial weights, order and dropout.
        precision: auto, float32, mixed_bfloat16 or mixed_float16; runs are saved in float32.
        config: TOML file of settings; arguments win over it.
        assignments: "name=value" settings of the row's family.
        resume: A run that was broken off; it goes on as it was configured, from its newest
            checkpoint, and nothing but `root`, `floor`, `say` and `bar` may be given with it.
        from_run: A trained run to go on from: its weights and vocabulary, on this data. Settings
            default to its own; the lineage is recorded.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        floor: Whether the tfidf floor is fitted beside the model and compared.
        dry_run: Only say the configuration and the parameter counts.
        say: Prints a line of progress.
        bar: Whether progress bars may be drawn.

    Returns:
        The complete run; `None` after a dry run.

    Raises:
        UsageError: Unknown architecture or setting, or one that `resume` does not take.
        DataError: The splits cannot be used.
        WeightsError: The weights cannot be found or read.
        RunError: The run's name is taken, or the run cannot be resumed.
        FitInterruptedError: Ctrl-C; the state is saved.
    """
    given = {
        "weights": weights,
        "trainable": trainable,
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "max_tokens": max_tokens,
        "long": long,
        "trainable_layers": trainable_layers,
        "seed": seed,
        "precision": precision,
    }
    if resume is not None:
        given |= {"data": data, "arch": arch, "name": name, "config": config, "from": from_run}
        given["dry_run"] = dry_run or None
        _refuse(given, assignments, "resume")
        return _resumed(Run.unfinished(resume, root), floor, say, bar)
    if data is None:
        raise UsageError("fit needs a folder of splits. Give one with --data SPLITS.")
    splits = open_splits(data)
    if from_run is None:
        row = catalogue.row(arch or catalogue.DEFAULT)
        setup = from_row(row, splits, resolve(row, given, config, assignments))
    else:
        setup = _continued(Run.open(from_run, root), arch, splits, given, config, assignments)
    description = described(setup, splits)
    if dry_run:
        say(json.dumps(description, indent=2))
        return None
    run = Run.create(name or next_name(_stem(setup), root), description, root)
    if "note" in setup.weights:
        say(setup.weights["note"])
    say(f"Training {run.name} on {splits.name}: {_counts(description)}")
    return _completed(run, setup.classifier, splits, False, floor, say, bar)


def _continued(
    parent: Run,
    arch: str | None,
    splits: Splits,
    given: dict,
    config: str | os.PathLike | None,
    assignments: Iterable[str],
) -> Setup:
    """Set up a fit that goes on from a trained run, with its configuration as the default."""
    if arch not in (None, parent.config["arch"]) or given["weights"] is not None:
        raise UsageError(
            f"--from goes on with the architecture and weights of {parent.name}, which is a "
            f"{parent.config['arch']}. Leave --arch and --weights out."
        )
    row = catalogue.row(parent.config["arch"])
    options = resolve(row, given, config, assignments, base=parent.config["recipe"])
    return set_up_from_run(parent, splits, options)


def _refuse(given: dict, assignments: Iterable[str], option: str) -> None:
    named = [name for name, value in given.items() if value is not None] + list(assignments)
    if named:
        raise UsageError(
            f"--{option} goes on with the configuration the run was started with. "
            f"Received besides: {', '.join(named)}. Leave them out, or start a new run."
        )


def _resumed(run: Run, floor: bool, say: Callable[[str], None], bar: bool) -> Run:
    """Build a broken-off run's classifier as it was and go on."""
    splits = own_splits(run)
    setup = again(run, splits)
    say(f"Resuming {run.name} on {splits.name}")
    return _completed(run, setup.classifier, splits, True, floor, say, bar)


def _completed(
    run: Run,
    classifier: NewsClassifier,
    splits: Splits,
    resume: bool,
    floor: bool,
    say: Callable[[str], None],
    bar: bool,
) -> Run:
    """Train, save and score, while no other process may."""
    with run.lock():
        if resume:
            run = Run.unfinished(run.path)  # another process may have completed it meanwhile
        with _clocked(run):
            validation = _learn(classifier, run, splits, resume, say, bar)
            _save(classifier, run)
            _score(classifier, run, splits, validation, floor, say)
        tensorboard.write_hparams(run.logs_dir, run.name, run.config["recipe"], _headline(run))
        run.update_config(state="complete")
        shutil.rmtree(run.checkpoints_dir, ignore_errors=True)
    return run


@contextlib.contextmanager
def _clocked(run: Run) -> Iterator[None]:
    """Add the seconds that pass to those of the legs of the fit before this one."""
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds = run.config.get("fit_seconds", 0) + time.perf_counter() - started
        run.update_config(fit_seconds=round(seconds, 2))


def closing_words(run: Run) -> str:
    """Say in a few lines what a fit came to."""
    found = json.loads(run.metrics_path.read_text(encoding="utf-8"))["validation"]
    fake = run.config["splits"]["class_names"][1]
    splits, between = run.config["splits"], "no interval: too few clusters of texts"
    if found["intervals"]["f1"]:
        low, high = found["intervals"]["f1"]
        between = f"95 % interval {low:.4f} to {high:.4f}"
    return (
        f"F1 of class {fake!r} on the validation split of {splits['name']} "
        f"(label basis: {splits['label_basis']}): "
        f"{_headline(run)['f1']:.4f} ({between}), "
        f"accuracy {_headline(run)['accuracy']:.4f}\n"
        f"Saved in {run.path} after {run.config['fit_seconds']} s. "
        "The test split was not read."
    )


def _learn(
    classifier: NewsClassifier,
    run: Run,
    splits: Splits,
    resume: bool,
    say: Callable[[str], None],
    bar: bool,
) -> np.ndarray:
    """Train, and return the validation split's fake probabilities (texts,)."""
    validation = _encoded(classifier, splits.frame("validation"))
    unknown = classifier.preprocessor.tokenizer.unknown(validation[0])
    if unknown is not None:
        say(f"{unknown:.1%} of the validation split's words are unknown to the model")
        run.update_config(unknown_tokens=round(unknown, 6))
    if not models.FAMILIES[run.config["family"]].SOLVED:
        training = _encoded(classifier, splits.frame("train"))
        train(classifier, run, training, validation, resume=resume, say=say, bar=bar)
    model = classifier.probabilities_model()
    outputs = predict(model, validation[0], classifier.preprocessor, classifier.prediction_batch)
    return models.fake_probability(outputs)


def _encoded(classifier: NewsClassifier, frame: pd.DataFrame) -> Encoded:
    ids = encode(classifier.preprocessor, frame["combined_text"].tolist())
    return ids, frame["label"].to_numpy()


def _save(classifier: NewsClassifier, run: Run) -> None:
    """Write the preset beside, then rename it into place."""
    beside = run.path / ".model"
    gc.collect()  # the optimizer's moments, two tables that cycles keep alive
    for folder in (beside, run.model_dir):  # left by a fit that died here
        shutil.rmtree(folder, ignore_errors=True)
    classifier.save_to_preset(str(beside))
    beside.rename(run.model_dir)
    size = sum(path.stat().st_size for path in run.model_dir.rglob("*") if path.is_file())
    run.update_config(megabytes=round(size / 1e6, 2))


def _score(
    classifier: NewsClassifier,
    run: Run,
    splits: Splits,
    scored: np.ndarray,
    floor: bool,
    say: Callable[[str], None],
) -> None:
    """Write the validation split's predictions, scores and comparison with the floor."""
    frame = splits.frame("validation")
    write_predictions(run, "validation", frame["label"], scored)
    write_json(run.metrics_path, {"validation": judged(frame, scored, classifier).to_json()})
    if floor and run.config["arch"] != floors.FLOOR:
        compared = floors.compare(splits, "validation", scored, classifier.threshold)
        run.update_config(floor=compared)
        say(wording.floor(compared))


def _stem(setup: Setup) -> str:
    if models.FAMILIES[setup.row.family].SOLVED:
        return setup.row.name
    return f"{setup.row.name}-{'ft' if setup.options['trainable'] else 'frozen'}"


def _counts(described: dict) -> str:
    counted = described["parameters"]
    return f"{counted['total']:,} parameters, {counted['trainable']:,} trainable"


def _headline(run: Run) -> dict[str, float]:
    found = json.loads(run.metrics_path.read_text(encoding="utf-8"))["validation"]
    return {name: found["scores"][name] for name in ("accuracy", "f1")}
