import csv
import json
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfnews.data.prepare import LABEL_BASES, prepare
from tfnews.data.splits import PARTS
from tfnews.errors import DataError, UsageError

_LABELS = {"fake_values": ("1",), "real_values": ("0",)}
_FILES = ("train.csv", "validation.csv", "test.csv", "manifest.json", "rejects.csv")


def _text(number):
    return " ".join(f"w{number}x{i}" for i in range(8))


def _rows(count, **columns):
    """Return rows of distinct texts with labels in turn."""
    rows = [{"title": f"T{i}", "text": _text(i), "label": str(i % 2)} for i in range(count)]
    return [{**row, **{k: f(i) for k, f in columns.items()}} for i, row in enumerate(rows)]


def _file(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _prepare(tmp_path, rows, out="out", **options):
    source = _file(tmp_path / "news.csv", rows)
    return prepare([source], tmp_path / out, **_LABELS, **options)


def _all(splits):
    return pd.concat([splits.frame(part).assign(part=part) for part in PARTS])


def _rejects(splits):
    return pd.read_csv(splits.path / "rejects.csv", dtype=str, na_filter=False)


_drawn_rows = st.lists(
    st.fixed_dictionaries(
        {
            "title": st.sampled_from(["", "T", "t "]),
            "text": st.integers(100, 108).map(_text) | st.sampled_from(["", "short one"]),
            "label": st.sampled_from(["0", "1"]),
            "site": st.sampled_from(["", "a", "b", "c", "d", "e", "f"]),
            "date": st.sampled_from(["2020-01-02", "May 3, 2021", "?"]),
        }
    ),
    max_size=30,
)


@settings(max_examples=25, deadline=None)
@given(_drawn_rows, st.sampled_from(["random", "group", "time"]), st.sampled_from([0, 0.8]))
def test_whatever_the_rows_no_cluster_crosses_and_every_row_is_accounted_for(drawn, kind, near):
    sites = {"site": lambda i: f"s{i}", "date": lambda i: f"2020-02-{1 + i % 28:02}"}
    options = {
        "strategy": kind,
        "near_duplicates": near,
        "group_columns": ("site",) if kind == "group" else (),
        "time_column": "date" if kind == "time" else None,
    }
    with tempfile.TemporaryDirectory() as folder:
        splits = _prepare(Path(folder), _rows(40, **sites) + drawn, **options)
        again = _prepare(Path(folder), _rows(40, **sites) + drawn, "again", **options)
        for name in _FILES:
            assert (splits.path / name).read_bytes() == (again.path / name).read_bytes()
        rows, rejects = _all(splits), _rejects(splits)
        counts = splits.manifest["rows"]
    assert (rows.groupby("cluster")["part"].nunique() == 1).all()
    folded = rows["combined_text"].str.casefold()
    assert (rows.groupby(folded)["part"].nunique() == 1).all()
    assert (rows.groupby(folded)["label"].nunique() == 1).all()
    if kind == "group":
        named = rows[rows["site"] != ""]
        assert (named.groupby("site")["part"].nunique() == 1).all()
    assert counts["read"] == 40 + len(drawn)
    assert counts["kept"] == len(rows)
    assert sum(counts["dropped"].values()) == len(rejects) == counts["read"] - counts["kept"]
    lines = sorted([*rows["line"].astype(int), *rejects["line"].astype(int)])
    assert lines == list(range(2, counts["read"] + 2))


def test_columns_and_manifest(tmp_path):
    splits = _prepare(tmp_path, _rows(40, site=lambda i: f"s{i}"), seed=3)
    assert splits.frame("train").columns.tolist() == [
        *("combined_text", "label", "title", "text", "cluster", "site", "source_file", "line"),
    ]
    manifest = splits.manifest
    assert manifest["counts"]["train"] == {"real": 14, "fake": 14}
    assert manifest["counts"]["test"] == {"real": 3, "fake": 3}
    assert (manifest["name"], manifest["seed"], manifest["strategy"]) == ("news", 3, "random")
    assert manifest["clusters"] == {"exact": 0, "near": 0, "threshold": 0.8}
    assert set(manifest) == {
        *("format", "name", "class_names", "label_basis", "licence", "input_rule", "columns"),
        "mapping",
        "sources",
        *("rows", "counts", "clusters", "seed", "strategy", "ratios", "group_columns"),
        *("time_column", "cut", "warnings", "digests"),
    }
    read = {"text": "text", "title": "title", "label": "label"}
    assert manifest["columns"] == [{**read, "encoding": None, "delimiter": None, "header": True}]
    assert str(tmp_path) not in json.dumps(manifest)


def test_another_seed_gives_another_split(tmp_path):
    first, second = (_prepare(tmp_path, _rows(40), f"s{seed}", seed=seed) for seed in (0, 1))
    assert first.digest("test") != second.digest("test")


@pytest.mark.parametrize(
    ("column", "value", "options", "reason"),
    [
        ("text", "the same words in each", {}, "same text with both labels"),
        ("date", "?", {"strategy": "time", "time_column": "date"}, "no readable date in 'date'"),
    ],
)
def test_when_every_row_is_dropped_the_reason_is_said(tmp_path, column, value, options, reason):
    """Regression: it ended in NumPy's ValueError about an empty array."""
    rows = [{**row, "title": "", column: value} for row in _rows(6)]
    with pytest.raises(DataError, match=rf"No row is left of the 6 .*: {reason} \(6\)"):
        _prepare(tmp_path, rows, **options)
    assert not (tmp_path / "out").exists()


def test_copies_are_kept_together_and_counted(tmp_path):
    rows = _rows(40)
    rows += [{**rows[0], "title": "t0"}, {**rows[1], "text": rows[1]["text"] + " more"}]
    splits = _prepare(tmp_path, rows, near_duplicates=0.8)
    kept = _all(splits)
    assert splits.manifest["rows"]["kept"] == 42
    assert splits.manifest["clusters"] == {"exact": 1, "near": 1, "threshold": 0.8}
    assert kept[kept["text"].str.contains("w0x0 |w1x0 ")]["cluster"].nunique() == 2
    exact = _prepare(tmp_path, rows, "exact", near_duplicates=0)
    assert exact.manifest["clusters"] == {"exact": 1, "near": 0, "threshold": 0}


def test_texts_with_both_labels_are_rejected_with_all_their_copies(tmp_path):
    rows = _rows(40)
    rows += [rows[4], {**rows[4], "label": "1", "text": rows[4]["text"].upper()}]
    splits = _prepare(tmp_path, rows)
    assert splits.manifest["rows"]["dropped"] == {"same text with both labels": 3}
    assert _rejects(splits)["line"].tolist() == ["6", "42", "43"]
    assert _rejects(splits)["excerpt"][0] == f"T4 {rows[4]['text']}"
    assert "w4x0" not in " ".join(_all(splits)["text"])


def test_near_copies_with_both_labels_are_kept_and_warned_of(tmp_path):
    rows = _rows(40)
    rows.append({**rows[1], "text": rows[1]["text"] + " more", "label": "0"})
    splits = _prepare(tmp_path, rows)
    assert splits.manifest["rows"]["kept"] == 41
    assert any("1 clusters of near-duplicates" in each for each in splits.manifest["warnings"])


def test_cut_is_off_unless_asked_for_and_recorded(tmp_path):
    rows = _rows(40)
    rows[0]["text"] = f"PARIS (AFP) - {rows[0]['text']}"
    rows.append({"title": "", "text": "ROME (AFP) - ", "label": "1"})
    whole = _prepare(tmp_path, rows, "whole")
    assert whole.manifest["cut"] == {}
    assert any(_all(whole)["text"].str.contains("AFP"))
    shorter = _prepare(tmp_path, rows, "cut", cut=("dateline",))
    assert shorter.manifest["cut"] == {"dateline": 2}
    assert shorter.manifest["rows"]["dropped"] == {"empty after cutting": 1}
    assert not any(_all(shorter)["combined_text"].str.contains("AFP"))
    assert any("does not remove a source's style" in each for each in shorter.manifest["warnings"])


@pytest.mark.parametrize("values", [("pair_id", 2), ("source", 4)])
def test_pairs_and_sources_are_warned_of_and_can_be_kept_whole(tmp_path, values):
    column, size = values
    rows = _rows(80, **{column: lambda i: f"v{i // size}"})
    warning, *_ = _prepare(tmp_path, rows, "random").manifest["warnings"]
    assert f"--strategy group --group-column {column}" in warning
    grouped = _prepare(tmp_path, rows, "group", strategy="group", group_columns=(column,))
    assert not any("--strategy" in warning for warning in grouped.manifest["warnings"])
    assert (_all(grouped).groupby(column)["part"].nunique() == 1).all()


def test_time_rejects_unreadable_dates(tmp_path):
    rows = _rows(60, date=lambda i: "soon" if i == 7 else f"2020-{1 + i // 6:02}-11")
    splits = _prepare(tmp_path, rows, strategy="time", time_column="date")
    assert splits.manifest["rows"]["dropped"] == {"no readable date in 'date'": 1}
    assert splits.frame("train")["date"].max() <= splits.frame("test")["date"].min()


def test_time_that_leaves_a_split_without_a_class(tmp_path):
    rows = [{**row, "date": f"20{10 + int(row['label'])}-01-01"} for row in _rows(40)]
    with pytest.raises(DataError, match="The validation split would hold no real row"):
        _prepare(tmp_path, rows, strategy="time", time_column="date")
    assert not (tmp_path / "out").exists()


def _ready(tmp_path, validation=True, **options):
    train, test = _rows(40), [{**row, "text": f"other {row['text']}"} for row in _rows(10)]
    for row in test:
        row["text"] = row["text"].replace("w", "v")
    middle = [{**row, "text": row["text"].replace("v", "u")} for row in test]
    train += [test[0], {**test[1], "text": test[1]["text"] + " more"}, middle[2]]
    middle += [test[3]]
    parts = {"train": train, "validation": middle, "test": test}
    files = {part: _file(tmp_path / "set" / f"{part}.csv", rows) for part, rows in parts.items()}
    if not validation:
        del files["validation"]
    options = {"strategy": "ready", "ready": files, **options}
    return prepare([], tmp_path / "out", **_LABELS, **options)


def test_ready_made_splits_lose_rows_that_a_later_split_repeats(tmp_path):
    splits = _ready(tmp_path)
    assert splits.manifest["name"] == "set"
    assert [len(splits.frame(part)) for part in PARTS] == [40, 10, 10]
    assert splits.manifest["rows"]["dropped"] == {
        "train row duplicates a row of validation or test": 3,
        "validation row duplicates a row of test": 1,
    }
    assert (_all(splits).groupby("cluster")["part"].nunique() == 1).all()


def test_validation_is_cut_from_train_when_no_file_gives_it(tmp_path):
    splits = _ready(tmp_path, validation=False, ratios=(0.6, 0.2, 0.2))
    # 41 rows of train remain, of which a quarter is asked for.
    assert [len(splits.frame(part)) for part in PARTS] == [31, 10, 10]
    assert set(splits.frame("validation")["source_file"]) == {"train.csv"}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ("unstated", ("real", "fake"))),
        ({"label_basis": "crowd"}, ("crowd", ("real", "fake"))),
        ({"label_basis": "satire"}, ("satire", ("news", "satire"))),
        ({"label_basis": "clickbait"}, ("clickbait", ("news", "clickbait"))),
        ({"label_basis": "satire", "class_names": ("odd", "onion")}, ("satire", ("odd", "onion"))),
    ],
)
def test_class_names_follow_the_basis_of_the_labels(tmp_path, options, expected):
    splits = _prepare(tmp_path, _rows(20), **options)
    assert (splits.label_basis, splits.class_names) == expected
    assert list(splits.manifest["counts"]["test"]) == list(expected[1])


