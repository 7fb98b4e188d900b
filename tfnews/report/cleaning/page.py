"""What cutting does, as an HTML page and as Markdown."""

from tfnews.records.cleaning import Cleaning
from tfnews.report import markdown
from tfnews.report.cleaning import wording
from tfnews.report.page import page, rendered
from tfnews.report.ranking.page import table


def render(found: Cleaning) -> str:
    """Return a page that loads nothing and runs no script."""
    body = rendered(
        "cleaning.html",
        sentences=wording.sentences(found),
        scores=wording.score_table(found),
        pairs=wording.pair_table(found),
        notes=found.notes,
    )
    return page(wording.title(found), wording.subtitle(found), [body])


def render_markdown(found: Cleaning) -> str:
    """Return the same in Markdown."""
    said = [f"# {markdown.plain(wording.title(found))}", markdown.plain(wording.subtitle(found))]
    said += [markdown.plain(sentence) for sentence in wording.sentences(found)]
    said.append(markdown.section("Scores", table(wording.score_table(found))))
    said.append(markdown.section(f"Against {found.base}", table(wording.pair_table(found))))
    said.append(markdown.section("Notes", markdown.bullets(found.notes)))
    return "\n\n".join(said) + "\n"
