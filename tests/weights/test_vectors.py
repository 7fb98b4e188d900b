"""Word vectors: every format gives the same words, and every kind of damage is said."""

import contextlib
import gzip
import io
import random
import struct
import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfnews import packing
from tfnews.errors import UsageError, WeightsError
from tfnews.weights.vectors import guess_format, read_vectors

WORDS = ["the", "élan", "new-york", "."]
VECTORS = np.array([[0.5, -1, 2], [1, 2, 3], [-0.25, 0, 0], [4, 5, 6]], np.float32)


def text_lines(words=WORDS, vectors=VECTORS, end="\n"):
    rows = zip(words, vectors, strict=True)
    return "".join(f"{word} {' '.join(map(str, row))}{end}" for word, row in rows).encode()


def binary(words=WORDS, vectors=VECTORS, end=b"\n", header=None):
    records = [
        word.encode() + b" " + struct.pack("<3f", *row) + end
        for word, row in zip(words, vectors, strict=True)
    ]
    return (header or f"{len(words)} 3\n".encode()) + b"".join(records)


@pytest.fixture
def make(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def npy(tmp_path):
    np.save(tmp_path / "vectors.npy", VECTORS)
    return tmp_path / "vectors.npy"


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("glove.txt", text_lines(), "glove"),
        # mtime: the content is in the test's name, which must not hold the time of collection
        ("glove.txt.gz", gzip.compress(text_lines(), mtime=0), "glove"),
        ("spaces-at-the-end.txt", text_lines(end=" \r\n"), "glove"),
        ("w2v.txt", b"4 3\n" + text_lines(end=" \n"), "word2vec-text"),
        ("w2v.bin", binary(), "word2vec-binary"),
        ("no-line-breaks.bin", binary(end=b""), "word2vec-binary"),
        ("w2v.bin.gz", gzip.compress(binary(), mtime=0), "word2vec-binary"),
    ],
)
def test_formats_are_found_and_read_alike(make, name, content, format):
    path = make(name, content)
    assert guess_format(path) == format
    read = read_vectors(path)
    assert read.words == WORDS
    assert read.vectors.dtype == np.float32
    np.testing.assert_array_equal(read.vectors, VECTORS)
    assert read.dropped == {}
    first = read_vectors(path, limit=2)
    assert first.words == WORDS[:2]
    np.testing.assert_array_equal(first.vectors, VECTORS[:2])


@pytest.mark.parametrize("content", ["the\nélan\nnew-york\n.\n", "the\r\nélan\r\nnew-york\r\n."])
def test_npy_with_a_text_word_list(make, npy, content):
    read = read_vectors(npy, words=make("words.txt", content.encode()))
    assert read.words == WORDS
    np.testing.assert_array_equal(read.vectors, VECTORS)


@pytest.mark.parametrize(
    "columns",
    [
        {"index": WORDS},
        {"word": pa.array(WORDS, pa.large_string())},
        {"word": WORDS[::-1], "row": [3, 2, 1, 0]},
    ],
)
def test_npy_with_a_parquet_word_list(tmp_path, npy, columns):
    pq.write_table(pa.table(columns), tmp_path / "words.parquet")
    read = read_vectors(npy, words=tmp_path / "words.parquet", limit=3)
    assert read.words == WORDS[:3]
    np.testing.assert_array_equal(read.vectors, VECTORS[:3])


def test_a_large_binary_file_crosses_the_read_buffer(make):
    words = [f"word{number}" for number in range(70_000)]
    vectors = np.arange(210_000, dtype=np.float32).reshape(-1, 3)
    read = read_vectors(make("large.bin", binary(words, vectors)))
    assert read.words == words
    np.testing.assert_array_equal(read.vectors, vectors)


def test_what_is_left_out_is_counted(make):
    lines = b"a 1 2\n\na 3 4\n\xff\xfe 5 6\n. . . 7 8\n 9 10\nb 11 12\n"
    read = read_vectors(make("glove.txt", lines))
    assert read.words == ["a", "b"]
    np.testing.assert_array_equal(read.vectors, [[1, 2], [11, 12]])
    assert read.dropped == {
        "empty lines": 1,
        "repeated words": 1,
        "words that are not UTF-8": 1,
        "words with a space, which no token can equal": 1,
        "empty words": 1,
    }


