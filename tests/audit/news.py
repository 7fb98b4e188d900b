"""Made-up news for the audit's tests: rows whose labels leak where a test says so."""

import random

import pandas as pd

from tfnews.data.splits import PARTS, write_splits

SIZES = {"train": 240, "validation": 120, "test": 60}
_SHARED = [f"word{number}" for number in range(400)]
_TELLING = ([f"calm{number}" for number in range(60)], [f"wild{number}" for number in range(60)])


def frame(part, seed=0, signal=0.75, text=None, title=None, **columns):
    """Return one part; `signal` is how often a telling word is of the row's own class.

    `text`, `title` and further columns are functions of (label, body words or row number).
    """
    rng = random.Random(f"{part}{seed}")
    rows = []
    for number in range(SIZES[part]):
        label = number % 2
        words = rng.sample(_SHARED, 30)
        words += [
            rng.choice(_TELLING[label if rng.random() < signal else 1 - label]) for _ in range(6)
        ]
        rng.shuffle(words)
        body = text(label, words) if text else " ".join(words)
        head = title(label, number) if title else ""
        rows.append(
            {
                "combined_text": f"{head} {body}".strip(),
                "label": label,
                "title": head,
                "text": body,
                **{name: str(make(label, number)) for name, make in columns.items()},
            }
        )
    return pd.DataFrame(rows)


def splits(path, manifest=None, **options):
    """Write a folder of splits made by `frame` and open it."""
    frames = {part: frame(part, **options) for part in PARTS}
    described = {"format": "tfnews-splits-1", "name": "made_up", **(manifest or {})}
    return write_splits(path, frames, pd.DataFrame({"file": []}), described)


def agency(label, words):
    """Give a real text a dateline of Reuters, and a fake one none."""
    body = " ".join(words)
    return f"{words[0]} - - {body}" if label else f"{words[0].title()} (Reuters) - {body}"


def leaking(path):
    """Write splits that give themselves away by text and by a column."""
    subjects = ("world", "<b>rumour</b>")
    return splits(path, signal=0.95, text=agency, subject=lambda label, _: subjects[label])


def clean(path):
    """Write splits without a shortcut, of a set that is not about fakes."""
    manifest = {"class_names": ["news", "satire"], "label_basis": "satire"}
    return splits(path, manifest, source=lambda _, number: f"s{number // 2 % 5}")
