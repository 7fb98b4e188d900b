"""A trial from the feed to the report, on a run that was trained on a tiny corpus."""

import csv
import html
import io
import json
import shutil
from collections import Counter
from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests import tiny
from tfnews.cli import main
from tfnews.data.demo import write_corpus
from tfnews.errors import DataError, RunError, UsageError
from tfnews.evaluation.calibrate import calibrate
from tfnews.records.trial import Design, Trial
from tfnews.runs import Run
from tfnews.scoring.predict import predict
from tfnews.training.fit import fit
from tfnews.trial.trial import trial

LABELS = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Give a folder with a run, a feed without labels, and a trial whose sheet is empty."""
    folder = tmp_path_factory.mktemp("trial")
    splits = tiny.splits(folder, 100)
    run = fit(splits.path, root=folder / "runs", floor=False)
    news = corpus(folder / "away", seed=9)
    records = [{"id": f"n{row}", "title": one["title"], "text": one["text"]}
               for row, one in enumerate(news)]  # fmt: skip
    learnt = splits.frame("train").iloc[0]
    records += [records[3], {"id": "empty", "title": "", "text": ""},
                {"id": "short", "title": "", "text": "Yes"},
                {"id": "old", "title": learnt["title"], "text": learnt["text"]}]  # fmt: skip
    feed = folder / "feed.jsonl"
    feed.write_text("".join(json.dumps(one) + "\n" for one in records))
    said = []
    design = trial(
        run, feed, labels=LABELS, out=folder / "out", command="tfnews trial", say=said.append
    )
    truth = {f"n{row}": int(one["label"]) for row, one in enumerate(news)}
    return Home(folder, run, feed, design, truth, said)


class Home:
    def __init__(self, folder, run, feed, design, truth, said=()):
        self.folder, self.run, self.feed = folder, run, feed
        self.design, self.truth, self.said = design, truth, said

    @property
    def out(self):
        return self.folder / "out"

    def rows(self, name="sheet.csv"):
        text = (self.out / name).read_text(encoding="utf-8-sig")
        divided = text.splitlines()[0].replace('"', "")[2]
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=divided))

    def fill(self, name="sheet.csv", change=lambda row, label: label, keep=lambda row: True):
        """Label a sheet as the feed's makers did, but for what `change` returns."""
        feed_ids = {one.id: one.feed_id for one in self.design.articles}
        rows = self.rows(name)
        for row in rows:
            label = self.truth[feed_ids[row["id"]]]
            row["label"] = change(row, self.design.class_names[label])
        rows = [row for row in rows if keep(row)]
        file = io.StringIO(newline="")
        table = csv.DictWriter(file, list(rows[0]), delimiter=";")
        table.writeheader()
        table.writerows(rows)
        (self.out / name).write_text(file.getvalue(), encoding="utf-8")

    def tried(self, **options):
        return trial(self.run, self.feed, out=self.out, **options)


def corpus(folder, seed):
    path = write_corpus(folder, 300, seed)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return list({row["text"]: row for row in rows}.values())  # copies are counted elsewhere


@pytest.fixture
def mine(home, tmp_path):
    """Give a copy of the trial to fill."""
    shutil.copytree(home.out, tmp_path / "out")
    return Home(tmp_path, home.run, home.feed, home.design, home.truth)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_sheet_is_blind_and_the_design_keeps_what_it_needs(home):
    design = home.design
    assert [row["id"] for row in home.rows()] == [one.id for one in design.articles]
    assert {row["label"] for row in home.rows()} == {""}
    assert {row["answer"] for row in home.rows()} == {"real / fake / unsure"}
    scores = {answer.id: answer.fake_probability for answer in predict(home.run, home.feed)}
    assert all(one.score == pytest.approx(scores[one.feed_id]) for one in design.articles)
    assert set(files(home.out)) == {"sheet.csv", "instructions.md", "design.json"}
    assert Design.from_json(json.loads(files(home.out)["design.json"])) == design
    assert str(home.folder).encode() not in b"".join(files(home.out).values())
    counts = Counter(one.stratum for one in design.articles)
    assert [counts[number] for number in range(len(design.strata))] == [
        one.drawn for one in design.strata
    ]
    assert f"Drawn: {LABELS} of {design.counted.articles}" in home.said[0]