def test_no_break_spaces_stay_inside_a_word(make):
    # bytes.split() and str.split() would cut here, and shift every number by one.
    assert read_vectors(make("glove.txt", "a\u00a0b 1 2\n".encode())).words == ["a\u00a0b"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("short.txt", b"a 1 2 3\nb 1 2\n", "Line 2 of .*short.txt has 2 numbers.*3 were expected"),
        ("long.txt", b"a 1 2\nb 1 2 3\n", "Line 2 of .*long.txt has 3 numbers.*2 were expected"),
        ("words.txt", b"a 1 2\nb 1 x\n", "Line 2 of .*words.txt holds something other"),
        ("list.txt", b"a\nb\n", "Line 1 of .*list.txt has 0 numbers"),
        ("nan.txt", b"a 1 2\nb nan 2\n", "1 vectors that hold NaN or infinity.*'b'"),
        ("huge.txt", b"a 1 2\nb 1e50 2\n", "NaN or infinity.*'b'"),
        ("empty.txt", b"", "holds no words"),
        ("cut.bin", binary()[:-8], "promises 4 words in its first line and holds 3"),
        ("not.bin", text_lines(), "does not start with a word2vec header"),
        ("wide.bin", b"4 999999999\n", "does not start with a word2vec header"),
        ("cut.txt", b"5 3\n" + text_lines(), "promises 5 words .* holds 4"),
        ("cut.txt.gz", gzip.compress(text_lines(), mtime=0)[:-9], "damaged .gz file"),
    ],
)
def test_damage_is_said(make, name, content, message):
    with pytest.raises(WeightsError, match=message):
        read_vectors(make(name, content))


def test_a_missing_file(tmp_path):
    with pytest.raises(WeightsError, match=r"No file .*none\.txt"):
        read_vectors(tmp_path / "none.txt")


def test_npy_and_its_word_list_go_together(make, npy):
    glove = make("glove.txt", text_lines())
    for path, words in ((npy, None), (glove, glove)):
        with pytest.raises(UsageError, match="--words WORDLIST"):
            read_vectors(path, words=words)


def test_an_unknown_format(make):
    with pytest.raises(UsageError, match=r"'fasttext'\. Allowed: glove"):
        read_vectors(make("glove.txt", text_lines()), format="fasttext")


@pytest.mark.parametrize("content", [b"", b"\0" * 99, b"\x80\x04N.", b"PK"])
def test_other_files_under_the_name_of_vectors_are_never_advised_to_be_unpickled(tmp_path, content):
    """NumPy took them for pickles, and told how to open these; for archives, and gave no array."""
    np.savez(tmp_path / "a.npz", np.ones((1, 2)))
    archive = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npy").write_bytes(archive if content == b"PK" else content)
    (tmp_path / "words.txt").write_text("a\n")
    with pytest.raises(WeightsError, match=r"not a \.npy file of numbers: (?!.*pickle)"):
        read_vectors(tmp_path / "a.npy", words=tmp_path / "words.txt")


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.arange(4.0), r"shape \(words, width\)"),
        (np.ones((4, 2), np.int64), "floating-point"),
        (np.ones((3, 2)), "has 3 rows, .* has more words"),
        (np.array([["a", None]], object), "not a .npy file of numbers"),
    ],
)
def test_npy_of_another_kind(tmp_path, make, array, message):
    np.save(tmp_path / "odd.npy", array)
    with pytest.raises(WeightsError, match=message):
        read_vectors(tmp_path / "odd.npy", words=make("words.txt", "\n".join(WORDS).encode()))


def test_word_lists_of_another_kind(tmp_path, make, npy):
    with pytest.raises(WeightsError, match="No file"):
        read_vectors(npy, words=tmp_path / "none.txt")
    with pytest.raises(WeightsError, match="not a parquet table"):
        read_vectors(npy, words=make("words.parquet", b"the"))
    pq.write_table(pa.table({"a": WORDS, "b": WORDS}), tmp_path / "two.parquet")
    with pytest.raises(WeightsError, match=r"one column of words .* a \(string\), b \(string\)"):
        read_vectors(npy, words=tmp_path / "two.parquet")
    pq.write_table(pa.table({"word": WORDS, "row": [0, 1, 1, 3]}), tmp_path / "rows.parquet")
    with pytest.raises(WeightsError, match="0 to 3, each once"):
        read_vectors(npy, words=tmp_path / "rows.parquet")


# Files that are made to harm: small ones that ask for much, and damaged ones


def held(path, **options):
    """Return the most bytes that reading a file held at once, and what it was refused by."""
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError) as caught:
            read_vectors(path, **options)
        return tracemalloc.get_traced_memory()[1], str(caught.value)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["endless.txt.gz", "endless.bin.gz"])
def test_a_line_without_an_end_is_not_held(make, name):
    """Some kilobytes of gzip unpacked to one line, or one word, of any length."""
    start = b"2 3\n" if ".bin" in name else b"the "
    path = make(name, gzip.compress(start + b"1" * 2**25, mtime=0))
    most, said = held(path)
    assert most < 2**24
    assert "no word in" in said or "a line of more than" in said


@pytest.mark.parametrize(
    "header", [b"1 99999999", b"1 99999999999", b"99999999999999999999 2", b"9999999999999999999 2"]
)
def test_a_header_that_promises_more_than_there_is_makes_nothing(make, header):
    """The width of a header was read before it was asked for."""
    most, said = held(make("w2v.bin.gz", gzip.compress(header + b"\nw " + bytes(2**24), mtime=0)))
    assert most < 2**24
    assert "does not start with" in said or "no word in" in said


