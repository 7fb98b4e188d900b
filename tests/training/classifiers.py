"""Hub classifiers of a few words, and batches for them, for tests that train without a run."""

import keras
import numpy as np
import tensorflow as tf

from tfnews.models.batches import encode, training_batches
from tfnews.models.embedding.family import HubBackbone, HubClassifier, HubPreprocessor
from tfnews.models.text.words import WordTokenizer
from tfnews.training.accumulation import training_model
from tfnews.training.losses import loss_for

WORDS = ["the", "council", "vote", "shocking", "truth", "harbour", "share"]
ROWS = len(WORDS) + 1  # and one for unknown words
TEXTS = [
    "the council vote",
    "shocking truth share share",
    "the harbour council",
    "share the shocking vote",
    "harbour unheard",
]
LABELS = [0, 1, 0, 1, 0]


def hub(trainable: bool = True, dropout: float = 0.0, units: int = 1) -> HubClassifier:
    """Build a classifier, the same at every call."""
    keras.utils.set_random_seed(0)
    backbone = HubBackbone(ROWS, 3)
    backbone.token_embedding.table.assign(np.random.default_rng(0).uniform(-1, 1, (ROWS, 3)))
    backbone.trainable = trainable
    head = {"hidden": [4], "dropout": [dropout], "units": units}
    return HubClassifier(backbone, HubPreprocessor(WordTokenizer(WORDS)), head=head)


def full_texts(count: int) -> list[str]:
    """Return texts each of which holds every word, an unknown one too, some more than once."""
    random = np.random.default_rng(0)
    words = [*WORDS, "unheard"]
    return [" ".join([*words, *random.choice(words, 9)]) for _ in range(count)]


def compiled(
    classifier: HubClassifier, optimizer: keras.optimizers.Optimizer, **options: object
) -> keras.Model:
    """Return the model up to the logits, ready to be trained."""
    model = training_model(classifier)
    model.compile(optimizer, loss_for(classifier), jit_compile=False, **options)
    return model


def batches(texts: list[str], labels: list[int], size: int, epochs: int = 1) -> tf.data.Dataset:
    """Return the batches of some texts, as a fit makes them."""
    preprocessor = HubPreprocessor(WordTokenizer(WORDS))
    ids = encode(preprocessor.tokenizer, texts)
    return training_batches(
        ids, np.array(labels), preprocessor, batch_size=size, epochs=epochs, seed=0, padded=False
    )
