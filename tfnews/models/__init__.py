"""Architectures as keras-hub text classifiers; importing this registers them with Keras."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfnews import catalogue
from tfnews.catalogue import Row
from tfnews.data.text import INPUT_RULE
from tfnews.errors import RunError
from tfnews.links import check_links
from tfnews.models import cnn
from tfnews.models.classifier import NewsClassifier, fake_probability
from tfnews.models.embedding import family as embedding_family
from tfnews.models.ensemble import EnsembleClassifier
from tfnews.models.family import Built, Family, Material
from tfnews.models.graph import trusting
from tfnews.models.linear import tfidf, word2vec
from tfnews.models.opening import check_digests, open_preset
from tfnews.models.transformer import family as transformer_family
from tfnews.runs import Run, is_run, model_folder

_log = logging.getLogger(__name__)

# Kind of row -> what builds it.
FAMILIES = {
    "embedding": embedding_family.FAMILY,
    "tfidf": tfidf.FAMILY,
    "word2vec": word2vec.FAMILY,
    "cnn": cnn.FAMILY,
    "transformer": transformer_family.FAMILY,
}

__all__ = [
    "FAMILIES",
    "EnsembleClassifier",
    "NewsClassifier",
    "build",
    "fake_probability",
    "family_of",
    "load",
]


def family_of(arch: str) -> Family:
    """Return what builds an architecture.

    The catalogue tells, not the record of a run: runs made before families had kinds name others.

    Args:
        arch: Name of a catalogue row.

    Raises:
        UsageError: There is no such row.
    """
    return FAMILIES[catalogue.row(arch).kind]


def build(
    row: Row,
    texts: Sequence[str],
    labels: Sequence[int],
    options: dict,
    answers: dict,
    weights: np.ndarray | None = None,
) -> Built:
    """Build the classifier a catalogue row describes.

    Args:
        row: The catalogue's row.
        texts: Training texts, from which vocabularies are learnt.
        labels: Training labels, 1 = fake.
        options: The resolved configuration of the fit.
        answers: What the classifier's answers mean: arguments of `NewsClassifier`.
        weights: What each training text weighs, (texts,); `None` where all weigh the same.

    Returns:
        The classifier, and what is to be recorded of its weights.
    """
    return family_of(row.name).build(row, Material(texts, labels, weights), options, answers)


def load(
    run: str | os.PathLike | Run | NewsClassifier,
    root: str | os.PathLike | None = None,
    *,
    trust_graph: bool = False,
) -> NewsClassifier:
    """Open the classifier of a run.

    Example:
        >>> classifier = tfnews.load("tfidf-1")
        >>> classifier.probabilities(["A headline. And what stands below it."])

    Args:
        run: The name or path of a complete run, the run itself, a model folder that tfnews saved,
            or a classifier, which is given back.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.
        trust_graph: Whether a TF-Hub module that the run carries may do more than compute, such as
            read and write any file.

    Raises:
        RunError: There is no such run or model, it is not tfnews's, it is not as it was saved, or
            it reads texts by another rule.
        WeightsError: It carries a module that may do more than compute.
    """
    classifier = run
    if isinstance(run, str | os.PathLike | Run):
        with trusting(trust_graph):
            classifier = _opened(model_folder(run, root))
    if not hasattr(classifier, "input_rule"):
        raise RunError(
            "A run is opened by its name, its folder or its model folder. Received: "
            f"{type(run).__name__}. Allowed: str, path, tfnews.runs.Run or a classifier."
        )
    if classifier.input_rule != INPUT_RULE:
        raise RunError(
            f"This run joins title and text by the rule {classifier.input_rule!r}; this tfnews "
            f"knows {INPUT_RULE!r} only. Use the tfnews that trained it, or train again."
        )
    return classifier


def _opened(folder: Path) -> NewsClassifier:
    """Open a model's folder, checked against what the run that it lies in says of it."""
    run = Path(os.path.abspath(folder)).parent
    in_run = Path(os.path.abspath(folder)).name == "model" and is_run(run)
    check_links(run if in_run else folder, RunError)
    if in_run:
        recorded = Run(run).config.digests
        if recorded is None:
            _log.warning(
                "Note: the run %s carries no digests of its model, so a change would go unseen: it "
                "was made by an older tfnews.",
                run,
            )
        else:
            check_digests(folder, recorded)
    return open_preset(folder)
