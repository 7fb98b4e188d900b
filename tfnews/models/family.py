"""What a family of architectures gives: the protocol, written down.

A family turns a row of the catalogue into a classifier. It consists of

- a `Family`: how a classifier is built, frozen and trained;
- a subclass of `NewsClassifier`, registered with Keras, over
- a backbone: encoded texts to features (batch, width), or windows of them, and
- a preprocessor, whose `tokenizer` turns strings (batch,) into ragged int32 ids (batch, tokens)
  and whose `pack` turns such ids into the backbone's inputs, both in TensorFlow operations alone.

Beyond what `NewsClassifier` does by itself, a family says

- of its classifier: `prediction_batch`, texts scored together; `rows_in_use(ids)`, the rows of
  tables that training can move; `exports`, the targets it can be written for; and
  `one_text(ids)`, the same answer for a single text of a fixed length by operations that
  TensorFlow Lite has built in; and `explains`, how its answers can be explained besides occlusion,
  which asks for probabilities alone: "exact" with `contributions(ids)`, "gradients" with
  `token_vectors(inputs)` and `from_vectors(inputs, vectors)`;
- of its preprocessor: `fixed(ids, length)`, the dense ids that `one_text` takes; and
  `reads(parts)`, which words of a text are not cut off;
- of its tokenizer: `resources()`, what a SavedModel must track; `unknown(ids)`, the share of
  unknown words; `forget(ids)`, which makes tokens of a learnt vocabulary unknown; `spec()`, all
  that a tokenizer on another platform needs; and `parts(texts)` with `origins(parts)`, which tell
  what words of a text an id stands for.

tests/contracts.py proves all of it for every row of the catalogue.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras_hub
import numpy as np

from tfnews.catalogue import Row
from tfnews.models.classifier import NewsClassifier
from tfnews.records import WeightsRecord


@dataclass(frozen=True)
class Material:
    """What a classifier is built from besides its row: the training split.

    Attributes:
        texts: Combined texts; vocabularies are learnt from them.
        labels: 1 = fake, as many.
        weights: What each weighs in what is solved, (texts,); `None` where all weigh the same.
    """

    texts: Sequence[str]
    labels: Sequence[int]
    weights: np.ndarray | None = None


Built = tuple[NewsClassifier, WeightsRecord]


def nothing_to_freeze(backbone: keras_hub.models.Backbone, options: dict) -> None:
    """Leave a backbone as it is: that of a solved classifier is not trained."""


@dataclass(frozen=True)
class Family:
    """How the classifiers of one kind of row come about.

    Attributes:
        build: `build(row, material, options, answers)` returns a classifier in float32 and what
            is to be recorded of its weights. `options` is the resolved configuration of the fit,
            `answers` the arguments of `NewsClassifier` that say what its answers mean.
        freeze: `freeze(backbone, options)` sets what is trained; called again when a fit goes on
            from a run with other options.
        solved: Whether `build` finds the weights, by a solver, and nothing is left to train.
        padded: Whether batches are padded to their longest text, so that texts of like length are
            put together; else texts travel as ragged ids.
    """

    build: Callable[[Row, Material, dict, dict], Built]
    freeze: Callable[[keras_hub.models.Backbone, dict], None] = nothing_to_freeze
    solved: bool = False
    padded: bool = False
