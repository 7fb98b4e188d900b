"""Doubtful labels in words and as a table, for the audit's page and the terminal."""

from tfnews.records.audit import Doubts

HEADING = "Labels to look at"
HEAD = ["row", "labelled", "resembles", "probability of its label", "text"]
SHOWN = 20  # texts that page and terminal show
_WEAK = 0.1  # beyond the commoner class's share: a judge that is no better is not worth following


def sentences(found: Doubts) -> list[str]:
    """Say how many labels are doubted, by what, and what that is worth."""
    count = len(found.doubts)
    told = [
        f"Of {found.rows:,} training texts {count:,} ({count / found.rows:.1%}) probably carry the "
        f"wrong label, by confident learning over the scores of {found.judge}, each from a model "
        f"that had learnt neither the text nor a copy of it ({found.folds} folds).",
        "Let a person look at them: none is dropped. A text can be doubted because its label is "
        "wrong, or because it is unusual for its class; where labels follow the publisher, also "
        "because it reads like the other publishers.",
    ]
    if found.accuracy < found.commoner + _WEAK:
        told.append(
            f"{found.judge} gives only {found.accuracy:.0%} of the texts the label they carry, "
            f"where always giving the commoner class is right for {found.commoner:.0%}: it can "
            "hardly tell the classes apart, so that this list is little better than drawing lots."
        )
    return told


def rows(found: Doubts) -> list[list[str]]:
    """Return the cells of the most doubtful texts."""
    return [
        [f"{one.row:,}", one.given, one.suggested, f"{one.probability:.2f}", one.text]
        for one in found.doubts[:SHOWN]
    ]
