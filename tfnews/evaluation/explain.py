"""Why a text got its score: what each of its words and sentences adds to it."""

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tfnews import progress
from tfnews.catalogue.names import EXPLANATIONS, PIECES
from tfnews.data.text import is_unicode, printable
from tfnews.errors import UsageError
from tfnews.report.explanation.record import Explanation, Influence
from tfnews.runs import Run, model_folder
from tfnews.statistics.sample import flagged, unsure

if TYPE_CHECKING:
    from tfnews.evaluation.explaining.pieces import Span
    from tfnews.evaluation.explaining.reading import Reading
    from tfnews.models import NewsClassifier

AUTO = "auto"


def explain(
    run: "str | os.PathLike | Run | NewsClassifier",
    text: str,
    *,
    method: str = AUTO,
    by: str = "word",
    trust_graph: bool = False,
) -> Explanation:
    """Tell what each word or sentence of a text adds to its score. It is no evidence.

    Args:
        run: What `tfnews.load` takes: a run, its name or folder, or an open classifier.
        text: Headline and body.
        method: "exact", for linear rows; "gradients", where token vectors have one; "occlusion",
            for all; or "auto", the first that the classifier names in `explains`.
        by: "word" or "sentence".
        trust_graph: Whether a TF-Hub module that the run carries may do more than compute, such as
            read and write any file.

    Returns:
        The explanation; where the guards refuse the text, with their reason in its place.

    Raises:
        UsageError: An unknown name, a method that the classifier has not, or no text.
        RunError: There is no such run.

    Example:
        >>> found = tfnews.explain("tfidf-1", "A headline. And what stands below it.")
        >>> [(found.words(one), one.contribution) for one in found.strongest(3)]
    """
    check(method, by)
    if not isinstance(text, str):
        raise UsageError(f"One text is explained at a time. Received: {type(text).__name__}.")
    if isinstance(run, str | os.PathLike | Run):
        model_folder(run)
    from tfnews.models import load

    progress.stage("Opening the run")
    classifier = load(run, trust_graph=trust_graph)
    progress.stage("Scoring the text and adding up")
    found = explain_open(classifier, text, _method(classifier, method), by)
    return replace(found, run=_name(run))


def explain_open(classifier: "NewsClassifier", text: str, method: str, by: str) -> Explanation:
    """Explain as `explain` does, once all is checked: `method` is one that the classifier has."""
    reason = _refusal(classifier, text)
    if reason:
        return _record(classifier, printable(text), by, outcome="not_explained", reason=reason)
    return _explained(classifier, text, method, by)


def _name(run: "str | os.PathLike | Run | NewsClassifier") -> str | None:
    if isinstance(run, Run):
        return run.name
    return Path(run).name if isinstance(run, str | os.PathLike) else None


def _explained(classifier: "NewsClassifier", text: str, method: str, by: str) -> Explanation:
    from tfnews.evaluation.explaining import pieces
    from tfnews.evaluation.explaining.reading import read

    inner = text.strip()  # what predict scores
    score = float(str(classifier.probabilities([inner])[0]))  # the digits that predict prints
    if not math.isfinite(score):
        reason = f"no number: the model gave {score}"
        return _record(classifier, text, by, outcome="not_explained", reason=reason)
    words = pieces.words(inner)
    groups = pieces.sentences(inner, words) if by == "sentence" else _one_by_one(words)
    reading = read(classifier, inner, words)
    is_read = [bool(reading.read[list(group)].any()) for group in groups]
    if method == "occlusion":
        found, more = _left_out(classifier, inner, words, groups, is_read, by, score)
    else:
        found, more = _added_up(classifier, inner, reading, groups, is_read, method)
    offset = text.index(inner)
    spans = [pieces.joined(words, group) for group in groups]
    influences = [
        Influence(start + offset, end + offset, contribution, known, without)
        for (start, end), known, (contribution, without) in zip(spans, is_read, found, strict=True)
    ]
    return _record(
        classifier,
        text,
        by,
        outcome="explained",
        method=method,
        fake_probability=score,
        label=_label(classifier, score),
        influences=tuple(influences),
        tried=sum(one.contribution is not None for one in influences),
        **more,
    )


