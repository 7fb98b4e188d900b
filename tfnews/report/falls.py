"""The model on other data sets, in sentences: falls, and what was left out."""

from tfnews.records import Judged, OtherSet
from tfnews.report import wording
from tfnews.report.content import Report
from tfnews.statistics import metrics


def fall(home: Judged, away: Judged, away_name: str) -> str:
    """Say how F1 and accuracy move from the model's own test texts to another data set.

    Each is told with what the better of one answer for all texts reaches there: where half of
    a set is fake, flagging everything has an F1 of 0.67 without reading.
    """
    called = call(home, away)
    moved = " and ".join(
        f"{_moved(name, home.scores[key], away.scores[key])}, where {without_reading(away, key)},"
        for key, name in (("f1", "F1"), ("accuracy", "accuracy"))
    )
    return f"On {away_name}, {moved.removesuffix(',')}. {wording.false_alarms(away, called)}"


def call(home: Judged, away: Judged) -> str:
    """Name what a model calls class 1 of another set: it knows no class but those it has learnt."""
    own = home.class_names[1]
    return own if own == away.class_names[1] else f"{own}-like"


def one_answers(judged: Judged) -> dict[str, dict]:
    """Return what one answer for all texts scores, by it: the commoner class, class 1."""
    real, fake = map(sum, judged.scores["confusion"])
    return {
        judged.class_names[label]: metrics.one_answer(real, fake, label)
        for label in sorted({int(fake >= real), 1})
    }


def without_reading(judged: Judged, metric: str) -> str:
    """Say what the better of one answer for all texts reaches by a score."""
    reached = {answer: one[metric] for answer, one in one_answers(judged).items()}
    best = max(reached, key=reached.get)
    return f"always giving {best} reaches {reached[best]:.2f}"


def elsewhere(report: Report) -> list[str]:
    """Say how the model does on other data sets, and how many of their texts were left out."""
    said = []
    for away in report.other_sets:
        said.append(fall(report.judged, away.judged, away.name))
        said.append(left_out(away))
        named = f"texts of {away.name}"
        said.append(wording.unscored(named, away.judged, away.refused, away.f1_of_scored))
    return list(filter(None, said))


def left_out(away: OtherSet) -> str:
    """Say which texts of another set were not scored, and what the scores would be with them.

    "" where nobody counted them.
    """
    if away.shared_with_training is None:
        return ""
    said = (
        f"Left out of {away.name}, as they are also in this model's training texts: "
        f"copies {away.shared_with_training:,}"
    )
    if away.near_copies_of_training is None:
        return f"{said}; nobody looked for near-copies."
    said += f", near-copies {away.near_copies_of_training:,}."
    if away.with_shared is None:
        return said
    before, after = away.with_shared.scores, away.scores
    return (
        f"{said} Scored with them, {before['rows']:,} texts: F1 {before['f1']:.4f}, accuracy "
        f"{before['accuracy']:.4f}; without, {after['rows']:,} texts: F1 {after['f1']:.4f}, "
        f"accuracy {after['accuracy']:.4f}."
    )


def _moved(name: str, before: float, after: float) -> str:
    if abs(after - before) < 0.005:
        return f"{name} stays at {after:.2f}"
    verb = "rises" if after > before else "falls"
    return f"{name} {verb} from {before:.2f} to {after:.2f}"
