import html
import json
import shutil
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix, f1_score

from tests import tiny
from tfnews.data.splits import open_splits, own_splits
from tfnews.errors import DataError, RunError
from tfnews.evaluation import evaluate as module
from tfnews.evaluation import measure as measuring
from tfnews.evaluation.evaluate import evaluate
from tfnews.evaluation.measure import measure
from tfnews.evaluation.publish import publish, read_predictions
from tfnews.models import load
from tfnews.models.opening import digests
from tfnews.records import Reason, Token
from tfnews.report import falls, figures, wording
from tfnews.report.screen import summary
from tfnews.runs import Run
from tfnews.scoring.predict import predict
from tfnews.statistics import intervals
from tfnews.training.fit import fit

PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    return tiny.splits(tmp_path_factory.mktemp("home"), label_basis="factcheck")


@pytest.fixture(scope="module")
def fitted(splits, tmp_path_factory):
    return fit(splits.path, "tfidf", root=tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def evaluated(fitted, tmp_path_factory):
    """Give a run evaluated with all its figures, and the report."""
    run = copied(fitted, tmp_path_factory.mktemp("evaluated"))
    return run, evaluate(run)


@pytest.fixture
def plain(monkeypatch):
    """Leave out the figures, which take a second."""
    monkeypatch.setattr(figures, "draw_all", lambda *arguments: {})


@pytest.fixture
def run(fitted, tmp_path, plain):
    """Give a run of one's own."""
    return copied(fitted, tmp_path)


@pytest.fixture(scope="module", params=[False, True], ids=["with texts", "no text"])
def flagging(request, fitted, tmp_path_factory):
    """Give a run whose threshold flags everything, its report, and whether it holds no texts."""
    run = copied(fitted, tmp_path_factory.mktemp("flagging"))
    set_threshold(run, 0.0)
    with pytest.MonkeyPatch.context() as plain:
        plain.setattr(figures, "draw_all", lambda *arguments: {})
        report = evaluate(run, no_text=request.param, prevalences=(0.03, 0.2))
    return run, report, request.param


def copied(run, folder):
    shutil.copytree(run.path, folder / run.name)
    return Run.open(folder / run.name)


def renamed(run, name):
    """Give a copy beside a run, under a name of its own."""
    copy = Run(shutil.copytree(run.path, run.path.parent / name))
    copy.update(name=name)
    return copy


def set_threshold(run, threshold):
    task = run.model_dir / "task.json"
    text = task.read_text()
    assert text.count('"threshold": 0.5') == 1
    task.write_text(text.replace('"threshold": 0.5', f'"threshold": {threshold!r}'))
    run.update(digests=digests(run.model_dir))


def elsewhere(folder, texts, labels):
    """Write splits by hand: a quarter each to validation and test."""
    folder.mkdir()
    frame = pd.DataFrame({"combined_text": texts, "label": labels})
    part = np.resize(["train", "train", "validation", "test"], len(frame))
    for name in PARTS:
        frame[part == name].to_csv(folder / f"{name}.csv", index=False)
    return folder


def strangers(count):
    texts = [f"The council of Arvel met for the {number}th time." for number in range(count)]
    return texts, [number % 2 for number in range(count)]


# The run's own splits


def test_every_part_is_scored(evaluated, splits):
    run, report = evaluated
    found = json.loads(run.metrics_path.read_text())
    for part in PARTS:
        frame = splits.frame(part)
        table = pd.read_csv(run.predictions_path(part))
        assert table["row"].tolist() == list(range(len(frame)))
        assert table["label"].tolist() == frame["label"].tolist()
        expected = f1_score(frame["label"], table["fake_probability"] >= 0.5)
        assert found[part]["scores"]["f1"] == pytest.approx(expected)
        assert found[part]["scores"]["rows"] == len(frame)
        assert set(found[part]["intervals"]) >= {"f1", "fpr", "accuracy"}
        assert asdict(report.parts[part]) == found[part]


def test_validation_scores_are_those_of_the_fit(fitted, evaluated):
    before, after = (
        json.loads(run.metrics_path.read_text())["validation"] for run in (fitted, evaluated[0])
    )
    assert before["scores"]["confusion"] == after["scores"]["confusion"]
    assert before["intervals"]["f1"] == pytest.approx(after["intervals"]["f1"])


def test_report_card_and_figures_are_written(evaluated):
    run, report = evaluated
    page, card = run.report_path.read_text(), run.card_path.read_text()
    for text in (html.unescape(page), card):
        assert run.name in text
        assert wording.false_alarms(report.parts["test"]) in text
    assert card.startswith(f"# {run.name}\n")
    assert page.count("<img src=") == len(report.figures) - 1 >= 4  # matrices are tables
    assert {path.suffix for path in run.figures_dir.iterdir()} == {".png"}


def test_timings_say_how_many_texts_were_timed(evaluated, splits):
    timings = evaluated[1].timings
    assert timings.rows == len(splits.frame("test"))
    assert timings.ms_per_text > 0
    assert timings.cpu


def test_a_run_that_is_not_there(fitted):
    with pytest.raises(RunError, match=rf"No run 'other'.*{fitted.name}"):
        evaluate("other", root=fitted.path.parent)


def test_readings_of_the_test_split_are_counted(run):
    assert run.config.test_reads == 0
    first = evaluate(run)
    assert "were scored 1" not in run.report_path.read_text()
    second = evaluate(run.name, root=run.path.parent)
    assert (first.test_reads, second.test_reads) == (1, 2)
    assert Run.open(run.path).config.test_reads == 2
    assert "The test texts were scored 2 times." in run.report_path.read_text()


def test_the_runs_threshold_is_used(flagging, splits):
    _, report, _ = flagging
    labels = splits.frame("test")["label"]
    scores = report.parts["test"].scores
    assert scores["threshold"] == 0.0
    assert (scores["fpr"], scores["recall"]) == (1.0, 1.0)
    wrong = report.mistakes
    assert (wrong.false_alarm_count, wrong.miss_count) == (int((labels == 0).sum()), 0)


def test_one_rule_calls_fake(run, splits):
    """A threshold of a score's digits: three places once disagreed about that text.

    The confusion counted a miss that the mistakes, read from the file, did not, and `predict`
    called it fake.
    """
    frame = splits.frame("test")
    texts, labels = frame["combined_text"].tolist(), frame["label"].to_numpy()
    scored = load(run.path).probabilities(texts)
    below = [score for score in scored[labels == 1] if float(score) < float(str(score))]
    threshold = float(str(below[len(below) // 2]))
    set_threshold(run, threshold)
    report = evaluate(run)
    called = scored >= np.float32(threshold)
    assert called[scored == np.float32(threshold)].all()
    (_, false_alarms), (misses, _) = confusion_matrix(labels, called).tolist()
    assert report.parts["test"].scores["confusion"][0][1] == false_alarms
    assert report.parts["test"].scores["confusion"][1][0] == misses
    wrong = report.mistakes
    assert (wrong.false_alarm_count, wrong.miss_count) == (false_alarms, misses)
    answers = predict(load(run.path), texts, score_anyway=True)
    labelled = [answer.label == "fake" for answer in answers]
    assert labelled == called.tolist()


def test_predictions_are_read_as_they_were_in_memory(run):
    generator = np.random.default_rng(0)
    scored = np.concatenate([generator.random(2000, "float32"), np.float32([0, 1, 1e-38, 0.7])])
    run.record_predictions("test", np.zeros(len(scored)), scored)
    found = read_predictions(run, "test")
    assert found.dtype == np.float32
    assert (found == scored).all()


def test_measuring_writes_nothing(run, splits):
    def files():
        return {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}

    before = files()
    measured = measure(load(run.path), splits)
    assert files() == before
    assert set(measured.parts) == set(measured.probabilities) == set(PARTS)
    assert measured.floor.difference == pytest.approx(0, abs=0.05)  # the run is the floor itself


def test_a_reading_is_counted_before_the_test_split_is_scored(run, monkeypatch):
    def broken(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "measure", broken)
    with pytest.raises(KeyboardInterrupt):
        evaluate(run)
    assert Run.open(run.path).config.test_reads == 1


def test_texts_can_be_left_out_of_the_report(flagging, splits):
    run, _, no_text = flagging
    page = html.unescape(run.report_path.read_text())
    frame = splits.frame("test")
    texts = [text[:60] for text in frame["text"]] + list(frame["title"])
    assert any(text in page for text in texts) is not no_text
    written = run.card_path.read_text() + run.metrics_path.read_text()
    assert not any(text in written for text in texts)


def test_what_is_measured_later_leaves_texts_out_as_well(flagging, splits):
    """A stress test or a drift check writes the report anew, and once put texts back."""
    run, _, no_text = flagging
    publish(run, splits, (0.03, 0.2))
    page = html.unescape(run.report_path.read_text())
    assert any(title in page for title in splits.frame("test")["title"]) is not no_text
    assert run.scores().no_text is no_text


def test_words_that_moved_mistakes_are_kept_and_shown_unless_texts_are_left_out(flagging):
    run, report, no_text = flagging
    kept = json.loads(run.metrics_path.read_text()).get("reasons")
    assert ("Moved it most towards" in run.report_path.read_text()) is not no_text
    if no_text:
        assert (kept, report.reasons) == ([], ())
        return
    quoted = (*report.mistakes.false_alarms, *report.mistakes.misses, *report.mistakes.sample)
    assert {one["row"] for one in kept} <= {one.row for one in quoted}
    assert {word["toward"] for one in kept for word in one["words"]} == {"fake"}
    assert all(word["weight"] > 0 for one in kept for word in one["words"])


def test_prevalences_are_told(flagging):
    run, _, _ = flagging
    for page in (run.report_path, run.card_path):
        assert all(f"If {share} % of" in page.read_text() for share in (3, 20))


@pytest.mark.usefixtures("plain")
def test_the_floor_is_compared_on_the_test_split(splits, tmp_path):
    run = fit(splits.path, "swivel20", **tiny.SWIVEL | {"epochs": 1}, root=tmp_path, floor=False)
    assert run.config.floor is None
    report = evaluate(run)
    assert report.floor.part == "test"
    model, difference = report.parts["test"].scores["f1"], report.floor.difference
    assert model - report.floor.f1 == pytest.approx(difference)
    assert wording.floor(report.floor) in html.unescape(run.report_path.read_text())


def test_the_floor_is_not_compared_with_itself(evaluated):
    assert evaluated[1].floor is None


@pytest.mark.usefixtures("plain")
def test_what_depends_on_the_splits_alone_is_worked_out_once(splits, tmp_path, monkeypatch):
    """Every evaluate once fitted the floor and hashed all texts anew."""
    made = []

    def counting(room, name):
        function = getattr(room, name)

        def counted(*given, **more):
            made.append(name)
            return function(*given, **more)

        monkeypatch.setattr(room, name, counted)

    counting(module.floor, "solve")
    counting(measuring, "audit")
    given = {**tiny.SWIVEL, "epochs": 1, "root": tmp_path}
    run = fit(splits.path, "swivel20", **given)
    assert made == ["solve"]
    first, second = evaluate(run), evaluate(run)
    assert sorted(made) == ["audit", "solve", "solve"]  # the test split was not scored at fit
    assert (first.floor, first.audit) == (second.floor, second.audit)
    evaluate(renamed(run, "another"))
    assert len(made) == 3  # of the same splits
    others = tiny.splits(tmp_path / "others", seed=1)
    evaluate(fit(others.path, "swivel20", **given))
    assert sorted(made) == ["audit"] * 2 + ["solve"] * 4


# Splits that moved or changed


@pytest.fixture
def moved(run, splits, tmp_path):
    """Give a run whose splits are no longer where they were, and where they are now."""
    shutil.copytree(splits.path, tmp_path / "moved")
    run.update(splits=replace(run.config.splits, path=str(tmp_path / "gone")))
    return run, tmp_path / "moved"


def test_splits_that_moved_must_be_named(moved):
    run, folder = moved
    with pytest.raises(DataError, match=r"no longer at .*gone\. .* --splits FOLDER"):
        own_splits(run)
    assert own_splits(run, folder).path == folder


@pytest.mark.parametrize("part", PARTS)
def test_splits_that_changed_are_refused_before_anything_is_read(moved, part):
    run, folder = moved
    (folder / "manifest.json").unlink()
    path = folder / f"{part}.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    with pytest.raises(DataError, match=f"The {part} split in .* is not the one {run.name} was"):
        evaluate(run, splits=folder)
    assert Run.open(run.path).config.test_reads == 0
    assert not run.report_path.exists()


def test_a_changed_file_under_its_manifest_is_refused(moved):
    run, folder = moved
    with (folder / "test.csv").open("a") as file:
        file.write("one more\n")
    with pytest.raises(DataError, match="was changed after prepare"):
        evaluate(run, splits=folder)


# Other data sets


def test_other_sets_leave_out_texts_seen_in_training(run, splits, tmp_path):
    seen = splits.frame("train")["combined_text"][:6].tolist()
    unseen = splits.frame("test")["combined_text"][:1].tolist()
    copies = [text.upper().replace(" ", "  ") for text in seen]
    texts, labels = strangers(10)
    folder = elsewhere(tmp_path / "away", copies + unseen + texts, [0] * 7 + labels)
    report = evaluate(run, [folder])
    (away,) = report.other_sets
    assert (away.name, away.label_basis) == ("away", "unstated")
    assert away.shared_with_training == 6
    assert away.judged.rows == 11
    said = falls.fall(report.parts["validation"], away.judged, "away")
    assert said in html.unescape(run.report_path.read_text())


def test_other_sets_leave_out_near_copies_and_say_the_scores_with_them(run, splits, tmp_path):
    """Only exact copies were once left out, so that edited training texts were scored."""
    seen = splits.frame("train")["combined_text"][:4].tolist()
    near = [f"{text} Corrected since." for text in seen]
    texts, labels = strangers(10)
    folder = elsewhere(tmp_path / "away", [seen[0], *near, *texts], [1] * 5 + labels)
    (away,) = evaluate(run, [folder]).other_sets
    assert (away.shared_with_training, away.near_copies_of_training, away.left_out) == (1, 4, 5)
    assert (away.judged.rows, away.with_shared.rows) == (10, 15)
    assert Run.open(run.path).scores().other_sets["away"] == away
    said = falls.left_out(away)
    assert "copies 1, near-copies 4." in said
    assert said in html.unescape(run.report_path.read_text())
    assert said in run.card_path.read_text().replace("\\", "")


def test_what_a_refit_has_learnt_from_is_left_out(run, splits, tmp_path):
    """A refit trains on validation texts too."""
    validation = splits.frame("validation")["combined_text"][:3].tolist()
    texts, labels = strangers(10)
    folder = elsewhere(tmp_path / "away", validation + texts, [0] * 3 + labels)
    assert evaluate(run, [folder]).other_sets[0].left_out == 0
    run.update(refit_epochs=0)
    assert evaluate(run, [folder]).other_sets[0].left_out == 3


def test_other_sets_do_not_read_the_test_split_and_are_remembered(run, tmp_path):
    first, second = (
        elsewhere(tmp_path / name, *strangers(count)) for name, count in (("a", 8), ("b", 12))
    )
    run.record_parts({}, {}, reasons=(Reason(0, "exact", (Token("word", 1.0, "fake"),)),))
    evaluate(run, [first])
    assert run.scores().reasons[0].words[0].token == "word"
    report = evaluate(run, [second], no_text=True)
    assert run.scores().reasons == ()  # None would have left them in the file
    assert [away.name for away in report.other_sets] == ["a", "b"]
    assert report.test_reads == 0
    assert set(report.parts) == {"validation"}
    assert not run.predictions_path("test").exists()
    own = evaluate(run)
    assert [away.judged.rows for away in own.other_sets] == [8, 12]
    assert set(own.parts) == set(PARTS)


def test_what_another_evaluate_scored_meanwhile_is_kept(run, tmp_path, monkeypatch):
    """Of two evaluates side by side, the one that ended last once wrote over the other's scores."""
    first, second = (
        elsewhere(tmp_path / name, *strangers(count)) for name, count in (("a", 8), ("b", 12))
    )
    score = module.measure_elsewhere

    def scored_as_another_ends(*given):
        monkeypatch.setattr(module, "measure_elsewhere", score)
        found = score(*given)
        evaluate(Run.open(run.path), [second])
        return found

    monkeypatch.setattr(module, "measure_elsewhere", scored_as_another_ends)
    report = evaluate(run, [first])
    assert [away.name for away in report.other_sets] == ["b", "a"]


def test_rows_of_different_parts_are_not_one_cluster(run, tmp_path):
    """Clusters are numbered within a part when a folder names none."""
    texts, labels = strangers(40)
    folder = elsewhere(tmp_path / "away", texts, labels)
    (away,) = evaluate(run, [folder]).other_sets
    other = open_splits(folder)
    frame = pd.concat([other.frame(part) for part in PARTS])
    scored = load(run.path).probabilities(frame["combined_text"].tolist())
    expected = intervals.bootstrap(frame["label"].to_numpy(), scored)
    assert away.judged.intervals["accuracy"] == pytest.approx(expected["accuracy"])


def test_a_set_seen_whole_in_training_is_refused(run, splits, tmp_path):
    frame = splits.frame("train")
    folder = elsewhere(tmp_path / "same", frame["combined_text"], frame["label"])
    with pytest.raises(DataError, match="Every text of same was in the training texts"):
        evaluate(run, [folder])


@pytest.mark.parametrize("case", ["same files", "other files", "held-out texts", "and others"])
def test_the_runs_own_splits_are_no_other_set(run, splits, tmp_path, case):
    folder = splits.path
    if case != "same files":
        parts = PARTS if case == "other files" else PARTS[1:]
        frame = pd.concat([splits.frame(part) for part in parts])
        if case == "and others":  # as joining leaves some texts of a set out
            texts, labels = strangers(6)
            frame = pd.concat([frame, pd.DataFrame({"combined_text": texts, "label": labels})])
        folder = elsewhere(tmp_path / "own", frame["combined_text"], frame["label"])
    with pytest.raises(DataError, match=rf"is no other data set.* tfnews evaluate {run.name}$"):
        evaluate(run, [folder])
    assert "other_sets" not in json.loads(run.metrics_path.read_text())


def test_of_joined_sets_the_others_are_asked_for(run, splits, tmp_path):
    """It once said to leave --data out, which scores no other set at all."""
    folder = tmp_path / "both"
    shutil.copytree(splits.path, folder)
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "sets": [{"name": "one"}]}))
    with pytest.raises(DataError, match="Of joined sets, give those that are not"):
        evaluate(run, [folder])


def test_namesakes_are_kept_apart_and_the_same_files_scored_anew(run, tmp_path):
    """Scores were once kept by name alone: the second set of a name replaced the first."""
    for parent in ("one", "two"):
        (tmp_path / parent).mkdir()
    first = elsewhere(tmp_path / "one" / "away", *strangers(8))
    second = elsewhere(tmp_path / "two" / "away", *strangers(12))
    sets = evaluate(run, [first, second, second, first]).other_sets
    assert [(away.name, away.judged.rows) for away in sets] == [
        ("away", 8), ("away (2)", 12),
    ]  # fmt: skip
    assert "On away (2), " in run.card_path.read_text()


def test_texts_that_predict_would_refuse_are_counted(run, tmp_path):
    texts, labels = strangers(12)
    folder = elsewhere(
        tmp_path / "away", [*texts, *["Ελληνικά νέα της ημέρας"] * 4], [*labels, *[0, 1] * 2]
    )
    report = evaluate(run, [folder])
    (away,) = report.other_sets
    guards = load(run.path).guards
    frames = [open_splits(folder).frame(part) for part in PARTS]
    expected = sum(guards.reason(text) is not None for text in pd.concat(frames)["combined_text"])
    assert sum(away.refused.values()) == expected >= 4
    assert away.refused["looks unlike the training texts' script"] == 4
    shown = summary(report)
    assert f"Scores count all 16 texts of away; predict gives no number to {expected}" in shown
    assert any(
        f"{expected} of 16 texts of away are unlike" in said for said in wording.warnings(report)
    )


def test_f1_without_the_texts_that_get_no_number():
    reason = {"short": "too short: 1 word", "odd": "looks unlike: 3%"}.get
    guarded = SimpleNamespace(guards=SimpleNamespace(reason=reason), threshold=0.5)
    texts = ["short", "odd", "short", "a b", "c d", "e f"]
    frame = pd.DataFrame({"combined_text": texts, "label": [1, 0, 1, 1, 0, 1]})
    scored = np.array([0.1, 0.9, 0.1, 0.9, 0.9, 0.2], "float32")
    found = measuring._refused(guarded, frame, scored)
    assert found["refused"] == {"too short": 2, "looks unlike": 1}
    assert found["f1_of_scored"] == f1_score([1, 0, 1], [1, 1, 0])
    assert measuring._refused(guarded, frame[:3], scored[:3])["f1_of_scored"] is None
    assert measuring._refused(guarded, frame[3:], scored[3:])["refused"] == {}
