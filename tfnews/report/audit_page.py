"""The audit as an HTML page, and as a section of a run's report."""

from html import escape

from tfnews.audit import wording as audit_wording
from tfnews.audit.judging import GUESS
from tfnews.report import wording
from tfnews.report.page import bullets, fill, paragraphs, section, table

_WIDTH, _HEIGHT, _EDGE = 180, 16, 6  # pixels


def render(found: dict) -> str:
    """Return a page that loads nothing and runs no script.

    Args:
        found: What `audit.audit` returned.
    """
    sections = (_first, _probes, _tokens, _copies, _rows)
    real, fake = found["class_names"]
    return fill(
        f"What {found['name']} gives away",
        f"An audit before training. 1 = {fake}, 0 = {real}. What the labels rest on: "
        f"{wording.label_basis(found)}.",
        "\n".join(make(found) for make in sections),
    )


def summary(found: dict) -> str:
    """Return what a run's report shows of an audit, as HTML."""
    return _said(found) + paragraphs([audit_wording.how(found)]) + _probe_table(found)


def _first(found: dict) -> str:
    kind = "alarm" if found["findings"] or found["warnings"] else "panel"
    return section("Before you believe a score", _said(found), kind)


def _said(found: dict) -> str:
    said = f'<p class="first">{escape(audit_wording.opening(found))}</p>'
    for heading, key in (("Findings", "findings"), ("Warnings", "warnings")):
        if found[key]:
            said += f"<h3>{heading}</h3>{bullets(found[key])}"
    return said


def _probes(found: dict) -> str:
    notes = [audit_wording.how(found), audit_wording.rule(), audit_wording.skipped(found)]
    return section("Probes", paragraphs(filter(None, notes)) + _probe_table(found))


def _probe_table(found: dict) -> str:
    rows = [
        [
            escape(name),
            f"{f1}<small>{bounds}</small>",
            f"<strong>{verdict}</strong>",
            _drawn(probe),
            kind,
        ]
        for probe, (name, kind, f1, bounds, verdict) in zip(
            found["probes"], audit_wording.probe_rows(found), strict=True
        )
    ]
    note = f"Dots are macro F1 from 0 to 1, bars 95 % intervals, the dashed line a guess ({GUESS})."
    return table(["what is seen", "macro F1", "verdict", "0 to 1", "kind"], rows, note)


def _drawn(probe: dict) -> str:
    """Draw a score and its interval on a scale from 0 to 1."""
    middle = _HEIGHT / 2
    low, high = probe["interval"] or (probe["f1"], probe["f1"])
    colour = "var(--soft)" if probe["verdict"] == "nothing" else "var(--alarm)"
    x, left, right, guess = (
        _EDGE + (_WIDTH - 2 * _EDGE) * value for value in (probe["f1"], low, high, GUESS)
    )
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" aria-hidden="true">'
        f'<line x1="{guess:.1f}" x2="{guess:.1f}" y1="0" y2="{_HEIGHT}" stroke="var(--soft)" '
        'stroke-dasharray="2 2"/>'
        f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{middle}" y2="{middle}" stroke="{colour}" '
        'stroke-width="3"/>'
        f'<circle cx="{x:.1f}" cy="{middle}" r="4.5" fill="{colour}"/></svg>'
    )


def _tokens(found: dict) -> str:
    if not found["tokens"]:
        return ""
    note = (
        "Words to which a linear model gives the largest weights, in that order. Names of outlets, "
        "days and remains of web pages among them tell a source, not a falsehood."
    )
    lines = "".join(_pointing(found["tokens"], name) for name in reversed(found["class_names"]))
    return section("Heaviest words", paragraphs([note]) + f"<dl>{lines}</dl>")


def _pointing(tokens: list[dict], name: str) -> str:
    said = ", ".join(
        f"{one['token']} ({abs(one['weight']):.1f})" for one in tokens if one["toward"] == name
    )
    return f"<dt>point to {escape(name)}</dt><dd>{escape(said or 'none')}</dd>"


def _copies(found: dict) -> str:
    rows = [[escape(cell) for cell in row] for row in audit_wording.overlap_rows(found)]
    note = (
        "Of the later split's texts, those that stand in the earlier one too. Rows are counted "
        "from 0."
    )
    return section("Copies across splits", table(audit_wording.OVERLAP_HEAD, rows, note))


def _rows(found: dict) -> str:
    rows = [[escape(cell) for cell in row] for row in audit_wording.part_rows(found)]
    note = "Words in a text: a quarter have fewer than the first figure, half than the second, …"
    return section("Classes and lengths", table(audit_wording.PART_HEAD, rows, note))
