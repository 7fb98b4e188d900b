"""Targets of the fuzzing that give texts to what is open: classifiers, guards, the server."""

import functools
import json
import zlib
from pathlib import Path

from tfnews.errors import TfnewsError
from tools import fuzz_changes as changes
from tools.fuzz_tables import Target

TEXTS = (
    "",
    "the vote now",
    "council of arvel approves harbour budget after long debate",
    "SHOCKING truth about the brask water, share before it is deleted",
    "\u201cquoted\u201d caf\u00e9 \ufb01 \u00df \u0130 \u03a3",
    "\u6e2f\u53e3 \u0627\u0644 e\u0301\u200b\u2028x",
    "a\u0000b\t\r\u000b\u0085 \U0001f319",
)


def alike(tokenize: object, size: int, texts: list[str], data: bytes) -> None:
    """Compare ids of texts together with those of one of them alone, drawn by the input.

    Args:
        tokenize: Texts (batch,) to ids (batch, tokens), or by several tokenizers at once.
        size: Entries of the vocabulary, of the smallest of several.
        texts: What is tokenised.
        data: The input.
    """
    import tensorflow as tf

    one = zlib.crc32(data) % len(texts)
    found = zip(
        tf.nest.flatten(tokenize(tf.constant(texts))),
        tf.nest.flatten(tokenize(tf.constant(texts[one : one + 1]))),
        strict=True,
    )
    for together, alone in ((a.to_list(), b.to_list()) for a, b in found):
        if together[one : one + 1] != alone:
            raise AssertionError(f"together {together}, alone {one}: {alone}")
        if not all(0 <= id < size for ids in together for id in ids):
            raise AssertionError(f"an id beyond the {size} of the vocabulary")


@functools.cache
def _classifier(arch: str) -> object:
    from tests.models.reduced import small

    return small(arch)


def _texts(data: bytes) -> list[str]:
    return data.decode("utf-8", "replace").split("\n")[:4]


def check_probabilities(found: object) -> None:
    """Hold that answers are numbers from 0 to 1."""
    import numpy as np

    if not np.isfinite(found).all() or ((found < 0) | (found > 1)).any():
        raise AssertionError(f"no probability: {found}")


def scored(folder: Path, data: bytes) -> None:
    """Score texts together, all of them numbers, and one of them alone, drawn by the input."""
    import numpy as np

    classifier, texts = _classifier("swivel20"), _texts(data)
    one = zlib.crc32(data) % len(texts)
    together = classifier.probabilities(texts)
    check_probabilities(together)
    alone = classifier.probabilities(texts[one : one + 1])
    if not np.allclose(together[one], alone, rtol=0, atol=1e-6):
        raise AssertionError(f"together {together}, alone {one}: {alone}")


def pooled(folder: Path, data: bytes) -> None:
    """Pool ids as NumPy does, in each of the ways that a bag has; one text alone, drawn too."""
    import numpy as np
    import tensorflow as tf

    table, pool = _bags()
    rows = [np.frombuffer(line, np.uint8) % len(table) for line in data.split(b"\n")[-3:]]
    lengths = np.array([len(row) for row in rows])
    one = zlib.crc32(data) % len(rows)
    filled = [*rows[one], *[-1] * (max(1, *lengths) - lengths[one])]
    found = pool(
        tf.constant(np.concatenate(rows), tf.int32),
        tf.constant(lengths),
        tf.constant([filled], tf.int32),
    )
    summed = np.stack([table[row].sum(axis=0) for row in rows])
    for root, together, alone in found:
        wanted = summed / np.maximum(1, lengths)[:, None] ** root.numpy()
        for pooled in together:
            if not np.allclose(pooled, wanted, atol=1e-4):
                raise AssertionError(f"powers of {root}: {rows}")
        if not np.allclose(alone[0], wanted[one], atol=1e-4):
            raise AssertionError(f"powers of {root}: {rows[one]} alone")


@functools.cache
def _bags() -> tuple:
    """Return a table of vectors, and a function of ids that pools them by each bag of it."""
    import numpy as np
    import tensorflow as tf

    from tfnews.models.embedding.bag import EmbeddingBag

    table, roots = np.random.default_rng(0).normal(size=(200, 3)).astype("f4"), (0.5, 1.0)
    bags = [EmbeddingBag(*table.shape, pooling=pooling) for pooling in ("sqrtn", "mean")]
    for bag in bags:
        bag.build((None, None))
        bag.table.assign(table)
    kinds = [((None,), tf.int32), ((None,), tf.int64), ((1, None), tf.int32)]

    @tf.function(input_signature=[tf.TensorSpec(*kind) for kind in kinds])
    def pool(flat: tf.Tensor, lengths: tf.Tensor, filled: tf.Tensor) -> list:
        ids = tf.RaggedTensor.from_row_lengths(flat, lengths, validate=False)
        return [
            (
                root,
                [bag(ids, training=training) for training in (False, True)],
                bag.one_text(filled),
            )
            for root, bag in zip(roots, bags, strict=True)
        ]

    return table, pool


