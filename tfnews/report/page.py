"""Pieces of the self-contained HTML pages: they load nothing and run no script."""

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from string import Template


def fill(title: str, subtitle: str, body: str) -> str:
    """Return a whole page.

    Args:
        title: Heading and window title, plain text.
        subtitle: A line below it, plain text.
        body: HTML.
    """
    template = resources.files(__package__).joinpath("templates/page.html")
    return Template(template.read_text(encoding="utf-8")).substitute(
        title=escape(title), subtitle=escape(subtitle), body=body
    )


def section(heading: str, content: str, kind: str = "") -> str:
    """Return a section; `heading` is plain text, `content` HTML, `kind` "", "panel" or "alarm"."""
    style = f' class="{kind}"' if kind else ""
    return f"<section{style}><h2>{escape(heading)}</h2>{content}</section>"


def paragraphs(sentences: Iterable[str]) -> str:
    """Return plain sentences as a paragraph each."""
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def bullets(sentences: Iterable[str]) -> str:
    """Return plain sentences as a list."""
    return f"<ul>{''.join(f'<li>{escape(sentence)}</li>' for sentence in sentences)}</ul>"


def code(value: str) -> str:
    """Return plain text as code."""
    return f"<code>{escape(value)}</code>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> str:
    """Return a table; `rows` are HTML already, `head` and `note` are plain text."""
    said = f'<p class="soft">{escape(note)}</p>' if note else ""
    heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return f'{said}<div class="wide"><table><tr>{heads}</tr>{body}</table></div>'
