"""Logistic regression: scikit-learn solves it, a dense layer carries it."""

from typing import TYPE_CHECKING

from tfnews.models.classifier import NewsClassifier

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression


def logistic_regression(options: dict) -> "LogisticRegression":
    """Return what is to be solved.

    Args:
        options: C, the inverse strength of the penalty.
    """
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=options["C"], max_iter=1000)


def carry(solution: "LogisticRegression", classifier: NewsClassifier) -> None:
    """Put coefficients (1, width) and the intercept (1,) into a classifier's last layer."""
    classifier.head_layers[-1].kernel.assign(solution.coef_.T)
    classifier.head_layers[-1].bias.assign(solution.intercept_)
