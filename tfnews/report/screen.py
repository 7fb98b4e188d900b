"""What the terminal shows of a report: false alarms first, then the table."""

from collections.abc import Sequence

from tfnews.audit import wording as audit_wording
from tfnews.records import Audit
from tfnews.records.audit import Doubts
from tfnews.report import doubts, terminal
from tfnews.report.content import Report
from tfnews.report.sections import SECTIONS


def summary(report: Report) -> str:
    """Return a report in words and one table, for a terminal."""
    return terminal.text(line for section in SECTIONS for line in section.terminal(report))


def side_by_side(reports: Sequence[Report]) -> str:
    """Return the test scores of several runs as one table with 95 % intervals."""
    rows = [(report.config.name, report.judged) for report in reports]
    return terminal.score_table(rows, reports[0].data.class_names)


def audit(found: Audit) -> str:
    """Return what an audit found, in words and tables, for a terminal."""
    tokens = ", ".join(f"{one.token} ({one.toward})" for one in found.tokens)
    lines = [
        audit_wording.opening(found),
        *(f"Finding: {said}" for said in found.findings),
        *(f"Warning: {said}" for said in found.warnings),
        "",
        audit_wording.how(found),
        audit_wording.rule(),
        "",
        terminal.columns([audit_wording.PROBE_HEAD, *audit_wording.probe_rows(found)]),
        "",
        f"Heaviest words, and the class they point to: {tokens}" if tokens else "",
        audit_wording.skipped(found),
        "",
        terminal.columns([audit_wording.OVERLAP_HEAD, *audit_wording.overlap_rows(found)]),
        "",
        terminal.columns([audit_wording.PART_HEAD, *audit_wording.part_rows(found)]),
    ]
    return terminal.text([*lines, *_doubted(found.doubts)])


def _doubted(found: Doubts | None) -> list[str]:
    if found is None:
        return []
    table = terminal.columns([doubts.HEAD, *doubts.rows(found)]) if found.doubts else ""
    return ["", *doubts.sentences(found), "", table]
