import numpy as np
import pytest

from tests import tiny
from tfnews.errors import RunError
from tfnews.runs import Run
from tfnews.statistics import predictions


@pytest.fixture
def run(tmp_path):
    return Run.create(tiny.config(), tmp_path)


def test_predictions_come_back_to_the_last_bit(run):
    generator = np.random.default_rng(0)
    scored = generator.random(500).astype(np.float32)
    scored[:4] = [0.0, 1.0, np.float32(0.7), np.nextafter(np.float32(0.5), np.float32(1))]
    labels = generator.integers(0, 2, 500)
    run.record_predictions("test", labels, scored)
    found = predictions.read(run, "test")
    np.testing.assert_array_equal(found[0], labels)
    np.testing.assert_array_equal(found[1], scored)
    assert (found[0].dtype, found[1].dtype) == (np.int8, np.float32)


@pytest.mark.parametrize("content", [None, "row,label,fake_probability\n0,one,two\n"])
def test_what_is_lost_or_damaged_is_told_with_the_command(run, content):
    if content is not None:
        run.predictions_path("test").parent.mkdir()
        run.predictions_path("test").write_text(content)
    with pytest.raises(RunError, match="tfnews evaluate mine"):
        predictions.read(run, "test")
