"""A stress test as an HTML page, as Markdown and as JSON: all files of one folder."""

import base64
import json
from collections.abc import Mapping

from tfnews.records.stress import Stress
from tfnews.report import markdown
from tfnews.report.page import Cell, page, rendered
from tfnews.report.stress import figure, wording

FILES = ("stress.html", "stress.md", "stress.json")
_ALT = {"f1": "F1 after each attack", "flips": "Share of calls that each attack flips"}


def files(found: Stress) -> dict[str, str | bytes]:
    """Return the content of every file by its name; figures go to stress-NAME.png."""
    drawn = figure.pngs(found)
    names = {name: f"stress-{name}.png" for name in drawn}
    content = json.dumps(found.to_json(), indent=2, ensure_ascii=False) + "\n"
    texts = (render(found, drawn), render_markdown(found, names), content)
    return {
        **{names[name]: png for name, png in drawn.items()},
        **dict(zip(FILES, texts, strict=True)),
    }


def render(found: Stress, figures: Mapping[str, bytes]) -> str:
    """Return a page that loads nothing and runs no script.

    Args:
        found: What was found.
        figures: PNG by name.
    """
    body = rendered(
        "stress.html",
        kind="alarm" if found.worst else "panel",
        verdict=wording.verdict(found),
        advice=wording.advice(found),
        figures=[
            (_ALT[name], base64.b64encode(png).decode("ascii")) for name, png in figures.items()
        ],
        head=wording.HEAD,
        rows=wording.rows(found),
        how_to_read=wording.HOW_TO_READ,
        falls=wording.falls(found),
        notes=wording.notes(found),
        how_made=wording.how_made(found),
    )
    return page(wording.title(found), wording.subtitle(found), [body])


def render_markdown(found: Stress, figures: Mapping[str, str]) -> str:
    """Return the same in Markdown.

    Args:
        found: What was found.
        figures: Names of their files, beside it, by name.
    """
    table = markdown.table(wording.HEAD, [map(_plain, row) for row in wording.rows(found)])
    falls = wording.falls(found)
    made = (f"{name}: {value}" for name, value in wording.how_made(found))
    pieces = [
        f"# {markdown.plain(wording.title(found))}",
        markdown.plain(wording.subtitle(found)),
        f"**{markdown.plain(wording.verdict(found))}**",
        markdown.bullets(wording.advice(found)),
        *(f"![{_ALT[name]}]({file})" for name, file in figures.items()),
        markdown.section("Every attack", f"{table}\n\n{markdown.plain(wording.HOW_TO_READ)}"),
        *(
            [markdown.section("Other falls that are shown", markdown.bullets(falls))]
            if falls
            else []
        ),
        markdown.section("Before you believe it", markdown.bullets(wording.notes(found))),
        markdown.section("How it was made", markdown.bullets(made)),
    ]
    return "\n\n".join(pieces) + "\n"


def _plain(cell: Cell | str) -> str:
    return cell if isinstance(cell, str) else f"{cell.text} ({cell.small})"
