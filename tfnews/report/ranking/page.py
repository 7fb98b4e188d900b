"""A ranking as an HTML page and as Markdown."""

import base64
from collections.abc import Mapping

from tfnews.records import Ranking
from tfnews.report import markdown
from tfnews.report.page import Cell, page, rendered
from tfnews.report.ranking import wording

FRONT = (
    "Up is better, left is cheaper. The line joins the models that no other beats in F1 at the "
    "same cost or less; whiskers are 95 % intervals, of several seeds the range."
)


def render(found: Ranking, figures: Mapping[str, bytes]) -> str:
    """Return a page that loads nothing and runs no script.

    Args:
        found: What was found.
        figures: PNG by the cost that F1 is drawn against.
    """
    body = rendered(
        "ranking.html",
        verdict=wording.verdict(found),
        reasons=wording.reasons(found),
        scores=wording.score_table(found),
        pairs=[
            (wording.role(part, found), *pairs)
            for part in wording.parts(found)
            if (pairs := wording.pair_table(found, part))[1]
        ],
        costs=wording.cost_table(found),
        figures={cost: base64.b64encode(png).decode("ascii") for cost, png in figures.items()},
        how_to_read=FRONT,
        notes=found.notes,
    )
    return page(wording.title(found), wording.subtitle(found), [body])


def render_markdown(found: Ranking, figures: Mapping[str, str]) -> str:
    """Return the same in Markdown.

    Args:
        found: What was found.
        figures: Names of their files, beside it, by cost.
    """
    said = [f"# {markdown.plain(wording.title(found))}"]
    said += [
        markdown.plain(wording.subtitle(found)),
        f"**{markdown.plain(wording.verdict(found))}**",
    ]
    said += [markdown.plain(reason) for reason in wording.reasons(found)]
    said.append(markdown.section("Scores", table(wording.score_table(found))))
    for part in wording.parts(found):
        pairs = wording.pair_table(found, part)
        if pairs[1]:
            said.append(markdown.section(f"Against the best, {part}", table(pairs)))
    said.append(markdown.section("Costs", table(wording.cost_table(found))))
    said += [f"![F1 against {cost}]({name})" for cost, name in figures.items()]
    said.append(markdown.plain(FRONT))
    if found.notes:
        said.append(markdown.section("Notes", markdown.bullets(found.notes)))
    return "\n\n".join(said) + "\n"


def table(content: tuple[list[str], list[list[Cell | str]]]) -> str:
    """Return a table in Markdown, small print in brackets."""
    head, rows = content
    return markdown.table(head, [[_plain(cell) for cell in row] for row in rows])


def _plain(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell.text} ({cell.small})" if cell.small else cell.text
