"""A made-up report that the tests of report, card, terminal and wording share."""

import functools
from dataclasses import replace

import numpy as np

from tfnews.records import (
    Comparison,
    Config,
    Judged,
    OtherSet,
    Parameters,
    SplitsRecord,
    Timings,
    WeightsRecord,
)
from tfnews.records.slices import Rate, Slice, SlicedBy, Slices, Spread, Worst
from tfnews.report.content import DataSet, Report
from tfnews.statistics import intervals, metrics, mistakes

CONFIG = Config(
    state="complete",
    name="nnlm128-1",
    arch="nnlm128",
    splits=SplitsRecord("/data/made_up", "made_up", {}, ("real", "fake")),
    trainable=True,
    weights=WeightsRecord("nnlm-en-dim128", "ab" * 32, "Apache-2.0"),
    recipe={"epochs": 12, "batch_size": 32, "learning_rate": 1e-4},
    seed=42,
    versions={"tensorflow": "2.21.0", "keras": "3.15.1"},
    command="tfnews fit --data splits --arch nnlm128",
    parameters=Parameters(124692225, 124692225),
    megabytes=475.7,
    fit_seconds=812.4,
)
DATA = DataSet(
    "made_up",
    label_basis="factcheck",
    strategy="random",
    seed=42,
    counts={"train": {"real": 950, "fake": 1050}},
    digests={"train.csv": "cd" * 32, "test.csv": "ef" * 32},
    sources=({"file": "news.csv", "sha256": "12" * 32},),
)
FLOOR = Comparison(
    arch="tfidf",
    part="test",
    f1=0.81,
    difference=0.012,
    interval=(-0.004, 0.027),
    gain_shown=False,
)


def rows(count=400, seed=0, spread=0.45):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, count)
    noise = generator.normal(0, spread, count)
    return labels, 1 / (1 + np.exp(-4 * (labels - 0.5 + noise)))


@functools.cache
def part(seed=0, class_names=("real", "fake"), count=400, spread=0.45):
    labels, probabilities = rows(count, seed, spread)
    return Judged(
        metrics.scores(labels, probabilities, class_names=class_names),
        intervals.bootstrap(labels, probabilities, resamples=200),
    )


def other_set(name, judged, **facts):
    return OtherSet(
        name=name,
        class_names=judged.class_names,
        scores=judged.scores,
        intervals=judged.intervals,
        **facts,
    )


def sliced():
    """Give slices by a column that is named and by one that is not."""
    rate, others = Rate(6, 40, 0.15, (0.07, 0.29)), Rate(4, 160, 0.025, (0.01, 0.06))
    parts = tuple(
        Slice(name=name, rows=60, fpr=rate, fnr=Rate(0, 0)) for name in ("politics", "sport")
    )
    spreads = {"fpr": Spread(4, 0.0, 0.15)}
    worst = {"kind": "value", "values": 4, "rows": 60, "rate": rate, "others": others}
    return Slices(
        fewest=20,
        compared=12,
        by=(
            SlicedBy(column="subject", kind="value", named=True, values=2, slices=parts),
            SlicedBy(column="outlet", kind="value", named=False, values=4, spreads=spreads),
            SlicedBy(column="id", kind="value", named=False, unsliced="no two parts are large"),
        ),
        worst={
            "fpr": Worst(column="subject", name="politics", shown=True, **worst),
            "fnr": Worst(column="outlet", shown=False, **worst),
        },
    )


def least():
    """Give the least that a report may speak of."""
    config = Config(
        state="complete",
        name="a",
        arch="tfidf",
        splits=SplitsRecord("", "b", {}, ("real", "fake")),
    )
    return Report(config, DataSet("b"), {"validation": Judged(part().scores)})


def report(class_names=("real", "fake"), **changes):
    labels, probabilities = rows()
    titles = [f"Title {row} <script>alert(1)</script>" for row in range(len(labels))]
    texts = [f"Body {row} & more, see http://example.org/{row} " * 20 for row in range(len(labels))]
    counts = {"train": dict(zip(class_names, (950, 1050), strict=True))}
    made = Report(
        CONFIG,
        replace(DATA, class_names=tuple(class_names), counts=counts),
        {
            name: part(seed, tuple(class_names))
            for seed, name in enumerate(("test", "validation", "train"))
        },
        floor=FLOOR,
        other_sets=(other_set("elsewhere", part(7, spread=2.0)),),
        timings=Timings(400, 0.21, 4762.0),
        mistakes=mistakes.find(labels, probabilities, titles, texts, count=3),
        test_reads=1,
    )
    return replace(made, **changes)
