"""What MediaPipe's TextClassifier answers from a .tflite alone, and how often that differs."""

from collections.abc import Sequence

import numpy as np

from tfnews.errors import UsageError
from tfnews.export.metadata import LABELS_FILE, attached
from tfnews.export.parity import PROBES, Before, Texts
from tfnews.export.snippets import classify
from tfnews.statistics.sample import flagged

MOST = 100  # texts that are asked, since each costs two answers
TOLERANCE = 1e-5  # up to which two answers are the same: they are of one file, whatever its weights


def answers(content: bytes, texts: Sequence[str]) -> np.ndarray:
    """Return the fake probabilities (texts,) that MediaPipe gives raw texts, float32.

    Args:
        content: A file with metadata and its tokenizer.
        texts: Raw texts.

    Raises:
        UsageError: mediapipe is not installed.
    """
    try:
        from mediapipe.tasks.python import text as tasks
        from mediapipe.tasks.python.core.base_options import BaseOptions
    except (ImportError, OSError) as error:  # OSError: a library of the system is missing
        raise UsageError(
            f"Comparing with MediaPipe needs it, and importing it failed: {error}. Install it "
            "with: pip install mediapipe"
        ) from error
    fake = attached(content)[LABELS_FILE].splitlines()[1]
    options = tasks.TextClassifierOptions(BaseOptions(model_asset_buffer=content))
    with tasks.TextClassifier.create_from_options(options) as classifier:
        found = [classifier.classify(text).classifications[0].categories for text in texts]
    scores = [{one.category_name: one.score for one in categories}[fake] for categories in found]
    return np.array(scores, np.float32)


def compare(
    content: bytes,
    rule: dict,
    asked: Texts,
    before: Before,
    own: np.ndarray,
    threshold: float,
) -> dict:
    """Compare MediaPipe's answers, raw and after the normaliser, with the file's own and the run's.

    Args:
        content: A file with metadata and its tokenizer.
        rule: The tokenizer's, of spec.json.
        asked: Texts, of which at most `MOST` are taken, spread evenly: validation rows that the
            guards let pass, or such probes where there are no rows.
        before: What the run answered them.
        own: What the file answered them, read as the run reads them, (texts,).
        threshold: From which on a text is called fake.

    Returns:
        A JSON-able dict; `{"measured": False, "reason"}` where mediapipe is not installed.
    """
    rows = _rows(asked, before)
    texts = [asked.texts[row] for row in rows]
    given = {"raw": texts, "normalised": [classify.normalise(text, rule) for text in texts]}
    try:
        found = {name: answers(content, one) for name, one in given.items()}
    except UsageError as error:
        return {"measured": False, "reason": str(error)}
    both = before.probabilities[rows], own[rows]
    against = {name: _against(one, *both, threshold) for name, one in found.items()}
    return {"measured": True, "texts": len(rows), "tolerance": TOLERANCE, **against}


def _rows(asked: Texts, before: Before) -> np.ndarray:
    first = len(PROBES) if len(asked.labels) else 0
    scored = first + np.flatnonzero(before.scored[first:])
    if len(scored) <= MOST:
        return scored
    return scored[np.linspace(0, len(scored) - 1, MOST).astype(int)]


def _against(found: np.ndarray, run: np.ndarray, own: np.ndarray, threshold: float) -> dict:
    off = np.abs(found.astype(np.float64) - own)
    return {
        "differ": int((off > TOLERANCE).sum()),
        "largest": float(off.max(initial=0.0)),
        "decisions": int((flagged(found, threshold) != flagged(run, threshold)).sum()),
    }
