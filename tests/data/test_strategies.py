import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.data import strategies
from tfnews.data.strategies import DEFAULT_RATIOS, Strategy, assign, assign_by_time, read_dates
from tfnews.errors import DataError, UsageError

_TRAIN, _VALIDATION, _TEST = 0, 1, 2

# Rows as (cluster, label), with three clusters of each class at least.
_rows = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1)), max_size=80).map(
    lambda rows: [*((100 + i, i % 2) for i in range(6)), *rows]
)


def _arrays(rows):
    clusters, labels = zip(*rows, strict=True)
    return pd.factorize(np.array(clusters))[0], np.array(labels)


def _crossing(clusters, parts):
    return (pd.Series(parts).groupby(np.asarray(clusters)).nunique() > 1).any()


@given(_rows, st.integers(0, 3))
def test_assign_keeps_clusters_whole_and_fills_every_split_with_both_classes(rows, seed):
    clusters, labels = _arrays(rows)
    parts = assign(clusters, labels, DEFAULT_RATIOS, seed)
    assert not _crossing(clusters, parts)
    assert set(zip(parts.tolist(), labels.tolist(), strict=True)) >= {
        (part, label) for part in (_TRAIN, _TEST) for label in (0, 1)
    }
    assert (parts == assign(clusters, labels, DEFAULT_RATIOS, seed)).all()


@given(
    st.integers(20, 300),
    st.integers(20, 300),
    st.sampled_from([(0.7, 0.15, 0.15), (0.8, 0.1, 0.1), (0.4, 0.3, 0.3)]),
)
def test_assign_meets_the_ratios_in_each_class(real, fake, ratios):
    labels = np.array([0] * real + [1] * fake)
    parts = assign(np.arange(len(labels)), labels, ratios, seed=1)
    for label, total in ((0, real), (1, fake)):
        counts = np.bincount(parts[labels == label], minlength=3)
        assert np.abs(counts - np.array(ratios) * total).max() <= 1.5


@given(st.lists(st.integers(1, 12), min_size=30, max_size=60))
def test_assign_meets_the_ratios_within_one_cluster(sizes):
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    labels = clusters % 2
    parts = assign(clusters, labels, DEFAULT_RATIOS, seed=0)
    shares = np.bincount(parts, minlength=3)
    assert np.abs(shares - np.array(DEFAULT_RATIOS) * len(parts)).max() <= 2 * max(sizes) + 2


def test_assign_depends_on_the_seed():
    labels = np.arange(100) % 2
    first, second = (assign(np.arange(100), labels, DEFAULT_RATIOS, seed) for seed in (0, 1))
    assert (first != second).any()


def test_large_clusters_leave_some_for_every_split():
    # Filling greedily by size alone once left the test split without the class.
    clusters = np.repeat(np.arange(6), 5)
    parts = assign(clusters, np.repeat([0, 0, 0, 1, 1, 1], 5), DEFAULT_RATIOS, seed=0)
    assert np.bincount(parts).tolist() == [10, 10, 10]


def test_too_few_clusters_of_a_class():
    with pytest.raises(DataError, match=r"'satire' has too few clusters.*: 2, for 3"):
        assign(np.arange(8), np.array([0] * 6 + [1] * 2), DEFAULT_RATIOS, 0, ("news", "satire"))


@given(_rows, st.data())
def test_time_puts_no_cluster_before_an_older_one(rows, data):
    clusters, _ = _arrays(rows)
    days = data.draw(st.lists(st.integers(0, 9), min_size=len(rows), max_size=len(rows)))
    dates = pd.Series(pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(days, unit="D"))
    parts = assign_by_time(clusters, dates, DEFAULT_RATIOS, seed=0)
    assert not _crossing(clusters, parts)
    oldest = dates.groupby(clusters).min()
    part_of = pd.Series(parts).groupby(clusters).first()
    for part in (_TRAIN, _VALIDATION):
        if (part_of == part).any() and (part_of > part).any():
            assert oldest[part_of == part].max() <= oldest[part_of > part].min()


def test_time_meets_the_ratios_and_the_order_of_files_does_not_break_ties():
    dates = pd.Series([pd.Timestamp("2020-01-01", tz="UTC")] * 200)
    parts = assign_by_time(np.arange(200), dates, DEFAULT_RATIOS, seed=0)
    assert np.bincount(parts).tolist() == [140, 30, 30]
    assert 0 < (parts[:100] == _TEST).sum() < 30


def test_dates_of_mixed_forms():
    read = read_dates(
        pd.Series(["Jul 20, 2016", " December 31, 2017 ", "2018-02-03T01:00:00+02:00", "x", ""])
    )
    expected = ["2016-07-20", "2017-12-31", "2018-02-02", None, None]
    assert [None if pd.isna(date) else str(date.date()) for date in read] == expected


@pytest.mark.parametrize(
    ("cells", "months"),
    [
        (["5.3.2023", "25.3.2023", "2023-01-02"], [3, 3, 1]),
        (["4/5/2017", "4/25/2017"], [4, 4]),
        (["4/5/2017", "6/5/2017"], [4, 6]),
    ],
)
def test_the_order_of_day_and_month_is_read_from_the_whole_column(cells, months):
    assert read_dates(pd.Series(cells)).dt.month.tolist() == months


