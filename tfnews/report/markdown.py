"""Pieces of the model card in Markdown; whatever they are given is shown as it is."""

from collections.abc import Iterable, Sequence

from tfnews.errors import still

_MARKS = ("\\", "|", "`", "*", "_", "[")


def plain(text: str) -> str:
    """Return text on one line that Markdown shows as it is: names come from users' files."""
    line = still(" ".join(str(text).split())).replace("<", "&lt;")
    for mark in _MARKS:
        line = line.replace(mark, "\\" + mark)
    return line


def section(heading: str, content: str) -> str:
    """Return a heading, plain text, over Markdown."""
    return f"## {plain(heading)}\n\n{content}"


def bullets(sentences: Iterable[str]) -> str:
    """Return plain sentences as a list."""
    return "\n".join(f"- {plain(sentence)}" for sentence in sentences)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return plain cells as a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(plain(cell) for cell in line)} |" for line in lines)
