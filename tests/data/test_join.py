import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import tiny
from tfnews.catalogue.names import PARTS
from tfnews.data.duplicates import fingerprint
from tfnews.data.join import join
from tfnews.data.splits import open_splits
from tfnews.errors import DataError, UsageError
from tfnews.report.wording import label_basis

LONG = "the council of arvel met on monday to talk at great length of the harbour and its many {}"


def made(folder, rows):
    """Write splits as anyone would: {part: [(text, label)]}."""
    folder.mkdir()
    for part in PARTS:
        frame = pd.DataFrame(rows[part], columns=["combined_text", "label"])
        frame.to_csv(folder / f"{part}.csv", index=False)
    return folder


def plain(stem):
    """Return rows of both classes for each part, all different."""
    return {part: [(f"{stem} {part} {n}", n % 2) for n in range(4)] for part in PARTS}


def texts(splits, part):
    return set(splits.frame(part)["combined_text"])


def test_rows_stay_in_their_parts_and_say_where_they_are_from(tmp_path):
    first, second = (made(tmp_path / name, plain(name)) for name in ("one", "two"))
    found = join([first, second])
    assert found.path == tmp_path / "one+two"
    assert (found.name, found.label_basis) == ("one+two", "unstated")
    for part in PARTS:
        frame = found.frame(part)
        assert frame["data_set"].tolist() == ["one"] * 4 + ["two"] * 4
        own = texts(open_splits(first), part) | texts(open_splits(second), part)
        assert set(frame["combined_text"]) == own
        assert frame["cluster"].is_unique
    assert [one["name"] for one in found.manifest["sets"]] == ["one", "two"]


def test_what_a_later_part_of_another_set_holds_is_not_learnt(tmp_path):
    one, two = plain("one"), plain("two")
    one["train"].append((LONG.format("nets"), 1))
    two["test"].append((LONG.format("boats"), 1))  # a near-copy
    one["train"].append(("Two  TEST 0", 0))  # a copy but for case and space
    one["validation"].append(("two test 2", 0))
    found = join([made(tmp_path / "one", one), made(tmp_path / "two", two)])
    assert not texts(found, "train") & {LONG.format("nets"), "Two  TEST 0"}
    assert "two test 2" not in texts(found, "validation")
    assert LONG.format("boats") in texts(found, "test")
    assert found.manifest["rows"] == {
        "read": 28,
        "kept": 25,
        "dropped": {
            "train row duplicates a row of validation or test": 2,
            "validation row duplicates a row of test": 1,
        },
    }
    rejects = pd.read_csv(found.path / "rejects.csv")
    assert rejects["file"].tolist() == ["train.csv", "train.csv", "validation.csv"]


def test_a_text_with_both_labels_is_left_out(tmp_path):
    one, two = plain("one"), plain("two")
    one["train"].append(("said twice", 1))
    two["train"].append(("Said twice", 0))
    found = join([made(tmp_path / "one", one), made(tmp_path / "two", two)])
    assert found.manifest["rows"]["dropped"] == {"same text with both labels": 2}


def test_the_same_sets_are_joined_once(tmp_path):
    sets = [made(tmp_path / name, plain(name)) for name in ("one", "two")]
    path = join(sets).path
    before = (path / "manifest.json").stat().st_ino
    assert (join(sets).path / "manifest.json").stat().st_ino == before
    others = [sets[0], made(tmp_path / "three", plain("three"))]
    with pytest.raises(DataError, match="is not empty"):
        join(others, path)
    found = join(others, path, force=True)
    assert [one["name"] for one in found.manifest["sets"]] == ["one", "three"]


def test_unions_of_namesakes_do_not_take_each_others_place(tmp_path):
    for place in ("a", "b", "c"):
        (tmp_path / place).mkdir()
    a, b, c = (made(tmp_path / place / "news", plain(place)) for place in ("a", "b", "c"))
    first, second = join([a, b]), join([a, c])
    assert first.path == tmp_path / "a" / "news+news_2_"
    assert second.path.name.startswith("news+news_2_-")
    assert [join(sets).path for sets in ([a, b], [a, c])] == [first.path, second.path]


