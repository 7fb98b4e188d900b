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


HEAD = "row,label,fake_probability\n"


@pytest.mark.parametrize(
    "content",
    [
        None,
        f"{HEAD}0,one,two\n",
        f"{HEAD}0,1,nan\n",
        f"{HEAD}0,1,1e400\n",
        f"{HEAD}0,1,-0.1\n",
        f"{HEAD}0,256,0.5\n",
        f"{HEAD}0,0.5,0.5\n",
        f"{HEAD}0,nan,0.5\n",
        f"{HEAD}# hidden\n0,1,0.5\n",
    ],
)
def test_what_is_lost_or_damaged_is_told_with_the_command(run, content):
    if content is not None:
        run.predictions_path("test").parent.mkdir()
        run.predictions_path("test").write_text(content)
    with pytest.raises(RunError, match="tfnews evaluate mine"):
        predictions.read(run, "test")


def test_a_file_without_end_is_not_read(run):
    run.predictions_path("test").parent.mkdir()
    with run.predictions_path("test").open("wb") as file:
        file.truncate(2**40)  # takes no room on a disk
    with pytest.raises(RunError, match="are not there or damaged"):
        predictions.read(run, "test")


def test_a_file_without_rows_holds_none(run):
    run.record_predictions("test", [], [])
    assert [len(one) for one in predictions.read(run, "test")] == [0, 0]
