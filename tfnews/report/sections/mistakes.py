"""The texts that the model got wrong."""

from markupsafe import Markup

from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section


def _html(report: Report) -> Markup | str:
    found = report.mistakes
    if not found:
        return ""
    real, fake = report.data.class_names
    totals = found["totals"]
    headings = {
        "false_alarms": f"False alarms: {real} called {fake} ({totals['false_alarms']:,} in all)",
        "misses": f"Misses: {fake} called {real} ({totals['misses']:,} in all)",
        "sample": "Any mistakes, drawn at random",
    }
    kinds = [
        (heading, [_shown(one, (real, fake)) for one in found[kind]])
        for kind, heading in headings.items()
        if found[kind]
    ]
    return rendered("mistakes.html", kinds=kinds)


def _shown(one: dict, class_names: tuple[str, str]) -> dict:
    return {
        "title": one.get("title"),
        "excerpt": one.get("excerpt"),
        "facts": f"row {one['row']}, labelled {class_names[one['label']]}, "
        f"score {one['fake_probability']:.3f}",
    }


SECTION = Section("mistakes", _html)
