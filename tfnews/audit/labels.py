"""Which training texts probably carry the wrong label: a list to look at, never dropped by itself.

Source: Northcutt, Jiang, Chuang (2021), "Confident Learning: Estimating Uncertainty in Dataset
Labels", as the library cleanlab carries it out.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from tfnews import progress
from tfnews.catalogue.bounds import bounded
from tfnews.catalogue.rows import row
from tfnews.data.splits import Splits
from tfnews.data.text import excerpt
from tfnews.errors import DataError, UsageError
from tfnews.records.audit import Doubt, Doubts

FOLDS = 5
JUDGE = "tfidf"  # the row whose out-of-fold scores judge the labels
_EXCERPT = 160  # characters


def doubted(splits: Splits, *, seed: int = 0) -> Doubts:
    """Find training texts whose label probably is wrong, the most doubtful first.

    A TF-IDF model is trained on four fifths of the training split's clusters and scores the fifth
    one, in turn, so that no text is judged by a model that has learnt it or a copy of it. Confident
    learning then estimates how many labels of each class are wrong, and which.

    Args:
        splits: A folder of splits, opened. Its other splits are not read.
        seed: Of the folds.

    Raises:
        UsageError: cleanlab is not installed.
        DataError: A class has fewer clusters than there are folds.
    """
    bounded("--seed", seed)
    find_label_issues = _cleanlab()
    frame = splits.frame("train")
    labels = frame["label"].to_numpy()
    scored = _out_of_fold(frame, splits, seed)
    own = np.where(labels == 1, scored, 1 - scored)  # probability of the label that a text carries
    both = np.column_stack([1 - scored, scored])
    rows = find_label_issues(labels, both, return_indices_ranked_by="self_confidence", n_jobs=1)
    names = splits.class_names
    return Doubts(
        judge=JUDGE,
        folds=FOLDS,
        seed=seed,
        rows=len(frame),
        accuracy=float(((scored >= 0.5) == labels).mean()),
        commoner=float(max(labels.mean(), 1 - labels.mean())),
        doubts=tuple(
            Doubt(
                row=int(at),
                given=names[labels[at]],
                suggested=names[1 - labels[at]],
                probability=round(float(own[at]), 4),
                text=excerpt(frame["combined_text"].iloc[at], _EXCERPT),
            )
            for at in rows
        ),
    )


def _cleanlab() -> Callable:
    try:
        from cleanlab.filter import find_label_issues
    except ImportError as error:
        raise UsageError(
            f"--labels needs cleanlab, and importing it failed: {error}. Install it with: "
            "pip install 'tfnews[labels]'."
        ) from error
    return find_label_issues


def _out_of_fold(frame: pd.DataFrame, splits: Splits, seed: int) -> np.ndarray:
    """Return each text's fake probability by a model that has not learnt it, `(rows,)`."""
    from sklearn.model_selection import StratifiedGroupKFold

    from tfnews.models.family import Material
    from tfnews.models.guard_fitting import without_spaces
    from tfnews.models.linear.tfidf import solve

    labels, clusters = frame["label"].to_numpy(), frame["cluster"].to_numpy()
    fewest = min(len(np.unique(clusters[labels == label])) for label in (0, 1))
    if fewest < FOLDS:
        raise DataError(
            f"Doubtful labels are looked for with {FOLDS} folds, and a class of the train split of "
            f"{splits.path} has {fewest} clusters of texts. Prepare more texts of both classes."
        )
    texts, scored = frame["combined_text"].to_numpy(), np.empty(len(frame))
    settings = dict(row(JUDGE).settings)
    settings["analyzer"] = "char" if without_spaces(texts.tolist()) else "word"
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    progress.stage("Judging the labels", "folds", FOLDS)
    for learnt, asked in folds.split(texts, labels, clusters):
        vectorizer, solution = solve(Material(texts[learnt], labels[learnt]), settings)
        scored[asked] = solution.predict_proba(vectorizer.transform(texts[asked]))[:, 1]
        progress.advance()
    return scored
