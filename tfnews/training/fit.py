"""Train one architecture on a folder of splits and keep all that is learnt in a run."""

import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from tfnews import models
from tfnews.data import pipeline
from tfnews.data.splits import Splits, open_splits
from tfnews.data.text import INPUT_RULE
from tfnews.errors import UsageError, WeightsError
from tfnews.evaluation import floor as floors
from tfnews.evaluation import wording
from tfnews.evaluation.evaluate import judged, own_splits
from tfnews.models import NewsClassifier, catalogue
from tfnews.models.guards import Guards
from tfnews.runs import Run, next_name, write_json, write_predictions
from tfnews.training import tensorboard
from tfnews.training.precision import choose
from tfnews.training.settings import resolve
from tfnews.training.train import Encoded, train

_PREDICT_BATCH = 64
_STACK = ("tensorflow", "keras", "keras-hub", "scikit-learn", "numpy", "tfnews")


def fit(
    data: str | os.PathLike | None = None,
    arch: str = catalogue.DEFAULT,
    *,
    weights: str | None = None,
    trainable: bool | None = None,
    name: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    max_tokens: int | None = None,
    seed: int | None = None,
    precision: str | None = None,
    config: str | os.PathLike | None = None,
    assignments: Iterable[str] = (),
    resume: str | os.PathLike | None = None,
    root: str | os.PathLike | None = None,
    floor: bool = True,
    dry_run: bool = False,
    say: Callable[[str], None] = lambda line: None,
    bar: bool = False,
) -> Run | None:
    """Train an architecture on fixed splits; the test split is never read.

    Args:
        data: Folder of splits, as `prepare` writes it.
        arch: Name of a catalogue row.
        weights: TF-Hub handle, local module folder, or "none" for fresh weights.
        trainable: Whether pretrained weights are fine-tuned.
        name: Name of the run; by default arch, ft or frozen, and the next number.
        epochs: Passes over the training split at most.
        batch_size: Texts in a batch.
        learning_rate: Of the optimizer.
        max_tokens: Words kept of a text; 0 keeps all.
        seed: Of initial weights, order and dropout.
        precision: auto, float32, mixed_bfloat16 or mixed_float16; runs are saved in float32.
        config: TOML file of settings; arguments win over it.
        assignments: "name=value" settings of the row's family.
        resume: A run that was broken off; it goes on as it was configured, from its newest
            checkpoint, and nothing but `root`, `floor`, `say` and `bar` may be given with it.
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
        "seed": seed,
        "precision": precision,
    }
    if resume is not None:
        _refuse({"data": data, "name": name, "config": config, **given}, assignments, "resume")
        return _resumed(Run.unfinished(resume, root), floor, say, bar)
    if data is None:
        raise UsageError("fit needs a folder of splits. Give one with --data SPLITS.")
    row = catalogue.row(arch)
    options = resolve(row, given, config, assignments)
    splits = open_splits(data)
    classifier, options, record = prepared(row, splits, options)
    described = _described(row, splits, options, record, classifier)
    if dry_run:
        say(json.dumps(described, indent=2))
        return None
    run = Run.create(name or next_name(_stem(row, options), root), described, root)
    say(f"Training {run.name} on {splits.name}: {_counts(described)}")
    return _completed(run, classifier, splits, False, floor, say, bar)


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
    options, recorded = run.config["recipe"], run.config["weights"]
    classifier, _, record = prepared(catalogue.row(run.config["arch"]), splits, options)
    if record["digest"] != recorded["digest"]:
        raise WeightsError(
            f"The weights {recorded['handle']} have changed since {run.name} was started: their "
            f"digest is {record['digest']}, the run has {recorded['digest']}. Put the old ones "
            "back, or start a new run."
        )
    say(f"Resuming {run.name} on {splits.name}")
    return _completed(run, classifier, splits, True, floor, say, bar)


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
    started = time.perf_counter()
    with run.lock():
        validation = _learn(classifier, run, splits, resume, say, bar)
        _save(classifier, run)
        _score(classifier, run, splits, validation, floor, say)
        tensorboard.write_hparams(run.logs_dir, run.name, run.config["recipe"], _headline(run))
        seconds = run.config.get("fit_seconds", 0) + time.perf_counter() - started
        run.update_config(state="complete", fit_seconds=round(seconds, 2))
        shutil.rmtree(run.checkpoints_dir, ignore_errors=True)
    return run


def closing_words(run: Run) -> str:
    """Say in a few lines what a fit came to."""
    found = json.loads(run.metrics_path.read_text(encoding="utf-8"))["validation"]
    fake = run.config["splits"]["class_names"][1]
    low, high = found["intervals"]["f1"]
    return (
        f"F1 of class {fake!r} on the validation split: "
        f"{_headline(run)['f1']:.4f} (95 % interval {low:.4f} to {high:.4f}), "
        f"accuracy {_headline(run)['accuracy']:.4f}\n"
        f"Saved in {run.path} after {run.config['fit_seconds']} s. "
        "The test split was not read."
    )


def prepared(
    row: catalogue.Row, splits: Splits, options: dict
) -> tuple[NewsClassifier, dict, dict]:
    """Build the classifier of a fit before anything is written.

    Returns:
        The classifier, the configuration with "auto" settled, and the record of its weights.
    """
    options = {**options, "precision": choose(options["precision"], row.family)}
    if os.path.isdir(options["weights"]):  # a run is resumed from wherever the user stands
        options["weights"] = os.path.abspath(options["weights"])
    if options["deterministic"]:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(options["seed"])
    frame = splits.frame("train")
    texts = frame["combined_text"].tolist()
    answers = {
        "class_names": splits.class_names,
        "trained_on": splits.name,
        "label_basis": splits.label_basis,
        "guards": Guards.fit(texts).get_config(),
        "input_rule": INPUT_RULE,
    }
    classifier, record = models.build(row, texts, frame["label"].tolist(), options, answers)
    return classifier, options, record


def parameters(classifier: NewsClassifier) -> dict[str, int]:
    """Count a classifier's weights, as published counts do: all, and those that training moves."""
    return {
        "total": int(sum(np.prod(v.shape) for v in classifier.weights)),
        "trainable": int(sum(np.prod(v.shape) for v in classifier.trainable_weights)),
    }


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
    say(f"{unknown:.1%} of the validation split's words are unknown to the model")
    run.update_config(unknown_tokens=round(unknown, 6))
    if not models.FAMILIES[run.config["family"]].SOLVED:
        training = _encoded(classifier, splits.frame("train"))
        train(classifier, run, training, validation, resume=resume, say=say, bar=bar)
    model = classifier.probabilities_model()
    outputs = pipeline.predict(model, validation[0], classifier.preprocessor, _PREDICT_BATCH)
    return models.fake_probability(outputs)


