"""What training minimises and watches: cross-entropy and accuracy over logits."""

import keras

from tfnews.models import NewsClassifier


def loss_for(classifier: NewsClassifier) -> keras.losses.Loss:
    """Return the cross-entropy over a classifier's logits, which are float32 under any policy."""
    if classifier.head_layers[-1].units == 1:
        return keras.losses.BinaryCrossentropy(from_logits=True)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def accuracy_for(classifier: NewsClassifier) -> keras.metrics.Metric:
    """Return the accuracy over a classifier's logits."""
    if classifier.head_layers[-1].units == 1:
        return keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)
    return keras.metrics.SparseCategoricalAccuracy("accuracy")