@given(st.lists(st.tuples(*[st.sampled_from(["", "a", "b", "c", "d"])] * 2), min_size=1))
def test_groups_of_every_column_stay_whole(values):
    frame = pd.DataFrame(values, columns=["site", "author"], dtype=str)
    clusters = np.arange(len(frame)) // 2
    merged, warnings = strategies.merge_groups(frame, clusters, ("site", "author"))
    assert not _crossing(clusters, merged)
    for column in frame:
        named = frame[column] != ""
        assert not _crossing(frame[column][named], merged[named])
        assert any(repr(column) in warning for warning in warnings) == (~named).any()


def test_a_missing_group_column_names_those_there():
    frame = pd.DataFrame({"title": ["a"], "site": ["b"], "source_file": ["c"]})
    with pytest.raises(DataError, match=r"'sight'.*: site, source_file\..*--group-column"):
        strategies.merge_groups(frame, np.array([0]), ("sight",))


def test_the_case_of_a_column_to_split_by_is_no_difference():
    frame = pd.DataFrame({"Site": ["a", "a", "b"]})
    merged, _ = strategies.merge_groups(frame, np.arange(3), ("site",))
    assert merged[0] == merged[1] != merged[2]


def test_leaks_are_rows_whose_cluster_a_later_part_holds():
    clusters = np.array([0, 1, 0, 1, 2, 2, 3])
    parts = np.array([_TRAIN, _VALIDATION, _VALIDATION, _TEST, _TEST, _TRAIN, _TRAIN])
    assert strategies.leaks(clusters, parts).tolist() == [1, 1, 0, 0, 0, 1, 0]


def _sources(column, values, labels, **more):
    frame = pd.DataFrame({column: values, "label": labels, **more})
    return strategies.source_warnings(frame, np.arange(len(frame)))


def test_a_source_column_with_repeated_values_names_the_command():
    (warning,) = _sources("Source", list("abcabc"), [0, 0, 0, 1, 1, 1])
    assert "tfnews data prepare ... --strategy group --group-column Source" in warning


def test_of_several_source_columns_one_is_advised():
    """Regression: LIAR was told to group by subject and, a line later, by speaker."""
    subjects = {"subject": list("abcabcdd"), "speaker": list("xyzxyzyz")}
    labels = [0, 0, 0, 1, 1, 1, 0, 1]
    frame = pd.DataFrame({**subjects, "label": labels})
    (warning,) = strategies.source_warnings(frame, np.arange(8))
    assert "'subject' has 4 and 'speaker' has 3 values for 8 distinct texts" in warning
    assert warning.count("--group-column") == 1
    assert warning.endswith("--strategy group --group-column speaker")


def test_a_source_column_too_coarse_to_split_by_names_another_way():
    (warning,) = _sources("subject", list("aaabbb"), [0, 0, 0, 1, 1, 1], date=["2020"] * 6)
    assert "--strategy time --time-column date" in warning
    (warning,) = _sources("subject", list("aaabbb"), [0, 0, 0, 1, 1, 1])
    assert "tfnews evaluate RUN --data OTHER" in warning


@pytest.mark.parametrize(
    ("column", "values"), [("source", "abcdef"), ("source", "aaaaaa"), ("colour", "abcabc")]
)
def test_columns_that_share_nothing_among_splits_give_no_warning(column, values):
    assert _sources(column, list(values), [0, 0, 0, 1, 1, 1]) == []


def test_copies_alone_do_not_make_a_column_repeat():
    frame = pd.DataFrame({"id": ["1", "1", "2", "3"], "label": [0, 0, 1, 1]})
    assert strategies.source_warnings(frame, np.array([0, 0, 1, 2])) == []


def test_sizes_and_balance_far_from_what_was_asked_are_warned_of():
    parts = np.array([0] * 40 + [1] * 30 + [2] * 30)
    warnings = strategies.size_warnings(parts, np.zeros(100, int), DEFAULT_RATIOS)
    assert [warning.split()[0] for warning in warnings] == ["train", "validation", "test"]
    assert all("too large to be divided" in warning for warning in warnings)
    labels = np.array([1] * 40 + [0] * 30 + [1] * 30)
    (warning,) = strategies.balance_warnings(parts, labels, "satire")
    assert "satire" in warning
    assert "0% in validation" in warning


def test_clusters_of_one_row_are_not_blamed_for_sizes():
    warnings = strategies.size_warnings(np.array([0, 0, 1, 1, 2, 2]), np.arange(6), DEFAULT_RATIOS)
    assert len(warnings) == 3
    assert all(warning.endswith("the set is too small for these ratios.") for warning in warnings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "hash"}, "random, group, time, ready"),
        ({"kind": "group"}, "--group-column"),
        ({"group_columns": ("site",)}, "--group-column"),
        ({"kind": "time"}, "--time-column"),
        ({"kind": "group", "group_columns": ("a",), "time_column": "b"}, "--time-column"),
        ({"ratios": (0.5, 0.5)}, "three shares"),
        ({"ratios": (0.8, 0.2, 0.0)}, "above 0"),
        ({"ratios": (0.8, 0.2, 0.2)}, "sum to 1"),
    ],
)
def test_options_that_do_not_go_together(options, message):
    with pytest.raises(UsageError, match=message):
        Strategy(**options)


def test_a_column_without_any_date_is_all_missing():
    # Regression: mapping nothing but missing dates lost the time zone and raised a TypeError.
    assert strategies.read_dates(pd.Series(["soon", "", "n/a"])).isna().all()
