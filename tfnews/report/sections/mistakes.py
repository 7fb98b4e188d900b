"""The texts that the model got wrong."""

from markupsafe import Markup

from tfnews.data.text import excerpt
from tfnews.records import Reason
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section
from tfnews.statistics.mistakes import Mistake

_LENGTH = 300  # characters of a title or a text


def _html(report: Report) -> Markup | str:
    found = report.mistakes
    if not found:
        return ""
    real, fake = report.data.class_names
    alarms, misses = f"{found.false_alarm_count:,} in all", f"{found.miss_count:,} in all"
    kinds = (
        (f"False alarms: {real} called {fake} ({alarms})", found.false_alarms),
        (f"Misses: {fake} called {real} ({misses})", found.misses),
        ("Any mistakes, drawn at random", found.sample),
    )
    reasons = {one.row: one for one in report.reasons}
    shown = [
        (said, [_shown(one, (real, fake), reasons.get(one.row)) for one in some])
        for said, some in kinds
        if some
    ]
    return rendered("mistakes.html", kinds=shown, explained=bool(reasons), fake=fake)


def _shown(
    one: Mistake, class_names: tuple[str, str], reason: Reason | None
) -> dict[str, str | None]:
    return {
        "title": one.title and excerpt(one.title, _LENGTH),
        "excerpt": one.text and excerpt(one.text, _LENGTH),
        "facts": f"row {one.row}, labelled {class_names[one.label]}, "
        f"score {one.fake_probability:.3f}",
        "because": reason and _because(reason, class_names[1 - one.label]),
    }


def _because(reason: Reason, called: str) -> str:
    words = ", ".join(f"{one.token} ({one.weight:+.2f})" for one in reason.words)
    return f"Moved it most towards {called}: {words}"


SECTION = Section(
    "mistakes",
    _html,
    heading="What it got wrong",
    opening="Read some of these before you rely on a score: errors in use will look like them.",
)
