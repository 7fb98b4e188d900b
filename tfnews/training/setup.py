"""What a fit starts from: a catalogue row and its weights, or an earlier run."""

import platform
import shlex
import sys
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

import keras
import numpy as np
import tensorflow as tf

from tfnews import catalogue, models
from tfnews.data.splits import PARTS, Splits
from tfnews.data.text import INPUT_RULE
from tfnews.errors import UsageError, WeightsError
from tfnews.models import NewsClassifier
from tfnews.models.guards import Guards
from tfnews.models.precision import choose
from tfnews.runs import Run, WeightsRecord
from tfnews.training.settings import recorded
from tfnews.weights.digests import module_digest
from tfnews.weights.find import absolute

# Settings of an architecture that a fit which goes on from a run may change.
_FREE = {"trainable_layers"}

_STACK = ("tensorflow", "keras", "keras-hub", "scikit-learn", "numpy", "tfnews")


@dataclass(frozen=True)
class Setup:
    """A classifier ready to be trained, and how it came about.

    Attributes:
        row: The catalogue's row.
        options: The configuration, with "auto" settled.
        classifier: In float32.
        weights: Handle, digest and licence of what it started from.
        lineage: Earlier runs it goes on from, oldest first.
    """

    row: catalogue.Row
    options: dict
    classifier: NewsClassifier
    weights: dict
    lineage: list[dict] = field(default_factory=list)


def from_row(row: catalogue.Row, splits: Splits, options: dict) -> Setup:
    """Build a row's classifier from its weights; vocabularies are learnt from the training split.

    Args:
        row: The catalogue's row.
        splits: The fixed splits.
        options: The resolved configuration.
    """
    options = _settled(row, options)
    frame = splits.frame("train")
    texts, labels = frame["combined_text"].tolist(), frame["label"].tolist()
    answers = _answers(splits, texts, splits.name)
    classifier, record = models.build(row, texts, labels, options, answers)
    options["precision"] = record.precision or options["precision"]
    return Setup(row, options, classifier, _written(record))


def from_run(parent: Run, splits: Splits, options: dict) -> Setup:
    """Take a trained run's classifier to go on with on other data.

    Its weights and vocabulary stay; class names, guards and the rest of what its answers mean
    become those of the new data.

    Args:
        parent: A complete run.
        splits: The fixed splits to go on with.
        options: The resolved configuration.

    Raises:
        UsageError: The parent's weights were solved, not trained, or a setting would change what
            was built from them.
    """
    row = catalogue.row(parent.config["arch"])
    if models.family_of(row.name).solved:
        raise UsageError(
            f"{parent.name} is a {row.name}, whose weights are solved from all texts at once: it "
            "cannot be trained further. Prepare both data sets together and fit it on them."
        )
    _check_unchanged(row, parent, options)
    options = _settled(row, options)
    old = models.load(parent.path)
    texts = splits.frame("train")["combined_text"].tolist()
    answers = _answers(splits, texts, f"{old.trained_on}, then {splits.name}")
    classifier = type(old)(old.backbone, old.preprocessor, head=old.head, **answers)
    for layer, trained in zip(classifier.head_layers, old.head_layers, strict=True):
        layer.set_weights(trained.get_weights())
    models.family_of(row.name).freeze(classifier.backbone, options)
    step = {
        "run": parent.name,
        "path": str(parent.path.resolve()),
        "digest": module_digest(parent.model_dir),
        "splits": parent.config["splits"]["name"],
    }
    lineage = [*parent.config.get("lineage", []), step]
    weights = parent.config["weights"]
    options["precision"] = weights.get("precision", options["precision"])
    return Setup(row, options, classifier, weights, lineage)


def _check_unchanged(row: catalogue.Row, parent: Run, options: dict) -> None:
    recipe = recorded(parent.config)
    built = ("max_tokens", *(name for name in row.settings if name not in _FREE))
    changed = [f"{name}={options[name]}" for name in built if options[name] != recipe[name]]
    if changed:
        raise UsageError(
            f"--from goes on with the vocabulary and layers of {parent.name}, which is trained. "
            f"Received: {', '.join(changed)}. Leave these out, or train a new run without --from."
        )


def again(run: Run, splits: Splits) -> Setup:
    """Build the classifier of a broken-off run as it was when the run began.

    Raises:
        WeightsError: What it started from has changed since.
    """
    options, lineage = recorded(run.config), run.config.get("lineage", [])
    if lineage:
        setup = from_run(Run.open(lineage[-1]["path"]), splits, options)
        now, then = setup.lineage[-1]["digest"], lineage[-1]["digest"]
    else:
        setup = from_row(catalogue.row(run.config["arch"]), splits, options)
        now, then = setup.weights["digest"], run.config["weights"]["digest"]
    if now != then:
        raise WeightsError(
            f"What {run.name} started from has changed since: its digest is {now}, the run has "
            f"{then}. Put the old weights back, or start a new run."
        )
    return setup


def parameters(classifier: NewsClassifier) -> dict[str, int]:
    """Count a classifier's weights, as published counts do: all, and those that training moves."""
    return {
        "total": int(sum(np.prod(v.shape) for v in classifier.weights)),
        "trainable": int(sum(np.prod(v.shape) for v in classifier.trainable_weights)),
    }


def described(setup: Setup, splits: Splits) -> dict:
    """Return what config.json says of a fit from its start."""
    return {
        "arch": setup.row.name,
        "family": setup.row.family,
        "trainable": setup.options["trainable"],
        "weights": setup.weights,
        "lineage": setup.lineage,
        "splits": {
            "path": str(splits.path.resolve()),
            "name": splits.name,
            "digests": {part: splits.digest(part) for part in PARTS},
            "class_names": list(splits.class_names),
            "label_basis": splits.label_basis,
        },
        "recipe": setup.options,
        "seed": setup.options["seed"],
        "precision": setup.options["precision"],
        "versions": {"python": platform.python_version(), **{p: version(p) for p in _STACK}},
        "command": shlex.join(["tfnews", *sys.argv[1:]]),
        "input_rule": INPUT_RULE,
        "parameters": parameters(setup.classifier),
        "test_reads": 0,
    }


def _settled(row: catalogue.Row, options: dict) -> dict:
    """Settle "auto", make paths absolute, and seed everything."""
    options = {**options, "precision": choose(options["precision"], row)}
    # A run is resumed from wherever the user stands.
    if options["weights"] != "none":
        options["weights"] = absolute(options["weights"])
    if options["deterministic"]:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(options["seed"])
    return options


def _answers(splits: Splits, texts: list[str], trained_on: str) -> dict:
    return {
        "class_names": splits.class_names,
        "trained_on": trained_on,
        "label_basis": splits.label_basis,
        "guards": Guards.fit(texts).get_config(),
        "input_rule": INPUT_RULE,
    }


def _written(record: WeightsRecord) -> dict:
    return {
        name: value
        for name, value in asdict(record).items()
        if value is not None or name == "digest"
    }
