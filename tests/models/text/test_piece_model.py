"""A description of the format stands in for the code that a compiler made of it."""

import pytest

from tests.models import subword_fixture as recorded
from tfnews.models.text.piece_model import ModelProto, SentencePiece
from tfnews.models.text.pieces import learn_piece_model


@pytest.mark.parametrize("content", [recorded.piece_model(), learn_piece_model(["a b c d"], 20)])
def test_a_model_is_written_as_it_was_read(content):
    """A model's digest is kept with a run: what is not described may not move in it, either."""
    assert ModelProto.FromString(content).SerializeToString() == content


def test_a_piece_is_normal_unless_said_otherwise():
    assert ModelProto().pieces.add(piece="a").type == SentencePiece.NORMAL
    model = ModelProto.FromString(recorded.piece_model())
    assert {piece.type for piece in model.pieces} > {SentencePiece.NORMAL, SentencePiece.CONTROL}
