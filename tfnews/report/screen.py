"""What the terminal shows of a report: false alarms first, then the table."""

from collections.abc import Sequence

from tfnews.audit import wording as audit_wording
from tfnews.report import wording
from tfnews.statistics import metrics

_COLUMNS = ("fpr", "fnr", "accuracy", "f1", "weighted_f1", "roc_auc")


def summary(report: dict) -> str:
    """Return a report in words and one table, for a terminal."""
    name, part = wording.headline(report)
    class_names = part["scores"]["class_names"]
    lines = [
        f"{report['config']['name']} on {report['splits']['name']}, {name} split, label "
        f"basis {report['splits'].get('label_basis') or 'unstated'}:",
        wording.false_alarms(part),
        wording.misses(part),
        *_flags(report, part, class_names),
        "",
        table([(key, value) for key, value in report["parts"].items()], class_names),
        _costs(report),
        "",
        wording.floor(report.get("floor")) or "",
        *wording.elsewhere(report),
        "",
        *(f"Warning: {warning}" for warning in wording.warnings(report)),
        wording.resembles(class_names, report["splits"]["name"]),
    ]
    return "\n".join(_without_repeats(lines))


def _costs(report: dict) -> str:
    """Say what the model weighs and how fast it answers."""
    config, timings = report["config"], report.get("timings")
    if not timings:
        return ""
    return (
        f"{config['parameters']['total']:,} parameters, {config['megabytes']:.1f} MB; "
        f"{timings['ms_per_text']:.2f} ms a text, {timings['texts_per_second']:,.0f} texts/s"
    )


def side_by_side(reports: Sequence[dict]) -> str:
    """Return the test scores of several runs as one table with 95 % intervals."""
    rows = [(report["config"]["name"], wording.headline(report)[1]) for report in reports]
    return table(rows, reports[0]["splits"]["class_names"])


def table(rows: Sequence[tuple[str, dict]], class_names: Sequence[str]) -> str:
    """Return named parts as lines of equal columns, each score over its 95 % interval."""
    header = ["", "texts", *(_short(metric, class_names) for metric in _COLUMNS)]
    cells = [header]
    for name, part in rows:
        scores, intervals = part["scores"], part.get("intervals") or {}
        numbers = [wording.number(scores[metric]) for metric in _COLUMNS]
        cells.append([name, f"{scores['rows']:,}", *numbers])
        cells.append(["", "", *(_bounds(intervals.get(metric)) for metric in _COLUMNS)])
    return _columns(cells)


def audit(found: dict) -> str:
    """Return what `audit.audit` found, in words and tables, for a terminal."""
    tokens = ", ".join(f"{one['token']} ({one['toward']})" for one in found["tokens"])
    lines = [
        audit_wording.opening(found),
        *(f"Finding: {said}" for said in found["findings"]),
        *(f"Warning: {said}" for said in found["warnings"]),
        "",
        audit_wording.how(found),
        audit_wording.rule(),
        "",
        _columns([audit_wording.PROBE_HEAD, *audit_wording.probe_rows(found)]),
        "",
        f"Heaviest words, and the class they point to: {tokens}" if tokens else "",
        audit_wording.skipped(found),
        "",
        _columns([audit_wording.OVERLAP_HEAD, *audit_wording.overlap_rows(found)]),
        "",
        _columns([audit_wording.PART_HEAD, *audit_wording.part_rows(found)]),
    ]
    return "\n".join(_without_repeats(lines))


def _columns(cells: Sequence[Sequence[str]]) -> str:
    """Return rows as lines of equal columns, the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join("  ".join(_aligned(row, widths)).rstrip() for row in cells)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first = row[0].ljust(widths[0])
    return [first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]


def _short(metric: str, class_names: Sequence[str]) -> str:
    names = {"fpr": "FPR", "fnr": "FNR", "f1": f"F1 {class_names[1]}", "weighted_f1": "F1 weighted"}
    return names.get(metric, metric.replace("roc_auc", "ROC-AUC"))


def _bounds(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f}–{interval[1]:.3f}"


def _flags(report: dict, part: dict, class_names: Sequence[str]) -> list[str]:
    flags = metrics.flag_precisions(
        part["scores"], part.get("intervals"), report.get("prevalences", metrics.PREVALENCES)
    )
    return [wording.flags_right(flag, class_names) for flag in flags]


def _without_repeats(lines: Sequence[str]) -> list[str]:
    """Leave out blank lines that follow blank lines, and sentences said before."""
    kept = []
    for line in lines:
        if line and line in kept:
            continue
        if line or (kept and kept[-1]):
            kept.append(line)
    return kept
