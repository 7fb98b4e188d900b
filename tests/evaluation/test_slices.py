"""Which parts of the test texts are looked at, and what is told of them."""

import json
from dataclasses import asdict
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnews.errors import UsageError
from tfnews.evaluation.slices import FEWEST, chosen, slices
from tfnews.statistics.rates import wilson

RATES = ("fpr", "fnr")


def texts(count, seed=0, **columns):
    """Give texts of 10 to 200 words, half of them fake, each its own cluster."""
    generator = np.random.default_rng(seed)
    words = generator.integers(10, 200, count)
    return pd.DataFrame(
        {
            "combined_text": [" ".join(["word"] * size) for size in words],
            "label": np.arange(count) % 2,
            "cluster": np.arange(count),
            **columns,
        }
    )


def scored(frame, wrong):
    """Give scores that are wrong in some rows."""
    return np.where((frame["label"] == 1) ^ np.asarray(wrong, bool), 0.9, 0.1)


def found(frame, wrong, *columns):
    return slices(frame, scored(frame, wrong), 0.5, columns)


def test_length_is_cut_into_quarters_that_hold_each_text_once():
    frame = texts(200)
    wrong = np.arange(200) % 10 == 0
    (by,) = found(frame, wrong).by
    assert (by.column, by.kind, by.named, by.values) == ("length", "length", True, 4)
    words = frame["combined_text"].str.split().str.len().to_numpy()
    ends = [tuple(map(int, one.name.split(" to "))) for one in by.slices]
    assert ends == sorted(ends)
    for (low, high), one in zip(ends, by.slices, strict=True):
        rows = (words >= low) & (words <= high)
        assert one.rows == rows.sum()
        for rate, label in zip(RATES, (0, 1), strict=True):
            of = rows & (frame["label"] == label).to_numpy()
            told = getattr(one, rate)
            assert (told.wrong, told.of) == ((wrong & of).sum(), of.sum())
            assert told.rate == told.wrong / told.of
            assert told.interval == wilson(told.rate, told.of)
    assert sum(one.rows for one in by.slices) == 200


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["1", "2", "30", "", "x"]), min_size=40, max_size=90), st.data())
def test_every_text_is_in_one_slice_whatever_a_column_holds(cells, data):
    frame = texts(len(cells), subject=cells)
    wrong = data.draw(st.lists(st.booleans(), min_size=len(cells), max_size=len(cells)))
    by = found(frame, wrong, "subject").by[1]
    if by.unsliced is None:
        assert sum(one.rows for one in by.slices) == len(cells)
        assert sum(one.fpr.wrong + one.fnr.wrong for one in by.slices) == sum(wrong)


def test_the_worst_slice_is_named_and_shown_to_be_worse():
    subject = np.repeat(["art", "sport", "trade"], 100)
    wrong = np.arange(300) % 20 == 1
    wrong[100:200:4] = True  # real texts only
    one = found(texts(300, subject=subject), wrong, "subject").worst["fpr"]
    assert (one.column, one.name, one.values, one.rows) == ("subject", "sport", 3, 100)
    assert (one.rate.wrong, one.rate.of) == (25, 50)
    assert one.others.of == 100
    assert one.shown


def test_chance_is_allowed_for_by_the_number_of_comparisons():
    """Where no slice differs, the worst of 44 or more is shown to in 7 of 300 draws."""
    shown = 0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        subject = [f"s{value}" for value in generator.integers(0, 20, 1200)]
        told = found(texts(1200, seed, subject=subject), generator.random(1200) < 0.2, "subject")
        assert told.compared > 40
        shown += any(one.shown for one in told.worst.values())
    assert shown <= 3


def test_outlets_and_persons_are_never_named_in_what_is_recorded():
    names = ["The Daily Made-up", "Nobody's News", "Evening Invention"]
    for column in ("source", "author", "Speaker", "domain", "channel", "never heard of"):
        frame = texts(300, **{column: np.repeat(names, 100)})
        told = found(frame, np.repeat([False, True, False], 100), column)
        by = told.by[1]
        assert (by.named, by.values, by.slices) == (False, 3, ())
        assert by.spreads["fpr"].slices == 3
        assert (by.spreads["fpr"].low, by.spreads["fpr"].high) == (0.0, 1.0)
        assert told.worst["fpr"].name is None
        assert not any(name in json.dumps(asdict(told)) for name in names)


def test_sites_are_counted_by_address_and_not_named():
    pages = [f"https://www.site{row % 3}.example/{row}" for row in range(300)]
    by = found(texts(300, subject=pages), np.zeros(300), "subject").by[1]
    assert (by.kind, by.values, by.named) == ("site", 3, True)


def test_values_of_few_texts_are_joined_and_not_compared():
    subject = ["art"] * 60 + ["sport"] * 60 + ["rare"] * (FEWEST - 1) + ["once"]
    told = found(texts(140, subject=subject), np.arange(140) >= 120, "subject")
    by = told.by[1]
    assert [one.name for one in by.slices] == [
        "art", "sport", f"rest: 2 values of fewer than {FEWEST} texts",
    ]  # fmt: skip
    assert by.values == 2
    assert {one.column for one in told.worst.values()} <= {"length"}


@pytest.mark.parametrize("cells", [["same"] * 80, [f"v{row}" for row in range(80)]])
def test_a_column_without_two_parts_is_not_looked_at(cells):
    by = found(texts(80, subject=cells), np.zeros(80), "subject").by[1]
    assert by.unsliced == f"no two parts have {FEWEST} texts each"
    assert by.slices == ()


def test_few_texts_make_fewer_parts_or_none():
    assert found(texts(59), np.ones(59)).by[0].values == 2
    told = found(texts(39), np.ones(39))
    assert told.by[0].unsliced
    assert (told.compared, told.worst) == (0, {})


def test_without_an_error_there_is_no_worst():
    assert found(texts(200), np.zeros(200)).worst == {}


def test_dates_are_cut_in_order_and_texts_without_one_stand_apart():
    days = pd.date_range("2016-01-01", periods=160).strftime("%b %d, %Y").tolist()
    by = found(texts(170, date=days + [""] * 10), np.zeros(170), "date").by[1]
    assert by.kind == "date"
    assert [one.name for one in by.slices][:2] == [
        "2016-01-01 to 2016-02-09", "2016-02-10 to 2016-03-20",
    ]  # fmt: skip
    assert (by.slices[-1].name, by.slices[-1].rows) == ("no value", 10)


def test_texts_of_one_cluster_are_no_more_than_one():
    frame = texts(200)
    alone, together = (
        found(frame.assign(cluster=cluster), np.arange(200) % 4 == 0).by[0].slices[0].fpr.interval
        for cluster in (np.arange(200), np.zeros(200, int))
    )
    assert together[1] - together[0] > 0.7 > alone[1] - alone[0]


def splits(frame, time=None):
    return SimpleNamespace(frame=lambda part: frame, manifest={"time_column": time}, path="splits")


def test_the_time_column_of_prepare_is_looked_at_first_and_each_column_once():
    frame = texts(40, Date="2016-01-01", subject="art")
    assert chosen(splits(frame)) == []
    assert chosen(splits(frame, "date"), ["SUBJECT", "date"]) == ["Date", "subject"]
    assert chosen(splits(frame, "gone")) == []


@pytest.mark.parametrize("column", ["label", "cluster", "combined_text", "colour"])
def test_what_is_no_column_of_metadata_is_refused(column):
    with pytest.raises(UsageError, match=f"cannot be sliced by '{column}'.* from: subject"):
        chosen(splits(texts(40, subject="art")), [column])
