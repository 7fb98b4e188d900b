"""Searches that are cheap to make: tfidf on a synthetic corpus, or no fit at all."""

from tfnews.training.tuning.asked import check
from tfnews.training.tuning.study import Study

PINNED = ["ngrams=1", "min_df=1", "max_features=10000"]  # C and sublinear_tf are left to search


def asked(splits, root, **changes):
    options = {"trials": 4, "assignments": PINNED, "root": root} | changes
    return check(splits.path, **options)


def study(splits, root, **changes):
    return Study(asked(splits, root, **changes))


def run_all(study, f1=lambda number: 0.5):
    """End every trial with made-up scores, and return what each tried."""
    tried = []
    while (claimed := study.claim()) is not None:
        tried.append(claimed.settings)
        study.finish(claimed, "complete", [f1(claimed.number)])
    return tried
