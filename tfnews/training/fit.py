"""Train one architecture on a folder of splits and keep all that is learnt in a run."""

import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version

import numpy as np

from tfnews import models
from tfnews.data import pipeline
from tfnews.data.splits import Splits, open_splits
from tfnews.data.text import INPUT_RULE
from tfnews.evaluation import floor as floors
from tfnews.evaluation import wording
from tfnews.evaluation.evaluate import judged
from tfnews.models import NewsClassifier, catalogue
from tfnews.models.guards import Guards
from tfnews.runs import Run, next_name, write_json, write_predictions
from tfnews.training import tensorboard
from tfnews.training.precision import choose
from tfnews.training.settings import resolve
from tfnews.training.train import train

_PREDICT_BATCH = 64
_STACK = ("tensorflow", "keras", "keras-hub", "scikit-learn", "numpy", "tfnews")


def fit(
    data: str | os.PathLike,
    arch: str = "tfidf",
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
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        floor: Whether the tfidf floor is fitted beside the model and compared.
        dry_run: Only say the configuration and the parameter counts.
        say: Prints a line of progress.
        bar: Whether progress bars may be drawn.

    Returns:
        The complete run; `None` after a dry run.

    Raises:
        UsageError: Unknown architecture or setting.
        DataError: The splits cannot be used.
        WeightsError: The weights cannot be found or read.
        RunError: The run's name is taken.
    """
    row = catalogue.row(arch)
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
    options = resolve(row, given, config, assignments)
    splits = open_splits(data)
    classifier, options, record = prepared(row, splits, options)
    described = _described(row, splits, options, record, classifier)
    if dry_run:
        say(json.dumps(described, indent=2))
        return None
    run = Run.create(name or next_name(_stem(row, options), root), described, root)
    say(f"Training {run.name} on {splits.name}: {_counts(described)}")
    started = time.perf_counter()
    validation = _learn(classifier, row, run, splits, options, say, bar)
    _save(classifier, run)
    _score(classifier, run, splits, validation, floor, say)
    tensorboard.write_hparams(run.logs_dir, run.name, options, _headline(run))
    run.update_config(state="complete", fit_seconds=round(time.perf_counter() - started, 2))
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
    import keras

    options = {**options, "precision": choose(options["precision"], row.family)}
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
    row: catalogue.Row,
    run: Run,
    splits: Splits,
    options: dict,
    say: Callable[[str], None],
    bar: bool,
) -> np.ndarray:
    """Train, and return the validation split's fake probabilities (texts,)."""
    encode = pipeline.encode
    frame = splits.frame("validation")
    validation = encode(classifier.preprocessor, frame["combined_text"].tolist())
    unknown = classifier.preprocessor.tokenizer.unknown(validation)
    say(f"{unknown:.1%} of the validation split's words are unknown to the model")
    run.update_config(unknown_tokens=round(unknown, 6))
    if not models.FAMILIES[row.family].SOLVED:
        train_frame = splits.frame("train")
        training = encode(classifier.preprocessor, train_frame["combined_text"].tolist())
        train(
            classifier,
            row.family,
            run,
            (training, train_frame["label"].to_numpy()),
            (validation, frame["label"].to_numpy()),
            options,
            say,
            bar,
        )
    model = classifier.probabilities_model()
    outputs = pipeline.predict(model, validation, classifier.preprocessor, _PREDICT_BATCH)
    return models.fake_probability(outputs)


def _save(classifier: NewsClassifier, run: Run) -> None:
    """Write the preset beside, then rename it into place."""
    beside = run.path / ".model"
    shutil.rmtree(beside, ignore_errors=True)
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
