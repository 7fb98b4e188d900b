"""An explanation, made up."""

from dataclasses import replace

from tfnews.report.explanation.record import Explanation, Influence

TEXT = "Shocking news from the harbour office, again"


def explanation(**changes):
    """Return an explanation of a text of seven words, of which the last is not read."""
    made = Explanation(
        text=TEXT,
        outcome="explained",
        method="occlusion",
        by="word",
        run="mine",
        trained_on="made_up",
        class_names=("news", "rumour"),
        threshold=0.4,
        fake_probability=0.75,
        label="resembles texts labelled rumour in made_up",
        log_odds=1.0986,
        influences=(
            Influence(0, 8, 2.0, True, 0.289),
            Influence(9, 13, -0.5, True, 0.832),
            Influence(14, 18, 0.0, True, 0.75),
            Influence(19, 22, 0.11, True, 0.729),
            Influence(23, 30, -1.2, True, 0.9),
            Influence(31, 38, None),
            Influence(39, 44, None, False),
        ),
        tried=5,
        calls=9,
        rule="5 of 6 words were left out one by one",
    )
    return replace(made, **changes)


def added_up(**changes):
    """Return the same by a way whose influences add up."""
    return explanation(
        **{"method": "gradients", "base": -0.3, "gap": 0.0114, "tolerance": 0.02} | changes
    )


def refused():
    """Return what is said of a text that the guards refuse."""
    return Explanation(
        text="Oh",
        outcome="not_explained",
        by="word",
        trained_on="made_up",
        class_names=("news", "rumour"),
        threshold=0.4,
        reason="too short: 1 word",
    )
