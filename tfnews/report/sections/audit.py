"""What the data set gives away without reading."""

from markupsafe import Markup

from tfnews.audit import wording as audit_wording
from tfnews.report import audit_page, markdown
from tfnews.report.content import Report
from tfnews.report.section import Section


def _html(report: Report) -> Markup | str:
    return audit_page.summary(report.audit) if report.audit else ""


def _markdown(report: Report) -> str:
    found = report.audit
    if not found:
        return ""
    said = [audit_wording.opening(found), *found.findings, *found.warnings]
    table = markdown.table(audit_wording.PROBE_HEAD, audit_wording.probe_rows(found))
    return markdown.section(audit_wording.HEADING, f"{markdown.bullets(said)}\n\n{table}")


SECTION = Section(
    "audit",
    _html,
    _markdown,
    heading=audit_wording.HEADING,
    opening="Take no high score as proof of reading: see first what is had without it.",
)