@pytest.mark.parametrize("name", ["many.txt.gz", "many.bin.gz"])
def test_vectors_that_unpack_to_far_more_than_they_take_are_refused(make, monkeypatch, name):
    """All vectors are held, and some kilobytes of gzip can hold millions of one."""
    monkeypatch.setattr(packing, "UNQUESTIONED", 2**12)
    monkeypatch.setattr(packing, "MOST_TIMES", 2)
    lines = b"9999999 2\n" + (b"w " + bytes(8) if ".bin" in name else b"w 0 0\n") * 2**10
    with pytest.raises(WeightsError, match="It may be a trap"):
        read_vectors(make(name, gzip.compress(lines, mtime=0)))


@pytest.mark.parametrize(
    ("written", "changed"),
    [
        (b"}  ", b"}]]"),
        (b"}   ", b'}"""'),
        (b"}  ", b"}\0\0"),
        (b"'<f4'", b"',f4'"),
        (b"'<f4'", b"[[]] "),
        (b"(4, 3)", b"(4,{})"),
    ],
)
def test_a_damaged_header_of_npy_is_said_so(make, npy, written, changed):
    """Some were errors of Python's own parser, which NumPy reads headers and types with."""
    content = npy.read_bytes()
    assert written in content
    path = make("odd.npy", content.replace(written, changed))
    with pytest.raises(WeightsError, match=r"not a \.npy file of numbers"):
        read_vectors(path, words=make("words.txt", "\n".join(WORDS).encode()))


def test_numbers_that_float32_cannot_hold_are_told_by_their_word(tmp_path, make):
    """NumPy warned on the terminal first."""
    np.save(tmp_path / "wide.npy", np.array([[1.0, 2.0], [1e300, 0.0]]))
    with pytest.raises(WeightsError, match=r"NaN or infinity.*'vote'"):
        read_vectors(tmp_path / "wide.npy", words=make("words.txt", b"the\nvote\n"))


@pytest.mark.parametrize("name", ["words.parquet", "words.txt"])
def test_a_word_list_is_read_no_further_than_there_are_rows(tmp_path, npy, name):
    """A table of a few kilobytes can repeat a word without end, and the list was read whole."""
    words = ["storm"] * 2**18
    if name.endswith("parquet"):
        pq.write_table(pa.table({"word": words}), tmp_path / name)
    else:
        (tmp_path / name).write_text("\n".join(words))
    most, said = held(npy, words=tmp_path / name)
    assert most < 2**21
    assert "has 4 rows" in said
    assert "has more words" in said


def test_a_word_list_that_unpacks_to_far_more_than_it_takes_is_refused(tmp_path, npy, monkeypatch):
    monkeypatch.setattr(packing, "UNQUESTIONED", 2**16)
    long = [letter * 2**22 for letter in "abcd"]
    pq.write_table(pa.table({"word": long}), tmp_path / "words.parquet", compression="zstd")
    most, said = held(npy, words=tmp_path / "words.parquet")
    assert most < 2**20
    assert "It may be a trap" in said


def test_words_of_a_table_that_are_not_utf8_are_counted(tmp_path, npy):
    """Parquet does not check its strings: this was an error of Python's own."""
    words = pa.array([b"the", b"\xff\xfe", None, b"vote"], pa.binary())
    strings = pa.Array.from_buffers(pa.string(), 4, words.buffers())
    pq.write_table(pa.table({"word": strings}), tmp_path / "words.parquet")
    read = read_vectors(npy, words=tmp_path / "words.parquet")
    assert read.words == ["the", "vote"]
    assert read.dropped == {"words that are not UTF-8": 1, "empty words": 1}


def test_a_damaged_word_list_is_said_so_whatever_was_hit(tmp_path, npy):
    content, draw = io.BytesIO(), random.Random(3)
    pq.write_table(pa.table({"word": WORDS, "row": [3, 2, 1, 0]}), content)
    for _ in range(60):
        data = bytearray(content.getvalue())
        for _ in range(draw.choice([1, 2, 40])):
            data[draw.randrange(4, len(data) - 8)] = draw.randrange(256)
        (tmp_path / "words.parquet").write_bytes(data)
        with contextlib.suppress(WeightsError):
            assert len(read_vectors(npy, words=tmp_path / "words.parquet").words) <= 4


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters=" \r\n"), min_size=1),
        min_size=1,
        unique=True,
    )
)
def test_any_words_survive_text_and_binary(tmp_path_factory, words):
    folder = tmp_path_factory.mktemp("vectors")
    vectors = np.arange(len(words) * 3, dtype=np.float32).reshape(-1, 3)
    (folder / "glove.txt").write_bytes(text_lines(words, vectors))
    (folder / "w2v.bin").write_bytes(binary(words, vectors))
    for name, format in (("glove.txt", "glove"), ("w2v.bin", None)):
        read = read_vectors(folder / name, format=format)
        assert read.words == words
        np.testing.assert_array_equal(read.vectors, vectors)


def test_a_byte_order_mark_is_no_part_of_the_first_word(tmp_path):
    """No token of any text equals such a word, so that its vector was lost unsaid."""
    path = tmp_path / "vectors.txt"
    path.write_bytes("\ufeffvote 1 2\ntruth 3 4\n".encode())
    assert read_vectors(path).words == ["vote", "truth"]