def guarded(folder: Path, data: bytes) -> None:
    """Hold the guards' graph against their reasons."""
    import tensorflow as tf

    texts = _texts(data)
    for guards, may_be_scored in _guards():
        allowed = may_be_scored(tf.constant(texts)).numpy().tolist()
        if allowed != [guards.reason(text) is None for text in texts]:
            raise AssertionError("the guards' graph and their reasons differ")


@functools.cache
def _guards() -> list:
    import tensorflow as tf

    from tests.models.reduced import TEXTS
    from tfnews.models.guard_ops import may_be_scored
    from tfnews.models.guards import Guards

    spaceless = ["\u6e2f\u53e3\u7684\u8239", "\u8239\u5728\u6e2f\u53e3"] * 9
    strings = [tf.TensorSpec([None], tf.string)]
    return [
        (guards, tf.function(functools.partial(may_be_scored, guards), input_signature=strings))
        for guards in (Guards.fit(TEXTS), Guards.fit(spaceless))
    ]


def tokenised(folder: Path, data: bytes) -> None:
    """Tokenise texts by each kind of tokenizer: one alone as all together."""
    for tokenize, size in _tokenizers():
        alike(tokenize, size, _texts(data), data)


@functools.cache
def _tokenizers() -> list:
    import tensorflow as tf

    from tests.models.subword_fixture import piece_model, vocabulary
    from tfnews.models.text.pieces import PieceTokenizer
    from tfnews.models.text.wordpiece import WordPieceTokenizer

    words = WordPieceTokenizer(vocabulary())
    cased = WordPieceTokenizer(vocabulary(), lowercase=False, strip_accents=False)
    strings = [tf.TensorSpec([None], tf.string)]
    groups = [[PieceTokenizer(piece_model())], [words, cased]]
    return [
        (
            tf.function(lambda texts, group=group: [one(texts) for one in group], strings),
            group[0].vocabulary_size(),
        )
        for group in groups
    ]


def served(folder: Path, data: bytes) -> None:
    """Send a request to the REST server: its path in the first line, its body in the others."""
    import asyncio

    path, _, body = data.partition(b"\n")
    verb = "POST" if body else "GET"
    scope = {"type": "http", "method": verb, "raw_path": path, "path": "", "headers": []}
    sent: list[dict] = []

    unread = [{"type": "http.request", "body": body}]

    async def receive() -> dict:
        return unread.pop() if unread else await asyncio.Future()  # the client waits, and stays

    async def send(message: dict) -> None:
        sent.append(message)

    rest, loop = _server()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(rest(scope, receive, send))
    status, answer = sent[0]["status"], json.loads(sent[1]["body"])
    if status >= 500:
        raise AssertionError(f"{status}: {answer}")
    if status != 200:
        raise TfnewsError(answer["error"])


@functools.cache
def _server() -> tuple:
    import asyncio

    import tensorflow as tf

    from tests.serving import made
    from tfnews.serving.app import Rest

    loop = asyncio.new_event_loop()

    async def start() -> Rest:
        return Rest(
            made.models(
                half=made.half_plus_two(),
                upper=made.opened(lambda text: {"y": tf.strings.upper(text)}, "y"),
            )
        )

    return loop.run_until_complete(start()), loop


def requests() -> list[bytes]:
    """Write requests of a path and a body."""
    half, upper = b"/v1/models/half", b"/v1/models/upper"
    return [
        half + b':predict\n{"instances": [1.0, 2, -3.5]}',
        upper + b'/versions/1:predict\n{"inputs": ["a", {"b64": "YQ=="}]}',
        half + b':classify\n{"signature_name": "classify_x_to_y", "examples": [{"x": 1.5}]}',
        half + b"/metadata",
    ]


def _body(data: bytes, rng: object, change: changes.Blind) -> bytes:
    """Change the body of a request, its path seldom."""
    path, mark, body = data.partition(b"\n")
    if not mark or rng.random() < 0.1:
        return changes.anywhere(data, rng, change)
    return path + mark + changes.json_values(body, rng, change)


def _text_target(check: object) -> Target:
    return Target(check, lambda: ["\n".join(TEXTS).encode()], changes.anywhere)


TARGETS = {
    "texts": _text_target(scored),
    "pooling": _text_target(pooled),
    "guards": _text_target(guarded),
    "tokenizers": _text_target(tokenised),
    "REST server": Target(served, requests, _body),
}
