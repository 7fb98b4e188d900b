"""Score a run, say what the scores mean, and write its report."""

import itertools
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from tfnews.audit.audit import audit
from tfnews.catalogue.names import PARTS
from tfnews.data.splits import Splits, open_splits
from tfnews.data.text import for_matching
from tfnews.errors import DataError
from tfnews.evaluation import floor
from tfnews.evaluation.kept import kept
from tfnews.models import NewsClassifier, load
from tfnews.report import card, figures
from tfnews.report import html as report
from tfnews.runs import Run, write_text
from tfnews.statistics import intervals, metrics, mistakes

_TIMED_TEXTS = 256
_SEED = 0  # of the audit's sample


def evaluate(
    run: str | os.PathLike | Run,
    data: Sequence[str | os.PathLike] = (),
    *,
    splits: str | os.PathLike | None = None,
    prevalences: Sequence[float] = metrics.PREVALENCES,
    no_text: bool = False,
    root: str | os.PathLike | None = None,
) -> dict:
    """Score a run on its own splits, or on other data sets, and write report.html and card.md.

    Each reading of the test split is counted in the run. Other data sets are scored whole, without
    the texts that the run was trained on.

    Args:
        run: A complete run, its name or its path.
        data: Folders of splits of other data sets; none scores the run's own.
        splits: Where the run's own splits are now; by default where they were at training.
        prevalences: Shares of fake texts, in [0, 1], at which the share of right flags is told.
        no_text: Leave article texts out of report and mistakes.
        root: Folder of runs; else TFNEWS_SAVED_MODELS, else ./saved_models.

    Returns:
        The report: the dict that `report.render` takes.

    Raises:
        RunError: No such run, or it is not complete.
        DataError: The splits are gone, or are not those the run was trained on; or another data
            set holds none but the run's own texts.
    """
    run = run if isinstance(run, Run) else Run.open(run, root)
    classifier = load(run)
    splits = own_splits(run, splits)
    if data:
        away = [_elsewhere(run, classifier, splits, open_splits(folder)) for folder in data]
        found = run.update_scores(lambda found: _with_other_sets(found, away))
    else:
        home = _home(run, classifier, splits)
        found = run.update_scores(lambda found: found | home)
    return _published(run, splits, found, prevalences, no_text)


def own_splits(run: Run, path: str | os.PathLike | None = None) -> Splits:
    """Open the splits a run was trained on, at `path` if they have moved.

    Raises:
        DataError: They are gone or were changed.
    """
    recorded = run.config.splits
    if path is None and not os.path.isdir(recorded.path):
        raise DataError(
            f"The splits {run.name} was trained on are no longer at {recorded.path}. "
            "Put them back there; tfnews evaluate also takes their new place, with --splits FOLDER."
        )
    splits = open_splits(path or recorded.path)
    for part, digest in recorded.digests.items():
        if splits.digest(part) != digest:
            raise DataError(
                f"The {part} split in {splits.path} is not the one {run.name} was trained on: "
                f"its digest is {splits.digest(part)[:12]}…, the run has {digest[:12]}…. Prepare "
                "the data again with the same options and seed, or train a new run on it."
            )
    return splits


def _home(run: Run, classifier: NewsClassifier, splits: Splits) -> dict:
    """Score all parts of the run's own splits; counts the reading of the test split first."""
    run.count_test_read()
    found = {}
    score = scorer(classifier)
    for part in PARTS:
        frame = splits.frame(part)
        scored = score(frame["combined_text"].tolist())
        run.record_predictions(part, frame["label"], scored)
        found[part] = judged(frame, scored, classifier)
    test = splits.frame("test")
    found["timings"] = _timings(classifier, test["combined_text"].tolist())
    root = run.path.parent
    found["audit"] = kept(root, "audit", splits, lambda: audit(splits, seed=_SEED), seed=_SEED)
    if run.config.arch != floor.FLOOR:
        found["floor"] = floor.compare(splits, "test", scored, classifier.threshold, root)
    return found


def _elsewhere(run: Run, classifier: NewsClassifier, home: Splits, splits: Splits) -> dict:
    """Score another data set whole, without the texts that the run was trained on."""
    frame, shared = _unseen(run, home, splits)
    texts = frame["combined_text"].tolist()
    return {
        "name": splits.name,
        "label_basis": splits.label_basis,
        "class_names": list(splits.class_names),
        "digests": {part: splits.digest(part) for part in PARTS},
        "shared_with_training": shared,
        "refused": _refused(classifier, texts),
        **judged(frame, scorer(classifier)(texts), classifier, splits.class_names),
    }