def _encoded(classifier: NewsClassifier, frame: pd.DataFrame) -> Encoded:
    ids = pipeline.encode(classifier.preprocessor, frame["combined_text"].tolist())
    return ids, frame["label"].to_numpy()


def _save(classifier: NewsClassifier, run: Run) -> None:
    """Write the preset beside, then rename it into place."""
    beside = run.path / ".model"
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
    write_json(run.metrics_path, {"validation": judged(frame, scored, classifier)})
    if floor and run.config["arch"] != floors.FLOOR:
        compared = floors.compare(splits, "validation", scored)
        run.update_config(floor=compared)
        say(wording.floor(compared))


def _stem(row: catalogue.Row, options: dict) -> str:
    if models.FAMILIES[row.family].SOLVED:
        return row.name
    return f"{row.name}-{'ft' if options['trainable'] else 'frozen'}"


def _counts(described: dict) -> str:
    counted = described["parameters"]
    return f"{counted['total']:,} parameters, {counted['trainable']:,} trainable"


def _headline(run: Run) -> dict[str, float]:
    found = json.loads(run.metrics_path.read_text(encoding="utf-8"))["validation"]
    return {name: found["scores"][name] for name in ("accuracy", "f1")}


def _described(
    row: catalogue.Row, splits: Splits, options: dict, record: dict, classifier: NewsClassifier
) -> dict:
    """Return what config.json says of a fit from its start."""
    return {
        "arch": row.name,
        "family": row.family,
        "trainable": options["trainable"],
        "weights": record,
        "splits": {
            "path": str(splits.path.resolve()),
            "name": splits.name,
            "digests": {part: splits.digest(part) for part in ("train", "validation", "test")},
            "class_names": list(splits.class_names),
            "label_basis": splits.label_basis,
        },
        "recipe": options,
        "seed": options["seed"],
        "precision": options["precision"],
        "versions": {"python": platform.python_version(), **{p: version(p) for p in _STACK}},
        "command": " ".join(["tfnews", *sys.argv[1:]]),
        "input_rule": INPUT_RULE,
        "parameters": parameters(classifier),
        "test_reads": 0,
    }
