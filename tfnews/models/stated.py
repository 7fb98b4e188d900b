"""The sizes that a model's configuration states, held against the weights that are stored with it.

A few bytes of text may ask for any amount of memory: no weight is made that the files do not hold.
"""

import contextlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import h5py
import keras
import tensorflow as tf

from tfnews.catalogue.settings import SETTINGS, shown
from tfnews.models.classifier import NewsClassifier
from tfnews.models.text.normalise import RULES

# What a preprocessor's configuration states, by the setting that it comes from.
_SETTINGS = {
    "max_tokens": "max_tokens",
    "max_windows": "max_windows",
    "min_letters": "max_tokens",
    "ngrams": "ngrams",
    "oov_buckets": "oov_buckets",
    "pad_after": "max_tokens",
    "sequence_length": "max_tokens",
}
_ROWS = ("vocabulary_size", "rows", "terms")  # what backbones call the rows of their tables
_TIMES = 2  # that keras-hub makes a weight: some of its layers are made to learn their shapes first
_SMALL = 2  # numbers of what is no weight, such as the state of a dropout layer
_FEW = 1000  # of these


def stored(folder: Path, names: Sequence[str]) -> Counter:
    """Count the shapes of the weights in a model's files.

    Args:
        folder: The model's.
        names: Of its HDF5 files.

    Raises:
        ValueError: A file says that it holds more than it does.
        OSError: One is damaged.
    """
    shapes = Counter()

    def count(name: str, one: object) -> None:
        if isinstance(one, h5py.Dataset) and not name.startswith("optimizer/"):
            if one.id.get_storage_size() != one.nbytes:
                raise ValueError(f"{name[-60:]} is not stored as it is: all of it, uncompressed")
            shapes[one.shape] += 1

    for name in names:
        with h5py.File(folder / name) as file:
            file.visititems(count)
    return shapes


@contextlib.contextmanager
def only(shapes: Mapping[tuple[int, ...], int]) -> Iterator[None]:
    """Let this thread make weights of these shapes within the block, and no others.

    Args:
        shapes: Shape -> how many there are of it.

    Raises:
        ValueError: One is made that is not among them, before it takes memory.
    """
    made = Counter()

    def hold(make, **given):
        shape = _shape(given.get("initial_value"))
        if shape is not None:
            made[shape] += 1
            small = math.prod(shape) <= _SMALL and made[shape] <= _FEW
            if not small and made[shape] > _TIMES * shapes.get(shape, 0):
                raise ValueError(
                    f"Its configuration asks for weights of shape {shown(shape)}, of "
                    f"which {shapes.get(shape, 0)} are stored."
                )
        return make(**given)

    with tf.variable_creator_scope(hold):
        yield


def _shape(initial: object) -> tuple[int, ...] | None:
    """Return the shape of a weight that Keras is about to make; `None` of any other variable.

    The function that will compute its first values knows the weight that they are for.
    """
    held = [cell.cell_contents for cell in getattr(initial, "__closure__", None) or ()]
    found = next((one for one in held if isinstance(one, keras.Variable)), None)
    return None if found is None else tuple(found.shape)


def check_settings(content: object) -> None:
    """Refuse what a setting of a preprocessor cannot be: some numbers would compute without end.

    Args:
        content: Its configuration, as JSON holds it.

    Raises:
        ValueError: A number is out of bounds, or there is no such rule for words.
    """
    if isinstance(content, dict):
        rule = content.get("normalise", RULES[0])
        if rule not in RULES:
            raise ValueError(f"It normalises by {shown(rule)}. Allowed: {', '.join(RULES)}.")
        for key, setting in _SETTINGS.items():
            bounds = SETTINGS[setting]
            if content.get(key) is not None and not bounds.allows(content[key]):
                raise ValueError(
                    f"It states {key} as {shown(content[key])}. Allowed: {bounds.allowed}."
                )
        content = list(content.values())
    for one in content if isinstance(content, list) else ():
        check_settings(one)


def check_words(classifier: NewsClassifier) -> None:
    """Refuse a classifier whose classes have no names, or whose set has none.

    Raises:
        ValueError: They are not two different texts, or the set's name or basis is no text.
    """
    names = classifier.class_names
    if len(names) != 2 or not all(isinstance(one, str) and one for one in names):
        raise ValueError(f"Its classes must have two names. Received: {shown(names)}.")
    if names[0] == names[1]:
        raise ValueError(f"Its classes have the same name, {shown(names[0])}.")
    for said in (classifier.trained_on, classifier.label_basis):
        if not isinstance(said, str):
            raise ValueError(f"It names its training set {shown(said)}, which is no text.")


def check_vocabulary(classifier: NewsClassifier) -> None:
    """Refuse a vocabulary that is not its table's: each word would have another one's vector.

    Raises:
        ValueError: It has more words than the table has rows, or, where it was learnt or taken with
            the table, fewer.
    """
    encoder = getattr(classifier.backbone, "encoder", None)
    config = (encoder or classifier.backbone).get_config()
    rows = next((config[one] for one in _ROWS if one in config), None)
    if rows is None:  # a module has both in itself
        return
    words = classifier.preprocessor.tokenizer.vocabulary_size()
    # Published encoders may have rows to spare.
    if words > rows or (encoder is None and words < rows):
        raise ValueError(f"Its vocabulary has {words:,} entries, and its table {rows:,} rows.")
