"""The least and the most of every number that a command or a function takes and no fit sets."""

import math
import operator

from tfnews.catalogue.settings import SETTINGS, Setting, shown
from tfnews.errors import UsageError

_ANY = 10**9  # more than there is of anything that is counted
_DAY = 86_400.0  # seconds


def _whole(least: int, most: int, meaning: str) -> Setting:
    return Setting(int, meaning, least=least, most=most)


def _share(meaning: str) -> Setting:
    return Setting(float, meaning, least=0, most=1)


def _seconds(meaning: str, least: float) -> Setting:
    return Setting(float, meaning, least=least, most=_DAY)


# The option of the command line -> what its number may be.
BOUNDS = {
    "--annotators": _whole(1, 2, "People who label the same articles."),
    "--answer-within": _seconds("Until a request that waits is given up.", 0.001),
    "--articles": _whole(50, 10**6, "Of a synthetic corpus; fewer do not fill three splits."),
    "--batch-size": SETTINGS["batch_size"],
    "--budget-ms": Setting(float, "Milliseconds that a text may take.", above=0, most=1000 * _DAY),
    "--chunk-rows": _whole(1, _ANY, "Rows of a chunk."),
    "--coverage": Setting(float, "Share that a band keeps its promise to.", above=0, below=1),
    "--fpr": Setting(float, "Share of real articles that may be flagged.", above=0, below=1),
    "--hours": Setting(float, "After which no trial begins.", above=0, most=10_000),
    "--labels": _whole(20, 10**6, "Articles of a feed that are labelled by hand."),
    "--level": Setting(float, "Chance of an alarm without cause.", above=0, below=1),
    "--limit": _whole(1, _ANY, "Words that are read of a file of vectors."),
    "--max-batch": _whole(1, 65_536, "Texts computed together."),
    "--max-body": _whole(1, _ANY, "Bytes of a request."),
    "--max-drop": _share("Fall of F1 on a device."),
    "--max-queue": _whole(1, _ANY, "Texts of a version that may wait."),
    "--max-record-bytes": _whole(1, _ANY, "Bytes of a record of a file."),
    "--max-refused": _share("Rise of the share of refused texts that is an alarm."),
    "--max-rows": _whole(1, _ANY, "Texts of a request."),
    "--max-shift": _share("Distance of two distributions that is an alarm."),
    "--max-text": _whole(1, _ANY, "Bytes of a text."),
    "--max-tokens": _whole(1, 10**6, "Tokens of a text that a device reads."),
    "--max-wait": _seconds("That a text waits for others.", 0.0),
    "--min-document-frequency": _whole(1, _ANY, "Training texts that a learnt word occurs in."),
    "--near-duplicates": _share("Similarity from which texts are near-duplicates; 0 for none."),
    "--oov-buckets": Setting(int, "Rows for unknown words.", least=1, most=10**7),
    "--poll": Setting(float, "Seconds between two looks.", above=0, most=_DAY),
    "--port": _whole(0, 65_535, "Where a server listens."),
    "--prevalence": _share("Share of fake texts where a model is used."),
    "--read-within": _seconds("That a client may take to send a request.", 0.001),
    "--seed": SETTINGS["seed"],
    "--seeds": _whole(2, 1000, "Runs of a group."),
    "--show": _whole(0, _ANY, "Texts that are listed."),
    "--texts": _whole(20, _ANY, "Texts that are changed."),
    "--threshold": _share("Fake probability from which a text is flagged."),
    "--tolerance": _share("Fall of F1 that is accepted; 0.01 is a point."),
    "--top": _whole(1, _ANY, "Rows of a table."),
    "--trials": _whole(1, 100_000, "Fits of a search."),
    "--vocabulary": _whole(1, _ANY, "Words that a device's table keeps."),
}


def bounded(option: str, value: object) -> int | float:
    """Return a number that lies within the bounds of its option, as Python's own int or float.

    Args:
        option: A key of `BOUNDS`.
        value: What was given, perhaps one of NumPy's numbers.

    Raises:
        UsageError: It is no number, not finite, or out of bounds.
    """
    setting = BOUNDS[option]
    number = _plain(value, setting.kind)
    if number is None or not setting.allows(number):
        raise UsageError(f"{option} must be {setting.allowed}. Received: {shown(value)}.")
    return number


def _plain(value: object, kind: type) -> int | float | None:
    if isinstance(value, bool | str | bytes):
        return None
    try:
        return operator.index(value) if kind is int else float(value)
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        return None