def _unseen(run: Run, home: Splits, splits: Splits) -> tuple[pd.DataFrame, int]:
    """Return the rows of another set that are not in the training split, and how many are."""
    parts = [splits.frame(part).assign(part=part) for part in PARTS]
    frame = pd.concat(parts, ignore_index=True)
    # A folder that names no clusters has them numbered within each part.
    frame["cluster"] = frame.groupby(["part", "cluster"], sort=False).ngroup()
    own = {part: set(home.frame(part)["combined_text"].map(for_matching)) for part in PARTS}
    texts = frame["combined_text"].map(for_matching)
    shared = texts.isin(own["train"])
    if shared.all():
        raise DataError(
            f"Every text of {splits.name} was in the training split of {home.name}, so nothing is "
            "left to score. Give a data set that the run has not seen."
        )
    if texts[~shared].isin(own["validation"] | own["test"]).all():
        raise DataError(
            f"{splits.path} is no other data set: each of its texts is in a split of {home.name}, "
            f"which {run.name} was trained on. To score the run's own splits, leave --data out: "
            f"tfnews evaluate {run.name}"
        )
    return frame[~shared].reset_index(drop=True), int(shared.sum())


def _refused(classifier: NewsClassifier, texts: list[str]) -> dict[str, int]:
    """Count the texts that `predict` would give no number, by the kind of reason."""
    if not classifier.guards:
        return {}
    reasons = filter(None, map(classifier.guards.reason, texts))
    return dict(Counter(reason.split(":")[0] for reason in reasons))


def _with_other_sets(found: dict, away: list[dict]) -> dict:
    sets = dict(found.get("other_sets", {}))
    for one in away:
        _remember(sets, one)
    return {**found, "other_sets": sets}


def _remember(sets: dict[str, dict], away: dict) -> None:
    """Add a set's scores; only those of the very same files are replaced, not of a namesake."""
    numbered = (f"{away['name']} ({number})" for number in itertools.count(2))
    for name in itertools.chain([away["name"]], numbered):
        if name not in sets or sets[name].get("digests") == away["digests"]:
            sets[name] = {**away, "name": name}
            return


def scorer(classifier: NewsClassifier) -> Callable[[list[str]], np.ndarray]:
    """Return a function from raw texts to fake probabilities (texts,), float32."""
    return classifier.probabilities


def judged(
    frame: pd.DataFrame,
    scored: np.ndarray,
    classifier: NewsClassifier,
    class_names: Sequence[str] | None = None,
) -> dict:
    """Return scores and their 95 % intervals over the frame's clusters."""
    labels, clusters = frame["label"].to_numpy(), frame["cluster"].to_numpy()
    threshold = classifier.threshold
    return {
        "scores": metrics.scores(labels, scored, threshold, class_names or classifier.class_names),
        "intervals": intervals.bootstrap(labels, scored, clusters, threshold=threshold),
    }


def _timings(classifier: NewsClassifier, texts: list[str]) -> dict:
    """Time raw texts to probabilities, after one pass that is not counted."""
    texts = texts[:_TIMED_TEXTS]
    size = classifier.prediction_batch
    batches = [texts[start : start + size] for start in range(0, len(texts), size)]
    for batch in batches:
        classifier.probabilities(batch)
    started = time.perf_counter()
    for batch in batches:
        classifier.probabilities(batch)
    seconds = time.perf_counter() - started
    return {
        "rows": len(texts),
        "ms_per_text": round(1000 * seconds / len(texts), 3),
        "texts_per_second": round(len(texts) / seconds, 1),
    }


def _published(
    run: Run, splits: Splits, found: dict, prevalences: Sequence[float], no_text: bool
) -> dict:
    """Draw the figures and write report.html and card.md."""
    part = "test" if "test" in found else "validation"
    threshold = found[part]["scores"]["threshold"]
    frame = splits.frame(part)
    scored = pd.read_csv(run.predictions_path(part))["fake_probability"].to_numpy()
    named = {
        "name": splits.name,
        "class_names": list(splits.class_names),
        "label_basis": splits.label_basis,
    }
    parts = {name: found[name] for name in PARTS if name in found}
    content = {
        "config": run.config.to_json(),
        "splits": {**splits.manifest, **named},
        "parts": parts,
        "other_sets": list(found.get("other_sets", {}).values()),
        "prevalences": tuple(prevalences),
        "test_reads": run.config.test_reads,
        "mistakes": mistakes.find(
            frame["label"],
            scored,
            frame["title"],
            frame["text"],
            threshold=threshold,
            no_text=no_text,
        ),
        **{key: found[key] for key in ("timings", "floor", "audit") if key in found},
    }
    drawn = figures.draw_all(
        {name: value["scores"]["confusion"] for name, value in parts.items()},
        frame["label"].to_numpy(),
        scored,
        run.history(),
        splits.class_names,
        threshold,
    )
    content["figures"] = figures.save_all(drawn, run.figures_dir)
    write_text(run.report_path, report.render(content))
    write_text(run.card_path, card.render(content))
    return content
