"""The model card: what a model is for and what it is not, in Markdown (Mitchell et al. 2019)."""

from tfnews.report import markdown
from tfnews.report.content import Report
from tfnews.report.section import Section
from tfnews.report.sections import SECTIONS


def render(report: Report) -> str:
    """Return the card as Markdown that ends with a newline; it holds no one's texts."""
    return "\n\n".join(filter(None, (_shown(section, report) for section in SECTIONS))) + "\n"


def _shown(section: Section, report: Report) -> str:
    """Return a section with its opening below its heading, where it has both."""
    said, opening = section.markdown(report), section.opens(report)
    heading, _, rest = said.partition("\n\n")
    if not opening or not heading.startswith("## "):
        return said
    return f"{heading}\n\n{markdown.plain(opening)}\n\n{rest}"
