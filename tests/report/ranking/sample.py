"""A ranking, made up."""

from dataclasses import replace

from tfnews.records import Contender, HeldOut, Judged, Paired, Ranking
from tfnews.report.ranking import wording

SCORES = {"f1": 0.9, "accuracy": 0.88, "roc_auc": 0.95, "fpr": 0.1, "macro_recall": 0.8}


def judged(**changes):
    scores = SCORES | changes
    return Judged(scores, {name: [value - 0.05, value + 0.05] for name, value in scores.items()})


def pair(**changes):
    made = Paired(
        difference=-0.01,
        interval=(-0.04, 0.02),
        bootstrap_p=0.4,
        only_this=3,
        only_best=5,
        mcnemar_p=0.7266,
        worse=False,
    )
    return replace(made, **changes)


def contender(name, f1=0.9, **changes):
    made = Contender(
        name=name,
        arch="tfidf",
        runs=(name,),
        seeds=(0,),
        parts={"validation": judged(f1=f1), "test": judged(f1=f1 - 0.02)},
        parameters=1_000,
        megabytes=2.0,
        fit_seconds=90.0,
        ms_per_text=0.5,
        cpu="a CPU",
        test_reads=1,
    )
    return replace(made, **changes)


def ranking(**changes):
    """Return a ranking in which a small model ties with the best one, and one is worse."""
    pairs = {"validation": pair(), "test": pair(interval=None)}
    worse = {"validation": pair(worse=True, bootstrap_p=0.0004), "test": pair()}
    made = Ranking(
        set_name="made_up",
        class_names=("real", "fake"),
        label_basis="crowd",
        rows={"validation": 100, "test": 110},
        decided_on="validation",
        shown_on="test",
        contenders=(
            contender("large", 0.95, megabytes=50.0, tied=True, fronts=("size", "latency")),
            contender("small", 0.94, tied=True, against_best=pairs, fronts=("size",)),
            contender(
                "poor", 0.7, against_best=worse, held_out=HeldOut("away", ("outlet",), "test", 0.5)
            ),
        ),
        best="large",
        ship="small",
    )
    return wording.with_notes(replace(made, **changes))