def test_what_cannot_be_drawn_is_counted(home):
    counted = home.design.counted
    assert counted.records == len(home.truth) + 4
    assert counted.copies == 1
    assert counted.learnt >= 1
    assert sum(counted.refused.values()) == 2
    assert counted.refused["empty text"] == 1
    left = counted.copies + counted.learnt + sum(counted.refused.values())
    assert counted.articles == counted.records - left
    assert not {one.feed_id for one in home.design.articles} & {"empty", "short", "old"}


def test_the_same_seed_writes_the_same_bytes(home, tmp_path):
    again = trial(
        home.run, home.feed, labels=LABELS, out=tmp_path / "again", command="tfnews trial"
    )
    assert again == home.design
    assert files(tmp_path / "again") == files(home.out)


def test_a_filled_sheet_tells_rates_that_hold_the_truth(mine):
    mine.fill()
    said = []
    found = mine.tried(fpr=0.2, say=said.append)
    assert isinstance(found, Trial)
    feed_ids = {one.feed_id for one in mine.design.articles}
    scores = {answer.id: answer.fake_probability for answer in predict(mine.run, mine.feed)}
    learnt = mine.design.counted.learnt
    known = {name: scores[name] for name in mine.truth if scores[name] is not None}
    assert len(known) == found.design.counted.articles + learnt - 1
    flagged = {name for name, score in known.items() if score >= found.design.threshold}
    fakes = {name for name in known if mine.truth[name]}
    rates = found.own.rates
    for name, share in (
        ("precision", len(flagged & fakes) / len(flagged)),
        ("recall", len(flagged & fakes) / len(fakes)),
        ("fpr", len(flagged - fakes) / (len(known) - len(fakes))),
        ("prevalence", len(fakes) / len(known)),
    ):
        low, high = rates[name].interval
        assert low - 0.01 <= share <= high + 0.01, name
    assert feed_ids <= set(mine.truth)
    assert found.chosen.rates["fpr"].interval[1] <= 0.2
    assert {"trial.html", "trial.md", "trial.json"} <= set(files(mine.out))
    assert Trial.from_json(json.loads(files(mine.out)["trial.json"])) == found
    assert len(said) == 3


def test_the_run_s_report_shows_a_trial_until_scores_are_read_otherwise(mine):
    at = mine.run.config.splits.path
    mine.run = Run.open(shutil.copytree(mine.run.path, mine.folder / mine.run.name))
    mine.run.report_path.write_text("the report of before")
    mine.run.update(splits=replace(mine.run.config.splits, path=at))
    mine.fill()
    found = mine.tried()
    assert mine.run.scores().trials == (found.without_articles(),)
    for path in (mine.run.report_path, mine.run.card_path):
        assert "On users' own feeds" in html.unescape(path.read_text())
    calibrate(mine.run, method="none", threshold=0.4)
    page = mine.run.report_path.read_text()
    assert "users' own feeds" not in html.unescape(page)
    assert f"tfnews trial {mine.run.name} FEED" in page


def test_what_a_person_filled_is_never_written_over(mine):
    mine.fill(change=lambda row, label: "" if row["id"] == "A007" else label)
    before = files(mine.out)
    with pytest.raises(DataError, match=r"sheet.csv: 1 of 60 articles have no label yet \(A007\)"):
        mine.tried()
    assert files(mine.out) == before
    mine.fill()
    before = files(mine.out)
    mine.tried()
    after = files(mine.out)
    assert {name: after[name] for name in before} == before


def test_a_workbook_beside_an_empty_sheet_is_asked_after(mine):
    (mine.out / "filled.xlsx").touch()
    with pytest.raises(DataError, match=r"60 of 60 .* filled.xlsx is there too"):
        mine.tried()


@pytest.mark.parametrize(
    ("filling", "said"),
    [
        ({"change": lambda row, label: "yes"}, "60 labels in other words"),
        ({"keep": lambda row: row["id"] != "A003"}, "lost the rows of A003"),
    ],
)
def test_a_wrong_sheet_leaves_nothing_behind(mine, filling, said):
    mine.fill(**filling)
    before = files(mine.out)
    with pytest.raises(DataError, match=said):
        mine.tried()
    assert files(mine.out) == before


