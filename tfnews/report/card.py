"""The model card: what a model is for and what it is not, in Markdown (Mitchell et al. 2019)."""

from collections.abc import Iterable, Sequence

from tfnews.audit import wording as audit_wording
from tfnews.report import wording

CARD_SCORES = (
    "fpr", "fnr", "accuracy", "precision", "recall", "f1", "weighted_f1", "roc_auc", "pr_auc",
    "mcc", "brier", "ece",
)  # fmt: skip


def render(report: dict) -> str:
    """Return the card as Markdown.

    Args:
        report: The dict that `report.render` takes; of it, `mistakes`, `figures` and training
            scores are not used: a card holds no one's texts.

    Returns:
        Markdown that ends with a newline.
    """
    sections = (
        _what, _false_alarms, _warnings, _scores, _other_sets, _data, _audit, _licences, _use,
        _limits, _how_made,
    )  # fmt: skip
    title = f"# {_plain(report['config']['name'])}"
    return "\n\n".join([title, *filter(None, (section(report) for section in sections))]) + "\n"


def _what(report: dict) -> str:
    config, splits = report["config"], report["splits"]
    said = wording.resembles(splits["class_names"], splits["name"])
    return (
        f"A text classifier of architecture {_plain(config['arch'])}, trained on "
        f"{_plain(splits['name'])}. {_plain(said)}"
    )


def _false_alarms(report: dict) -> str:
    name, part = wording.headline(report)
    lines = [wording.false_alarms(part), wording.misses(part)]
    lines += [
        wording.flags_right(flag, part["scores"]["class_names"]) for flag in wording.flags(report)
    ]
    return _section(f"False alarms first ({name} texts)", _list(lines))


def _warnings(report: dict) -> str:
    found = wording.warnings(report)
    return _section("Warnings", _list(found)) if found else ""


def _scores(report: dict) -> str:
    name, part = wording.headline(report)
    intervals, names = part.get("intervals") or {}, part["scores"]["class_names"]
    rows = [
        (
            wording.metric_label(metric, names),
            wording.number(part["scores"][metric]),
            wording.interval(intervals.get(metric)) or "–",
        )
        for metric in CARD_SCORES
    ]
    table = _table(("score", name, "95 % interval"), rows)
    said = wording.floor(report.get("floor"))
    return _section("Scores", f"{table}\n\n{_plain(said)}" if said else table)


def _other_sets(report: dict) -> str:
    unmeasured = ["Not measured. Expect lower scores on texts from elsewhere."]
    said = wording.elsewhere(report) or unmeasured
    return _section("On other data sets", _list(said))


def _data(report: dict) -> str:
    splits = report["splits"]
    real, fake = splits["class_names"]
    facts = [
        f"Name: {splits['name']}",
        f"Classes: 0 = {real}, 1 = {fake}",
        f"What the labels rest on: {wording.label_basis(splits)}",
    ]
    for part, counts in (splits.get("counts") or {}).items():
        facts.append(f"{part}: " + ", ".join(f"{n:,} {name}" for name, n in counts.items()))
    facts += [f"SHA-256 of {file}: {d}" for file, d in (splits.get("digests") or {}).items()]
    facts += [
        f"SHA-256 of source {one['file']}: {one['sha256']}" for one in splits.get("sources") or ()
    ]
    return _section("Data", _list(facts))


def _audit(report: dict) -> str:
    found = report.get("audit")
    if not found:
        return ""
    said = [audit_wording.opening(found), *found["findings"], *found["warnings"]]
    table = _table(audit_wording.PROBE_HEAD, audit_wording.probe_rows(found))
    return _section(audit_wording.HEADING, f"{_list(said)}\n\n{table}")


def _licences(report: dict) -> str:
    weights = report["config"].get("weights") or {}
    of_weights = weights.get("licence") or ("not stated" if weights.get("handle") else "none used")
    lines = [
        f"Data: {report['splits'].get('licence') or 'not stated; ask its publisher'}",
        f"Pretrained weights ({weights.get('handle') or 'none'}): {of_weights}",
    ]
    return _section("Licences", _list(lines))


def _use(report: dict) -> str:
    fake = report["splits"]["class_names"][1]
    lines = [
        f"To order texts for people to read: those that most resemble texts labelled {fake} first.",
        "To compare architectures on the same data set.",
        "Not for automatic removal, demotion or labelling of texts or accounts: "
        "a person reads a text before anything is done about it.",
        "Not for judging a writer, a publisher or a claim.",
    ]
    return _section("Intended use", _list(lines))


def _limits(report: dict) -> str:
    set_name = report["splits"]["name"]
    lines = [
        "It sees words, not facts: it looks nothing up and cannot tell whether a claim is true.",
        f"It knows the publishers, topics, language and years of {set_name} and little else.",
        "Rewriting a text in another style changes its score.",
        "A score is calibrated, at best, for texts like those it was measured on.",
        "Shares of right flags depend on how many texts are of either class where it is used.",
    ]
    return _section("Limits", _list(lines))


def _how_made(report: dict) -> str:
    return _section("How it was made", _table(("what", "value"), wording.how_made(report)))


def _section(heading: str, content: str) -> str:
    return f"## {_plain(heading)}\n\n{content}"


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {_plain(sentence)}" for sentence in sentences)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_plain(cell) for cell in line)} |" for line in lines)


def _plain(text: str) -> str:
    """Return text on one line that Markdown shows as it is: names come from users' files."""
    line = " ".join(str(text).split()).replace("<", "&lt;")
    for mark in ("\\", "|", "`", "*", "_", "["):
        line = line.replace(mark, "\\" + mark)
    return line
