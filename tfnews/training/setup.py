"""What a fit starts from: a catalogue row and its weights, or an earlier run."""

import platform
from dataclasses import dataclass
from importlib.metadata import version

import keras
import numpy as np
import pandas as pd

from tfnews import catalogue, models, progress
from tfnews.data.splits import PARTS, Splits
from tfnews.data.text import INPUT_RULE
from tfnews.errors import DataError, UsageError, WeightsError
from tfnews.models import NewsClassifier
from tfnews.models.family import Family
from tfnews.models.guard_fitting import LETTERS_PER_SPACED_WORD, without_spaces
from tfnews.models.guards import Guards
from tfnews.models.precision import choose
from tfnews.models.repeatable import repeatable
from tfnews.records import Ancestor, Config, Parameters, SplitsRecord, WeightsRecord
from tfnews.runs import Run
from tfnews.statistics import balance
from tfnews.training import devices
from tfnews.training.asked import without_none
from tfnews.training.settings import learns_pieces, recorded
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
        splits: The fixed splits.
        classifier: In float32.
        weights: What it started from.
        lineage: Earlier runs it goes on from, oldest first.
    """

    row: catalogue.Row
    options: dict
    splits: Splits
    classifier: NewsClassifier
    weights: WeightsRecord
    lineage: tuple[Ancestor, ...] = ()

    @property
    def family(self) -> Family:
        """How classifiers of the row's kind come about."""
        return models.family_of(self.row.name)


def from_row(row: catalogue.Row, splits: Splits, options: dict) -> Setup:
    """Build a row's classifier from its weights; vocabularies are learnt from the training split.

    Args:
        row: The catalogue's row.
        splits: The fixed splits.
        options: The resolved configuration.

    Raises:
        DataError: The training split holds one class only.
        WeightsError: The weights cannot be found, read or trusted.
    """
    frame = _training_split(splits)
    texts, labels = _texts_and_labels(frame)
    progress.stage("Reading the training texts")
    options = _weighed(_seeded(options), labels)
    options = _analysed(row, options, texts)
    answers = _answers(splits, texts, splits.name)
    progress.stage(f"Building {row.name}")
    weighed = balance.weights(options, frame)
    classifier, weights = models.build(row, texts, labels, options, answers, weighed)
    return Setup(row, _settled(row, options, weights), splits, classifier, weights)


def from_run(parent: Run, splits: Splits, options: dict) -> Setup:
    """Take a trained run's classifier to go on with on other data.

    Its weights and vocabulary stay; class names, guards and the rest of what its answers mean
    become those of the new data.

    Args:
        parent: A complete run.
        splits: The fixed splits to go on with.
        options: The resolved configuration.

    Raises:
        UsageError: A setting would change what was built from the parent's weights.
        DataError: The training split holds one class only.
    """
    row = catalogue.row(parent.config.arch)
    _check_unchanged(row, parent, options)
    texts, labels = _texts_and_labels(_training_split(splits))
    options = _weighed(_seeded(options), labels)
    progress.stage(f"Opening {parent.name}")
    old = models.load(parent)
    answers = _answers(splits, texts, f"{old.trained_on}, then {splits.name}")
    classifier = type(old)(old.backbone, old.preprocessor, head=old.head, **answers)
    for layer, trained in zip(classifier.head_layers, old.head_layers, strict=True):
        layer.set_weights(trained.get_weights())
    models.family_of(row.name).freeze(classifier.backbone, options)
    step = Ancestor(
        run=parent.name,
        path=str(parent.path.resolve()),
        digest=module_digest(parent.model_dir),
        splits=parent.config.splits.name,
    )
    weights, lineage = parent.config.weights, (*parent.config.lineage, step)
    return Setup(row, _settled(row, options, weights), splits, classifier, weights, lineage)


def _training_split(splits: Splits) -> pd.DataFrame:
    """Return the rows to learn from, of both classes."""
    frame = splits.frame("train")
    if frame["label"].nunique() < 2:
        only = splits.class_names[frame["label"].iloc[0]]
        raise DataError(
            f"The train split of {splits.path} holds {only} texts only, so there is nothing to "
            "tell apart. Run tfnews data prepare on texts of both classes."
        )
    return frame


def _texts_and_labels(frame: pd.DataFrame) -> tuple[list[str], list[int]]:
    return frame["combined_text"].tolist(), frame["label"].tolist()


def _check_unchanged(row: catalogue.Row, parent: Run, options: dict) -> None:
    recipe = recorded(parent.config)
    built = ("max_tokens", *(name for name in row.settings if name not in _FREE))
    changed = [f"{name}={options[name]}" for name in built if options[name] != recipe[name]]
    if changed:
        raise UsageError(
            f"--from goes on with the vocabulary and layers of {parent.name}, which is trained. "
            f"Received: {', '.join(changed)}. Leave these out, or train a new run without --from."
        )