def _label(classifier: "NewsClassifier", score: float) -> str:
    """Say what a score means; that no class is called where it lies in the run's band."""
    if unsure(score, classifier.band):
        low, high = classifier.band.ends
        return f"unsure, for no class is called at scores from {low:.3f} to {high:.3f}"
    return classifier.labels[int(flagged(score, classifier.threshold))]


def _one_by_one(words: Sequence["Span"]) -> list[range]:
    return [range(word, word + 1) for word in range(len(words))]


def _left_out(
    classifier: "NewsClassifier",
    text: str,
    words: Sequence["Span"],
    groups: Sequence[range],
    is_read: Sequence[bool],
    by: str,
    score: float,
) -> tuple[list[tuple[float | None, float | None]], dict]:
    """Return contribution and score without it, of each group, and what else occlusion tells."""
    from tfnews.evaluation.explaining import occlusion

    tried = [group for group, known in zip(groups, is_read, strict=True) if known]
    effects = occlusion.effects(classifier, text, words, tried, score, by)
    odds = float(occlusion.log_odds(score))
    moved = odds - occlusion.log_odds(effects.probabilities)
    measured = iter(zip(moved.tolist(), effects.probabilities.tolist(), strict=True))
    found = [next(measured) if known else (None, None) for known in is_read]
    found = [(None, None) if one[0] is None or math.isnan(one[0]) else one for one in found]
    return found, {"log_odds": odds, "calls": effects.calls + 1, "rule": effects.rule}


def _added_up(
    classifier: "NewsClassifier",
    text: str,
    reading: "Reading",
    groups: Sequence[range],
    is_read: Sequence[bool],
    method: str,
) -> tuple[list[tuple[float | None, None]], dict]:
    """Return the contribution of each group, and what else sums tell."""
    from tfnews.evaluation.explaining import additive

    way = {"exact": additive.exact, "gradients": additive.gradients}[method]
    sums = way(classifier, classifier.encode([text]), reading)
    found = [
        (float(sums.words[list(group)].sum()) if known else None, None)
        for group, known in zip(groups, is_read, strict=True)
    ]
    more = {
        "base": sums.base,
        "log_odds": sums.log_odds,
        "gap": sums.log_odds - sums.base - float(sums.words.sum()),
        "tolerance": sums.tolerance,
        "calls": sums.calls + 1,
    }
    return found, more


def check(method: str, by: str) -> None:
    """Check names, without TensorFlow.

    Raises:
        UsageError: One is unknown.
    """
    if method not in (AUTO, *EXPLANATIONS):
        raise UsageError(f"Unknown method {method!r}. Allowed: {', '.join((AUTO, *EXPLANATIONS))}.")
    if by not in PIECES:
        raise UsageError(f"Unknown pieces {by!r}. Allowed: {', '.join(PIECES)}.")


def _method(classifier: "NewsClassifier", method: str) -> str:
    offered = classifier.explains
    if method == AUTO:
        return offered[0]
    if method not in offered:
        raise UsageError(
            f"This run cannot be explained by {method!r}: {_LACKING[method]}. "
            f"Allowed: {', '.join((AUTO, *offered))}."
        )
    return method


_LACKING = {
    "exact": "it is not linear",
    "gradients": "it has no token vectors that a gradient could be taken of",
}


def _refusal(classifier: "NewsClassifier", text: str) -> str | None:
    if not is_unicode(text):
        return "unreadable text: half a Unicode pair"
    text = text.strip()
    if not text:
        return "empty text: nothing to read"
    return classifier.guards.reason(text) if classifier.guards else None


def _record(classifier: "NewsClassifier", text: str, by: str, **found: object) -> Explanation:
    return Explanation(
        text=text,
        by=by,
        trained_on=classifier.trained_on,
        class_names=classifier.class_names,
        threshold=classifier.threshold,
        **found,
    )
