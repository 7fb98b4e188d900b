import csv
import re

import pytest

from tfnews.data import demo
from tfnews.data.text import combine, for_matching
from tfnews.errors import UsageError
from tfnews.files import sha256


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return read(demo.write_corpus(tmp_path_factory.mktemp("demo")))


def test_the_file_says_that_it_is_synthetic(tmp_path):
    path = demo.write_corpus(tmp_path, articles=50)
    assert path == tmp_path / "synthetic-demo.csv"
    assert {row["synthetic"] for row in read(path)} == {"yes"}


def test_the_columns(corpus):
    assert list(corpus[0]) == ["title", "text", "label", "outlet", "synthetic"]
    assert all(row["title"] and row["text"] and row["outlet"] for row in corpus)


def test_the_same_seed_gives_these_bytes_on_every_machine(tmp_path):
    """Figures in the documentation were measured on this very file."""
    path = demo.write_corpus(tmp_path)
    assert sha256(path) == "a2b42b884ca84d4837d838622e77af7067b81668b628405a5e8160798bb88296"


def test_another_seed_gives_another_corpus(tmp_path):
    first, second = (demo.write_corpus(tmp_path / str(seed), 50, seed) for seed in (0, 1))
    assert first.read_bytes() != second.read_bytes()


@pytest.mark.parametrize("articles", [50, 51, 100, 333])
def test_the_corpus_is_balanced_and_of_the_size_asked_for(tmp_path, articles):
    labels = [row["label"] for row in read(demo.write_corpus(tmp_path, articles))]
    assert len(labels) == articles
    assert labels.count("1") == articles // 2


def test_too_few_articles_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"from 50 up to .* Received: 49"):
        demo.write_corpus(tmp_path, articles=49)
    assert not any(tmp_path.iterdir())


def test_every_character_is_printable_ascii(corpus):
    for row in corpus:
        assert all(re.fullmatch(r"[ -~]+", value) for value in row.values())


def test_no_template_slot_is_left_open(corpus):
    assert not any(re.search(r"[{}]", row["title"] + row["text"]) for row in corpus)


def test_every_name_is_one_of_ours(corpus):
    """A capitalised word within a sentence is a name: only made-up ones, days and months occur."""
    people = {*demo._FIRST_NAMES, *demo._LAST_NAMES}
    allowed = {*people, *demo._TOWNS, *demo._DAYS, *demo._MONTHS}
    for row in corpus:
        assert set(re.findall(r"(?<=[a-z,] )[A-Z][a-z]+", row["text"])) <= allowed


def test_every_outlet_prints_both_classes(corpus):
    """Otherwise a model could learn the outlet."""
    for outlet in demo._OUTLETS:
        assert {row["label"] for row in corpus if row["outlet"] == outlet} == {"0", "1"}


def test_there_are_copies_to_find_and_each_has_one_label(corpus):
    labels = {}
    for row in corpus:
        opening = for_matching(combine(row["title"], row["text"]))[:200]
        labels.setdefault(opening, []).append(row["label"])
    copied = [found for found in labels.values() if len(found) > 1]
    assert sum(len(found) - 1 for found in copied) == 24
    assert all(len(set(found)) == 1 for found in copied)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_word_pair_model_is_good_but_not_perfect(tmp_path, seed):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline

    rows = read(demo.write_corpus(tmp_path, seed=seed))
    texts = [combine(row["title"], row["text"]) for row in rows]
    labels = [int(row["label"]) for row in rows]
    train, test, train_labels, test_labels = train_test_split(
        texts, labels, test_size=0.3, stratify=labels, random_state=0
    )
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), LogisticRegression()
    )
    accuracy = model.fit(train, train_labels).score(test, test_labels)
    assert 0.85 <= accuracy <= 0.93
