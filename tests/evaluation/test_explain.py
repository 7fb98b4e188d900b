import numpy as np
import pytest

from tests.models.reduced import ANSWERS, LABELS, TEXTS, row_of, small
from tfnews.errors import RunError, UsageError
from tfnews.evaluation.explain import explain
from tfnews.evaluation.explaining import additive
from tfnews.models import build
from tfnews.scoring.predict import predict

TEXT = "ministry of roads reports fewer accidents in the second quarter"


@pytest.fixture(scope="module")
def tfidf():
    """Give a classifier of words and pairs of words."""
    row = row_of("tfidf")
    return build(row, TEXTS, LABELS, {**row.settings, "min_df": 1}, ANSWERS)[0]


@pytest.fixture(scope="module")
def averaged():
    """Give a classifier that is linear in the mean of word vectors."""
    return small("word2vec")


def test_a_term_gives_its_weight_times_its_feature(tfidf):
    """A pair of words is shared by both."""
    words = ["harbour", "office", "publishes", "the", "tide", "tables"]
    found = explain(tfidf, "Harbour, office! publishes — the tide tables")
    table = tfidf.preprocessor.tokenizer.get_vocabulary()
    idf, slopes = tfidf.backbone.rows.idf.numpy(), tfidf.head_layers[-1].kernel.numpy()[:, 0]
    places = [(n,) for n in range(6)] + [(n, n + 1) for n in range(5)]
    spans = [own for own in places if " ".join(words[n] for n in own) in table]
    terms = [table.index(" ".join(words[n] for n in own)) for own in spans]
    expected = np.zeros(6)
    for own, term in zip(spans, terms, strict=True):
        expected[list(own)] += idf[term] / np.linalg.norm(idf[terms]) * slopes[term] / len(own)
    assert len(spans) > 6
    assert found.method == "exact"
    contributions = [one.contribution for one in found.influences if found.words(one) != "—"]
    assert contributions == pytest.approx(expected, abs=1e-6)
    assert found.base == pytest.approx(float(tfidf.head_layers[-1].bias.numpy()[0]))


def test_gradients_of_a_linear_model_are_its_exact_sums(averaged):
    exact, gradients = (explain(averaged, TEXT, method=way) for way in ("exact", "gradients"))
    assert [one.contribution for one in gradients.influences] == pytest.approx(
        [one.contribution for one in exact.influences], abs=1e-5
    )
    assert gradients.base == pytest.approx(exact.base, abs=1e-6)


def test_without_a_word_the_score_is_what_occlusion_says(averaged):
    found = explain(averaged, TEXT, method="occlusion")
    copy = TEXT.replace("fewer ", "")
    fewer = next(one for one in found.influences if found.words(one) == "fewer")
    (score,) = averaged.probabilities([copy])
    assert fewer.without == pytest.approx(score)
    lost = found.log_odds - np.log(score / (1 - score))
    assert fewer.contribution == pytest.approx(lost, abs=1e-5)
    assert (found.tried, found.calls, found.base, found.gap) == (10, 11, None, None)


@pytest.mark.parametrize("method", ["exact", "occlusion"])
def test_a_sentence(tfidf, method):
    text = "The harbour office publishes tables. They want the trick!"
    found = explain(tfidf, text, method=method, by="sentence")
    first, second = found.influences
    assert found.words(first) == "The harbour office publishes tables."
    assert found.words(second) == "They want the trick!"
    by_word = explain(tfidf, text, method="exact")
    if method == "exact":
        words = [one.contribution for one in by_word.influences]
        assert first.contribution == pytest.approx(sum(words[:5]))
        assert second.contribution == pytest.approx(sum(words[5:]))
    else:
        score = tfidf.probabilities(["They want the trick!"])[0]
        assert first.without == pytest.approx(score)


def test_places_are_those_in_the_text_as_it_was_given_and_the_score_is_that_of_predict(averaged):
    text = f"\n  {TEXT}\u00a0\n"
    found = explain(averaged, text)
    assert found.text == text
    assert [found.words(one) for one in found.influences] == TEXT.split()
    (answer,) = predict(averaged, [text])
    assert found.fake_probability == answer.fake_probability
    assert found.label == f"resembles texts labelled {answer.label} in contracts"
    assert found.threshold == averaged.threshold


def test_what_the_guards_refuse_is_not_explained(averaged):
    found = explain(averaged, "word")
    assert found.outcome == "not_explained"
    assert found.reason == averaged.guards.reason("word")
    assert (found.fake_probability, found.influences) == (None, ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [(" \n", "empty text: nothing to read"), ("half \ud800", "unreadable text: half a Unicode")],
)
def test_what_cannot_be_read_is_not_explained(averaged, text, reason):
    found = explain(averaged, text)
    assert found.outcome == "not_explained"
    assert found.reason.startswith(reason)


def test_no_number_is_not_explained(averaged, monkeypatch):
    monkeypatch.setattr(averaged, "probabilities", lambda texts: np.float32([np.nan]))
    assert explain(averaged, TEXT).reason == "no number: the model gave nan"


def test_a_sum_that_misses_is_told(averaged, monkeypatch):
    monkeypatch.setattr(additive, "TOLERANCE", -1)  # the sum may hit by chance
    monkeypatch.setattr(additive, "_STEPS", (1, 2))
    found = explain(averaged, TEXT, method="gradients")
    assert found.calls == 1 + 2 + 1 + 2
    assert not found.complete


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "shap"}, "Unknown method 'shap'. Allowed: auto, exact, gradients, occlusion"),
        ({"by": "letter"}, "Unknown pieces 'letter'. Allowed: word, sentence"),
    ],
)
def test_unknown_names(options, message):
    with pytest.raises(UsageError, match=message):
        explain("a run that is not there", TEXT, **options)


def test_a_way_that_a_model_has_not(tfidf):
    message = "cannot be explained by 'gradients': it has no token vectors.*Allowed: auto, exact, o"
    with pytest.raises(UsageError, match=message):
        explain(tfidf, TEXT, method="gradients")


def test_several_texts_and_a_run_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"One text is explained at a time\. Received: list"):
        explain("mine", [TEXT])
    with pytest.raises(RunError, match="No run"):
        explain(tmp_path / "nowhere", TEXT)
