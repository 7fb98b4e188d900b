"""Commands, for data scientists, in one box of the page."""

import re

from markupsafe import Markup

from tfnews.records import Calibration
from tfnews.report import wording
from tfnews.report.content import Report
from tfnews.report.page import rendered
from tfnews.report.section import Section
from tfnews.report.stress import wording as stress

# A sentence's end, what the command does, and the command.
_ADVISED = re.compile(r"(?P<said>.*[.;]) (?P<lead>[^.;:]+): (?P<command>tfnews [^\n]+)", re.DOTALL)


def without_command(warning: str) -> str:
    """Return a warning without the command that it ends with."""
    advised = _ADVISED.fullmatch(warning)
    return f"{advised['said'].rstrip(';.')}." if advised else warning


def _html(report: Report) -> Markup:
    return rendered("commands.html", told=_told(report))


def _told(report: Report) -> list[tuple[str, str]]:
    """Return what each command does, and the command: first those that warnings advise."""
    name, made = report.config.name, report.config.command
    found = report.reliability.get(report.part)
    told = [
        (advised["lead"], advised["command"].rstrip("."))
        for advised in map(_ADVISED.fullmatch, wording.warnings(report))
        if advised
    ]
    helps = stress.remedy(report.stress) if report.stress else ("", "")
    told += [helps] if all(helps) else []
    if report.part != "test":
        told.append(("Score it on its test texts", f"tfnews evaluate {name}"))
    if found is not None and found.calibration == Calibration():
        told.append(("Calibrate its scores on the validation texts", f"tfnews calibrate {name}"))
    told += [
        ("Score it on texts from elsewhere", f"tfnews evaluate {name} --data SPLITS"),
        ("Try it on articles of your own, without labels", f"tfnews trial {name} FEED"),
        ("See what small changes to texts do to it", f"tfnews stress {name} --to DIR"),
        ("See whether new texts are like those it knows", f"tfnews drift {name} FILE"),
        ("See which words moved the score of a text", f"tfnews explain {name} FILE"),
        ("Hold it against other runs", "tfnews compare"),
    ]
    return [*told, *([("Make it again", made)] if made else [])]


SECTION = Section(
    "commands",
    _html,
    heading="Commands",
    opening="For data scientists: run these to check or renew what stands above.",
    kind="panel",
)
