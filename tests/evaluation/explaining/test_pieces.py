import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews.evaluation.explaining import pieces

ODD = "aé’ſΣςß新闻の々。，「」 \u00a0\u3000\u200b\u200d\n\t\r\x85\x1c-—.!?…😀👩\ufe0fक्ä\u0308"
TEXTS = st.text(st.one_of(st.sampled_from(ODD), st.characters(codec="utf-8")), max_size=60)


def shown(text, spans):
    return [text[start:end] for start, end in spans]


@given(TEXTS)
def test_words_are_disjoint_in_order_and_give_the_text_back(text):
    spans = pieces.words(text)
    back, end = "", 0
    for start, stop in spans:
        assert end <= start < stop
        assert not text[end:start].strip()  # white space alone lies between words
        back += text[end:start] + text[start:stop]
        end = stop
    assert back + text[end:] == text
    assert not text[end:].strip()


@given(TEXTS)
def test_sentences_are_all_words(text):
    spans = pieces.words(text)
    found = pieces.sentences(text, spans)
    assert [word for sentence in found for word in sentence] == list(range(len(spans)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The cat, he said.", ["The", "cat,", "he", "said."]),
        ("été\u00a0à  Brask…", ["été", "à", "Brask…"]),
        ("新闻。标题", ["新", "闻。", "标", "题"]),
        ("BBC新闻 news", ["BBC", "新", "闻", "news"]),
        ("がく 뉴스 제목", ["が", "く", "뉴스", "제목"]),
        ("so 👩‍👧 good", ["so", "👩‍👧", "good"]),
    ],
)
def test_words_of_several_scripts(text, words):
    assert shown(text, pieces.words(text)) == words


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three", ["One.", "Two!", "Three"]),
        ("He said “Stop.” Then he went.", ["He said “Stop.”", "Then he went."]),
        ("Sen. Vell of the U.S. Senate spoke.", ["Sen. Vell of the U.S. Senate spoke."]),
        ("A headline\nAnd the body", ["A headline", "And the body"]),
        ("wrapped\nin a line", ["wrapped\nin a line"]),
        ("新闻。标题！很", ["新闻。", "标题！", "很"]),
    ],
)
def test_sentences(text, sentences):
    spans = pieces.words(text)
    found = [pieces.joined(spans, own) for own in pieces.sentences(text, spans)]
    assert shown(text, found) == sentences


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        (range(1), "two  three"),
        (range(1, 2), "one three"),
        (range(2, 3), "one two"),
        (range(1, 3), "one"),
        (range(3), ""),
    ],
)
def test_a_word_is_left_out_with_the_white_space_after_it(gone, left):
    text = "one two  three"
    assert pieces.without(text, pieces.words(text), gone) == left


@given(TEXTS)
def test_without_a_word_the_others_stay(text):
    spans = pieces.words(text)
    for word in range(len(spans)):
        rest = "".join(pieces.without(text, spans, range(word, word + 1)).split())
        others = spans[:word] + spans[word + 1 :]
        assert rest == "".join("".join(shown(text, others)).split())
