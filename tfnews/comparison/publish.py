"""Writing a comparison: all is made before the first file is written."""

import json
import os
from pathlib import Path

from tfnews.files import check_folder, write_all
from tfnews.records import Promotion, Ranking
from tfnews.records.cleaning import Cleaning
from tfnews.report.cleaning import page as cleaning_page
from tfnews.report.cleaning import table as cleaning_table
from tfnews.report.promotion import table as flip_table
from tfnews.report.ranking import figure, page, table

_FIGURE = "front-{}.png"


def publish(found: Ranking, to: str | os.PathLike) -> list[Path]:
    """Write compare.html, .md, .json and .csv and the figures; return their paths."""
    check_folder(to)
    drawn = figure.pngs(found)
    names = {cost: _FIGURE.format(cost) for cost in drawn}
    return write_all(
        to,
        {
            **{names[cost]: png for cost, png in drawn.items()},
            "compare.html": page.render(found, drawn),
            "compare.md": page.render_markdown(found, names),
            "compare.json": _json(found.to_json()),
            "compare.csv": table.render(found),
        },
    )


def publish_cleaning(found: Cleaning, to: str | os.PathLike) -> list[Path]:
    """Write cleaning.html, .md, .json and .csv; return their paths."""
    check_folder(to)
    return _written(
        to,
        {
            "cleaning.html": cleaning_page.render(found),
            "cleaning.md": cleaning_page.render_markdown(found),
            "cleaning.json": _json(found.to_json()),
            "cleaning.csv": cleaning_table.render(found),
        },
    )


def publish_promotion(found: Promotion, to: str | os.PathLike) -> list[Path]:
    """Write gate.json, and flips.csv with a line for each text that flipped; return their paths."""
    check_folder(to)
    files = {"gate.json": _json(found.to_json()), "flips.csv": flip_table.render(found)}
    return write_all(to, files)


def _json(content: dict) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
