"""A section of a report: the same content for the page, the card and the terminal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tfnews.report.content import Report


def _nothing(report: Report) -> str:
    return ""


def _no_lines(report: Report) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Section:
    """What one subject looks like in each of the three places; any may be left out.

    Attributes:
        key: Its name.
        html: Returns what the page shows below heading and opening, from `page.rendered`; "" where
            there is nothing to say.
        markdown: Returns a section of the card; "" where there is nothing to say.
        terminal: Returns lines; "" among them is a gap.
        heading: On the page and in its table of contents.
        opening: The first sentence on the page and in the card, for who must act on the section;
            {real}, {fake} and {set} stand for the run's own class names and set. A terminal, which
            is read in one go by whoever typed the command, does without.
        kind: How the page boxes it: "panel", "alarm" or not at all.
    """

    key: str
    html: Callable[[Report], Markup | str] = _nothing
    markdown: Callable[[Report], str] = _nothing
    terminal: Callable[[Report], Sequence[str]] = _no_lines
    heading: str = ""
    opening: str = ""
    kind: str = ""

    def opens(self, report: Report) -> str:
        """Return the opening with the report's own names in it; "" where there is none."""
        real, fake = report.data.class_names
        return self.opening.format(real=real, fake=fake, set=report.data.name)