def test_another_run_feed_or_draw_is_no_going_on(mine, tmp_path):
    mine.fill()
    other = tmp_path / "other.jsonl"
    other.write_text(mine.feed.read_text() + "\n")
    with pytest.raises(DataError, match="The feed is not the one"):
        trial(mine.run, other, out=mine.out)
    for options in ({"labels": 61}, {"annotators": 2}, {"seed": 1}):
        with pytest.raises(UsageError, match=f"has --{next(iter(options))}"):
            mine.tried(**options)
    assert isinstance(mine.tried(labels=60, annotators=1, seed=0), Trial)
    with pytest.raises(UsageError, match="--sheet names 2"):
        mine.tried(sheets=["a", "b"])
    design = json.loads((mine.out / "design.json").read_text())
    (mine.out / "design.json").write_text(json.dumps({**design, "run_digest": "0"}))
    with pytest.raises(RunError, match="is not what the trial"):
        mine.tried()
    for damaged in (
        {"strata": 3},
        {"strata": []},
        {"strata": design["strata"][:-1]},
        {"articles": design["articles"][:-1]},
        {"articles": [*design["articles"][:-1], design["articles"][0]]},
    ):
        (mine.out / "design.json").write_text(json.dumps({**design, **damaged}))
        with pytest.raises(DataError, match="is not what tfnews writes"):
            mine.tried()


def test_a_feed_that_is_too_small_writes_nothing(home, tmp_path):
    with pytest.raises(
        DataError, match=r"fewer than --labels 5,000 \(.* records, 1 without a text"
    ):
        trial(home.run, home.feed, labels=5000, out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_two_annotators_and_a_third_who_decides(home, tmp_path):
    design = trial(home.run, home.feed, labels=30, annotators=2, out=tmp_path / "out", seed=4)
    mine = Home(tmp_path, home.run, home.feed, design, home.truth)
    first, second = (mine.rows(f"sheet-{number}.csv") for number in (1, 2))
    by_id = {row["id"]: row for row in first}
    assert [row["id"] for row in first] != [row["id"] for row in second]
    assert all(by_id[row["id"]] == row for row in second)
    mine.fill("sheet-1.csv")
    turned = {"real": "fake", "fake": "real"}
    mine.fill("sheet-2.csv", lambda row, label: turned[label] if row["id"] < "A004" else label)
    found = mine.tried()
    assert (found.agreement.both, found.agreement.agreed) == (30, 27)
    assert found.agreement.open == ("A001", "A002", "A003")
    assert found.labelled("unsure") == 3
    assert [row["id"] for row in mine.rows("disagreements.csv")] == ["A001", "A002", "A003"]
    with pytest.raises(UsageError, match="names one sheet twice"):
        mine.tried(sheets=[mine.out / "sheet-1.csv", mine.out / "sheet-1.csv"])
    mine.fill("disagreements.csv", lambda row, label: label if row["id"] < "A003" else "")
    before = files(mine.out)["disagreements.csv"]
    found = mine.tried()
    assert (found.agreement.settled, found.agreement.open) == (2, ("A003",))
    assert files(mine.out)["disagreements.csv"] == before


def test_the_command_says_what_to_do_at_each_step(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TFNEWS_SAVED_MODELS", str(home.run.path.parent))
    arguments = ["trial", home.run.name, str(home.feed), "--labels", "40"]
    first = CliRunner().invoke(main, arguments)
    assert first.exit_code == 0, first.output
    folder = tmp_path / "trials" / f"{home.run.name}-feed"
    assert f"Written: trials/{home.run.name}-feed/sheet.csv" in first.stdout
    assert "type the same command again" in first.stdout
    second = CliRunner().invoke(main, arguments)
    assert second.exit_code == 3
    assert "40 of 40 articles have no label yet" in second.stderr
    design = Design.from_json(json.loads((folder / "design.json").read_text()))
    assert "…/feed.jsonl" in design.command
    mine = Home(tmp_path, home.run, home.feed, design, home.truth)
    shutil.copytree(folder, mine.out)
    mine.fill()
    third = CliRunner().invoke(main, [*arguments, "--sheet", str(mine.out / "sheet.csv")])
    assert third.exit_code == 0, third.output
    assert "flagged articles" in third.stdout
    assert third.stdout.splitlines()[-1].startswith(
        ("Next: tfnews predict", "Next: tfnews explain")
    )
    assert (folder / "trial.html").is_file()