def again(run: Run, splits: Splits, **changes: object) -> Setup:
    """Build the classifier of a run as it was when the run began.

    Args:
        run: Complete or broken off.
        splits: Its own.
        **changes: Settings that are to be others than its own; `None` changes nothing.

    Raises:
        WeightsError: What it started from has changed since.
    """
    row, lineage, options = catalogue.row(run.config.arch), run.config.lineage, recorded(run.config)
    options |= without_none(changes)
    if lineage:
        setup = from_run(Run.open(lineage[-1].path), splits, options)
        now, then = setup.lineage[-1].digest, lineage[-1].digest
    else:
        setup = from_row(row, splits, options)
        now, then = setup.weights.digest, run.config.weights.digest
    if now != then:
        raise WeightsError(
            f"What {run.name} started from has changed since: its digest is {now}, the run has "
            f"{then}. Put the old weights back, or start a new run."
        )
    return setup


def parameters(classifier: NewsClassifier) -> Parameters:
    """Count a classifier's weights, as published counts do: all, and those that training moves."""
    return Parameters(
        total=int(sum(np.prod(v.shape) for v in classifier.weights)),
        trainable=int(sum(np.prod(v.shape) for v in classifier.trainable_weights)),
    )


def described(setup: Setup, name: str, command: str | None = None) -> Config:
    """Return what config.json says of a fit from its start.

    Args:
        setup: What the fit starts from.
        name: The run's.
        command: The command line or the Python call that asked for the fit.
    """
    splits, options = setup.splits, setup.options
    return Config(
        state="training",
        name=name,
        arch=setup.row.name,
        family=setup.row.family,
        trainable=options["trainable"],
        weights=setup.weights,
        lineage=setup.lineage,
        splits=described_splits(splits),
        recipe=options,
        seed=options["seed"],
        precision=options["precision"],
        versions=stack(),
        command=command,
        input_rule=INPUT_RULE,
        parameters=parameters(setup.classifier),
    )


def described_splits(splits: Splits) -> SplitsRecord:
    """Return what config.json says of the splits a run is made on."""
    return SplitsRecord(
        path=str(splits.path.resolve()),
        name=splits.name,
        digests={part: splits.digest(part) for part in PARTS},
        class_names=splits.class_names,
        label_basis=splits.label_basis,
        columns=splits.columns or None,
        licence=splits.licence,
    )


def stack() -> dict[str, str]:
    """Return the versions of Python and of the libraries that a run is made with."""
    return {"python": platform.python_version(), **{name: version(name) for name in _STACK}}


def settled(row: catalogue.Row, splits: Splits, options: dict, weights: WeightsRecord) -> dict:
    """Return the configuration as the run of a fit on some splits records it; nothing is built.

    Args:
        row: The catalogue's row.
        splits: The fixed splits.
        options: The resolved configuration.
        weights: What the fit would start from.

    Raises:
        DataError: The training split holds one class only, or published words would be read from
            texts that have no spaces.
    """
    texts, labels = _texts_and_labels(_training_split(splits))
    options = _analysed(row, _weighed(_placed(options), labels), texts)
    return _settled(row, options, weights)


def _seeded(options: dict) -> dict:
    """Seed everything, make the devices ready, and say where the weights are."""
    devices.make_ready(options["devices"])
    if options["deterministic"]:
        repeatable()
    keras.utils.set_random_seed(options["seed"])
    return _placed(options)


def _placed(options: dict) -> dict:
    """Make the path of weights absolute: a run is resumed from anywhere."""
    weights = options["weights"]
    return {**options, "weights": weights if weights == "none" else absolute(weights)}


def _weighed(options: dict, labels: list[int]) -> dict:
    """Settle whether classes are balanced."""
    return {**options, "class_weight": balance.settled(options["class_weight"], labels)}


def _analysed(row: catalogue.Row, options: dict, texts: list[str]) -> dict:
    """Settle what is read: words, or of texts without spaces, as guards tell them, what else.

    Raises:
        DataError: Published words are to read texts that have no spaces between words.
    """
    if "analyzer" not in options:
        return options
    unspaced = without_spaces(texts)
    if unspaced and options["weights"] != "none":
        rows = ", ".join(
            f"{one.name} --weights none" if one.weights else one.name
            for one in catalogue.rows().values()
            if "analyzer" in one.settings
        )
        raise DataError(
            "The training texts have no spaces between words (more than "
            f"{LETTERS_PER_SPACED_WORD} letters from one space to the next on average), so that "
            f"{row.name} would find next to none of the words of {options['weights']}. What reads "
            f"their characters or pieces: {rows}."
        )
    if options["analyzer"] != "auto":
        return options
    within = "piece" if learns_pieces(row) else "char"
    return {**options, "analyzer": within if unspaced else "word"}


def _settled(row: catalogue.Row, options: dict, weights: WeightsRecord) -> dict:
    """Settle the precision: the only one of the weights, the one asked for, or the machine's.

    Raises:
        UsageError: The weights cannot be copied to the devices that are named.
    """
    if weights.precision and options["devices"] != devices.AUTO:
        raise UsageError(
            f"{weights.handle} is a module used as it is, which cannot be copied to other devices. "
            f"Received: --devices {options['devices']}. Leave it out."
        )
    if models.family_of(row.name).solved:
        return {**options, "precision": "float32"}
    return {**options, "precision": weights.precision or choose(options["precision"], row)}


def _answers(splits: Splits, texts: list[str], trained_on: str) -> dict:
    return {
        "class_names": splits.class_names,
        "trained_on": trained_on,
        "label_basis": splits.label_basis,
        "guards": Guards.fit(texts).get_config(),
        "input_rule": INPUT_RULE,
    }
