"""One self-contained HTML page about a run, for a moderator who knows no machine learning."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

from tfnews.audit import wording as audit_wording
from tfnews.report import audit_page, wording
from tfnews.report.page import bullets, code, fill, paragraphs, section, table
from tfnews.statistics import metrics

# What each figure shows to whoever cannot see it, and how to read it.
FIGURES = {
    "confusion": (
        "Confusion matrices",
        "Each row is what the texts are labelled, each column what the model called them. "
        "The top right square counts false alarms, the bottom left one misses.",
    ),
    "histogram": (
        "Scores of each class",
        "A good model keeps the two colours apart. Bars in the middle are texts it is unsure of. "
        "The vertical scale is logarithmic: a small bar can be a tenth of a tall one.",
    ),
    "calibration": (
        "Calibration",
        "On the dashed line a score can be read as a share. Below it the model's "
        "scores are higher than the share of texts labelled {fake}, above it lower. "
        "The lower bars count the texts behind each point: trust points with many.",
    ),
    "roc": (
        "ROC curve",
        "Every threshold is a point: further up finds more, further right gives more false alarms.",
    ),
    "precision_recall": (
        "Precision-recall curve",
        "Every threshold is a point: further right finds more, further up has more right flags. "
        "It holds for the share of each class in this data set only.",
    ),
    "loss": (
        "Loss by epoch",
        "When the validation curve rises while the training curve falls, the model learns its "
        "training texts by heart.",
    ),
    "accuracy": ("Accuracy by epoch", "The two curves part when training texts are memorised."),
}


def render(report: dict) -> str:
    """Return the page.

    Args:
        report: A dict with these keys; those marked * may be missing.
            config: The run's config.json.
            splits: The split manifest: name, class_names; * label_basis, licence, counts, strategy,
                seed, clusters, sources, digests, warnings.
            parts: `{part: {scores, intervals *}}` of train *, validation, test *, as
                `metrics.scores` and `intervals.bootstrap` return them. The page speaks of test;
                of validation where there is no test.
            floor *: What `floor.compare` returned, or None.
            other_sets *: `[{name, scores, intervals *, label_basis *, shared_with_training *,
                refused *}]`, this model on other data sets; refused counts the texts that
                `predict` would give no number, `{kind of reason: texts}`.
            timings *: rows, ms_per_text, texts_per_second, * device.
            audit *: What `audit.audit` returned for the splits.
            mistakes *: What `mistakes.find` returned.
            figures *: `{name: PNG bytes or path}`, names as in `FIGURES`.
            prevalences *: Shares of fake texts at which the share of right flags is told.
            test_reads *: How often the test part was scored, this time included.
            warnings *: Sentences to show above our own.

    Returns:
        HTML that loads nothing from elsewhere and runs no script; every text is escaped.
    """
    sections = (
        _plain_words, _warnings, _score_table, _side_by_side, _floor, _other_sets,
        _audit, _figures, _mistakes, _how_made,
    )  # fmt: skip
    fake = report["splits"]["class_names"][1]
    set_name = report["splits"]["name"]
    return fill(
        f"How well {report['config']['name']} recognises texts labelled {fake} in {set_name}",
        _subtitle(report),
        "\n".join(filter(None, (make(report) for make in sections))),
    )


def _subtitle(report: dict) -> str:
    config, splits = report["config"], report["splits"]
    texts = sum((splits.get("counts") or {}).get("train", {}).values())
    learnt = f"{texts:,} texts of {splits['name']}" if texts else splits["name"]
    pretrained = (config.get("weights") or {}).get("handle") not in (None, "none")
    frozen = pretrained and not config.get("trainable")
    kept = ", its pretrained part left as it was" if frozen else ""
    return (
        f"Architecture {config['arch']}, learnt from {learnt}{kept}. "
        f"What the labels rest on: {wording.label_basis(splits)}."
    )


def _plain_words(report: dict) -> str:
    name, part = wording.headline(report)
    names = part["scores"]["class_names"]
    flags = wording.flags(report)
    fresh = "not seen in training" if name == "test" else "used to choose the model: no test yet"
    return (
        '<section class="panel"><h2>In plain words</h2>'
        + f'<p class="first">{escape(wording.false_alarms(part))}</p>'
        + paragraphs([wording.misses(part)])
        + bullets(wording.flags_right(flag, names) for flag in flags)
        + paragraphs(
            [
                wording.resembles(names, report["splits"]["name"]),
                "Let a person read a flagged text before anything is done about it.",
            ]
        )
        + f'<p class="soft">Measured on {part["scores"]["rows"]:,} {escape(name)} texts, {fresh}. '
        "A 95 % interval is where the figure would mostly fall with other texts of the same kind."
        "</p></section>"
    )


def _warnings(report: dict) -> str:
    found = wording.warnings(report)
    if not found:
        return ""
    return section("Before you believe the scores", bullets(found), "alarm")


def _score_table(report: dict) -> str:
    names, parts = report["splits"]["class_names"], report["parts"]
    order = [name for name in ("test", "validation", "train") if name in parts]
    rows = [
        [escape(wording.metric_label(metric, names))]
        + [_score_cell(parts[name], metric) for name in order]
        for metric in wording.LABELS
    ]
    counts = ["texts"] + [f"{parts[name]['scores']['rows']:,}" for name in order]
    note = "95 % intervals in small print, from resampling clusters of near-copies."
    return section("Scores", table(["", *order], [counts, *rows], note))


def _score_cell(part: dict, metric: str) -> str:
    bounds = (part.get("intervals") or {}).get(metric)
    small = f"<small>{wording.interval(bounds)}</small>" if bounds else ""
    return f"{wording.number(part['scores'].get(metric))}{small}"


def _side_by_side(report: dict) -> str:
    parts, names = report["parts"], report["splits"]["class_names"]
    if "train" not in parts or "test" not in parts:
        return ""
    report_rows = metrics.classification_table(
        parts["train"]["scores"], parts["test"]["scores"], names
    )
    figures = ("precision", "recall", "f1")
    rows = [
        [escape(row["name"])]
        + [
            cell
            for part in ("train", "test")
            for cell in (
                *(_blank(row[part][figure]) for figure in figures),
                f"{row[part]['support']:,}",
            )
        ]
        for row in report_rows
    ]
    shown = ("precision", "recall", "F1", "texts")
    head = [f"{part} {figure}" for part in ("train", "test") for figure in shown]
    note = "Scores on training texts far above those on test texts mean memorising."
    return section("Training and test texts side by side", table(["", *head], rows, note))


def _floor(report: dict) -> str:
    said = wording.floor(report.get("floor"))
    return section("Against the simplest model", paragraphs([said])) if said else ""


def _other_sets(report: dict) -> str:
    sets = report.get("other_sets")
    if not sets:
        return ""
    rows = [
        [
            escape(away["name"]),
            f"{away['scores']['rows']:,}",
            f"{away.get('shared_with_training', 0):,}",
        ]
        + [_score_cell(away, metric) for metric in ("f1", "fpr", "fnr", "roc_auc")]
        for away in sets
    ]
    note = "Left out: texts that were also in this model's training texts."
    head = ["data set", "texts", "left out", "F1", "FPR", "FNR", "ROC-AUC"]
    return section(
        "On other data sets", bullets(wording.elsewhere(report)) + table(head, rows, note)
    )


def _audit(report: dict) -> str:
    found = report.get("audit")
    return section(audit_wording.HEADING, audit_page.summary(found)) if found else ""


def _figures(report: dict) -> str:
    given = report.get("figures") or {}
    names = [name for name in FIGURES if name in given]
    fake = report["splits"]["class_names"][1]
    drawn = "".join(_figure(given[name], *_words(name, fake)) for name in names)
    return section("Figures", f'<div class="figures">{drawn}</div>') if drawn else ""


def _words(name: str, fake: str) -> tuple[str, str]:
    title, how_to_read = FIGURES[name]
    return title, how_to_read.format(fake=fake)


def _figure(png: bytes | Path, title: str, how_to_read: str) -> str:
    content = png if isinstance(png, bytes) else Path(png).read_bytes()
    data = base64.b64encode(content).decode("ascii")
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{escape(title)}">'
        f"<figcaption>{escape(title)}. {escape(how_to_read)}</figcaption></figure>"
    )


def _mistakes(report: dict) -> str:
    found = report.get("mistakes")
    if not found:
        return ""
    real, fake = report["splits"]["class_names"]
    totals = found["totals"]
    kinds = (
        ("false_alarms", f"False alarms: {real} called {fake} ({totals['false_alarms']:,} in all)"),
        ("misses", f"Misses: {fake} called {real} ({totals['misses']:,} in all)"),
        ("sample", "Any mistakes, drawn at random"),
    )
    listed = "".join(
        f"<h3>{escape(heading)}</h3>" + "".join(_mistake(one, (real, fake)) for one in found[kind])
        for kind, heading in kinds
        if found[kind]
    )
    first = "The most confident mistakes come first. Opening words only."
    return section("What it got wrong", paragraphs([first]) + (listed or "<p>Nothing.</p>"))


def _mistake(one: dict, class_names: Sequence[str]) -> str:
    texts = [f"<strong>{escape(one['title'])}</strong>"] if one.get("title") else []
    texts += [escape(one["excerpt"])] if one.get("excerpt") else []
    shown = "".join(f'<p dir="auto">{text}</p>' for text in texts)
    return (
        f'<article>{shown}<p class="soft">row {escape(str(one["row"]))}, labelled '
        f"{escape(class_names[one['label']])}, score {one['fake_probability']:.3f}</p></article>"
    )


def _how_made(report: dict) -> str:
    facts = wording.how_made(report)
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{code(value)}</dd>" for name, value in facts)
    return section("How it was made", f"<dl>{rows}</dl>")


def _blank(value: float | None) -> str:
    return "" if value is None else wording.number(value)
