import json

import numpy as np
import pandas as pd
import pytest

from tests.audit import news
from tfnews.audit import audit as module
from tfnews.audit.audit import audit
from tfnews.audit.judging import GUESS, MARGIN, WORDS_SHARE, Judge, beats_a_guess, reaches
from tfnews.audit.probes import Rows
from tfnews.data.prepare import prepare
from tfnews.data.splits import PARTS, open_splits
from tfnews.errors import DataError
from tfnews.records import Audit, AuditedPart, Fitted
from tfnews.report import screen


def verdicts(found):
    return {one.name: one.verdict for one in found.probes if one.verdict != "nothing"}


@pytest.fixture(scope="module")
def leaking(tmp_path_factory):
    return audit(news.leaking(tmp_path_factory.mktemp("leaking") / "splits"))


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    return audit(news.clean(tmp_path_factory.mktemp("clean") / "splits"))


def test_a_shortcut_in_the_text_is_a_finding_and_one_beside_it_a_warning(leaking):
    assert verdicts(leaking) == {
        "mentions Reuters": "finding",
        "20 heaviest words": "finding",
        "one word: 'reuters'": "finding",
        "subject": "warning",
    }
    assert any("mentions Reuters reaches macro F1 1.000" in said for said in leaking.findings)
    assert ["subject" in said for said in leaking.warnings] == [True]


def test_it_says_whether_cutting_reuters_helps(leaking, tmp_path):
    assert any("Cutting Reuters does not help" in said for said in leaking.findings)
    empty_but_for_it = audit(news.splits(tmp_path / "s", signal=0.5, text=news.agency))
    assert any("Cutting Reuters lowers" in said for said in empty_but_for_it.findings)


def test_clean_news_has_neither_finding_nor_warning(clean):
    assert clean.learnable
    assert (clean.findings, clean.warnings, verdicts(clean)) == ((), (), {})
    assert "No shortcut was found" in screen.audit(clean)


def test_nothing_to_learn_is_said(tmp_path):
    found = audit(news.splits(tmp_path / "s", signal=0.5))
    assert not found.learnable
    assert found.findings == ()
    assert [said.split(":")[0] for said in found.warnings] == ["Nothing to learn is shown"]


def test_a_set_without_any_shared_word_has_nothing_to_learn(tmp_path):
    counter = iter(range(1000))
    found = audit(news.splits(tmp_path / "s", text=lambda *_: f"lonely{next(counter)}"))
    assert not found.learnable
    assert found.tokens == ()


def test_copies_across_splits_are_findings(tmp_path):
    frames = {part: news.frame(part) for part in PARTS}
    frames["test"].loc[0, "combined_text"] = frames["train"]["combined_text"][0]
    for part, frame in frames.items():
        frame.to_csv(tmp_path / f"{part}.csv", index=False)
    found = audit(tmp_path)
    assert found.overlap["train-test"].exact == 1
    assert found.findings == (
        "Of 60 test texts, 1 stand word for word in train too, and 0 more nearly so: scores on "
        "test are too good.",
    )
    assert "stand in more than one split" in screen.audit(found)


