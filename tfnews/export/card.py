"""README.md of an export: what it is and what it is not, for whoever finds it."""

from collections.abc import Iterable

from tfnews.export import serving
from tfnews.export.request import SERVED, Request
from tfnews.models import NewsClassifier
from tfnews.report import shares
from tfnews.report.markdown import bullets, plain, section, table

CAUTION = (
    "A score says how much a text's style resembles the texts of a class in one training set. It "
    "is not a verdict on truth, and no ground for removing a text automatically."
)


def render(
    request: Request,
    target: str,
    classifier: NewsClassifier,
    lines: Iterable[str],
    found: dict,
) -> str:
    """Return the card as Markdown; it holds no training text.

    Args:
        request: Says which run was exported, and its licences.
        target: For which target.
        classifier: Knows what its answers mean.
        lines: What was said on the screen.
        found: What parity.json holds.
    """
    run, (real, fake) = request.run, classifier.class_names
    means = [
        f"Architecture {run.config.arch}, trained on {classifier.trained_on}; its labels rest on: "
        f"{classifier.label_basis}.",
        f"fake_probability is the probability of the class {fake}, the other one is {real}. From "
        f"{classifier.threshold:g} on a text is labelled {fake}. Calibrated by "
        f"{shares.by(classifier.calibration)}, which is built in.{_unsure(classifier)}",
        f"A text is its title and body, joined by the rule {classifier.input_rule}: both without "
        "outer white space, one space between them.",
    ]
    sections = [
        f"# {plain(run.name)}, for {target}\n\n{plain(CAUTION)}",
        section("What it is", bullets(means)),
        section("Licences", bullets(f"{of}: {text}" for of, text in request.licences.items())),
        section("Measured", bullets(lines)),
        section("What the runtime does not compute", bullets(found["runtime_leaves_out"])),
    ]
    if target == SERVED:
        sections[2:2] = [section("Signatures", _SIGNATURES), _served(request.name)]
    return "\n\n".join(sections) + "\n"


def _unsure(classifier: NewsClassifier) -> str:
    band = classifier.band
    return f" From {band.low:.3f} to {band.high:.3f} no class is called: unsure." if band else ""


def _served(name: str) -> str:
    lines = f"(cd ../..; docker compose up -d)\n{serving.curl(name)}"
    return f"## On a server\n\n```\n{lines}\n```\n\n{plain(serving.CHECKED)}"


_SIGNATURES = table(
    ("signature", "inputs", "outputs"),
    [
        (
            "serving_default",
            "text string (batch,)",
            "fake_probability float32 (batch,); probabilities float32 (batch, 2); label string "
            "(batch,); outcome string (batch,): scored, unsure or not_scored. Where it is unsure "
            "or not_scored the label is empty; where it is not_scored the numbers, finite all the "
            "same, must not be shown.",
        ),
        (
            "token_ids",
            "token_ids int32 (tokens,); row_lengths int64 (batch,)",
            "the same without outcome; not on a server that batches requests",
        ),
    ],
)
