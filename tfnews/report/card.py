"""The model card: what a model is for and what it is not, in Markdown (Mitchell et al. 2019)."""

from tfnews.report.content import Report
from tfnews.report.sections import SECTIONS


def render(report: Report) -> str:
    """Return the card as Markdown that ends with a newline; it holds no one's texts."""
    return "\n\n".join(filter(None, (section.markdown(report) for section in SECTIONS))) + "\n"
