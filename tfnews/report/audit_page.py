"""The audit as an HTML page, and as a section of a run's report."""

from collections.abc import Sequence

from markupsafe import Markup

from tfnews.audit import wording as audit_wording
from tfnews.audit.judging import GUESS
from tfnews.records import Audit, Token
from tfnews.records.audit import Doubts
from tfnews.report import doubts, wording
from tfnews.report.page import page, rendered

_WIDTH, _HEIGHT, _EDGE = 180, 16, 6  # pixels


def render(found: Audit) -> str:
    """Return a page that loads nothing and runs no script."""
    real, fake = found.class_names
    notes = [audit_wording.how(found), audit_wording.rule(), audit_wording.skipped(found)]
    body = rendered(
        "audit.html",
        **_said(found),
        notes=[note for note in notes if note],
        tokens=_tokens(found),
        overlap_head=audit_wording.OVERLAP_HEAD,
        overlap=audit_wording.overlap_rows(found),
        part_head=audit_wording.PART_HEAD,
        parts=audit_wording.part_rows(found),
        doubted=_doubted(found.doubts),
    )
    return page(
        f"What {found.name} gives away",
        f"An audit before training. 1 = {fake}, 0 = {real}. What the labels rest on: "
        f"{wording.label_basis(found.label_basis)}.",
        [body],
    )


def _doubted(found: Doubts | None) -> dict | None:
    if found is None:
        return None
    said, rows = doubts.sentences(found), doubts.rows(found)
    return {"heading": doubts.HEADING, "said": said, "head": doubts.HEAD, "rows": rows}


def summary(found: Audit) -> Markup:
    """Return what a run's report shows of an audit."""
    return rendered(
        "audit_summary.html",
        **_said(found),
        how=audit_wording.how(found),
    )


def _said(found: Audit) -> dict:
    return {
        "opening": audit_wording.opening(found),
        "findings": found.findings,
        "warnings": found.warnings,
        "scale": {"width": _WIDTH, "height": _HEIGHT, "guess": _place(GUESS), "guessed": GUESS},
        "probes": _probes(found),
    }


def _probes(found: Audit) -> list[dict]:
    """Return each probe in words, and where it is drawn."""
    shown = []
    rows = zip(found.probes, audit_wording.probe_rows(found), strict=True)
    for probe, (name, kind, f1, bounds, verdict) in rows:
        low, high = probe.interval or (probe.f1, probe.f1)
        shown.append(
            {
                "name": name,
                "kind": kind,
                "f1": f1,
                "bounds": bounds,
                "verdict": verdict,
                "alarms": probe.verdict != "nothing",
                "at": _place(probe.f1),
                "low": _place(low),
                "high": _place(high),
            }
        )
    return shown


def _place(value: float) -> str:
    """Return where a value from 0 to 1 is drawn, in pixels from the left."""
    return f"{_EDGE + (_WIDTH - 2 * _EDGE) * value:.1f}"


def _tokens(found: Audit) -> list[tuple[str, str]]:
    """Return the heaviest words by the class they point to, class 1 first; empty without words."""
    if not found.tokens:
        return []
    return [(name, _pointing(found.tokens, name)) for name in reversed(found.class_names)]


def _pointing(tokens: Sequence[Token], name: str) -> str:
    said = (f"{one.token} ({abs(one.weight):.1f})" for one in tokens if one.toward == name)
    return ", ".join(said) or "none"
