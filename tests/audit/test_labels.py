import sys

import pandas as pd
import pytest

from tests.audit import news
from tests.report.page import Page
from tfnews.audit.audit import audit
from tfnews.audit.labels import doubted
from tfnews.data.splits import PARTS, write_splits
from tfnews.errors import DataError, UsageError
from tfnews.records import Audit
from tfnews.report import audit_page, screen
from tools.measure_labels import Flipped


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return news.splits(tmp_path_factory.mktemp("telling") / "splits", signal=0.95)


@pytest.fixture(scope="module")
def flipped(splits):
    return Flipped(splits, 0.05, seed=0)


def test_labels_flipped_on_purpose_are_found(flipped):
    found = doubted(flipped)
    rows = [one.row for one in found.doubts]
    right = flipped.flipped[rows]
    assert right.sum() >= 0.9 * flipped.flipped.sum()
    assert right.mean() >= 0.8
    assert right[: flipped.flipped.sum() // 2].all()  # the most doubtful come first
    assert [one.probability for one in found.doubts] == sorted(
        one.probability for one in found.doubts
    )
    names = {one.row: (one.given, one.suggested) for one in found.doubts}
    labels = flipped.frame("train")["label"]
    assert all(
        given == flipped.class_names[labels[at]] != suggested
        for at, (given, suggested) in names.items()
    )


def test_sound_labels_are_hardly_doubted(splits):
    assert len(doubted(splits).doubts) <= 0.02 * news.SIZES["train"]


def test_a_copy_does_not_vouch_for_the_label_of_the_other(splits):
    """Two copies with one wrong label would confirm each other across folds."""

    class Copied(Flipped):
        def frame(self, part):
            frame = super().frame(part)
            if part != "train":
                return frame
            wrong = frame[self.flipped]
            return pd.concat([frame, wrong, wrong], ignore_index=True)

    class Apart(Copied):
        def frame(self, part):
            return super().frame(part).assign(cluster=lambda rows: range(len(rows)))

    wrong = int(Copied(splits, 0.05, seed=1).flipped.sum())
    twins = range(news.SIZES["train"], news.SIZES["train"] + 2 * wrong)
    together, apart = (
        len({one.row for one in doubted(kind(splits, 0.05, seed=1)).doubts} & set(twins))
        for kind in (Copied, Apart)
    )
    assert together >= 0.6 * len(twins) > 2 * apart


def test_page_terminal_and_json_list_them(flipped, tmp_path):
    frames = {part: flipped.frame(part) for part in PARTS}
    described = {"format": "tfnews-splits-1", "name": "made_up"}
    written = write_splits(tmp_path / "splits", frames, pd.DataFrame({"file": []}), described)
    found = audit(written, labels=True)
    assert Audit.from_json(found.to_json()) == found
    page = audit_page.render(found)
    assert not Page(page).names & {"script", "link"}
    for said in (page, screen.audit(found)):
        assert f"Of 240 training texts {len(found.doubts.doubts)} (" in said
        assert found.doubts.doubts[0].text[:40] in said
    assert "Labels to look at" not in audit_page.render(audit(written))


def test_a_judge_that_cannot_tell_the_classes_is_told(tmp_path):
    found = audit(news.splits(tmp_path / "splits", signal=0.5), labels=True)
    assert "little better than drawing lots" in screen.audit(found)


def test_too_few_texts_of_a_class(splits):
    class Few(Flipped):
        def frame(self, part):
            frame = super().frame(part)
            few = frame["label"].eq(0) | frame["label"].cumsum().le(4)
            return frame[few].reset_index(drop=True)

    with pytest.raises(DataError, match=r"a class of the train split .* has 4 clusters"):
        doubted(Few(splits, 0, seed=0))


def test_without_cleanlab(splits, monkeypatch):
    monkeypatch.setitem(sys.modules, "cleanlab.filter", None)
    with pytest.raises(UsageError, match=r"pip install 'tfnews\[labels\]'"):
        doubted(splits)
