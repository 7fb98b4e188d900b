"""The operations of a written graph are those that are allowed."""

import pytest
import tensorflow as tf

from tests.models.reduced import small
from tfnews.errors import ExportError
from tfnews.export.operations import TEXT_OPERATIONS, beyond_core, oldest, operations
from tfnews.models.graph import trusting


def saved(folder, function):
    module = tf.Module()
    module.serve = tf.function(function, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(folder), signatures=module.serve)
    return folder


@pytest.mark.parametrize("name", ["tfidf", "word2vec", "swivel20", "cnn"])
def test_rows_of_words_need_tensorflow_alone(name, tmp_path):
    small(name).export(tmp_path)
    assert beyond_core(tmp_path) == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bert-tiny", {"FastWordpieceTokenizeWithOffsets", "NormalizeUTF8"}),
        ("albert", {"NormalizeUTF8", "SentencepieceOp", "SentencepieceTokenizeOp"}),
    ],
)
def test_transformers_need_operations_of_tensorflow_text(name, expected, tmp_path):
    small(name, num_layers=1).export(tmp_path)
    assert set(beyond_core(tmp_path)) == expected <= set(TEXT_OPERATIONS)


def test_operations_inside_functions_are_seen(tmp_path):
    """A graph's own nodes are nearly all calls of functions."""
    folder = saved(tmp_path, lambda text: {"length": tf.strings.length(text)})
    assert "StringLength" in operations(folder)


def test_what_runs_python_or_reads_files_is_refused(tmp_path):
    def reads(text):
        return {"content": tf.fill(tf.shape(text), tf.io.read_file(text[0]))}

    with pytest.raises(ExportError, match=r"do more than compute: the operation .*'ReadFile'"):
        beyond_core(saved(tmp_path, reads))


def test_what_is_not_opened_is_not_written(tmp_path):
    """A list of what reaches out knew ten operations; PrintV2, which writes files, was not one."""

    def prints(text):
        tf.print("x", output_stream=f"file://{tmp_path}/x")
        return {"length": tf.strings.length(text)}

    with trusting(True), pytest.raises(ExportError, match="the operation 'PrintV2'"):
        beyond_core(saved(tmp_path / "module", prints))


def test_the_oldest_server_is_that_of_the_newest_operation():
    assert "is 2.12;" in oldest(["NormalizeUTF8", "FastWordpieceTokenizeWithOffsets"])
    assert "is 2.3;" in oldest(["NormalizeUTF8", "SentencepieceOp"])