def test_what_the_labels_rest_on_is_kept_of_all_sets(tmp_path):
    sets = [
        tiny.splits(tmp_path / basis, 60, seed, name=basis, label_basis=basis).path
        for seed, basis in enumerate(("publisher", "factcheck"))
    ]
    assert join(sets).label_basis == "publisher and factcheck"
    assert "publisher" in label_basis("publisher and factcheck").split(";")[0]


def test_namesakes_are_numbered(tmp_path):
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
    sets = [made(tmp_path / place / "news", plain(place)) for place in ("a", "b")]
    found = join(sets, tmp_path / "both")
    assert found.frame("test")["data_set"].unique().tolist() == ["news", "news (2)"]


def test_other_classes_are_not_joined(tmp_path):
    sets = [made(tmp_path / name, plain(name)) for name in ("one", "two")]
    manifest = {"format": "tfnews-splits-1", "class_names": ["news", "satire"]}
    manifest["digests"] = {f"{part}.csv": open_splits(sets[1]).digest(part) for part in PARTS}
    (sets[1] / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=r"real and fake, those of .*two news and satire"):
        join(sets)
    assert not (tmp_path / "one+two").exists()


def test_what_cannot_be_joined(tmp_path):
    one = made(tmp_path / "one", plain("one"))
    with pytest.raises(UsageError, match=r"can be joined\. Received: 1"):
        join([one])
    with pytest.raises(DataError, match="are the same splits"):
        join([one, one])
    with pytest.raises(DataError, match="not a folder of splits"):
        join([one, tmp_path])


def test_a_part_that_would_lose_a_class_is_told(tmp_path):
    one, two = plain("one"), plain("two")
    two["validation"] = [("two test 0", 0), ("two test 1", 1)]
    one["validation"] = [("two test 2", 0), ("two test 3", 1)]
    with pytest.raises(DataError, match="validation split would hold no"):
        join([made(tmp_path / "one", one), made(tmp_path / "two", two)])


WORDS = st.sampled_from(["ash", "bay", "cod", "dew"])
ROWS = st.lists(st.tuples(st.lists(WORDS, min_size=1, max_size=5).map(" ".join), st.integers(0, 1)))


def keys(splits, part):
    return set(fingerprint(splits.frame(part)["combined_text"].tolist(), False).keys)


@settings(max_examples=25, deadline=None)
@given(parts=st.lists(ROWS, min_size=6, max_size=6))
def test_no_text_crosses_parts_and_none_is_lost_uncounted(tmp_path_factory, parts):
    folder = tmp_path_factory.mktemp("sets")
    sets = []
    for at, name in ((0, "one"), (3, "two")):
        drawn = dict(zip(PARTS, parts[at : at + 3], strict=True))
        rows = {part: own + drawn[part] for part, own in plain(name).items()}
        sets.append(made(folder / name, rows))
    found = join(sets)
    train, validation, test = (keys(found, part) for part in PARTS)
    assert not train & validation
    assert not test & (train | validation)
    rows = found.manifest["rows"]
    assert rows["read"] == rows["kept"] + sum(rows["dropped"].values())
    assert rows["read"] == sum(len(open_splits(one).frame(part)) for one in sets for part in PARTS)


def test_a_source_s_own_column_of_this_name_names_no_sets(tmp_path):
    """A column data_set of outlets was once taken for joined sets: each was scored by name."""
    (tmp_path / "own").mkdir()
    for part in PARTS:
        lines = [f"{part} {number},{number % 2},outlet {number}" for number in range(4)]
        rows = "\n".join(["combined_text,label,data_set", *lines])
        (tmp_path / "own" / f"{part}.csv").write_text(rows)
    frame = open_splits(tmp_path / "own").frame("test")
    assert "data_set" not in frame
    assert frame["data_set_in_source"].tolist() == [f"outlet {number}" for number in range(4)]
    joined = join(
        [
            join([tmp_path / "own", made(tmp_path / "one", plain("one"))]).path,
            made(tmp_path / "two", plain("two")),
        ]
    )
    assert joined.frame("test").columns.is_unique  # a union of unions once was a fault