def test_a_rare_class_is_warned_of(tmp_path):
    for part in PARTS:
        frame = news.frame(part)
        kept = (frame["label"] == 0) | (frame.index < frame.index.max() // 10)
        frame[kept].to_csv(tmp_path / f"{part}.csv", index=False)
    assert "% of the training texts are fake" in audit(tmp_path).warnings[0]


def test_counts_and_lengths_are_of_each_part_and_class(clean):
    assert clean.parts["test"] == AuditedPart(
        rows=60,
        counts={"news": 30, "satire": 30},
        share=0.5,
        words={"news": (36.0,) * 3, "satire": (36.0,) * 3},
    )


def test_the_test_split_is_never_scored(tmp_path):
    """Labels of the test split move nothing but its own counts."""
    first = news.splits(tmp_path / "a")
    turned = {part: first.frame(part).drop(columns="cluster") for part in PARTS}
    turned["test"]["label"] = np.roll(turned["test"]["label"], 1)
    (tmp_path / "b").mkdir()
    for part, frame in turned.items():
        frame.to_csv(tmp_path / "b" / f"{part}.csv", index=False)
    assert audit(tmp_path / "b").probes == audit(first).probes


def test_a_large_set_is_sampled_by_seed_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SAMPLED", 100)
    splits = news.splits(tmp_path / "s")
    found = audit(splits, seed=1)
    assert found.fitted == Fitted(train=100, of=240, validation=120)
    assert "100 training texts drawn at random from 240" in screen.audit(found)
    assert audit(splits, seed=1) == found
    assert audit(splits, seed=2) != found


def test_one_class_alone_is_refused(tmp_path):
    for part in PARTS:
        news.frame(part).assign(label=1).to_csv(tmp_path / f"{part}.csv", index=False)
    with pytest.raises(DataError, match=r"train split of .* one class only"):
        audit(tmp_path)


def test_the_audit_goes_through_json(leaking):
    assert Audit.from_json(json.loads(json.dumps(leaking.to_json()))) == leaking


def judge(full):
    frame = pd.DataFrame({"label": [0, 1] * 100, "cluster": range(200)})
    return Judge(Rows(frame, frame), np.array(full))


@pytest.mark.parametrize(
    ("kind", "called", "share", "verdict"),
    [
        ("text", [0, 1] * 100, 0.9, "finding"),
        ("metadata", [0, 1] * 100, 0.0, "warning"),
        ("reference", [0, 1] * 100, 0.0, "nothing"),
        ("text", [0, 1, 0, 0] * 50, 0.9, "nothing"),
        ("text", [0, 1, 0, 0] * 50, 0.4, "finding"),
        ("metadata", [0, 0] * 100, 0.0, "nothing"),
        ("metadata", [0, 0, 1, 1] * 50, 0.0, "nothing"),
    ],
)
def test_a_shortcut_beats_a_guess_and_has_a_share_of_what_all_words_gain(
    kind, called, share, verdict
):
    found = judge([0, 1] * 100).probe("made up", kind, np.array(called), share)
    assert found.verdict == verdict
    assert found.f1_majority == pytest.approx(1 / 3)


def test_the_rule_is_by_the_low_end():
    assert beats_a_guess((GUESS + MARGIN + 0.01, 0.9), MARGIN)
    assert not beats_a_guess((GUESS + MARGIN, 0.9), MARGIN)
    assert not beats_a_guess(None)
    assert reaches(0.87, 0.9, WORDS_SHARE)
    assert not reaches(0.85, 0.9, WORDS_SHARE)
    assert reaches(0.5, 0.4, WORDS_SHARE)


def _prepared(path, out):
    return prepare([path], out, fake_values=("1",), real_values=("0",), name=path.parent.name)


def test_isot_gives_itself_away(real_data, tmp_path):
    path = real_data / "isot_sample" / "isot_sample.csv.gz"
    found = audit(_prepared(path, tmp_path / "s"))
    shortcuts = verdicts(found)
    assert shortcuts["mentions Reuters"] == "finding"
    assert shortcuts["one word: 'reuters'"] == "finding"
    assert shortcuts["subject"] == "warning"
    assert shortcuts["date (format)"] == "warning"
    assert any("Cutting Reuters does not help" in said for said in found.findings)
    assert found.tokens[0].token == "reuters"
    assert all(not copies.exact + copies.near for copies in found.overlap.values())


def test_fa_kes_has_nothing_to_learn(real_data, tmp_path):
    found = audit(_prepared(real_data / "fa_kes" / "fa_kes.csv.gz", tmp_path / "s"))
    assert not found.learnable
    assert found.findings == ()
    assert verdicts(found) == {}
    assert screen.audit(found).startswith("Nothing to learn is shown in fa_kes.")


def test_an_opened_folder_and_its_path_are_the_same(tmp_path):
    news.splits(tmp_path / "s")
    assert audit(str(tmp_path / "s")) == audit(open_splits(tmp_path / "s"))
