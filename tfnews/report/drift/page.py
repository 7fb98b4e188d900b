"""A drift check as an HTML page, as Markdown and as JSON: all files of one folder."""

import base64
import json
from collections.abc import Mapping

from tfnews.records.drift import Drift
from tfnews.report import markdown
from tfnews.report.drift import figure, wording
from tfnews.report.page import page, rendered

FILES = ("drift.html", "drift.md", "drift.json")


def files(found: Drift) -> dict[str, str | bytes]:
    """Return the content of every file by its name; figures go to drift-MEASURE.png."""
    drawn = figure.pngs(found)
    names = {measure: f"drift-{measure}.png" for measure in drawn}
    content = json.dumps(found.to_json(), indent=2, ensure_ascii=False) + "\n"
    texts = (render(found, drawn), render_markdown(found, names), content)
    return {
        **{names[measure]: png for measure, png in drawn.items()},
        **dict(zip(FILES, texts, strict=True)),
    }


def render(found: Drift, figures: Mapping[str, bytes]) -> str:
    """Return a page that loads nothing and runs no script.

    Args:
        found: What was found.
        figures: PNG by measure.
    """
    body = rendered(
        "drift.html",
        kind="alarm" if found.alarm else "panel",
        verdict=wording.verdict(found),
        advice=wording.advice(found),
        head=wording.HEAD,
        rows=wording.rows(found),
        how_to_read=wording.HOW_TO_READ,
        moved=wording.moved(found),
        figures=[
            (wording.NAMES[measure], base64.b64encode(png).decode("ascii"))
            for measure, png in figures.items()
        ],
        notes=wording.notes(found),
        how_made=wording.how_made(found),
    )
    return page(wording.title(found), wording.subtitle(found), [body])


def render_markdown(found: Drift, figures: Mapping[str, str]) -> str:
    """Return the same in Markdown.

    Args:
        found: What was found.
        figures: Names of their files, beside it, by measure.
    """
    pictures = [f"![{wording.NAMES[measure]}]({name})" for measure, name in figures.items()]
    made = (f"{name}: {value}" for name, value in wording.how_made(found))
    pieces = [
        f"# {markdown.plain(wording.title(found))}",
        markdown.plain(wording.subtitle(found)),
        f"**{markdown.plain(wording.verdict(found))}**",
        markdown.bullets(wording.advice(found)),
        markdown.section("Measures", markdown.table(wording.HEAD, wording.rows(found))),
        markdown.plain(wording.HOW_TO_READ),
        markdown.bullets(wording.moved(found)),
        *pictures,
        markdown.section("Before you believe it", markdown.bullets(wording.notes(found))),
        markdown.section("How it was made", markdown.bullets(made)),
    ]
    return "\n\n".join(pieces) + "\n"
