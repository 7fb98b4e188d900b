"""Requests joined to batches, by functions that say what they were given."""

import asyncio
import threading

import numpy as np
import pytest
import tensorflow as tf

from tests.serving import made
from tfnews.serving.asked import Limits
from tfnews.serving.batching import Batcher, batches
from tfnews.serving.refused import RefusedError


class Held:
    """A model that waits to be let go, and notes the batches that it was given."""

    def __init__(self):
        self.go = threading.Event()
        self.begun = threading.Event()
        self.given = []

    def __call__(self, text):
        self.begun.set()
        assert self.go.wait(60)
        self.given.append(text.numpy().tolist())
        if b"bad" in text.numpy():
            raise tf.errors.InvalidArgumentError(None, None, "quotes the text: bad")
        return {"said": tf.strings.upper(text)}


def rows(*texts):
    array = np.empty(len(texts), object)
    array[:] = texts
    return {"text": array}


def run(scenario, pads=False, **limits):
    """Run a scenario over a held model: its signature, its batcher."""
    held = Held()
    signature = made.opened(held, "said").signatures["serving_default"]

    async def whole():
        batcher = Batcher("test", Limits(**{"max_wait": 0.0, **limits}), pads)
        try:
            return await scenario(held, signature, batcher)
        finally:
            held.go.set()
            batcher.close()
            batcher.join()

    return asyncio.run(whole()), held


async def begun(held):
    assert await asyncio.to_thread(held.begun.wait, 60)


def test_requests_that_come_while_a_batch_is_computed_are_computed_together():
    async def scenario(held, signature, batcher):
        first = batcher.submit(signature, rows(b"a"))
        await begun(held)
        others = [batcher.submit(signature, rows(*texts)) for texts in ((b"b", b"c"), (b"d",))]
        held.go.set()
        return [(await one)["said"].tolist() for one in (first, *others)]

    answers, held = run(scenario)
    assert answers == [[b"A"], [b"B", b"C"], [b"D"]]
    assert held.given == [[b"a"], [b"b", b"c", b"d"]]


def test_a_batch_has_at_most_so_many_rows_and_a_large_request_is_cut():
    async def scenario(held, signature, batcher):
        held.go.set()
        answer = batcher.submit(signature, rows(*(b"%d" % n for n in range(5))))
        return (await answer)["said"].tolist()

    answer, held = run(scenario, max_batch=2)
    assert answer == [b"0", b"1", b"2", b"3", b"4"]
    assert [len(batch) for batch in held.given] == [2, 2, 1]


def test_a_row_that_fails_spoils_no_other_request():
    async def scenario(held, signature, batcher):
        first = batcher.submit(signature, rows(b"a"))
        await begun(held)
        good, bad = (batcher.submit(signature, rows(text)) for text in (b"b", b"bad"))
        held.go.set()
        await first
        with pytest.raises(RefusedError) as caught:
            await bad
        return (await good)["said"].tolist(), caught.value

    (answer, error), _ = run(scenario)
    assert answer == [b"B"]
    assert error.status == 400
    assert error.message == "The model has no answer to these inputs: INVALID_ARGUMENT."


def test_a_full_queue_is_429_and_what_waits_is_answered():
    async def scenario(held, signature, batcher):
        answers = [batcher.submit(signature, rows(b"a"))]
        await begun(held)
        answers.append(batcher.submit(signature, rows(b"b", b"c")))
        with pytest.raises(RefusedError) as caught:
            batcher.submit(signature, rows(b"d", b"e"))
        held.go.set()
        return [(await one)["said"].tolist() for one in answers], caught.value.status

    (answers, status), _ = run(scenario, max_queue=3)
    assert answers == [[b"A"], [b"B", b"C"]]
    assert status == 429


def test_who_has_gone_is_not_computed_for():
    async def scenario(held, signature, batcher):
        first = batcher.submit(signature, rows(b"a"))
        await begun(held)
        gone, stays = (batcher.submit(signature, rows(text)) for text in (b"b", b"c"))
        gone.cancel()
        held.go.set()
        await first
        return (await stays)["said"].tolist()

    answer, held = run(scenario)
    assert answer == [b"C"]
    assert held.given == [[b"a"], [b"c"]]


def test_what_waits_is_answered_after_the_end_and_nothing_more_is_taken():
    async def scenario(held, signature, batcher):
        answers = [batcher.submit(signature, rows(b"a"))]
        await begun(held)
        answers.append(batcher.submit(signature, rows(b"b")))
        batcher.close()
        with pytest.raises(RefusedError) as caught:
            batcher.submit(signature, rows(b"c"))
        held.go.set()
        return [(await one)["said"].tolist() for one in answers], caught.value.status

    (answers, status), _ = run(scenario)
    assert answers == [[b"A"], [b"B"]]
    assert status == 503


def test_a_padded_batch_has_rows_of_like_size():
    sizes = np.array([100, 2000, 90, 110, 2100, 95])
    assert [batch.tolist() for batch in batches(sizes, 64, True)] == [[2, 5, 0, 3], [1], [4]]
    assert [batch.tolist() for batch in batches(sizes, 4, False)] == [[0, 1, 2, 3], [4, 5]]
    assert [len(batch) for batch in batches(np.full(90, 100), 32, True)] == [32, 32, 26]
    assert [len(batch) for batch in batches(np.full(9, 1000), 32, True)] == [4, 4, 1]


def test_answers_come_back_in_order_from_padded_batches():
    async def scenario(held, signature, batcher):
        held.go.set()
        texts = [b"long " * 100, b"a", b"longer " * 80, b"b"]
        return (await batcher.submit(signature, rows(*texts)))["said"].tolist()

    answer, held = run(scenario, pads=True)
    assert [text[:2] for text in answer] == [b"LO", b"A", b"LO", b"B"]
    assert [len(batch) for batch in held.given] == [2, 2]
