"""The self-contained HTML pages: they load nothing and run no script.

All HTML is in templates/, which escape whatever they are given. `rendered` is the only place that
calls text HTML.
"""

from collections.abc import Iterable
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

_TEMPLATES = Environment(
    loader=PackageLoader(__package__),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Cell(NamedTuple):
    """A table's cell with small print below it."""

    text: str
    small: str


def rendered(template: str, **content: object) -> Markup:
    """Return a template filled with content; every text that is not a template's is escaped."""
    return Markup(_TEMPLATES.get_template(template).render(content))


def page(title: str, subtitle: str, sections: Iterable[Markup]) -> str:
    """Return a whole page.

    Args:
        title: Heading and window title, plain text.
        subtitle: A line below it, plain text.
        sections: HTML, each from `rendered`.
    """
    return str(rendered("page.html", title=title, subtitle=subtitle, sections=list(sections)))
