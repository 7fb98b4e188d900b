"""One classifier, asked by many threads at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tests.models.reduced import TEXTS, small
from tfnews.models import load

THREADS = 8


def test_threads_get_what_one_gets_also_while_another_model_is_opened(tmp_path):
    classifier = small("swivel20")
    other = small("tfidf")
    other.save_to_preset(str(tmp_path / "other"))
    alone, others = classifier.probabilities(TEXTS), other.probabilities(TEXTS)
    together = threading.Barrier(THREADS + 1)

    def ask(turn: int) -> list[np.ndarray]:
        texts = [*TEXTS[turn:], *TEXTS[:turn]]  # each its own order, so that answers cannot swap
        together.wait(60)
        return [np.roll(classifier.probabilities(texts), turn, axis=0) for _ in range(3)]

    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(ask, turn) for turn in range(THREADS)]
        together.wait(60)
        opened = load(tmp_path / "other")
        answers = [answer for one in asked for answer in one.result(60)]
    assert len(answers) == 3 * THREADS
    for answer in answers:
        np.testing.assert_allclose(answer, alone, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(opened.probabilities(TEXTS), others)
