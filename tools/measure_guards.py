"""Count the texts that guards refuse, by what they were fitted on and what they are asked.

    python tools/measure_guards.py FOLDER

FOLDER holds files of other people's texts in English and other languages, as `SETS` names them.
Guards are fitted on every English set as `tfnews fit` fits them, and asked about every set. Exits
with 1 where more than 0.3 % of the texts of an English set are refused as another language or
script, or fewer than 99 % of the texts of 20 words or more of a set in another language.
"""

import re
import sys
from collections import Counter
from pathlib import Path

import pandas as pd

from tfnews.data.text import combine
from tfnews.models.guards import Guards

ENGLISH = {
    "isot": "isot_sample/isot_sample.csv.gz",
    "coaid": "coaid/coaid.csv.gz",
    "amt": "perez_rosas/fakenews_amt.csv.gz",
    "celebrity": "perez_rosas/celebrity.csv.gz",
    "fa_kes": "fa_kes/fa_kes.csv.gz",
    "mcintire": "mcintire_head/mcintire_head.csv.gz",
    "liar": "liar/liar_train.csv.gz",
    "covid": "constraint_covid/constraint_train.csv.gz",
    "covid_valid": "constraint_covid/constraint_valid.csv.gz",
    "clickbait": "clickbait/clickbait.csv.gz",
    "onion": "onion/onion_or_not.csv.gz",
}
OTHERS = {
    "portuguese": "fakebr/fakebr_size_normalized.csv.gz",
    "spanish": "spanish_fakenews/spanish_train.csv.gz",
    "spanish_dev": "spanish_fakenews/spanish_dev.csv.gz",
    "slovak": "dezinfo_sk/dezinfo_sk.csv.gz",
}
MOST_ENGLISH, LEAST_OTHER, LEAST_WORDS = 0.003, 0.99, 20


def read(path: Path) -> list[str]:
    """Return the combined texts of a file of titles and texts."""
    frame = pd.read_csv(path, keep_default_na=False, usecols=["title", "text"])
    return [combine(*pair) for pair in zip(frame["title"], frame["text"], strict=True)]


def kinds(guards: Guards, texts: list[str]) -> dict[str, float]:
    """Return the share of texts refused for each kind of reason, and of those with a caution."""
    reasons = [guards.reason(text) for text in texts]
    found = Counter(reason.split(":")[0] for reason in reasons if reason)
    found["caution"] = sum(
        bool(guards.caution(text))
        for text, reason in zip(texts, reasons, strict=True)
        if reason is None
    )
    return {kind: count / len(texts) for kind, count in found.items()}


def main(folder: Path) -> int:
    """Print a table and return the exit code."""
    texts = {name: read(folder / path) for name, path in (ENGLISH | OTHERS).items()}
    for name in OTHERS:
        texts[name] = [t for t in texts[name] if len(re.findall(r"\w+", t)) >= LEAST_WORDS]
    print("| fitted on | asked about | texts | language or script | too short | empty | caution |")
    print("|---|---|---|---|---|---|---|")
    missed = 0
    for home in ENGLISH:
        guards = Guards.fit(texts[home])
        for name, asked in texts.items():
            found = kinds(guards, asked)
            unlike = sum(share for kind, share in found.items() if kind.startswith("looks unlike"))
            others = [found.get(kind, 0) for kind in ("too short", "empty text", "caution")]
            refused = unlike + sum(others[:2])
            missed += unlike > MOST_ENGLISH if name in ENGLISH else refused < LEAST_OTHER
            cells = " | ".join(f"{share:.2%}" for share in (unlike, *others))
            print(f"| {home} | {name} | {len(asked):,} | {cells} |")
    print(f"\n{missed} of {len(ENGLISH) * len(texts)} pairs miss their target")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