def test_columns_of_several_sources_are_put_together(tmp_path):
    first = _file(tmp_path / "a.csv", _rows(20, site=lambda i: f"s{i}"))
    other = [{**row, "text": row["text"].replace("w", "z"), "cluster": "7"} for row in _rows(20)]
    second = _file(tmp_path / "b.csv", other)
    rows = _all(prepare([first, second], tmp_path / "out", **_LABELS))
    assert set(rows["site"][rows["source_file"] == "b.csv"]) == {""}
    assert set(rows["cluster_in_source"]) == {"", "7"}
    assert rows["cluster"].nunique() == 40


def test_prepared_splits_can_be_prepared_again(tmp_path):
    splits = _prepare(tmp_path, _rows(40))
    again = prepare([splits.path], tmp_path / "again")
    assert sorted(_all(again)["combined_text"]) == sorted(_all(splits)["combined_text"])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"near_duplicates": 1.5}, UsageError, "from 0"),
        ({"label_basis": "hearsay"}, UsageError, ", ".join(LABEL_BASES)),
        ({"cut": ("header",)}, UsageError, "Known cuts"),
        ({"strategy": "hash"}, UsageError, "random, group, time, ready"),
        ({"strategy": "ready"}, UsageError, "--train and --test"),
        ({"ready": {"train": "a.csv", "test": "b.csv"}}, UsageError, "either sources"),
        ({"strategy": "group", "group_columns": ("site",)}, DataError, "No source has a column"),
        ({"strategy": "time", "time_column": "day"}, DataError, "--time-column"),
    ],
)
def test_options_that_cannot_be_carried_out(tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        _prepare(tmp_path, _rows(40), **options)
    assert [path.name for path in tmp_path.iterdir()] == ["news.csv"]


def test_sources_and_ready_made_parts_are_told_apart(tmp_path):
    with pytest.raises(UsageError, match="0 sources"):
        prepare([], tmp_path / "out")
    with pytest.raises(UsageError, match="train"):
        prepare([], tmp_path / "out", strategy="ready", ready={"train": "a.csv"})


def test_too_few_rows_of_a_class(tmp_path):
    rows = _rows(40)
    with pytest.raises(DataError, match="'fake' has too few clusters"):
        _prepare(tmp_path, rows[:4] + rows[4::2])


def test_a_full_folder_is_refused_before_anything_is_read(tmp_path):
    _prepare(tmp_path, _rows(40))
    with pytest.raises(DataError, match="--force"):
        prepare([tmp_path / "missing.csv"], tmp_path / "out")
    assert len(_prepare(tmp_path, _rows(20), force=True).frame("train")) == 14


def test_sources_inside_the_folder_to_be_replaced_are_refused(tmp_path):
    splits = _prepare(tmp_path, _rows(40))
    with pytest.raises(DataError, match="lies in"):
        prepare([splits.path / "train.csv"], splits.path, force=True)
    assert splits.frame("train") is not None


def test_isot(real_data, tmp_path):
    files = [real_data / "isot_sample" / name for name in ("Fake.csv.gz", "True.csv.gz")]
    splits = prepare(files, tmp_path / "out", cut=("dateline", "footer"))
    manifest = splits.manifest
    assert (manifest["name"], manifest["label_basis"]) == ("isot_sample", "publisher")
    assert (manifest["rows"]["read"], manifest["rows"]["kept"]) == (2245, 2245)
    assert manifest["clusters"]["exact"] == 12
    assert manifest["cut"]["dateline"] > 1050
    rows = _all(splits)
    assert (rows.groupby("cluster")["part"].nunique() == 1).all()
    assert rows["label"].sum() == 1174


@pytest.mark.parametrize(
    ("file", "columns", "groups"),
    [
        ("fakebr/fakebr_size_normalized.csv.gz", ("pair_id",), 3600),
        ("perez_rosas/fakenews_amt.csv.gz", ("id",), 240),
        ("perez_rosas/fakenews_amt.csv.gz", ("domain", "id"), 6),
    ],
)
def test_sets_of_pairs_are_split_by_pair(real_data, tmp_path, file, columns, groups):
    options = {"strategy": "group", "group_columns": columns, **_LABELS}
    splits = prepare([real_data / file], tmp_path / "out", **options)
    rows = _all(splits)
    for column in columns:
        assert (rows.groupby(column)["part"].nunique() == 1).all()
    assert rows["cluster"].nunique() <= groups


def test_real_texts_with_both_labels_are_dropped(real_data, tmp_path):
    splits = prepare([real_data / "fa_kes" / "fa_kes.csv.gz"], tmp_path / "out", **_LABELS)
    rejects = _rejects(splits)
    assert splits.manifest["rows"]["dropped"]["same text with both labels"] == len(rejects)
    assert len(rejects) >= 18
    assert any("--group-column source" in warning for warning in splits.manifest["warnings"])


def test_the_licence_is_what_is_stated_and_goes_on_to_splits_of_splits(tmp_path):
    """It was never kept, so that every export said it was unknown."""
    assert _prepare(tmp_path, _rows(30)).manifest["licence"] is None
    stated = _prepare(tmp_path, _rows(30), out="stated", licence=" CC BY\n4.0 ")
    assert stated.licence == "CC BY 4.0"
    again = prepare([stated.path], tmp_path / "again")
    assert again.licence == "CC BY 4.0"


def test_the_makers_statement_is_known_where_they_make_one(tmp_path):
    row = "{n}.json\t{label}\tClaim {n} of Arvel, {text}.\ttaxes\tx\t\tOhio\tnone\t0\t1\t0\t0\t0\tx"
    lines = [row.format(n=n, label=["false", "true"][n % 2], text=_text(n)) for n in range(30)]
    path = tmp_path / "claims.tsv"
    path.write_text("\n".join(lines), "utf-8")
    splits = prepare([path], tmp_path / "claims")
    assert splits.licence.startswith("research purposes only")
    with_own = prepare([path], tmp_path / "own", licence="asked for, and granted")
    assert with_own.licence == "asked for, and granted"
    # Splits that were prepared before licences were kept.
    splits.manifest.pop("licence")
    assert splits.licence.startswith("research purposes only")


def test_a_test_part_is_cut_from_train_when_no_file_gives_it(tmp_path):
    files = {
        part: _file(tmp_path / f"{part}.csv", rows)
        for part, rows in (("train", _rows(60)), ("validation", _rows(90)[60:]))
    }
    ratios = (0.6, 0.2, 0.2)
    splits = prepare([], tmp_path / "out", strategy="ready", ready=files, ratios=ratios, **_LABELS)
    assert [len(splits.frame(part)) for part in PARTS] == [44, 30, 16]
    assert set(splits.frame("test")["source_file"]) == {"train.csv"}
    assert set(splits.frame("validation")["source_file"]) == {"validation.csv"}
    (said,) = (line for line in splits.manifest["warnings"] if line.startswith("No test part"))
    assert "so 16 rows of train were drawn to be one" in said


@pytest.mark.parametrize("column", ["cluster", "line", "combined_text"])
def test_a_column_whose_new_name_is_taken_gets_another(tmp_path, column):
    """Regression: the splits had two columns of one name, and could not be opened."""
    taken = f"{column}_in_source"
    rows = _rows(40, **{column: lambda i: f"a{i}", taken: lambda i: f"b{i}"})
    splits = _prepare(tmp_path, rows, text_column="text")
    train = splits.frame("train")
    assert (train[f"{taken}_too"].str[1:] == train[taken].str[1:]).all()
    assert set(train[f"{taken}_too"].str[0]) == {"a"}
