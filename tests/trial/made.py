"""A trial of a made-up run on a made-up feed, without any model."""

import numpy as np

from tfnews.records.trial import Counted, Design, Drawn
from tfnews.trial.draw import sampled


def design(articles=400, labels=60, annotators=1, threshold=0.5, **changes):
    """Return a design whose scores are spread evenly; article n of the feed has the id `n-N`."""
    scores = np.random.default_rng(5).random(articles).astype(np.float32).astype(float)
    strata, places, numbers = sampled(scores, threshold, labels, 0.01, 0)
    made = {
        "run": "mine-1",
        "run_digest": "00",
        "arch": "tfidf",
        "set_name": "made_up",
        "class_names": ("real", "fake"),
        "threshold": threshold,
        "always_called": True,
        "feed": "feed.jsonl",
        "feed_digest": "11",
        "limit": 0.01,
        "seed": 0,
        "annotators": annotators,
        "counted": Counted(records=articles + 5, refused={"too short": 3}, copies=2, learnt=0,
                           articles=articles),
        "strata": strata,
        "articles": tuple(
            Drawn(
                id=f"A{number:03}", record=int(place) + 1, feed_id=f"n-{place}",
                stratum=int(stratum), score=float(scores[place]),
                inclusion=strata[stratum].drawn / strata[stratum].articles, text="",
            )
            for number, (place, stratum) in enumerate(zip(places, numbers, strict=True), start=1)
        ),
    }  # fmt: skip
    return Design(**{**made, **changes})


def answers(made, noise=0.2, seed=1):
    """Return labels that follow the scores, by id."""
    generator = np.random.default_rng(seed)
    return {
        one.id: int((one.score >= 0.7) != (generator.random() < noise)) for one in made.articles
    }
