"""What annotators are told, and what the terminal says once a sheet is written."""

from tfnews.records.trial import Design
from tfnews.report import markdown

_UNSURE = "unsure"


def render(design: Design) -> str:
    """Return the instructions that lie beside the sheets, as Markdown."""
    real, fake = design.class_names
    words = f"{real}, {fake} or {_UNSURE}"
    second = (
        "There are two annotators: each fills a sheet of their own and sees nothing of the other's."
    )
    rules = [
        f"Write {words} into the column label of every row, and nothing else.",
        f"What {real} and {fake} mean is for you to lay down, in writing, before the first label: "
        "by which sources an article is checked, and what counts as the one or the other. The "
        "trial can be no better than that rule.",
        "Judge what an article says, not how it is written: the model judges style.",
        f"{_UNSURE} is for articles that the rule does not decide. They are counted, and what they "
        "could change is told.",
        "Go through all rows in the order in which they stand. It was drawn by lot and tells "
        "nothing; no score of the model is in the sheet, and none should be looked up.",
        "Do not change the columns id and text. Rows may be sorted as whole rows, columns may be "
        "added. Save as CSV in any dialect, or as .xlsx.",
        "¶ stands for a new line, and an apostrophe before =, +, - or @ keeps a spreadsheet from "
        "taking the text for a formula. Very long articles are cut, which is said at their end.",
    ]
    if design.annotators > 1:
        rules.insert(0, second)
    head = f"# Labelling {len(design.articles):,} articles of {markdown.plain(design.feed)}"
    keep = (
        "Give annotators their sheet and this page, and keep the rest of the folder: design.json "
        "holds the scores."
    )
    return f"{head}\n\n{markdown.bullets(rules)}\n\n{markdown.plain(keep)}\n"


def drawn(design: Design) -> str:
    """Say what was drawn, and of what."""
    flagged = sum(one.drawn for one in design.strata if one.flagged)
    return (
        f"Drawn: {len(design.articles):,} of {design.counted.articles:,} articles of "
        f"{design.feed}, {flagged:,} of them flagged, in {len(design.strata)} strata by score."
    )


def next_step(design: Design) -> str:
    """Say what a person does now."""
    real, fake = design.class_names
    sheets = "the sheet" if design.annotators == 1 else "each annotator's sheet"
    return (
        f"\nNow fill the column label of {sheets} with {real}, {fake} or {_UNSURE}, then type the "
        "same command again. Annotators must not see design.json: it holds the scores."
    )
