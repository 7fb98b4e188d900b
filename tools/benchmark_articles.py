"""The texts that benchmarks run on: real articles, or made-up ones where no folder is given."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

NEWS = "isot_sample/isot_sample.csv.gz"
_REPLACED, _REPLACED_IN_COPIES, _COPIES = 0.3, 0.02, 0.1


def real(job: dict) -> Path:
    """Return the file of real articles, else one of made-up articles below the work folder."""
    from tfnews.data.demo import write_corpus

    if job["data"]:
        return Path(job["data"]) / NEWS
    made = list(Path(job["work"]).glob("corpus/*.csv"))
    return made[0] if made else write_corpus(Path(job["work"]) / "corpus", 600)


def sample(job: dict, count: int) -> tuple[list[str], list[int]]:
    """Return texts and labels (1 = fake) drawn from the articles, at most all of them."""
    import numpy as np

    from tfnews.data.text import combine

    news = _frame(real(job))
    chosen = np.random.default_rng(0).permutation(len(news))[:count]
    rows = news.iloc[chosen]
    texts = [combine(*pair) for pair in zip(rows["title"], rows["text"], strict=True)]
    return texts, [int(label) for label in rows["label"]]


def many(job: dict, count: int, ending: str = "csv") -> Path:
    """Return a file of `count` articles: real ones, some of their words replaced by others.

    They are as long and as varied as real ones, and few are near-copies.

    Args:
        job: Where articles are found, and where the file is kept for the next who asks.
        count: Articles in the file.
        ending: "csv" or "jsonl".
    """
    path = Path(job["work"]) / f"articles-{count}.{ending}"
    if not path.exists():
        beside = path.with_suffix(".part")
        with beside.open("w", encoding="utf-8", newline="") as file:
            for number, frame in enumerate(_drawn(job, count)):
                if ending == "csv":
                    frame.to_csv(file, index=False, header=number == 0)
                else:
                    frame.to_json(file, orient="records", lines=True, force_ascii=False)
        os.replace(beside, path)
    return path


def _drawn(job: dict, count: int, at_once: int = 10_000):
    """Yield frames of title, text and label, `count` rows in all."""
    import numpy as np

    rng = np.random.default_rng(0)
    news = _frame(real(job))
    vocabulary = np.array(" ".join(news["text"]).split(), dtype=object)
    for first in range(0, count, at_once):
        size = min(at_once, count - first)
        drawn = news.iloc[rng.integers(len(news), size=size)].reset_index(drop=True)
        shares = np.where(rng.random(size) < _COPIES, _REPLACED_IN_COPIES, _REPLACED)
        for column in ("title", "text"):
            pairs = zip(drawn[column], shares, strict=True)
            drawn[column] = [_perturbed(*pair, vocabulary, rng) for pair in pairs]
        yield drawn


def _perturbed(
    text: str, share: float, vocabulary: "np.ndarray", rng: "np.random.Generator"
) -> str:
    import numpy as np

    words = np.array(text.split(), dtype=object)
    replaced = rng.random(len(words)) < share
    words[replaced] = vocabulary[rng.integers(len(vocabulary), size=int(replaced.sum()))]
    return " ".join(words)


def _frame(path: Path) -> "pd.DataFrame":
    import pandas as pd

    news = pd.read_csv(path, dtype=str, na_filter=False)
    return news.loc[news["text"].str.strip() != "", ["title", "text", "label"]]
